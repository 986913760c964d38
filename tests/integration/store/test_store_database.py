"""Opening, migrating, backing up; always on a real database."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from callcore.rights import Role
from callcore.store import migrate
from callcore.store.database import Database, backup, spool_path
from callcore.store.engine import parse_url, writer_engine
from callcore.store.errors import (
    DatabaseMissing,
    ForeignDatabase,
    SchemaTooNew,
    StoreError,
    StoreUnavailable,
)

from .store_samples import NEWEST, T0, on_files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def on_file(url: str, *statements: str) -> None:
    engine = writer_engine(parse_url(url))
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


@on_files
async def test_a_new_file_is_private_whatever_the_umask(url: str, tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        async with await Database.open(url, create=True, spool=spool_path(url)) as db:
            await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
            assert names(tmp_path) >= {"callcore.db", "callcore.db-wal", "callcore.db.spool"}
            assert {mode(tmp_path / name) for name in names(tmp_path)} == {0o600}
    finally:
        os.umask(old)


@on_files
async def test_a_file_open_to_others_is_closed_to_them(url: str, tmp_path: Path) -> None:
    await migrate.upgrade(url)
    file = tmp_path / "callcore.db"
    file.chmod(0o644)
    await (await Database.open(url)).close()
    assert mode(file) == 0o600


@on_files
async def test_the_pragmas_hold(db: Database) -> None:
    async def pragmas(connection: Any) -> list[Any]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [(await connection.execute(text(f"PRAGMA {name}"))).scalar() for name in names]

    assert await db.writer.submit(pragmas) == ["wal", 2, 1]
    async with db.read() as connection:
        with pytest.raises(DBAPIError, match="readonly"):
            await connection.execute(text("DELETE FROM users"))


@on_files
async def test_nothing_is_created_unasked(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing, match="callcore db upgrade -c FILE"):
        await Database.open(url)
    assert names(tmp_path) == set()
    (tmp_path / "callcore.db").touch()
    with pytest.raises(DatabaseMissing, match="callcore db upgrade -c FILE"):
        await Database.open(url)


async def test_upgrade_twice_and_two_at_once(empty: str) -> None:
    url = empty
    results = await asyncio.gather(migrate.upgrade(url), migrate.upgrade(url))
    assert sorted(results, key=str) == [(NEWEST, NEWEST), (None, NEWEST)]
    assert await migrate.upgrade(url) == (NEWEST, NEWEST)


async def test_a_newer_schema_is_refused_and_left_alone(url: str) -> None:
    await migrate.upgrade(url)
    await on_file(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="9999"):
        await Database.open(url, create=True)
    with pytest.raises(SchemaTooNew):
        await migrate.upgrade(url)


async def test_another_programs_database_is_refused(empty: str) -> None:
    url = empty
    await on_file(url, "CREATE TABLE recipes (id INTEGER)")
    for attempt in (Database.open(url, create=True), migrate.upgrade(url)):
        with pytest.raises(ForeignDatabase):
            await attempt


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://x/y", "not mysql"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
        ("sqlite:////nowhere/at/all/x.db", "folder of the database does not exist: /nowhere/at/all"),
        ("sqlite:////tmp", "not a file"),
    ],
)
async def test_bad_addresses(bad: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        await Database.open(bad, create=True)


@on_files
async def test_a_file_that_is_no_database(url: str, tmp_path: Path) -> None:
    (tmp_path / "callcore.db").write_bytes(b"This is a letter to my grandmother. " * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        await Database.open(url, create=True)


async def test_odd_characters_in_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "Мои данные #1? 100%"
    folder.mkdir()
    url = parse_url("sqlite://").set(database=str(folder / "база.db"))
    async with await Database.open(url, create=True) as db:
        await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
    assert (folder / "база.db").stat().st_size > 0


@on_files
async def test_backup_of_a_database_in_use(db: Database, url: str, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
    stop = asyncio.Event()

    async def keep_writing() -> int:
        n = 0
        while not stop.is_set():
            await db.users.add(f"user{n}", "Имя", Role.operator, "hash", at=T0)
            n += 1
        return n

    writing = asyncio.create_task(keep_writing())
    await backup(url, target)
    stop.set()
    assert await writing
    assert mode(target) == 0o600
    assert {name for name in names(tmp_path) if "copy" in name} == {"copy.db"}
    async with await Database.open(f"sqlite:///{target}") as copy:
        assert await copy.users.get("anna") == await db.users.get("anna")
    with pytest.raises(StoreError, match="exists already"):
        await backup(url, target)
    with pytest.raises(StoreError, match="cannot be created"):
        await backup(url, tmp_path / "no" / "such" / "folder.db")


async def test_a_reader_may_be_cancelled_anywhere(db: Database, tmp_path: Path) -> None:
    await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
    for turns in range(60):
        reading = asyncio.create_task(db.users.list())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        assert len(await db.users.list()) == 1


async def test_the_end_waits_for_questions_under_way(url: str, tmp_path: Path) -> None:
    """And answers none that comes later: its connection would never be closed."""
    db = await Database.open(url, create=True)
    is_asked, may_go = asyncio.Event(), asyncio.Event()

    async def ask() -> int:
        async with db.read() as connection:
            is_asked.set()
            await may_go.wait()
            return int((await connection.execute(text("SELECT 7"))).scalar_one())

    asking = asyncio.create_task(ask())
    await is_asked.wait()
    closing = asyncio.create_task(db.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="closed"):
        async with db.read():
            pass
    may_go.set()
    assert await asking == 7
    await closing


async def test_a_second_process_opens_beside_the_daemon(db: Database, url: str, spool: Path) -> None:
    async with await Database.open(url, spool=spool) as second:
        await second.users.add("boris", "Борис", Role.supervisor, "hash", at=T0)
        assert await db.users.get("boris") is not None

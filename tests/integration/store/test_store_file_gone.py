"""The database's file deleted, replaced or damaged while it is open: nothing is written into nowhere."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from callcore.calls.effects import Contact
from callcore.crm.customers import CustomerBase, CustomerBaseUnavailable
from callcore.domain import CallId
from callcore.store.contacts import Saved
from callcore.store.database import Database, backup, spool_path
from callcore.store.errors import StoreError, StoreUnavailable
from callcore.store.writer import WriterLimits

from .store_samples import on_files

Make = Callable[..., Contact]
pytestmark = on_files
QUICK = WriterLimits(patience_seconds=0.3, spool_after_seconds=0.1)


async def test_a_deleted_file(url: str, tmp_path: Path, contact: Make) -> None:
    """SQLite would write on into the file without a name, and say that all is well."""
    away = tmp_path / "away"
    away.mkdir()
    async with await Database.open(url, create=True, spool=spool_path(url), limits=QUICK) as db:
        assert await db.contacts.save(contact("c1")) is Saved.new
        files = _move(tmp_path, away)
        assert await db.contacts.save(contact("c2")) is Saved.spooled
        assert not db.writer.available
        assert _move(away, tmp_path) == files
        await _replayed(db)
        assert [await db.contacts.get(CallId(c)) is not None for c in ("c1", "c2")] == [True, True]


async def test_a_file_replaced_by_its_backup(url: str, tmp_path: Path, contact: Make) -> None:
    """What is in the place of our file gets its records with the next start, not half of them now."""
    file, copy = tmp_path / "callcore.db", tmp_path / "copy.db"
    async with await Database.open(url, create=True, spool=spool_path(url), limits=QUICK) as db:
        assert await db.contacts.save(contact("c1")) is Saved.new
        await backup(url, copy)
        copy.replace(file)
        assert await db.contacts.save(contact("c2")) is Saved.spooled
        with pytest.raises(StoreUnavailable):
            await db.calls.ended(CallId("c1"), contact().ended_at)
    async with await Database.open(url, spool=spool_path(url)) as db:
        await _replayed(db)
        assert [await db.contacts.get(CallId(c)) is not None for c in ("c1", "c2")] == [True, True]


async def test_a_damaged_file(url: str, tmp_path: Path) -> None:
    """Whatever reads it learns that the store is away, not of somebody's SQL."""
    async with await Database.open(url, create=True) as db:
        with closing(sqlite3.connect(tmp_path / "callcore.db")) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (tmp_path / "callcore.db").open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 1_000_000)
        with pytest.raises(StoreError):
            await db.users.list()
        with pytest.raises(CustomerBaseUnavailable):
            await CustomerBase(db.customers).lookup("+79000000001")


def _move(source: Path, target: Path) -> list[str]:
    """The database's files, but not the spool."""
    files = sorted(f for f in source.glob("callcore.db*") if "spool" not in f.name)
    return [file.rename(target / file.name).name for file in files]


async def _replayed(db: Database) -> None:
    while db.writer.spool_length:
        await db.writer.submit(_nothing)


async def _nothing(_connection: object) -> None:
    return

"""What only PostgreSQL does: its server is killed, hangs, or refuses; one daemon; TLS; rights; encodings."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.effects import Contact
from callcore.domain import CallId
from callcore.rights import Role
from callcore.store import batch, engine, migrate, outbox, postgresql
from callcore.store.contacts import Saved
from callcore.store.database import Database, backup
from callcore.store.errors import StoreError, StoreUnavailable
from callcore.store.schema.core import customers, users
from callcore.store.writer import WriterLimits
from callcore.testing.lab.postgres import PostgresLab, database_of

from .store_samples import ANNA, T0, in_order_of_writing, until

Make = Callable[..., Contact]
QUICK = WriterLimits(
    patience_seconds=0.3, spool_after_seconds=0.1, first_pause_seconds=0.01, longest_pause_seconds=0.05
)


@pytest.fixture
def kind() -> str:
    return "postgresql"


@pytest.fixture
async def server(postgres_home: Path, tmp_path: Path) -> AsyncIterator[PostgresLab]:
    """A server of this test's own, which it may kill."""
    async with PostgresLab(tmp_path / "server", is_durable=False) as own:
        yield own


@pytest.fixture
async def own_url(server: PostgresLab) -> str:
    address = await server.fresh_database()
    await migrate.upgrade(address)
    return address


async def test_what_a_command_tells_beside_the_daemon_reaches_the_webhooks(own_url: str) -> None:
    """Its event has the lower number and is committed later: the daemon's waits for it."""
    asked, may_commit = asyncio.Event(), asyncio.Event()

    async def slow(connection: AsyncConnection) -> None:
        await outbox.tell(connection, "customer.erased", {"customer": 1}, T0)
        asked.set()
        await may_commit.wait()

    def told(connection: AsyncConnection) -> Coroutine[Any, Any, None]:
        return outbox.tell(connection, "case.created", {"case": "C-1"}, T0)

    def every(_patterns: Sequence[str], _type: str) -> bool:
        return True

    async with await Database.open(own_url, daemon=True) as db, await Database.open(own_url) as command:
        hook = await db.webhooks.add("all", "https://example.org/", ["*"], "s", "root", T0)
        erasing = asyncio.create_task(command.writer.submit(slow))
        await asked.wait()
        creating = asyncio.create_task(db.writer.submit(told))
        await until(lambda: bool(db.writer.failures))  # it waits for the lock, and tries again
        assert await db.webhooks.newest_event() == 0
        may_commit.set()
        await asyncio.gather(erasing, creating)
        while await db.webhooks.spread(every, T0):
            pass
        came = await db.webhooks.deliveries(hook.id)
    assert [each.type for each in came] == ["case.created", "customer.erased"]


class Cut:
    """Between a client and the server; once ``armed``, cuts the connection where the answer to a COMMIT would
    come back. ``does_leave``: then nobody gets through while it ``is_away``."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.armed = asyncio.Event()
        self.cuts = 0
        self.is_away = False
        self.does_leave = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_away:
            writer.close()
            return
        back, forth = await asyncio.open_connection("127.0.0.1", self._port)
        committing = asyncio.Event()

        async def ask() -> None:
            while data := await reader.read(1 << 16):
                if self.armed.is_set() and b"COMMIT" in data:
                    committing.set()
                forth.write(data)

        async def answer() -> None:
            while data := await back.read(1 << 16):
                if committing.is_set():
                    self.armed.clear()
                    self.cuts += 1
                    self.is_away = self.does_leave
                    return
                writer.write(data)

        tasks = {asyncio.create_task(ask()), asyncio.create_task(answer())}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, forth):
            each.close()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def cut(postgres: PostgresLab, postgres_url: str) -> AsyncIterator[tuple[Cut, str]]:
    """With the address of a database behind it."""
    between = Cut(postgres.port)
    async with await asyncio.start_server(between.serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        yield between, postgres_url.replace(f":{postgres.port}/", f":{port}/")


async def test_what_a_lost_answer_to_commit_stored_is_not_stored_twice(
    cut: tuple[Cut, str], spool: Path, contact: Make
) -> None:
    between, address = cut
    async with await Database.open(address, spool=spool, daemon=True) as db:
        between.armed.set()
        made = await asyncio.gather(*(db.tasks.add(f"call {n}", ANNA, ANNA, T0) for n in range(3)))
        assert (between.cuts, db.writer.failures) == (1, 1)
        async with db.read() as connection:
            stored = (await connection.execute(text("SELECT id FROM tasks ORDER BY id"))).scalars().all()
        assert [each.id for each in made] == list(stored)
        await until(lambda: db.writer.available)
        between.armed.set()
        assert await db.contacts.save(contact("c1", operators=(), answered_by=None)) is Saved.new
        assert (between.cuts, db.writer.failures) == (2, 2)


async def test_a_commit_that_nobody_can_ask_about_is_told_as_unknown(
    cut: tuple[Cut, str], spool: Path
) -> None:
    between, address = cut
    async with await Database.open(address, spool=spool, limits=QUICK, daemon=True) as db:
        between.does_leave = True
        between.armed.set()
        with pytest.raises(StoreUnavailable, match="look whether it was stored"):
            await db.tasks.add("once", ANNA, ANNA, T0)
        between.is_away = False
        await until(lambda: db.writer.available)
        await db.tasks.add("twice", ANNA, ANNA, T0)
        async with db.read() as connection:
            count = (await connection.execute(text("SELECT count(*) FROM tasks"))).scalar_one()
        assert count == 2


async def test_what_becomes_of_a_transaction(postgres_url: str) -> None:
    """Committed, taken back, still running, never begun."""
    made = engine.writer_engine(engine.parse_url(postgres_url))
    other = engine.writer_engine(engine.parse_url(postgres_url))
    change = text("INSERT INTO tasks SELECT * FROM tasks WHERE false")
    lock = text("SELECT CAST(pg_current_xact_id() AS text)")
    async with made.connect() as connection:
        await connection.execute(change)
        assert await postgresql.transaction_id(connection) is None  # it has written nothing
        running = (await connection.execute(lock)).scalar_one()
        assert await postgresql.transaction_id(connection) == running
        with pytest.raises(postgresql.Unreachable, match="still busy"):
            await batch.was_committed(other, running)
        await connection.rollback()
        assert not await batch.was_committed(other, running)
        done = (await connection.execute(lock)).scalar_one()
        await connection.commit()
        assert await batch.was_committed(other, done)
        assert not await batch.was_committed(other, str(int(done) + 1_000_000))
    await made.dispose()
    await other.dispose()


async def test_killed_and_started_again_while_contacts_flow(
    server: PostgresLab, own_url: str, spool: Path, contact: Make
) -> None:
    """None lost, none twice, their order kept; readers recover without a failure once it is back."""
    async with await Database.open(own_url, spool=spool, limits=QUICK, daemon=True) as db:
        calls: list[str] = []

        async def flow(count: int) -> set[Saved]:
            names = [f"c{len(calls) + n:04}" for n in range(count)]
            calls.extend(names)
            return set(
                await asyncio.gather(
                    *(db.contacts.save(contact(n, operators=(), answered_by=None)) for n in names)
                )
            )

        assert await flow(30) == {Saved.new}
        assert len(await db.users.list()) == 0
        for _ in range(2):
            in_flight = asyncio.create_task(flow(200))
            await asyncio.sleep(0)
            await server.kill()
            assert await in_flight <= {Saved.new, Saved.spooled, Saved.repeat}
            assert await flow(50) == {Saved.spooled}
            assert not db.writer.available
            with pytest.raises(StoreUnavailable, match="cannot be read"):
                await db.users.list()
            with pytest.raises(StoreUnavailable, match="nothing of this was stored"):
                await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
            await server.start()
            await until(lambda: db.writer.available and not db.writer.spool_length)
            assert await asyncio.gather(*(db.users.list() for _ in range(20))) == [()] * 20
            assert await flow(20) == {Saved.new}
    assert in_order_of_writing(own_url) == calls


async def test_a_server_that_hangs_is_given_up(
    server: PostgresLab, own_url: str, spool: Path, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "COMMAND_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.5)
    async with await Database.open(own_url, spool=spool, limits=QUICK) as db:
        assert await db.contacts.save(contact("c1")) is Saved.new
        _signal_all(server, signal.SIGSTOP)
        try:
            assert await db.contacts.save(contact("c2")) is Saved.spooled
            with pytest.raises(StoreUnavailable):
                await db.users.list()
        finally:
            _signal_all(server, signal.SIGCONT)
        await until(lambda: db.writer.available and not db.writer.spool_length)
        assert await db.contacts.get(CallId("c2")) is not None


def _signal_all(server: PostgresLab, number: int) -> None:
    """To the server and each process that serves a connection."""
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            fields = (folder / "stat").read_text("ascii").rsplit(")", 1)[1].split()
            if int(fields[1]) == server.pid:
                os.kill(int(folder.name), number)
    server.signal(number)


async def test_one_daemon_for_a_database(own_url: str, server: PostgresLab, tmp_path: Path) -> None:
    async with await Database.open(own_url, spool=tmp_path / "a", daemon=True) as first:
        refused = r"another callcore \(on 127\.0\.0\.1, since .*\) serves calls from this database; stop that"
        with pytest.raises(StoreError, match=refused):
            await Database.open(own_url, spool=tmp_path / "b", daemon=True)
        async with await Database.open(own_url) as beside:  # a command, not a daemon
            await beside.users.add("anna", "Анна", Role.operator, "hash", at=T0)
        assert await first.users.get("anna") is not None
        other = await server.fresh_database()
        async with await Database.open(other, create=True, daemon=True):  # of another database
            pass
    async with await Database.open(own_url, daemon=True):
        pass


async def test_the_lock_comes_back_after_a_crash_of_the_server(
    own_url: str, server: PostgresLab, tmp_path: Path, contact: Make
) -> None:
    async with await Database.open(own_url, spool=tmp_path / "a", daemon=True, limits=QUICK) as db:
        await server.kill()
        await server.start()
        await until(lambda: db.writer.available)
        assert await db.contacts.save(contact()) in (Saved.new, Saved.spooled)
        await until(lambda: not db.writer.spool_length and db.writer.available)
        with pytest.raises(StoreError, match="another callcore"):
            await Database.open(own_url, spool=tmp_path / "b", daemon=True)


async def test_readers_cannot_write(db: Database) -> None:
    async with db.read() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("DELETE FROM users"))


async def test_a_value_that_cannot_be_sent_is_no_outage(db: Database) -> None:
    """A batch with such a write must not be repeated for ever."""

    async def too_big(connection: AsyncConnection) -> None:
        await connection.execute(select(customers.c.id).where(customers.c.id == 1 << 70))

    async def nul(connection: AsyncConnection) -> None:
        await connection.execute(users.update().values(name="a\0b"))

    for wrong in (too_big, nul):
        with pytest.raises(DBAPIError):
            await db.writer.submit(wrong)
    assert (db.writer.refused, db.writer.failures) == (2, 0)


async def test_who_may_not_and_what_is_not_there(postgres: PostgresLab) -> None:
    """An error that names the place, and never the password."""
    good = postgres.url("no_such_database")
    bad = good.replace(":" + good.split(":")[2].split("@")[0], ":wrongword")
    nobody = "postgresql://callcore:wrongword@127.0.0.1:1/callcore"
    for address, said in (
        (good, "does not exist"),
        (bad, "authentication failed"),
        (nobody, "refused|Connect"),
    ):
        for attempt in (Database.open(address), migrate.upgrade(address)):
            with pytest.raises(StoreError, match=said) as caught:
                await attempt
            assert "wrongword" not in str(caught.value)


async def test_an_unknown_parameter_of_the_address(url: str) -> None:
    with pytest.raises(StoreError, match="sslmode"):
        await Database.open(f"{url}?sslmode=perhaps")


async def test_tls_is_asked_for_in_the_address(url: str) -> None:
    """The laboratory's server has none."""
    with pytest.raises(StoreError, match="SSL"):
        await Database.open(f"{url}?sslmode=require")


async def test_another_encoding_is_refused(postgres: PostgresLab) -> None:
    await postgres.execute(
        "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    )
    try:
        for attempt in (
            Database.open(postgres.url("latin"), create=True),
            migrate.upgrade(postgres.url("latin")),
        ):
            with pytest.raises(StoreError, match="LATIN1, callcore needs UTF8"):
                await attempt
    finally:
        await postgres.drop(postgres.url("latin"))


async def test_the_backup_is_its_own_programs(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"pg_dump --format=custom --file=.*copy\.db") as caught:
        await backup(url, tmp_path / "copy.db")
    assert database_of(url) in str(caught.value)
    assert engine.parse_url(url).password not in str(caught.value)  # type: ignore[operator]


async def test_a_statement_of_somebody_else_is_not_waited_for_ever(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("BEGIN; LOCK TABLE users IN EXCLUSIVE MODE")
        async with await Database.open(url, limits=QUICK) as db:
            with pytest.raises(StoreUnavailable, match="nothing of this was stored"):
                await db.users.add("anna", "Анна", Role.operator, "hash", at=T0)
    finally:
        await connection.close()

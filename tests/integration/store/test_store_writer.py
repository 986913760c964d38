"""The writer against a real database: batches, refusals, locked and full ones, the spool, restarts."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.effects import Contact
from callcore.domain import UNCLASSIFIED, CallId, CustomerId, TopicCode
from callcore.store import engine
from callcore.store.batch import Op
from callcore.store.contacts import Saved
from callcore.store.database import Database
from callcore.store.errors import StoreBusy, StoreUnavailable
from callcore.store.schema.core import calls, users
from callcore.store.spool import Record, Spool
from callcore.store.writer import SPOOLED, WriterLimits
from callcore.testing.patience import PATIENCE_SECONDS

from .store_samples import ANNA, T0, locked, look, on_files, until

Make = Callable[..., Contact]
HASTY = WriterLimits(
    patience_seconds=0.3, spool_after_seconds=0.05, first_pause_seconds=0.01, longest_pause_seconds=0.05
)


def add_call(n: int) -> Op[int]:
    async def op(connection: AsyncConnection) -> int:
        await connection.execute(
            calls.insert().values(call=f"c{n}", pbx="m", channel=f"{n}", first_seen_at=T0)
        )
        return n

    return op


def stored_calls(url: str) -> int:
    return int(look(url, "SELECT count(*) FROM calls")[0][0])


@pytest.fixture
async def hasty(url: str, spool: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database whose writer loses patience soon."""
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    async with await Database.open(url, create=True, spool=spool, limits=HASTY) as database:
        yield database


async def test_parallel_writes_share_commits(db: Database, url: str) -> None:
    results = await asyncio.gather(*(db.writer.submit(add_call(n)) for n in range(500)))
    assert results == list(range(500))
    assert stored_calls(url) == 500
    assert (db.writer.written, db.writer.queue_length) == (500, 0)
    assert db.writer.batches <= 5


async def test_an_answer_means_committed(db: Database, url: str) -> None:
    for n in range(20):
        await db.writer.submit(add_call(n))
        assert stored_calls(url) == n + 1


async def test_a_wrong_write_fails_alone(db: Database, url: str) -> None:
    async def broken(connection: AsyncConnection) -> None:
        await add_call(100)(connection)
        raise LookupError("mine")

    async def nonsense(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT * FROM nowhere"))

    results = await asyncio.gather(
        db.writer.submit(add_call(1)),
        db.writer.submit(add_call(1)),
        db.writer.submit(broken),
        db.writer.submit(nonsense),
        db.writer.submit(add_call(2)),
        return_exceptions=True,
    )
    assert (results[0], results[4]) == (1, 2)
    assert isinstance(results[1], IntegrityError)
    assert isinstance(results[2], LookupError)
    assert "nowhere" in str(results[3])
    assert (db.writer.refused, db.writer.written, db.writer.available) == (3, 2, True)
    assert stored_calls(url) == 2


async def test_reads_do_not_wait_for_a_write(db: Database) -> None:
    began, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    async def slow(connection: AsyncConnection) -> None:
        await connection.execute(users.update().values(name="x"))
        loop.call_soon_threadsafe(began.set)
        if connection.dialect.name == "sqlite":  # it has a thread to itself
            go_on.wait(PATIENCE_SECONDS)
        else:
            await asyncio.to_thread(go_on.wait, PATIENCE_SECONDS)

    writing = asyncio.create_task(db.writer.submit(slow))
    await began.wait()
    assert await db.users.list() == ()
    assert not writing.done()
    go_on.set()
    await writing


async def test_a_lock_of_another_program_delays_but_loses_nothing(hasty: Database, url: str) -> None:
    hasty.writer._limits = replace(HASTY, patience_seconds=30.0)
    with locked(url):
        waiting = asyncio.create_task(hasty.writer.submit(add_call(1)))
        await until(lambda: hasty.writer.failures >= 2)
        assert not hasty.writer.available
    assert await waiting == 1
    assert hasty.writer.available


async def test_an_idle_writer_notices_that_the_database_is_back(hasty: Database, url: str) -> None:
    with locked(url), pytest.raises(StoreUnavailable):
        await hasty.writer.submit(add_call(1))
    assert not hasty.writer.available
    await until(lambda: hasty.writer.available)


async def test_patience_ends(hasty: Database, url: str) -> None:
    with locked(url), pytest.raises(StoreUnavailable, match="nothing of this was stored"):
        await hasty.writer.submit(add_call(1))
    await hasty.writer.submit(add_call(2))
    assert stored_calls(url) == 1


@on_files
async def test_a_full_disk_is_tried_again(hasty: Database) -> None:
    """The limit holds for one connection: the writer's next one finds room again."""

    async def shrink(connection: AsyncConnection) -> int:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        return int((await connection.execute(text(f"PRAGMA max_page_count={pages}"))).scalar_one())

    async def big(connection: AsyncConnection) -> None:
        await connection.execute(users.insert().values(**_user("x" * 100_000)))

    await hasty.writer.submit(shrink)
    await hasty.writer.submit(big)
    assert hasty.writer.failures == 1
    assert len(await hasty.users.list()) == 1


def _user(name: str) -> dict[str, Any]:
    return {
        "login": "anna",
        "name": name,
        "role": "operator",
        "password_hash": "h",
        "language": "ru",
        "interfaces": [],
        "queues": [],
        "created_at": T0,
    }


async def test_contacts_are_spooled_and_written_when_the_database_is_back(
    hasty: Database, url: str, contact: Make
) -> None:
    with locked(url):
        assert await hasty.contacts.save(contact("a")) is Saved.spooled
        assert (
            await hasty.interactions.save(CallId("a"), ANNA, TopicCode("t.t"), "да", CustomerId(4), T0)
            is None
        )
        results = await asyncio.gather(*(hasty.contacts.save(contact(f"n{n}")) for n in range(50)))
        assert set(results) == {Saved.spooled}
        assert hasty.writer.spool_length == hasty.writer.spooled == 52
    await until(lambda: hasty.writer.spool_length == 0)
    assert await hasty.contacts.count() == 51
    assert hasty.writer.replayed == 52
    (kept,) = await hasty.interactions.of_call(CallId("a"))
    assert (kept.comment, kept.customer) == ("да", 4)
    stored = await hasty.contacts.get(CallId("a"))
    assert stored == contact("a", customer=4)
    assert await hasty.contacts.save(contact("a")) is Saved.repeat


async def test_the_spool_is_written_after_a_restart_and_never_twice(
    url: str, spool: Path, tmp_path: Path, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    first = await Database.open(url, create=True, spool=spool, limits=HASTY)
    with locked(url):
        assert await first.contacts.save(contact("a")) is Saved.spooled
        assert await first.interactions.save(CallId("a"), ANNA, TopicCode("t.t"), "раз", None, T0) is None
        queued = asyncio.create_task(first.contacts.save(contact("b")))
        await asyncio.sleep(0)
        await first.close()
        assert await queued is Saved.spooled
    kept = tmp_path / "kept"
    shutil.copy(spool, kept)
    for _ in range(2):  # the second time as if killed between the commit and the emptying of the spool
        async with await Database.open(url, spool=spool) as db:
            await until(lambda db=db: db.writer.spool_length == 0)  # type: ignore[misc]
            assert db.writer.replayed == 3
            assert await db.contacts.count() == 2
            assert [i.comment for i in await db.interactions.of_call(CallId("a"))] == ["раз"]
            assert [i.topic for i in await db.interactions.of_call(CallId("b"))] == [UNCLASSIFIED]
        assert spool.name not in os.listdir(tmp_path)
        shutil.copy(kept, spool)


async def test_without_a_spool_a_contact_is_refused_aloud(
    url: str, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    async with await Database.open(url, create=True, limits=HASTY) as db:
        with locked(url), pytest.raises(StoreUnavailable):
            await db.contacts.save(contact())


async def test_a_record_that_the_database_refuses_is_put_aside(
    hasty: Database, url: str, spool: Path
) -> None:
    rejected = spool.with_name("callcore.db.spool.rejected")

    async def refused(connection: AsyncConnection, data: dict[str, Any]) -> None:
        await connection.execute(users.insert().values(login="x"))  # no name: never

    hasty.writer.register("nameless", refused)
    bad = Record("nameless", "x", {})
    with pytest.raises(IntegrityError):
        await hasty.writer.submit_durable(bad)
    assert rejected.read_bytes().count(b"\n") == 1
    with locked(url):
        assert await hasty.writer.submit_durable(bad) is SPOOLED
    await until(lambda: hasty.writer.spool_length == 0)
    assert rejected.read_bytes().count(b"\n") == 2
    assert (hasty.writer.rejected, hasty.writer.replayed) == (2, 0)


async def test_a_full_spool_leaves_contacts_in_memory(hasty: Database, url: str, contact: Make) -> None:
    spool = hasty.writer._spool
    assert spool is not None
    spool._limit = 0
    with locked(url):
        saving = asyncio.create_task(hasty.contacts.save(contact("a")))
        await until(lambda: hasty.writer.failures >= 4)
        assert (hasty.writer.queue_length, hasty.writer.spooled) == (1, 0)
    assert await saving is Saved.new
    with locked(url):
        lost = asyncio.create_task(hasty.contacts.save(contact("b")))
        await until(lambda: hasty.writer.queue_length == 1)
        await hasty.close()
        with pytest.raises(StoreUnavailable, match="neither the database nor the spool"):
            await lost


async def test_an_unreadable_spool_does_not_stop_the_writer(
    hasty: Database, url: str, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def broken(self: Spool, limit: int) -> None:
        tries.append(limit)
        raise OSError("input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "peek", broken)
        with locked(url):
            assert await hasty.contacts.save(contact("a")) is Saved.spooled
        await until(lambda: bool(tries))
        assert await hasty.writer.submit(add_call(1)) == 1
        assert await hasty.contacts.save(contact("b")) is Saved.new
        assert hasty.writer.spool_length == 1
    await until(lambda: hasty.writer.spool_length == 0)
    assert await hasty.contacts.count() == 2


async def test_the_queue_is_bounded(url: str, contact: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    limits = WriterLimits(queue=3, patience_seconds=20, spool_after_seconds=20, first_pause_seconds=0.01)
    async with await Database.open(url, create=True, limits=limits) as db:
        with locked(url):
            waiting = [asyncio.create_task(db.writer.submit(add_call(n))) for n in range(3)]
            await until(lambda: db.writer.queue_length == 3)
            with pytest.raises(StoreBusy):
                await db.writer.submit(add_call(9))
            durable = asyncio.create_task(db.contacts.save(contact()))
            await until(lambda: db.writer.failures >= 2)
            assert db.writer.queue_length == 3
        assert await asyncio.gather(*waiting) == [0, 1, 2]
        assert await durable is Saved.new


async def test_a_submitter_who_goes_away(hasty: Database, url: str, contact: Make) -> None:
    with locked(url):
        ordinary = asyncio.create_task(hasty.writer.submit(add_call(1)))
        durable = asyncio.create_task(hasty.contacts.save(contact()))
        await until(lambda: hasty.writer.queue_length == 2)
        ordinary.cancel()
        durable.cancel()
        await asyncio.wait([ordinary, durable])
        failures = hasty.writer.failures
        await until(lambda: hasty.writer.failures >= failures + 2)
    await hasty.writer.drain()
    await until(lambda: hasty.writer.spool_length == 0)
    assert stored_calls(url) == 0
    assert await hasty.contacts.count() == 1


async def test_drain_and_close(url: str) -> None:
    db = await Database.open(url, create=True)
    writes = [asyncio.create_task(db.writer.submit(add_call(n))) for n in range(300)]
    await asyncio.sleep(0)
    await db.writer.drain()
    assert stored_calls(url) == 300
    last = asyncio.create_task(db.writer.submit(add_call(300)))
    await asyncio.sleep(0)
    await db.close()
    await db.close()
    assert await last == 300
    await asyncio.gather(*writes)
    with pytest.raises(StoreUnavailable, match="closed"):
        await db.writer.submit(add_call(301))


@on_files
async def test_a_write_waits_for_nothing_but_its_connection(db: Database) -> None:
    """It has the writer's thread, in which there is nothing else to be waited for."""

    async def idle(_connection: AsyncConnection) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="something else"):
        await db.writer.submit(idle)
    assert await db.writer.submit(add_call(1)) == 1


@on_files
async def test_a_vanished_file_is_not_replaced_by_an_empty_one(url: str, tmp_path: Path) -> None:
    file = tmp_path / "callcore.db"
    await (await Database.open(url, create=True)).close()
    writing = engine.writer_engine(engine.parse_url(url))
    os.unlink(file)
    with pytest.raises(Exception, match="unable to open") as caught:
        async with writing.begin():
            pass
    await writing.dispose()
    assert engine.is_outage(caught.value)
    assert os.listdir(file.parent) == []

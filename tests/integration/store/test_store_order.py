"""The database locked for ten seconds, or gone for a while, with contacts flowing all the time: none lost,
none twice, their order kept, memory bounded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from callcore.calls.effects import Contact, LogContact
from callcore.domain import CallId
from callcore.floor import records as records_module
from callcore.floor.lookups import Found
from callcore.floor.records import Records
from callcore.store import engine
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.writer import WriterLimits
from callcore.testing.patience import PATIENCE_SECONDS

from .store_samples import in_order_of_writing, locked, on_files, until

Make = Callable[..., Contact]
LIMITS = WriterLimits(
    batch=64,
    queue=300,
    patience_seconds=0.3,
    spool_after_seconds=0.1,
    first_pause_seconds=0.01,
    longest_pause_seconds=0.05,
)
LOCKED_SECONDS = 10.0


@pytest.fixture
async def db(url: str, spool: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    monkeypatch.setattr(records_module, "STORE_AT_ONCE", 200)
    async with await Database.open(url, create=True, spool=spool, limits=LIMITS) as database:
        yield database


class Flow:
    """Contacts c000001, c000002 … on their way through ``Records``, as the floor sends them."""

    def __init__(self, db: Database, make: Make) -> None:
        self._db = db
        self._make = make
        self.sent = 0
        self.told: Counter[CallId] = Counter()
        self.most_waiting = self.most_queued = 0
        self.records = Records(db.calls, db.contacts, Nobody(), lambda _fact: None, self._logged)

    async def _logged(self, contact: Contact) -> None:
        self.told[contact.call] += 1

    async def go_on(self, holds: Callable[[], bool], at_once: int = 20) -> None:
        """So many in each turn, a breath between, until ``holds``, and as many more."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():
                self._some(at_once)
                await asyncio.sleep(0.05)
        self._some(at_once)

    def _some(self, count: int) -> None:
        for _ in range(count):
            self.sent += 1
            contact = self._make(f"c{self.sent:06}", operators=(), answered_by=None)
            self.records.carry(LogContact(contact.call, contact))
        lane = self.records.lanes[0]
        self.most_waiting = max(self.most_waiting, lane.waiting + lane.under_way)
        self.most_queued = max(self.most_queued, self._db.writer.queue_length)

    async def settle(self) -> None:
        await self.records.drain()
        await until(lambda: not self._db.writer.spool_length)
        await self._db.writer.drain()

    def check(self, url: str) -> None:
        """Every contact is there once, in the order in which it came, and was told of once."""
        every = [CallId(f"c{n:06}") for n in range(1, self.sent + 1)]
        assert in_order_of_writing(url) == every
        assert self.told == Counter(every)
        assert self.records.contacts_lost == 0
        assert self.most_queued <= LIMITS.queue
        assert self.most_waiting <= records_module.STORE_SIZE


class Nobody:
    """Has this number."""

    async def __call__(self, number: str) -> Found:
        return Found()


@contextmanager
def gone(file: Path) -> Iterator[None]:
    """The database's files are away, as on a mount that is lost; the spool is not."""
    away = file.parent / "away"
    away.mkdir()
    with ExitStack() as back:
        for part in [f for f in file.parent.glob("callcore.db*") if "spool" not in f.name]:
            part.rename(away / part.name)
            back.callback((away / part.name).rename, part)
        yield


async def test_locked_for_ten_seconds(db: Database, url: str, contact: Make) -> None:
    flow = Flow(db, contact)
    await flow.go_on(lambda: flow.sent >= 200)
    await flow.settle()
    clock = asyncio.get_running_loop()
    with locked(url):
        end = clock.time() + LOCKED_SECONDS
        await flow.go_on(lambda: clock.time() >= end, at_once=5)
        assert db.writer.spooled > 0
    assert flow.sent > 500
    await flow.go_on(lambda: db.writer.replayed > 0)
    await flow.settle()
    flow.check(url)


@on_files
async def test_gone_and_back_again_and_again(db: Database, url: str, tmp_path: Path, contact: Make) -> None:
    file, flow = tmp_path / "callcore.db", Flow(db, contact)
    for _ in range(3):
        with gone(file):
            spooled = db.writer.spooled
            await flow.go_on(lambda spooled=spooled: db.writer.spooled >= spooled + 100)  # type: ignore[misc]
        (file.parent / "away").rmdir()
        await flow.go_on(lambda: db.writer.available)
    await flow.settle()
    flow.check(url)


async def test_faster_than_the_database(db: Database, url: str, contact: Make) -> None:
    """Nothing is wrong with it; but five times what its queue holds comes in one moment."""
    flow = Flow(db, contact)
    flow._some(1500)
    await flow.settle()
    assert db.writer.failures == 0
    flow.check(url)


async def test_killed_while_it_was_away(
    url: str, spool: Path, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next daemon writes what the first one left, before anything of its own."""
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    first = await Database.open(url, create=True, spool=spool, limits=LIMITS)
    flow = Flow(first, contact)
    with locked(url):
        await flow.go_on(lambda: first.writer.spooled >= 500)
        await flow.records.drain()
        await first.close()
    async with await Database.open(url, spool=spool, limits=LIMITS) as second:
        own = flow._make("c999999", operators=(), answered_by=None)
        await second.contacts.save(own)
        await until(lambda: not second.writer.spool_length)
        assert second.writer.replayed >= flow.sent
    assert in_order_of_writing(url) == [*(f"c{n:06}" for n in range(1, flow.sent + 1)), "c999999"]


async def test_a_full_disk_is_waited_for_by_everybody(
    db: Database, url: str, contact: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither database nor spool: contacts wait in memory up to the bound, and beyond it are told aloud."""
    monkeypatch.setattr(records_module, "STORE_SIZE", 400)
    flow = Flow(db, contact)
    spool = db.writer._spool
    assert spool is not None
    with monkeypatch.context() as disk:
        disk.setattr(spool, "_limit", 0)
        with locked(url):
            await flow.go_on(lambda: flow.records.contacts_lost > 0)
            assert db.writer.spooled == 0
            assert db.writer.queue_length <= LIMITS.queue
            with pytest.raises(StoreError):
                await db.calls.ended(CallId("c1"), contact().ended_at)
        await flow.records.drain()
    await flow.settle()
    assert await db.contacts.count() == flow.sent - flow.records.contacts_lost
    assert flow.records.contacts_lost < flow.sent

"""Records on their way to a store that fails, hangs or answers late: the floor goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from callcore.calls.effects import Contact, LogContact, LookUpCustomers, RememberCall
from callcore.calls.facts import CustomersFound, Fact, LiveChannel, Snapshot
from callcore.domain import CallId, ChannelId, ChannelRef, Outcome, PbxName
from callcore.floor import lookups, records
from callcore.floor.lookups import Found
from callcore.floor.records import Records
from callcore.store.errors import StoreUnavailable
from callcore.testing.patience import PATIENCE_SECONDS

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PBX = PbxName("main")


@dataclass
class Store:
    """Calls and contacts; ``fault`` is raised; with ``hangs`` nothing answers until ``mended``."""

    fault: Exception | None = None
    hangs: bool = False
    saved: list[Contact] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    mended: asyncio.Event = field(default_factory=asyncio.Event)

    async def _answer(self) -> None:
        if self.hangs:
            await self.mended.wait()
        if self.fault is not None:
            raise self.fault

    async def remember(self, call: CallId, channel: ChannelRef, at: datetime) -> CallId:
        self.begun.append(f"remember {call}")
        await self._answer()
        return call

    async def open_calls(self, pbx: PbxName) -> tuple[Any, ...]:
        await self._answer()
        return ()

    async def save(self, contact: Contact) -> str:
        self.begun.append(f"save {contact.call}")
        await self._answer()
        self.saved.append(contact)
        return "new"


class Nobody:
    async def __call__(self, number: str) -> Found:
        return Found()


async def _quiet(_contact: Contact) -> None:
    return


def make(store: Store, logged: Any = _quiet) -> Records:
    return Records(store, store, Nobody(), lambda _fact: None, logged)


def contact(call: str = "c1") -> LogContact:
    values = {"call": CallId(call), "outcome": Outcome.answered, "queue": None, "wait_ms": 0, "talk_ms": 0}
    values |= {"pbx": PBX, "channel": call}
    empty = cast(Contact, type("Empty", (), values)())
    return LogContact(f"{call}:contact", empty)


def remember(call: str) -> RememberCall:
    return RememberCall(f"{call}:remember", CallId(call), ChannelRef(PBX, ChannelId(call)), NOW)


def snapshot() -> Snapshot:
    channel = ChannelRef(PBX, ChannelId("1.1"))
    row = LiveChannel(channel, "PJSIP/t-1", "Up", None, None, None, None, 5, CallId("c1"), None, None)
    return Snapshot(PBX, 1, (row,), (), ())


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_snapshot_does_not_wait_for_the_database(
    monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    """Without it, the ids that the channels carry themselves are what a restarted daemon has."""
    monkeypatch.setattr(records, "OPEN_CALLS_SECONDS", 0.01)
    store = Store(fault=StoreUnavailable("gone"), hangs=hangs)
    fact = snapshot()
    assert await make(store).enrich(fact) == fact


async def test_the_database_knows_better_which_channel_is_the_callers() -> None:
    fact = await make(Store()).enrich(snapshot())
    assert isinstance(fact, Snapshot)
    assert [row.call for row in fact.channels] == [None]


async def test_the_end_does_not_wait_for_ever() -> None:
    store = Store(hangs=True)
    keeper = make(store)
    keeper.carry(contact())
    await keeper.drain(seconds=0.01)
    for task in keeper.lanes[0]._workers:
        task.cancel()


async def test_a_list_that_cannot_be_shown_is_no_lost_contact() -> None:
    store = Store()

    async def fails(_contact: Contact) -> None:
        raise StoreUnavailable("gone")

    keeper = make(store, fails)
    keeper.carry(contact())
    with capture_logs() as logs:
        await keeper.drain()
    assert len(store.saved) == 1
    assert [e["event"] for e in logs] == ["contact_saved", "contact_not_shown"]


# --- bounds


async def test_records_begin_in_the_order_in_which_they_came() -> None:
    store = Store()
    keeper = make(store)
    for n in range(records.STORE_AT_ONCE):  # twice as many as are under way at a time
        keeper.carry(remember(f"c{n}"))
        keeper.carry(contact(f"c{n}"))
    await keeper.drain()
    assert store.begun == [
        f"{what} c{n}" for n in range(records.STORE_AT_ONCE) for what in ("remember", "save")
    ]


async def test_a_store_that_takes_nothing_costs_so_much_memory_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls are the first not to be remembered; a contact that is given up is told by name, and counted.
    All that was taken is stored once the store is mended."""
    for name, value in {"STORE_AT_ONCE": 2, "STORE_SIZE": 6, "CALLS_SIZE": 3}.items():
        monkeypatch.setattr(records, name, value)
    store = Store(hangs=True)
    keeper = make(store)
    lane = keeper.lanes[0]
    keeper.carry(contact("c1"))
    keeper.carry(contact("c2"))
    await _until(lambda: len(store.begun) == 2)
    with capture_logs() as logs:
        for n in range(3, 7):
            keeper.carry(contact(f"c{n}"))
            keeper.carry(remember(f"r{n}"))
        for n in range(7, 12):
            keeper.carry(contact(f"c{n}"))
    assert (lane.waiting, lane.under_way) == (6, 2)
    assert keeper.contacts_lost == 4
    assert lane.refused == 3 + 4
    lost = [e["call_id"] for e in logs if e["event"] == "contact_lost" and e["log_level"] == "critical"]
    assert lost == ["c8", "c9", "c10", "c11"]
    assert [e["event"] for e in logs].count("lane_full") == 1
    store.mended.set()
    await keeper.drain()
    assert sorted(c.call for c in store.saved) == [f"c{n}" for n in range(1, 8)]
    keeper.carry(contact("c12"))
    await keeper.drain()
    assert store.saved[-1].call == "c12"


async def test_questions_beyond_the_bound_are_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the base had failed, and never in the middle of the fact that asked."""
    for name, value in {"LOOKUPS_AT_ONCE": 1, "LOOKUP_SIZE": 2}.items():
        monkeypatch.setattr(lookups, name, value)
    may_go, asked, answers = asyncio.Event(), [], list[Fact]()

    async def lookup(number: str) -> Found:
        asked.append(number)
        await may_go.wait()
        return Found()

    keeper = Records(Store(), Store(), lookup, answers.append, _quiet)
    for n in range(5):
        keeper.carry(LookUpCustomers(f"k{n}", CallId(f"c{n}"), f"+7900000000{n}"))
    assert answers == []
    await _until(lambda: len(answers) == 3)
    assert answers == [CustomersFound(CallId(f"c{n}"), (), True) for n in (2, 3, 4)]
    may_go.set()
    await keeper.drain()
    assert answers[3:] == [CustomersFound(CallId(f"c{n}"), (), False) for n in (0, 1)]
    assert keeper.lanes[1].refused == 3


async def _until(holds: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - lists have no bell
            await asyncio.sleep(0)

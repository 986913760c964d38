"""Records on their way to a store that fails, hangs or answers late: the floor goes on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callcore.calls.effects import Contact, LogContact
from callcore.calls.facts import LiveChannel, Snapshot
from callcore.domain import CallId, ChannelId, ChannelRef, Outcome, PbxName
from callcore.floor import records
from callcore.floor.records import Found, Records
from callcore.store.errors import StoreUnavailable

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
PBX = PbxName("main")


@dataclass
class Store:
    """Calls and contacts; ``fault`` is raised, or, as None with ``hangs``, nothing ever answers."""

    fault: Exception | None = None
    hangs: bool = False
    saved: list[Contact] = field(default_factory=list)

    async def _answer(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault

    async def remember(self, call: CallId, channel: ChannelRef, at: datetime) -> CallId:
        await self._answer()
        return call

    async def open_calls(self, pbx: PbxName) -> tuple[Any, ...]:
        await self._answer()
        return ()

    async def save(self, contact: Contact) -> str:
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


def contact() -> LogContact:
    values = {"call": CallId("c1"), "outcome": Outcome.answered, "queue": None, "wait_ms": 0, "talk_ms": 0}
    empty = cast(Contact, type("Empty", (), values)())
    return LogContact("c1:contact", empty)


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
    for task in keeper._tasks:
        task.cancel()


async def test_a_list_that_cannot_be_shown_is_no_lost_contact() -> None:
    """Nobody waits for the task: what it raises would be seen by nobody."""
    store = Store()

    async def fails(_contact: Contact) -> None:
        raise StoreUnavailable("gone")

    keeper = make(store, fails)
    keeper.carry(contact())
    tasks = set(keeper._tasks)
    await keeper.drain()
    assert len(store.saved) == 1
    assert [task.exception() for task in tasks] == [None]

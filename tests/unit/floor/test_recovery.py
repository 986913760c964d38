"""A gap on the way of a Snapshot to the floor, with a store that answers, fails, or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcore.calls.effects import Contact
from callcore.calls.facts import Fact, JournalRow, LinkLost, LinkUp, LiveChannel, Snapshot
from callcore.calls.recovery import PastCall
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    Customer,
    CustomerId,
    EndReason,
    Interface,
    Login,
    Outcome,
    PbxName,
    QueueName,
    Source,
)
from callcore.floor import recovery
from callcore.floor.lookups import Found
from callcore.floor.recovery import FloorView, Recovery
from callcore.store.errors import StoreUnavailable
from callcore.store.gaps import Gap
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PBX = PbxName("main")
ANNA = Login("anna")


def ref(ident: str) -> ChannelRef:
    return ChannelRef(PBX, ChannelId(ident))


def row(ident: str, **changes: Any) -> JournalRow:
    empty = JournalRow(ref(ident), T0, None, None, None, None, None, None, 5, 16, None)
    return replace(empty, **changes)


def snapshot(*rows: JournalRow, living: Collection[str] = ()) -> Snapshot:
    channels = tuple(
        LiveChannel(ref(ident), "PJSIP/t-1", "Up", None, None, None, None, 5, None, None, None)
        for ident in living
    )
    return Snapshot(PBX, 1, channels, (), (), tuple(rows))


@dataclass
class Open:
    call: CallId
    channel: ChannelRef
    first_seen_at: datetime


@dataclass
class Store:
    """``fault``: what reading raises; ``hangs``: reading never answers."""

    last: datetime | None = None
    stored: set[str] = field(default_factory=set)
    """Channels and calls with a contact."""
    ids: dict[ChannelId, CallId] = field(default_factory=dict)
    open: list[Open] = field(default_factory=list)
    fault: Exception | None = None
    hangs: bool = False
    gaps: list[Gap] = field(default_factory=list)
    beats: list[tuple[tuple[PbxName, ...], datetime]] = field(default_factory=list)
    asked: int = 0

    async def add(self, gap: Gap) -> None:
        if self.fault is not None:
            raise self.fault
        self.gaps.append(gap)

    async def beat(self, pbxs: Collection[PbxName], at: datetime) -> None:
        if self.fault is not None:
            raise self.fault
        self.beats.append((tuple(pbxs), at))

    async def last_up(self, pbx: PbxName) -> datetime | None:
        return self.last

    async def told(
        self, pbx: PbxName, channels: Collection[ChannelId], ids: Collection[CallId] = ()
    ) -> tuple[set[ChannelId], set[CallId]]:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        if self.hangs and self.asked > 1:
            await asyncio.Event().wait()
        return {c for c in channels if c in self.stored}, {i for i in ids if i in self.stored}

    async def known(self, pbx: PbxName, channels: Collection[ChannelId]) -> dict[ChannelId, CallId]:
        return {channel: self.ids[channel] for channel in channels if channel in self.ids}

    async def open_calls(self, pbx: PbxName) -> list[Open]:
        return self.open


class House:
    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        self.now = T0 + timedelta(hours=1)
        self.settled: list[str] = []
        self.saved: list[Contact] = []
        self.on_floor: set[str] = set()
        self.customers: dict[str, tuple[Customer, ...]] = {}
        self.refused: set[str] = set()
        view = FloorView(
            is_known=lambda channel: channel.id in self.on_floor,
            login_at=lambda _pbx, interface: ANNA if interface == "PJSIP/101" else None,
            settled=lambda channel: self.settled.append(channel.id),
            canonical=lambda number: number,
            save=self._save,
        )
        self.recovery = Recovery(store, store, view, self._look_up, lambda: self.now, **options)

    async def _save(self, contact: Contact) -> None:
        if contact.channel in self.refused:
            raise StoreUnavailable("locked")
        self.saved.append(contact)

    async def _look_up(self, number: str) -> Found:
        if number == "dead":
            raise TimeoutError
        return Found(self.customers.get(number, ()))

    async def take(self, fact: Fact) -> Fact:
        """What the floor gets, once the background has done its work."""
        given = await self.recovery.enrich(fact)
        while self.recovery._tasks:
            await asyncio.wait(set(self.recovery._tasks))
        return given

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def test_other_facts_pass() -> None:
    house = House(Store())
    up = LinkUp(PBX, 1)
    assert await house.take(up) is up
    assert house.store.asked == 0


# --- gaps


async def test_a_pbx_that_was_never_linked_leaves_no_gap() -> None:
    house = House(Store())
    await house.recovery.start([PBX])
    await house.take(snapshot())
    assert house.store.gaps == []
    assert house.store.beats == [((PBX,), house.now)]


async def test_a_gap_from_an_earlier_life() -> None:
    house = House(Store(last=T0))
    await house.recovery.start([PBX])
    with capture_logs() as logs:
        await house.take(snapshot())
    assert house.store.gaps == [Gap(PBX, T0, house.now)]
    assert (house.recovery.gaps[PBX], house.recovery.gap_seconds[PBX]) == (1, 3600)
    assert [line["seconds"] for line in logs if line["event"] == "gap"] == [3600.0]


async def test_a_gap_in_this_life_and_none_for_a_second_snapshot() -> None:
    """Asterisk was still starting, so the link asks again; no LinkLost in between."""
    house = House(Store())
    await house.take(snapshot())
    house.later(5)
    await house.take(snapshot())
    assert house.store.gaps == []
    lost_at = house.now
    await house.take(LinkLost(PBX))
    house.later(7)
    await house.take(LinkLost(PBX))  # an attempt that got as far as the login
    await house.take(snapshot())
    assert house.store.gaps == [Gap(PBX, lost_at, house.now)]


async def test_a_clock_that_went_back() -> None:
    house = House(Store(last=T0 + timedelta(days=1)))
    await house.recovery.start([PBX])
    await house.take(snapshot())
    assert house.store.gaps == [Gap(PBX, house.now, house.now)]


async def test_a_gap_that_cannot_be_recorded_is_said() -> None:
    house = House(Store(last=T0))
    await house.recovery.start([PBX])
    house.store.fault = StoreUnavailable("locked")
    with capture_logs() as logs:
        await house.take(snapshot())
    assert {"gap_not_recorded", "link_beat_not_kept"} <= {line["event"] for line in logs}


async def test_the_beat_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "BEAT_SECONDS", 0.0)
    house = House(Store())
    await house.take(snapshot())
    beating = asyncio.create_task(house.recovery.run())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(house.store.beats) < 5:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)


# --- the journal


async def test_rows_that_are_told_are_settled_and_known_calls_go_on() -> None:
    house = House(Store(stored={"1.1", "c2"}, ids={ChannelId("1.3"): CallId("c3")}))
    house.on_floor = {"1.3"}
    house.customers = {"+7": (Customer(CustomerId(7), "Пётр", "K7"),)}
    given = await house.take(
        snapshot(row("1.1"), row("1.2", call=CallId("c2")), row("1.3"), row("1.4", number="+7"))
    )
    assert isinstance(given, Snapshot)
    assert given.journal == (row("1.3", call=CallId("c3")),), "under the id that the store knows"
    assert sorted(house.settled) == ["1.1", "1.2"]
    [contact] = house.saved
    assert (contact.channel, contact.source, contact.customer) == ("1.4", Source.journal, 7)


async def test_a_store_that_fails_gives_no_rows() -> None:
    """They come again; and nothing of theirs is said to be lost."""
    house = House(Store(last=T0, open=[Open(CallId("c1"), ref("1.1"), T0)]))
    await house.recovery.start([PBX])
    house.store.fault = StoreUnavailable("contacts wait in the spool")
    with capture_logs() as logs:
        given = await house.take(snapshot(row("1.1")))
    assert isinstance(given, Snapshot)
    assert (given.journal, house.saved, house.settled) == ((), [], [])
    assert "journal_not_compared" in {line["event"] for line in logs}


async def test_a_store_that_hangs_holds_the_floor_up_no_longer_than_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The newest rows were asked about first."""
    monkeypatch.setattr(recovery, "ASK_SECONDS", 0.05)
    monkeypatch.setattr(recovery, "SLICE", 1)
    house = House(Store(hangs=True))
    house.on_floor = {"1.1", "1.2"}
    given = await house.take(snapshot(row("1.1"), row("1.2")))
    assert isinstance(given, Snapshot)
    assert [row.channel.id for row in given.journal] == ["1.2"]


async def test_one_contact_that_cannot_be_saved_and_a_base_that_is_dead() -> None:
    house = House(Store())
    house.refused = {"1.1"}
    with capture_logs() as logs:
        await house.take(snapshot(row("1.1"), row("1.2", number="dead"), row("1.3", number="unknown")))
    assert sorted(contact.channel for contact in house.saved) == ["1.2", "1.3"]
    assert {contact.customer for contact in house.saved} == {None}
    assert {"past_call_not_saved", "customer_lookup_failed"} <= {line["event"] for line in logs}


# --- the administrator's own records, and what nobody told


def past(*calls: PastCall) -> Callable[[datetime, datetime], Any]:
    async def read(since: datetime, until: datetime) -> tuple[PastCall, ...]:
        assert since == T0 < until
        return calls

    return read


async def names() -> dict[Login, str]:
    return {Login("boris"): "Борис", Login("k1"): "Ким", Login("k2"): "Ким"}


async def test_own_records_fill_what_the_journal_does_not_tell() -> None:
    answered = {"queue": QueueName("finance"), "queued_at": T0, "hold_seconds": 2}
    records = past(
        PastCall(row("1.1")),
        PastCall(row("1.2")),
        PastCall(row("1.3")),
        PastCall(row("1.4", member=Interface("Борис"), **answered)),
        PastCall(row("1.5", member=Interface("Ким"), **answered)),
        PastCall(row("1.6", **answered), Outcome.timeout),
    )
    store = Store(last=T0, stored={"1.2"}, ids={ChannelId("1.4"): CallId("c4")})
    house = House(store, past={PBX: records}, names=names)
    house.on_floor = {"1.3"}
    await house.recovery.start([PBX])
    await house.take(snapshot(row("1.1")))
    told = {contact.channel: contact for contact in house.saved}
    assert {channel: contact.source for channel, contact in told.items()} == {
        "1.1": Source.journal,
        "1.4": Source.cdr,
        "1.5": Source.cdr,
        "1.6": Source.cdr,
    }
    assert (told["1.4"].call, told["1.4"].answered_by) == ("c4", "boris")
    assert (told["1.5"].outcome, told["1.5"].answered_by) == (Outcome.answered, None), "two bear that name"
    assert told["1.6"].outcome is Outcome.timeout


async def test_without_a_gap_nobody_reads_them() -> None:
    async def never(_since: datetime, _until: datetime) -> tuple[PastCall, ...]:
        raise AssertionError

    house = House(Store(), past={PBX: never})
    await house.take(snapshot())
    assert house.saved == []


async def test_calls_of_which_nobody_told_are_lost() -> None:
    house = House(
        Store(
            last=T0,
            open=[
                Open(CallId("lost"), ref("1.1"), T0),
                Open(CallId("lives"), ref("1.2"), T0),
                Open(CallId("carried"), ref("1.7"), T0),
                Open(CallId("told"), ref("1.3"), T0),
                Open(CallId("here"), ref("1.4"), T0),
                Open(CallId("old"), ref("1.5"), T0 - timedelta(days=1)),
                Open(CallId("new"), ref("1.6"), T0 + timedelta(hours=2)),
            ],
        )
    )
    house.on_floor = {"1.4"}
    await house.recovery.start([PBX])
    now = snapshot(row("1.3"), living=["1.2"])
    transferred = replace(now.channels[0], channel=ref("1.8"), call=CallId("carried"))
    await house.take(replace(now, channels=(*now.channels, transferred)))
    lost = [contact.call for contact in house.saved if contact.end_reason is EndReason.lost]
    assert lost == ["lost"]


async def test_at_the_end_nothing_is_left_running() -> None:
    hangs = Store(last=T0)

    async def never(_since: datetime, _until: datetime) -> tuple[PastCall, ...]:
        await asyncio.Event().wait()
        return ()

    house = House(hangs, past={PBX: never})
    await house.recovery.start([PBX])
    await house.recovery.enrich(snapshot())
    await house.recovery.drain()
    assert not house.recovery._tasks

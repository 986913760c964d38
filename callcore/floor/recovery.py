"""What happened while callcore was away from a PBX: the gap is recorded, its calls are recovered.

A Snapshot passes here on its way to the floor. Rows of the dialplan's journal whose contact is stored leave
it (and are deleted from AstDB by the next calls); those of calls that the floor knows go on with it. Calls
that the floor does not know concern nobody who works now, and there may be thousands: their contacts are
made in the background, from the journal first, then from an administrator's own records. Whatever cannot be
asked now is asked again at the next login.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from callcore.calls.effects import Contact
from callcore.calls.facts import Fact, JournalRow, LinkLost, Snapshot
from callcore.calls.recovery import LoginAt, PastCall, contact_of_row, lost_contact
from callcore.domain import CallId, ChannelId, ChannelRef, Login, PbxName, Source
from callcore.floor.lookups import Lookup
from callcore.store.gaps import Gap

log = structlog.get_logger("callcore.recovery")

ASK_SECONDS = 2.0
"""How long a Snapshot may wait for the database: the floor stands still meanwhile."""
SLICE = 4_000
"""Rows asked about at once: with these many a slow database still gets somewhere within the time."""
SAVED_AT_ONCE = 64
BEAT_SECONDS = 10.0
LOOKUP_SECONDS = 2.0
OPEN_FOR = timedelta(hours=12)
"""A call first seen so long before the gap was over when it began."""


class Gaps(Protocol):
    async def add(self, gap: Gap) -> None: ...

    async def beat(self, pbxs: Collection[PbxName], at: datetime) -> None: ...

    async def last_up(self, pbx: PbxName) -> datetime | None: ...

    async def told(
        self, pbx: PbxName, channels: Collection[ChannelId], ids: Collection[CallId] = ()
    ) -> tuple[set[ChannelId], set[CallId]]: ...

    async def known(self, pbx: PbxName, channels: Collection[ChannelId]) -> dict[ChannelId, CallId]: ...


async def _no_names() -> Mapping[Login, str]:
    return {}


class OpenCall(Protocol):
    """A call that was remembered, and that nobody has ended."""

    @property
    def call(self) -> CallId: ...

    @property
    def channel(self) -> ChannelRef: ...

    @property
    def first_seen_at(self) -> datetime: ...


class Calls(Protocol):
    async def open_calls(self, pbx: PbxName) -> Sequence[OpenCall]: ...


Past = Callable[[datetime, datetime], Awaitable[Sequence[PastCall]]]
"""Calls of a period, by the administrator's own records of one PBX."""


@dataclass(frozen=True, slots=True)
class FloorView:
    """The floor, as far as recovery knows it."""

    is_known: Callable[[ChannelRef], bool]
    """It is on the floor, or ended there not long ago."""
    login_at: LoginAt
    settled: Callable[[ChannelRef], None]
    """The journal row of this channel has served."""
    canonical: Callable[[str | None], str | None]
    save: Callable[[Contact], Awaitable[object]]
    """Stores a contact, and tells whoever wants to hear of it; a repeat changes nothing."""


class Recovery:
    """``start`` before the links, ``enrich`` for each fact, ``run`` beside, ``drain`` at the end.

    ``gaps`` and ``gap_seconds``: since the start, by PBX.
    """

    def __init__(
        self,
        store: Gaps,
        calls: Calls,
        floor: FloorView,
        lookup: Lookup,
        now: Callable[[], datetime],
        past: Mapping[PbxName, Past] | None = None,
        names: Callable[[], Awaitable[Mapping[Login, str]]] = _no_names,
    ) -> None:
        """``past``: only for PBXs whose records the administrator opened; ``names``: of all operators, as
        queue_log has them."""
        self._store = store
        self._calls = calls
        self._floor = floor
        self._lookup = lookup
        self._now = now
        self._past = past or {}
        self._names = names
        self._up: set[PbxName] = set()
        self._last_up: dict[PbxName, datetime] = {}
        """Of links that are down: the last good moment."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.gaps: Counter[PbxName] = Counter()
        self.gap_seconds: Counter[PbxName] = Counter()

    async def start(self, pbxs: Iterable[PbxName]) -> None:
        """Learn when each PBX was last linked. Raises StoreError."""
        for pbx in pbxs:
            last = await self._store.last_up(pbx)
            if last is not None:
                self._last_up[pbx] = last

    async def enrich(self, fact: Fact) -> Fact:
        """The fact, to be taken by the floor next; only a Snapshot waits, and changes."""
        match fact:
            case LinkLost():
                if fact.pbx in self._up:
                    self._up.discard(fact.pbx)
                    self._last_up[fact.pbx] = self._now()
                return fact
            case Snapshot():
                return await self._linked(fact)
            case _:
                return fact

    async def run(self) -> None:
        """Keeps the last moment at which each PBX was linked, for a life of the daemon that ends unseen."""
        while True:
            await self._beat()
            await asyncio.sleep(BEAT_SECONDS)

    async def _beat(self) -> None:
        try:
            await self._store.beat(tuple(self._up), self._now())
        except Exception as error:
            log.warning("link_beat_not_kept", why=str(error) or type(error).__name__)

    async def drain(self) -> None:
        """Give up what still runs; it is done again after the next login."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- a link came up

    async def _linked(self, snapshot: Snapshot) -> Snapshot:
        gap = self._gap(snapshot.pbx)
        recorded = None if gap is None else self._start(self._record(gap))
        self._start(self._beat())
        rows = await self._untold(snapshot)
        known = tuple(row for row in rows if self._floor.is_known(row.channel))
        unknown = [row for row in rows if not self._floor.is_known(row.channel)]
        self._start(self._recover(snapshot, gap, recorded, unknown))
        return replace(snapshot, journal=known)

    def _gap(self, pbx: PbxName) -> Gap | None:
        """None for a second Snapshot of one session, and for a PBX that was never linked before."""
        if pbx in self._up:
            return None
        self._up.add(pbx)
        now = self._now()
        began_at = self._last_up.pop(pbx, None)
        if began_at is None:
            return None
        gap = Gap(pbx, min(began_at, now), now)
        self.gaps[pbx] += 1
        self.gap_seconds[pbx] += round(gap.seconds)
        return gap

    async def _record(self, gap: Gap) -> None:
        """The writer keeps the order: it is there before the first contact that counts in it."""
        log.warning("gap", pbx=gap.pbx, began_at=gap.began_at.isoformat(), seconds=round(gap.seconds, 1))
        try:
            await self._store.add(gap)
        except Exception as error:
            log.error("gap_not_recorded", pbx=gap.pbx, why=str(error) or type(error).__name__)

    async def _untold(self, snapshot: Snapshot) -> list[JournalRow]:
        """Rows without a contact, oldest first, as many as the database could tell of in time."""
        found: list[JournalRow] = []
        newest_first = snapshot.journal[::-1]
        try:
            async with asyncio.timeout(ASK_SECONDS):
                for at in range(0, len(newest_first), SLICE):
                    found += await self._untold_of(snapshot.pbx, newest_first[at : at + SLICE])
        except Exception as error:
            why = str(error) or type(error).__name__
            log.error(
                "journal_not_compared", pbx=snapshot.pbx, rows=len(newest_first), found=len(found), why=why
            )
        return found[::-1]

    async def _untold_of(self, pbx: PbxName, rows: Sequence[JournalRow]) -> list[JournalRow]:
        ids = {row.channel.id: row.call for row in rows}
        channels, calls = await self._store.told(
            pbx, tuple(ids), tuple({call for call in ids.values() if call is not None})
        )
        left = [row for row in rows if row.channel.id not in channels and row.call not in calls]
        known = await self._store.known(pbx, tuple(row.channel.id for row in left)) if left else {}
        remaining = {row.channel for row in left}
        for row in rows:
            if row.channel not in remaining:
                self._floor.settled(row.channel)
        return [replace(row, call=known.get(row.channel.id, row.call)) for row in left]

    # --- in the background

    async def _recover(
        self,
        snapshot: Snapshot,
        gap: Gap | None,
        recorded: asyncio.Task[None] | None,
        rows: Sequence[JournalRow],
    ) -> None:
        if recorded is not None:
            await asyncio.wait({recorded})
        await self._save(snapshot.pbx, [PastCall(row) for row in rows], Source.journal, self._floor.login_at)
        if gap is None:
            return
        told = frozenset(row.channel for row in snapshot.journal)
        try:
            told |= await self._recover_past(gap, told)
            await self._lose_open(snapshot, gap, told)
        except Exception as error:
            log.error("gap_not_recovered", pbx=gap.pbx, why=str(error) or type(error).__name__)

    async def _recover_past(self, gap: Gap, told: frozenset[ChannelRef]) -> frozenset[ChannelRef]:
        """From the administrator's records; the channels that they told of."""
        past = self._past.get(gap.pbx)
        if past is None:
            return frozenset()
        calls = [call for call in await past(gap.began_at, gap.ended_at) if call.row.channel not in told]
        channels = tuple(call.row.channel.id for call in calls)
        stored, _ = await self._store.told(gap.pbx, channels)
        ids = await self._store.known(gap.pbx, channels)
        new = [
            PastCall(replace(call.row, call=ids.get(call.row.channel.id)), call.outcome)
            for call in calls
            if call.row.channel.id not in stored and not self._floor.is_known(call.row.channel)
        ]
        await self._save(gap.pbx, new, Source.cdr, await self._who())
        log.info("past_calls_read", pbx=gap.pbx, calls=len(calls), new=len(new))
        return frozenset(call.row.channel for call in calls)

    async def _who(self) -> LoginAt:
        """Who sits at a device, or bears a name that nobody else has."""
        names = await self._names()
        counts = Counter(names.values())
        by_name = {name: login for login, name in names.items() if counts[name] == 1}
        return lambda pbx, interface: self._floor.login_at(pbx, interface) or by_name.get(interface)

    async def _lose_open(self, snapshot: Snapshot, gap: Gap, told: frozenset[ChannelRef]) -> None:
        """Calls that an earlier life of the daemon saw begin, and of whose end nobody told."""
        living = {row.channel for row in snapshot.channels}
        carried = {row.call for row in snapshot.channels}
        for stored in await self._calls.open_calls(gap.pbx):
            channel = stored.channel
            is_of_gap = gap.began_at - OPEN_FOR <= stored.first_seen_at < gap.ended_at
            is_over = channel not in living and stored.call not in carried
            if is_of_gap and is_over and channel not in told and not self._floor.is_known(channel):
                await self._floor.save(lost_contact(stored.call, channel, stored.first_seen_at, gap.ended_at))

    async def _save(self, pbx: PbxName, calls: Sequence[PastCall], source: Source, login_at: LoginAt) -> None:
        for at in range(0, len(calls), SAVED_AT_ONCE):
            some = (self._save_one(call, source, login_at) for call in calls[at : at + SAVED_AT_ONCE])
            for failed in await asyncio.gather(*some, return_exceptions=True):
                if isinstance(failed, BaseException):
                    log.error("past_call_not_saved", pbx=pbx, why=str(failed) or type(failed).__name__)

    async def _save_one(self, call: PastCall, source: Source, login_at: LoginAt) -> None:
        contact = contact_of_row(
            call.row,
            None,
            self._now(),
            self._floor.canonical,
            login_at=login_at,
            source=source,
            outcome=call.outcome,
        )
        await self._floor.save(replace(contact, customer=await self._customer(contact.caller_number)))

    async def _customer(self, number: str | None) -> int | None:
        if number is None:
            return None
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                customers = (await self._lookup(number)).customers
        except Exception as error:
            log.warning("customer_lookup_failed", why=str(error) or type(error).__name__)
            return None
        return customers[0].id if len(customers) == 1 else None

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

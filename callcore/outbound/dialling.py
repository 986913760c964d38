"""Calls under way: intent, dial, news, outcome; and the PBX asked about each of which nobody knows how it
stands."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CarriedCall, Medium, Outcome, Plan
from callcore.domain import Text
from callcore.outbound import placed
from callcore.outbound.causes import Sign, Streak, sign_of
from callcore.outbound.gate import Permit
from callcore.outbound.ledger import Ledger, Whom
from callcore.outbound.placed import PlacedCall
from callcore.outbound.ports import (
    AnyOrder,
    CallNews,
    Dialer,
    NotSent,
    QueueOrder,
    Refused,
    RouteBack,
    RouteGone,
    RouteLost,
    Trace,
    Traces,
    Unsure,
)
from callcore.outbound.slots import Slots

log = structlog.get_logger("callcore.outbound")

TICK_SECONDS = 0.25
"""How often calls that end are looked at."""
RELOOK_SECONDS = placed.RELOOK.total_seconds() + TICK_SECONDS
UNASKED_SECONDS = 5.0
"""How soon a PBX that could not be asked is asked again, should nobody say that it is back."""
SWEEP_SECONDS = 60.0
SILENT_FOR = timedelta(seconds=120)
"""A call of which nothing was heard for so long is asked about: an event may have been lost."""
WAITING_FOR = timedelta(minutes=10)
"""Likewise, where a placeholder waits in a queue."""


@dataclass(slots=True, eq=False)
class _Entry:
    attempt: Attempt
    call: PlacedCall
    last_at: datetime
    """Of its last news."""
    is_dialling: bool = False
    """Its dial has not returned: nobody but that can say anything of it."""
    holds_line: bool = True


def _nothing() -> None:
    """There is no slot to give back."""


class Trunk:
    """One PBX, as calls use it."""

    def __init__(self, name: str, dialer: Dialer, slots: Slots, streak: Streak) -> None:
        self.name = name
        self.dialer = dialer
        self.slots = slots
        self.streak = streak
        self.doubts = asyncio.Event()
        """There is something to ask the PBX."""


class Dialling:
    """All placed calls of the daemon. Its entries are as many as there are lines, and those of an earlier
    run."""

    def __init__(self, ledger: Ledger, trunks: Mapping[str, Trunk], gone: Callable[[Trunk], None]) -> None:
        """``gone``: something could not leave through this trunk."""
        self._ledger = ledger
        self._trunks = trunks
        self._gone = gone
        self._entries: dict[AttemptId, _Entry] = {}
        self._ending: dict[AttemptId, _Entry] = {}
        self._has_ending = asyncio.Event()

    # --- placing

    async def place(self, permit: Permit, whom: Whom, order: AnyOrder) -> bool:
        """The slot is used or given back, whatever happens. False: the permit was no good any more."""
        trunk = self._trunks[permit.ask.route]
        has_slot = not isinstance(order, QueueOrder)
        give_back = trunk.slots.give_back if has_slot else _nothing
        if trunk.dialer.trouble is not None:
            self._ledger.drop(permit)
            give_back()
            self._gone(trunk)
            return False
        try:
            attempt = await self._ledger.intend(permit, whom)
        except BaseException:
            give_back()
            raise
        if attempt is None:
            give_back()
            return False
        entry = self._enter(attempt)
        entry.holds_line = has_slot
        entry.is_dialling = True
        if has_slot:
            try:
                await trunk.slots.turn()
            except BaseException:
                give_back()
                raise
        await self._dial(trunk, entry, permit, order)
        return True

    async def carry(self, permit: Permit, whom: CarriedCall) -> bool:
        """Somebody is on the line already: he waits neither for a free line nor for his turn, but takes a
        line. Who asks sends the channel on its way himself, at once. False: nothing was stored."""
        trunk = self._trunks[permit.ask.route]
        if trunk.dialer.trouble is not None:
            self._ledger.drop(permit)
            return False
        attempt = await self._ledger.intend(permit, whom)
        if attempt is None:
            return False
        trunk.slots.hold_line()
        self._enter(attempt)
        return True

    def withdraw(self, attempt: AttemptId) -> None:
        """The channel that was to carry it was certainly not sent on its way."""
        if (entry := self._entries.get(attempt)) is not None:
            self._finish(entry, Outcome(AttemptResult.not_sent, self._ledger.now(), detail="no time left"))

    def he_calls(self, attempt: AttemptId) -> None:
        """Whoever is rung has called us himself: the call is about to be ended."""
        if (entry := self._entries.get(attempt)) is not None:
            entry.call = replace(entry.call, is_withdrawn=True)

    def machine(self, attempt: AttemptId) -> None:
        """Whoever has answered is no person: the call is about to be ended."""
        if (entry := self._entries.get(attempt)) is not None:
            entry.call = replace(entry.call, is_machine=True)

    def doubt(self, attempt: AttemptId) -> None:
        if (entry := self._entries.get(attempt)) is not None:
            self._become(entry, placed.doubt(entry.call))

    async def _dial(self, trunk: Trunk, entry: _Entry, permit: Permit, order: AnyOrder) -> None:
        now = self._ledger.now
        try:
            if not permit.holds_at(now()):
                raise NotSent("the permit is over")
            await trunk.dialer.dial(permit, order)
        except Refused as error:
            self._finish(entry, Outcome(AttemptResult.failed, now(), detail=str(error)), Sign.gone)
        except NotSent as error:
            self._finish(entry, Outcome(AttemptResult.not_sent, now(), detail=str(error)))
            if isinstance(error, RouteGone):
                self._gone(trunk)
        except Exception as error:
            log.warning("dial_unsure", attempt=entry.attempt.id, why=str(error) or type(error).__name__)
            if not isinstance(error, Unsure):
                log.exception("dialer_failed", attempt=entry.attempt.id)
            entry.call = placed.doubt(entry.call)
        finally:
            entry.is_dialling = False
            if entry.call.in_doubt:
                trunk.doubts.set()

    async def ring_now(self, attempt: AttemptId) -> bool:
        """See ``Outbound.ring_now``; whoever is cancelled here has taken no line."""
        entry = self._entries.get(attempt)
        if entry is None:
            return False
        slots = self._trunks[entry.attempt.route].slots
        if not entry.holds_line:
            await slots.take()
            try:
                await slots.turn()
            except BaseException:
                slots.give_back()
                raise
            if attempt not in self._entries:
                slots.free_line()
                return False
            entry.holds_line = True
        # From here on the number counts as rung, whatever becomes of us: also if the store does not answer.
        entry.call = replace(entry.call, is_confirmed=True)
        return await self._ledger.attempts.confirmed(attempt, self._ledger.now())

    def _enter(self, attempt: Attempt) -> _Entry:
        call = PlacedCall(attempt.id, attempt.intended_at, attempt.plan, is_confirmed=attempt.is_confirmed)
        entry = _Entry(attempt, call, self._ledger.now())
        self._entries[attempt.id] = entry
        return entry

    def open_calls(self) -> dict[str, int]:
        """By route; those of an earlier run among them."""
        counted = Counter(entry.attempt.route for entry in self._entries.values())
        return {name: counted[name] for name in self._trunks}

    # --- news

    def take(self, news: CallNews) -> None:
        match news:
            case RouteLost(route):
                for entry in self._through(route):
                    entry.call = placed.doubt(entry.call)
            case RouteBack(route):
                if route in self._trunks:
                    self._trunks[route].doubts.set()
            case _:
                entry_or_none = self._entries.get(news.attempt)
                if entry_or_none is not None:
                    now = self._ledger.now()
                    entry_or_none.last_at = now
                    self._become(entry_or_none, placed.heard(entry_or_none.call, news, now))

    def _through(self, route: str) -> list[_Entry]:
        return [entry for entry in self._entries.values() if entry.attempt.route == route]

    def _become(self, entry: _Entry, state: PlacedCall | Outcome) -> None:
        if isinstance(state, Outcome):
            self._finish(entry, state)
            return
        is_new_doubt = state.in_doubt and not entry.call.in_doubt
        entry.call = state
        if state.ended_at is not None:
            self._free_line(entry)
            self._ending[entry.attempt.id] = entry
            self._has_ending.set()
        if is_new_doubt:
            self._trunks[entry.attempt.route].doubts.set()

    def _finish(self, entry: _Entry, outcome: Outcome, sign: Sign | None = None) -> None:
        if self._entries.pop(entry.attempt.id, None) is None:
            return
        self._ending.pop(entry.attempt.id, None)
        self._free_line(entry)
        trunk = self._trunks[entry.attempt.route]
        why = trunk.streak.note(sign or sign_of(outcome), entry.attempt.intended_at, self._ledger.now())
        self._ledger.spawn(self._settled(entry.attempt, outcome, why))

    async def _settled(self, attempt: Attempt, outcome: Outcome, gone: Text | None) -> None:
        """Who needs the route is known once the outcome is stored: then its person is due again."""
        await self._ledger.settled(attempt, outcome)
        if gone is not None:
            await self._ledger.route_gone(Medium.voice, attempt.route, gone)

    def _free_line(self, entry: _Entry) -> None:
        if entry.holds_line:
            entry.holds_line = False
            self._trunks[entry.attempt.route].slots.free_line()

    # --- what nobody tells

    async def load(self) -> None:
        """What an earlier run left open; it holds its lines until the PBX has said how it stands."""
        attempts = await self._ledger.patiently(
            partial(self._ledger.attempts.open, None, Medium.voice), "open_calls_unknown"
        )
        for attempt in attempts:
            trunk = self._trunks.get(attempt.route)
            if trunk is None:
                detail = f"{attempt.route} is not in the settings any more"
                outcome = Outcome(AttemptResult.unknown, self._ledger.now(), detail=detail)
                self._ledger.settle(attempt, outcome)
                continue
            entry = self._enter(attempt)
            entry.call = placed.doubt(entry.call)
            entry.holds_line = attempt.plan is not Plan.queue_first or attempt.is_confirmed
            if entry.holds_line:
                trunk.slots.hold_line()
            trunk.doubts.set()
        if attempts:
            log.info("open_calls_found", calls=len(attempts))

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_ends())
            group.create_task(self._sweep())
            for trunk in self._trunks.values():
                group.create_task(self._clear_doubts(trunk))

    async def _watch_ends(self) -> None:
        while True:
            if not self._ending:
                self._has_ending.clear()
                await self._has_ending.wait()
            now = self._ledger.now()
            for entry in tuple(self._ending.values()):
                self._become(entry, placed.due(entry.call, now))
            await self._ledger.sleep(TICK_SECONDS)

    async def _sweep(self) -> None:
        while True:
            await self._ledger.sleep(SWEEP_SECONDS)
            now = self._ledger.now()
            for entry in self._entries.values():
                is_waiting = entry.attempt.plan is Plan.queue_first and not entry.call.is_confirmed
                if (
                    now - entry.last_at >= (WAITING_FOR if is_waiting else SILENT_FOR)
                    and not entry.call.in_doubt
                ):
                    entry.last_at = now
                    entry.call = placed.doubt(entry.call)
                    self._trunks[entry.attempt.route].doubts.set()

    async def _clear_doubts(self, trunk: Trunk) -> None:
        while True:
            await trunk.doubts.wait()
            trunk.doubts.clear()
            while doubtful := [
                entry for entry in self._through(trunk.name) if entry.call.in_doubt and not entry.is_dialling
            ]:
                traces = await self._ask(trunk, doubtful)
                if traces is not None:
                    self._learn(doubtful, traces)
                await self._pause(trunk, UNASKED_SECONDS if traces is None else RELOOK_SECONDS)

    async def _ask(self, trunk: Trunk, doubtful: list[_Entry]) -> Traces | None:
        try:
            return await trunk.dialer.trace([entry.attempt.id for entry in doubtful])
        except RouteGone:
            return None
        except Exception:
            log.exception("trace_failed", route=trunk.name)
            return None

    def _learn(self, doubtful: list[_Entry], traces: Traces) -> None:
        now = self._ledger.now()
        for entry in doubtful:
            if entry.attempt.id in self._entries and entry.call.in_doubt:
                trace = traces.by_attempt.get(entry.attempt.id, Trace())
                self._become(entry, placed.traced(entry.call, trace, traces.pbx_started_at, now))

    async def _pause(self, trunk: Trunk, seconds: float) -> None:
        """Until the time is over, or there is something new to ask."""
        waits = [
            asyncio.ensure_future(trunk.doubts.wait()),
            asyncio.ensure_future(self._ledger.sleep(seconds)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        trunk.doubts.clear()

"""Facts in, effects out: the one place where the call model runs."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from callcore.calls.effects import Effect
from callcore.calls.facts import (
    CallEntered,
    Fact,
    IvrLeft,
    LanguageChosen,
    LinkLost,
    MessageBegun,
    RouteChosen,
    Snapshot,
    WordToCome,
)
from callcore.calls.tracker import Tracker
from callcore.domain import CallId, ChannelId, ChannelRef, Customer, PbxName, QueueName
from callcore.routing.situation import QueueState

log = structlog.get_logger("callcore.floor")

Carry = Callable[[Effect], None]
"""Carries an effect out, or puts it into a queue; never waits, never raises for the world's sake."""
LARGEST_PAUSE_SECONDS = 60.0
SETTLED = 100_000
"""Ended calls remembered until their journal rows are deleted."""
BATCH = 1000
"""Facts taken before other tasks get their turn: about as many as one read from a socket brings, so that in a
storm the inbox does not fill up between a card's event and the card."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    def moment(self) -> float:
        """Seconds of the monotonic clock."""
        ...

    def at(self, moment: float) -> datetime:
        """The time of such a moment."""
        ...


class Recorder(Protocol):
    """Notes what happens; in the way of every event, so cheap."""

    def took(self, fact: Fact, now: datetime) -> None: ...

    def gave(self, effect: Effect, now: datetime) -> None: ...


class NoRecorder:
    def took(self, fact: Fact, now: datetime) -> None:
        return

    def gave(self, effect: Effect, now: datetime) -> None:
        return


class Floor:
    """Runs the tracker in one event loop; ``take`` is synchronous: facts never overtake each other."""

    def __init__(
        self,
        tracker: Tracker,
        clock: Clock,
        carriers: Mapping[type, tuple[Carry, ...]],
        watch: Callable[[Fact], None] = lambda _fact: None,
        recorder: Recorder | None = None,
    ) -> None:
        """``carriers``: who carries out which effects, in order; ``watch`` sees each fact taken;
        ``recorder`` each fact before, and each effect."""
        self._watch = watch
        self._recorder = recorder or NoRecorder()
        self.tracker = tracker
        self._clock = clock
        self._carriers = carriers
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for: datetime | None = None
        self._is_over = False
        self._latest = -math.inf
        self._settled: dict[PbxName, deque[ChannelId]] = {}
        self.beat = 0
        """Grows with every turn of the consumer: a value that stands still means a stuck loop."""

    def take(self, fact: Fact) -> None:
        """One fact. Raises only for an operator's command: WrongState, UnknownAgent."""
        try:
            self._take(fact, self._clock.moment())
        finally:
            self._arm(self._clock.now())

    def _take(self, fact: Fact, moment: float) -> None:
        now = self._time_of(moment)
        self._recorder.took(fact, now)
        self._carry_out(self.tracker.handle(fact, now), now)
        self._watch(fact)

    async def consume(self, inbox: asyncio.Queue[tuple[float, Fact]], enrich: Enrich) -> None:
        """Feed the facts of all PBXs, in order, for ever; each counts from the moment it came with."""
        while True:
            for turn in range(BATCH):
                if turn and inbox.empty():
                    break
                moment, fact = await inbox.get()
                if isinstance(fact, (Snapshot, LinkLost)):
                    self._arm(self._clock.now())
                    fact = await enrich(fact)
                    moment = self._clock.moment()  # the gap's end lies before it
                self._take_safely(fact, moment)
            self._arm(self._clock.now())  # once: nothing can strike within the batch
            self.beat += 1
            await asyncio.sleep(0)

    def _take_safely(self, fact: Fact, moment: float) -> None:
        try:
            self._take(fact, moment)
        except Exception:
            # The model promises not to raise for what comes from outside. Should it: one fact is lost,
            # not the floor.
            log.exception("fact_not_taken", fact=type(fact).__name__)

    def _carry_out(self, effects: list[Effect], now: datetime) -> None:
        for effect in effects:
            self._recorder.gave(effect, now)
            for carry in self._carriers.get(type(effect), ()):
                try:
                    carry(effect)
                except Exception:
                    log.exception("effect_not_carried_out", effect=type(effect).__name__, key=effect.key)

    # --- time

    def _time_of(self, moment: float) -> datetime:
        """Never before what the model has already seen: an event read late met others that were not."""
        self._latest = max(self._latest, moment)
        return self._clock.at(self._latest)

    def _arm(self, now: datetime) -> None:
        due = None if self._is_over else self.tracker.next_deadline()
        if due is None or (self._armed_for is not None and self._armed_for <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        pause = min(max((due - now).total_seconds(), 0.0), LARGEST_PAUSE_SECONDS)
        self._armed_for = due
        self._timer = asyncio.get_running_loop().call_later(pause, self._strike)

    def _strike(self) -> None:
        self._timer = self._armed_for = None
        now = self._time_of(self._clock.moment())
        try:
            self._carry_out(self.tracker.handle_timeout(now), now)
        except Exception:
            log.exception("timeout_not_handled")
        self._arm(now)

    @property
    def is_idle(self) -> bool:
        """No call lives, and no wrap-up or other time runs out: nothing is being timed."""
        return not self.tracker.calls and self.tracker.next_deadline() is None

    def stop(self) -> None:
        """Nothing strikes any more; facts are still taken."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._armed_for = None

    # --- for the IVR

    def settled(self, channel: ChannelRef) -> None:
        """The contact of this call is stored."""
        rows = self._settled.setdefault(channel.pbx, deque(maxlen=SETTLED))
        rows.append(channel.id)

    def take_settled(self, pbx: PbxName, limit: int) -> list[ChannelId]:
        rows = self._settled.get(pbx, deque())
        return [rows.popleft() for _ in range(min(limit, len(rows)))]

    def entered(self, fact: CallEntered) -> CallId:
        """Takes the fact; gives the id of the call on that channel, a passing one if it has ended."""
        self.take(fact)
        call = self.tracker.call_of(fact.channel)
        return call.id if call else CallId("gone")

    def report(self, fact: LanguageChosen | RouteChosen | MessageBegun | WordToCome | IvrLeft) -> None:
        self.take(fact)

    def queues(self, pbx: PbxName) -> dict[QueueName, QueueState]:
        """How busy each queue of this PBX is now; none is known while its link is down."""
        now = self._clock.now()
        return {
            queue: QueueState(
                signed_in=len(line.members),
                ready=len(line.members) - len(line.paused),
                waiting=len(line.waiting),
                longest_wait=now - (line.waits_since() or now),
            )
            for queue, line in self.tracker.queue_book.lines(pbx)
        }

    def number(self, call: CallId) -> str | None:
        """Canonical number of the caller, or of him whom we rang."""
        known = self.tracker.calls.get(call)
        return known.caller_number if known else None

    def customer(self, call: CallId) -> Customer | None:
        """Who calls, if exactly one customer has this number."""
        known = self.tracker.calls.get(call)
        return known.customers[0] if known and len(known.customers) == 1 else None


class Enrich(Protocol):
    async def __call__(self, fact: Snapshot | LinkLost) -> Fact:
        """Adds to what comes after a connect what the store knows, where it does."""

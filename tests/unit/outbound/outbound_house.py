"""The room with a clock that the test turns, a ledger in memory, and partners that do as they are told."""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from callcore.calls.attempt import Attempt, AttemptId, CampaignId, Medium, Outcome, Plan, TargetId
from callcore.calls.campaign import Target, TargetChange
from callcore.calls.number_history import NumberHistory, Past, Usage
from callcore.domain import CustomerId, Text
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, Refusal
from callcore.outbound.ports import CallOrder, MessageOrder, PhoneOrder, RouteGone, Trace, Traces
from callcore.outbound.room import CallRoute, MessageRoute, Outbound, Owner
from callcore.store.attempts import Attempts, NotClaimed, StoredReceipt
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PBX, SMSC = "main", "smsc"
ORDER = CallOrder("callcore/notice", "ru", 30, "")
TEXT = MessageOrder("Света нет до 20:30")
PROFILE = Profile("emergency", None, None, 3, 5, timedelta(hours=24), Destinations(("+7",)))
GONE = Text("нет связи", "no link")


class Clock:
    """Time stands still until ``advance``."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._timers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._n = 0

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._n += 1
        at = max(self.seconds + seconds, math.nextafter(self.seconds, math.inf))
        heapq.heappush(self._timers, (at, self._n, future))
        await future

    async def settle(self) -> None:
        """Let everybody do what can be done without time passing."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        end = self.seconds + seconds
        await self.settle()
        while self._timers and self._timers[0][0] <= end:
            at, _, future = heapq.heappop(self._timers)
            self.seconds = max(self.seconds, at)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self.seconds = end
        await self.settle()


class MemoryAttempts:
    """The ledger; ``trouble`` set: every write and read raises it."""

    def __init__(self) -> None:
        self.rows: dict[AttemptId, Attempt] = {}
        self.receipts: dict[str, StoredReceipt] = {}
        self.dnc: dict[str, datetime] = {}
        self.trouble: Exception | None = None
        self.stores_unanswered = False
        """An intent is stored, and then the trouble strikes."""
        self.people: dict[str, frozenset[str]] = {}
        """By number, the other numbers of whoever has it."""
        self.read = asyncio.Event()
        """What was read is handed out when it is set."""
        self.read.set()
        self.writes = asyncio.Event()
        """An intent is stored when it is set."""
        self.writes.set()
        self.answers = asyncio.Event()
        """What is stored is answered for when it is set."""
        self.answers.set()
        self.log: list[str] = []

    def _check(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    async def intend(self, attempt: Attempt) -> None:
        await asyncio.sleep(0)
        await self.writes.wait()
        if self.stores_unanswered:
            self.rows[attempt.id] = attempt
        self._check()
        open_rows = [row for row in self.rows.values() if row.outcome is None]
        for row in open_rows if attempt.plan is not Plan.carried else ():
            is_same = row.login == attempt.login if attempt.target is None else row.target == attempt.target
            if is_same or row.number == attempt.number:
                raise NotClaimed("taken")
        self.rows[attempt.id] = attempt
        self.log.append(f"intend {attempt.id}")
        await self.answers.wait()

    async def confirmed(self, id: AttemptId, at: datetime) -> bool:
        self._check()
        row = self.rows.get(id)
        if row is None or row.outcome is not None:
            return False
        self.rows[id] = replace(row, submitted_at=at)
        return True

    async def get(self, id: AttemptId) -> Attempt | None:
        self._check()
        return self.rows.get(id)

    async def submitted(
        self, id: AttemptId, at: datetime, message_ids: Sequence[str]
    ) -> tuple[StoredReceipt, ...]:
        self._check()
        self.rows[id] = replace(self.rows[id], submitted_at=at, message_ids=tuple(message_ids))
        return await self.receipts_of(id)

    async def of_login(self, login: str) -> tuple[Attempt, ...]:
        self._check()
        open_rows = (row for row in self.rows.values() if row.outcome is None)
        return tuple(row for row in open_rows if row.login == login and row.plan is not Plan.carried)

    async def open_to(self, number: str) -> Attempt | None:
        open_rows = (row for row in self.rows.values() if row.outcome is None)
        return next((row for row in open_rows if row.number == number), None)

    async def settle(self, id: AttemptId, outcome: Outcome, change: TargetChange | None) -> bool:
        self._check()
        stored = self.rows[id].outcome
        if stored is not None and stored.result not in ("unknown", "sent"):
            return False
        self.rows[id] = replace(self.rows[id], outcome=outcome)
        self.log.append(f"settle {id} {outcome.result}")
        return True

    async def open(self, route: str | None, medium: Medium) -> tuple[Attempt, ...]:
        self._check()
        rows = self.rows.values()
        return tuple(r for r in rows if route in (None, r.route) and r.medium == medium and r.outcome is None)

    async def history(
        self,
        numbers: Collection[str],
        since: datetime,
        *,
        people: bool = False,
        usage: datetime | None = None,
        without: AttemptId | None = None,
    ) -> dict[str, NumberHistory]:
        await asyncio.sleep(0)
        self._check()
        known = {number: self._history(number, without) for number in numbers}
        if people:
            known = {number: self._with_others(number, each) for number, each in known.items()}
        if usage is not None:
            sums = tuple(self._usage(row) for row in self.rows.values() if row.intended_at >= usage)
            known = {number: replace(each, usage=sums) for number, each in known.items()}
        await self.read.wait()
        return known

    def _with_others(self, number: str, known: NumberHistory) -> NumberHistory:
        others = self.people.get(number, frozenset())
        to_person = tuple(past for other in others for past in self._history(other).past)
        return replace(known, to_person=to_person, other_numbers=others)

    def _usage(self, row: Attempt) -> Usage:
        return Usage(row.intended_at, row.medium, row.purpose, row.route, row.login, 1, 1, row.rate_minor)

    def _history(self, number: str, without: AttemptId | None = None) -> NumberHistory:
        rows = [
            row
            for row in self.rows.values()
            if row.number == number
            and row.id != without
            and not (row.outcome and row.outcome.result == "not_sent")
        ]
        return NumberHistory(
            tuple(Past(row.intended_at, row.medium, row.purpose, row.profile) for row in rows),
            has_open_call=any(row.outcome is None for row in rows if row.medium is Medium.voice),
            dnc_since=self.dnc.get(number),
        )

    async def receipt(self, receipt: StoredReceipt) -> Attempt | None:
        self._check()
        self.receipts.setdefault(receipt.message_id, receipt)
        return next((row for row in self.rows.values() if receipt.message_id in row.message_ids), None)

    async def receipts_of(self, id: AttemptId) -> tuple[StoredReceipt, ...]:
        self._check()
        return tuple(self.receipts[m] for m in self.rows[id].message_ids if m in self.receipts)

    async def awaiting_receipt(self, submitted_before: datetime, limit: int = 500) -> tuple[Attempt, ...]:
        self._check()
        rows = [r for r in self.rows.values() if r.outcome is None and r.submitted_at is not None]
        return tuple(r for r in rows if r.submitted_at and r.submitted_at < submitted_before)[:limit]


class ScriptedDialer:
    """``answers``: what the next dials raise, None for nothing; afterwards nothing. A dial waits for
    ``gate``."""

    def __init__(self, clock: Clock, log: list[str]) -> None:
        self.trouble: Text | None = None
        self.answers: list[Exception | None] = []
        self.dialled: list[tuple[AttemptId, float]] = []
        self.traces: dict[AttemptId, Trace] = {}
        self.started_at = T0 - timedelta(days=1)
        self.traced: list[set[AttemptId]] = []
        self.is_away = False
        self.orders: list[CallOrder | PhoneOrder] = []
        self.hung_up: list[AttemptId] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = clock
        self._log = log

    async def dial(self, permit: Permit, order: CallOrder | PhoneOrder) -> None:
        self.orders.append(order)
        self._log.append(f"dial {permit.ask.attempt}")
        self.dialled.append((permit.ask.attempt, self._clock.seconds))
        answer = self.answers.pop(0) if self.answers else None
        await self.gate.wait()
        if answer is not None:
            raise answer

    async def trace(self, attempts: Collection[AttemptId]) -> Traces:
        if self.is_away:
            raise RouteGone("no link")
        self.traced.append(set(attempts))
        known = {id: self.traces[id] for id in attempts if id in self.traces}
        return Traces(self.started_at, known)

    async def hang_up(self, attempt: AttemptId) -> None:
        self.hung_up.append(attempt)


class ScriptedMessenger:
    """As ScriptedDialer; an answer may be a tuple of message ids."""

    def __init__(self, clock: Clock, log: list[str]) -> None:
        self.trouble: Text | None = None
        self.answers: list[Exception | tuple[str, ...]] = []
        self.sent: list[tuple[AttemptId, float]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = clock
        self._log = log

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        self._log.append(f"send {permit.ask.attempt}")
        self.sent.append((permit.ask.attempt, self._clock.seconds))
        answer = self.answers.pop(0) if self.answers else (f"m-{permit.ask.attempt}",)
        await self.gate.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer


class PlainOwner:
    def __init__(self) -> None:
        self.told: list[tuple[AttemptId, Outcome]] = []
        self.gone: list[tuple[Medium, str, Text]] = []
        self.trouble: Exception | None = None

    async def change(self, attempt: Attempt, outcome: Outcome) -> TargetChange:
        if self.trouble is not None:
            raise self.trouble
        return TargetChange(0, 0, 0, attempt.number, (), attempt.medium, outcome.at)

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self.told.append((attempt.id, outcome))

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        self.gone.append((medium, route, why))


class House:
    """The room and all around it; a restart keeps the ledger and the partners."""

    def __init__(
        self, *, per_second: int = 10, lines: int = 5, halt_after: int = 3, owner: Owner | None = None
    ) -> None:
        self.clock = Clock()
        self.attempts = MemoryAttempts()
        self.log = self.attempts.log
        self.dialer = ScriptedDialer(self.clock, self.log)
        self.messenger = ScriptedMessenger(self.clock, self.log)
        self.owner = PlainOwner()
        self._owner = owner or self.owner
        self._per_second, self._lines, self._halt_after = per_second, lines, halt_after
        self.room = self._open()
        self._n = 0

    def _open(self) -> Outbound:
        return Outbound(
            cast(Attempts, self.attempts),
            {PBX: CallRoute(self.dialer, self._per_second, self._lines)},
            {SMSC: MessageRoute(self.messenger, self._per_second)},
            self._owner,
            self.clock.now,
            self.clock.monotonic,
            halt_after_failures=self._halt_after,
            sleep=self.clock.sleep,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Outbound]:
        """One run of the daemon; what it left is found by the next."""
        self.room = self._open()
        task = asyncio.create_task(self.room.run())
        await self.clock.advance(1.1)
        try:
            yield self.room
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def ask(self, medium: Medium = Medium.voice, number: str | None = None) -> Ask:
        self._n += 1
        id = AttemptId(f"a{self._n}")
        route = PBX if medium is Medium.voice else SMSC
        number = number or f"+7900{self._n:07d}"
        return Ask(id, medium, Purpose.notice, number, "Europe/Moscow", route, PROFILE)

    async def call(self, number: str | None = None) -> AttemptId:
        """Slot, permit, dial; time passes as far as needed."""
        ask = self.ask(number=number)
        await self.in_time(self._call(ask))
        return ask.attempt

    async def _call(self, ask: Ask) -> bool:
        await self.room.call_slot(PBX)
        permit = await self.room.permit(ask)
        assert not isinstance(permit, Refusal), permit
        return await self.room.place_call(permit, target(ask), ORDER)

    async def text(self, number: str | None = None) -> AttemptId:
        ask = self.ask(Medium.sms, number)
        await self.in_time(self._text(ask))
        return ask.attempt

    async def _text(self, ask: Ask) -> bool:
        await self.room.message_slot(SMSC)
        permit = await self.room.permit(ask)
        assert not isinstance(permit, Refusal), permit
        return await self.room.send_message(permit, target(ask), TEXT)

    async def in_time(self, work: Any, *, seconds: float = PATIENCE_SECONDS) -> Any:
        """Its result, with the clock turned on until it is there."""
        task = asyncio.ensure_future(work)
        for _ in range(int(seconds * 50)):
            await self.clock.settle()
            if task.done():
                return await task
            await self.clock.advance(0.02)
        task.cancel()
        raise AssertionError(f"nothing within {seconds} s")

    def outcome(self, id: AttemptId) -> Outcome | None:
        return self.attempts.rows[id].outcome

    def result(self, id: AttemptId) -> str | None:
        outcome = self.outcome(id)
        return None if outcome is None else outcome.result.value


def target(ask: Ask) -> Target:
    return Target(
        id=TargetId(int(ask.attempt[1:])),
        campaign=CampaignId(1),
        customer=CustomerId(1),
        name="Анна",
        number=ask.number,
        others=(),
        language="ru",
        zone=ask.zone,
        address="",
        due_at=T0,
        wait="",
    )

"""Carries out wishes to be called back: one look at the list a second, in the order in which people asked.

Wishes (the list) ──step──► gate ──Permit──► Outbound ──► placeholder in the queue, or the number first
        ▲                                       │
        └────────── change, with the outcome ───┴──► confirm: the gate once more, when the turn has come

A wish is claimed in the transaction of its attempt's intent and changed in that of its outcome, so that no
crash between leaves it called twice or forgotten. Whoever calls us himself meanwhile, or is taken on by a
person, is withdrawn: his placeholder is hung up while it waits; whether his number is rung after all is
decided in ``confirm``, and nowhere else. If he calls us while it rings, it stops: that was no try.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from callcore.callbacks import plan
from callcore.callbacks.plan import Call, Desk, Rules, Waits, Why
from callcore.callbacks.ports import FloorView, House, Nowhere, Prepare, Waiting, Zones, wish_of
from callcore.callbacks.tally import Tally
from callcore.calls import facts as f
from callcore.calls.attempt import (
    FOR_PERSON,
    Attempt,
    AttemptId,
    AttemptResult,
    FollowUpChange,
    Medium,
    Outcome,
    Plan,
    Purpose,
    WishedCall,
)
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    CustomerId,
    Language,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.outbound.gate import Ask, Permit, Refusal, Rule
from callcore.outbound.numbering import zone_of
from callcore.outbound.ports import CustomerOrder, QueueOrder, Way
from callcore.outbound.room import Outbound
from callcore.outbound.served import Served
from callcore.store.attempts import Attempts, NotClaimed
from callcore.store.errors import StoreError
from callcore.store.wishing import Wishes

log = structlog.get_logger("callcore.callbacks")

TICK_SECONDS = 1.0
LIMIT = 100
"""So many wishes of a queue are looked at together, those of the longest wait first."""
GONE_FOR = timedelta(seconds=15)
"""With whom somebody has talked counts as on the line for so long after: his contact is being written, and
settles the wish."""
LINE_SECONDS = 2.0
"""How long an operator at his phone waits for a free line."""
GIVE_WAY_LOOKS, GIVE_WAY_SECONDS = 40, 0.1
"""How often, and how soon again, it is looked whether a placeholder has gone."""
ON_THE_LINE, WITHDRAWN, NO_LINE, OVER = "on_the_line", "withdrawn", "no_line", "over"
"""Why a number is not rung, besides the rules of the gate."""


class CallBacks:
    """The ``Owner`` of these calls. ``bind`` it, let it ``run``."""

    def __init__(
        self,
        wishes: Wishes,
        attempts: Attempts,
        house: Callable[[], House],
        zones: Zones,
        prepare: Prepare,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.house = house
        """Asked each time; may be set anew."""
        self.floor: FloorView = Nowhere()
        """Set before anything may come in."""
        self.take: Callable[[f.Fact], None] = lambda _fact: None
        """The floor, which hears of each call before it leaves; set likewise."""
        self.call_of: Callable[[AttemptId], CallId] = CallId
        """The call's id, told by that of its attempt; set likewise."""
        self.changed: Callable[[], object] = lambda: None
        """The list of people to call looks otherwise now; set likewise."""
        self._wishes = wishes
        self._attempts = attempts
        self._zones = zones
        self._prepare = prepare
        self._now = now
        self._sleep = sleep
        self._room: Outbound | None = None
        self._here: set[str] = set()
        """Numbers that have called us."""
        self._talked: dict[str, datetime] = {}
        """Those of them with whom somebody has talked, and when they were here last."""
        self._told: set[AttemptId] = set()
        """Attempts that were told to end."""
        self._served = Served()
        self.tally = Tally()

    def bind(self, room: Outbound) -> None:
        self._room = room

    @property
    def _outbound(self) -> Outbound:
        assert self._room is not None, "bind it first"
        return self._room

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.turn()
            except StoreError as error:
                log.warning("call_backs_wait", why=str(error))
            except Exception:
                log.exception("call_backs_failed")
            await self._sleep(TICK_SECONDS)

    # --- one look at the list

    async def turn(self) -> None:
        """Raises StoreError."""
        house, now = self.house(), self._now()
        if self.tally.is_due(now):
            self.tally.waits(await self._wishes.waiting(), now)
        self._look_who_is_here(now)
        open_calls = await self._attempts.of_purpose(Purpose.call_back)
        rows = {row.id: row for row in await self._wishes.of([each.follow_up or 0 for each in open_calls])}
        await self._withdraw(open_calls, rows)
        if not house.rules:
            return
        under_way: dict[QueueName, int] = {}
        for row in rows.values():
            under_way[row.queue] = under_way.get(row.queue, 0) + 1
        for queue in house.rules:
            await self._serve(house, queue, under_way.get(queue, 0))

    async def _serve(self, house: House, queue: QueueName, under_way: int) -> None:
        """Topics that are closed leave room for others: else a hundred wishes of one would keep everybody
        else from being called."""
        closed: set[TopicCode] = set()
        while True:
            known = len(closed)
            found = await self._wishes.due(queue, self._now(), LIMIT, closed)
            for row in found:
                step = None if row.topic in closed else self._step(house, row, under_way, self._now())
                match step:
                    case Call():
                        try:
                            under_way += await self._call(house, row, step)
                        except TimeoutError:
                            return
                    case Waits(Why.closed):
                        closed.add(row.topic)
                    case _:
                        pass
            if len(found) < LIMIT or len(closed) == known:
                return

    def _look_who_is_here(self, now: datetime) -> None:
        here = self.floor.on_line()
        self._talked |= {number: now for number, has_talked in here.items() if has_talked}
        self._talked = {number: at for number, at in self._talked.items() if now - at < GONE_FOR}
        self._here = {*here, *self._talked}

    async def _withdraw(self, open_calls: Sequence[Attempt], rows: Mapping[int, Any]) -> None:
        """Placeholders of those who need not wait any more. Once the gate has said yes the second time, the
        call goes on, unless he has called us himself and has not answered yet."""
        self._told &= {each.id for each in open_calls}
        for each in open_calls:
            if each.id in self._told:
                continue
            row = rows.get(each.follow_up or 0)
            is_needed = row is not None and row.taken_by is None and each.number not in self._here
            if each.plan is Plan.queue_first and not each.is_confirmed and not is_needed:
                self._told.add(each.id)
                log.info("call_back_withdrawn", attempt=each.id)
                await self._outbound.hang_up(each.route, each.id)
            elif each.number in self._here and not self.floor.has_answered(each):
                self._told.add(each.id)
                log.info("call_back_withdrawn", attempt=each.id, why="he calls himself")
                await self._outbound.stop_ringing(each.route, each.id)

    def _step(self, house: House, row: Any, under_way: int, now: datetime) -> Call | Waits:
        desk = self._desk(house, row.queue, under_way)
        hours = house.hours(row.topic, row.queue)
        is_here = row.number in self._here
        return plan.step(wish_of(row), house.rules.get(row.queue), hours, desk, now, is_on_line=is_here)

    def _desk(self, house: House, queue: QueueName, under_way: int) -> Desk:
        desk = self.floor.desk(queue)
        has_trunk = desk.pbx in house.ways
        trouble = self._outbound.trouble(Medium.voice, desk.pbx) if desk.pbx and has_trunk else None
        return Desk(desk.pbx, has_trunk, trouble, desk.ready, desk.free, desk.waiting, under_way)

    async def waits(self, rows: Sequence[Any]) -> dict[int, Waiting]:
        """Of each open wish, why nothing is being done for it now; ``rows`` have its columns. For people.
        Raises StoreError."""
        house, now = self.house(), self._now()
        open_calls = await self._attempts.of_purpose(Purpose.call_back)
        ringing = {each.follow_up for each in open_calls if each.is_confirmed}
        busy = await self._wishes.of([each.follow_up or 0 for each in open_calls])
        found = {}
        for row in rows:
            count = sum(other.queue == row.queue for other in busy)
            found[row.id] = Waiting(
                wish_of(row),
                self._step(house, row, count, now),
                house.rules.get(row.queue),
                now,
                row.id in ringing,
                self._desk(house, row.queue, count).trouble,
            )
        return found

    # --- it is carried out

    async def _call(self, house: House, row: Any, step: Call) -> bool:
        """Whether something is under way for it now. Raises TimeoutError: there is no line."""
        pbx = self.floor.desk(row.queue).pbx
        if pbx is None:
            return False
        room, way = self._outbound, house.ways[pbx]
        attempt = _mint(self._now())
        order = await self._order(house, row, step, pbx, way, attempt)
        has_slot = isinstance(order, CustomerOrder)
        if order is None:
            return False
        ask = await self._ask(house, attempt, row.number, pbx)
        if has_slot:
            async with asyncio.timeout(LINE_SECONDS):
                await room.call_slot(pbx)
        permit: Permit | Refusal | None = None
        try:
            permit = await room.permit(ask)
        finally:
            if has_slot and not isinstance(permit, Permit):
                room.give_back(Medium.voice, pbx)
        if isinstance(permit, Refusal):
            await self._refused(row, ask, permit)
            return False
        whom = WishedCall(step.plan, row.id, None if row.customer is None else CustomerId(row.customer))
        self._placed(pbx, attempt, row.number, step.plan, row.queue)
        is_placed = False
        try:
            is_placed = await room.place_call(permit, whom, order)
        except NotClaimed:
            pass
        finally:
            self.tally.made += is_placed
            if not is_placed:
                self._over(pbx, attempt, AttemptResult.not_sent, WITHDRAWN)
        self.changed()
        return is_placed

    async def resume(self) -> None:
        """After a start: the floor hears of what is open. Raises StoreError."""
        open_calls = await self._attempts.of_purpose(Purpose.call_back)
        rows = {row.id: row for row in await self._wishes.of([each.follow_up or 0 for each in open_calls])}
        for each in open_calls:
            row = rows.get(each.follow_up or 0)
            self._placed(each.route, each.id, each.number, each.plan, row.queue if row else None)

    def _placed(self, pbx: str, attempt: AttemptId, number: str, how: Plan, queue: str | None) -> None:
        """Whoever is rung first and comes into the queue then is a caller like others."""
        if how is Plan.queue_first:
            channel, id = ChannelRef(PbxName(pbx), ChannelId(attempt)), self.call_of(attempt)
            name = None if queue is None else QueueName(queue)
            self.take(f.CallPlaced(channel, id, None, None, number, how, name))

    def _over(self, pbx: str, attempt: AttemptId, result: AttemptResult, why: str) -> None:
        self.take(f.PlacedOver(ChannelRef(PbxName(pbx), ChannelId(attempt)), result, why))

    async def _order(
        self, house: House, row: Any, step: Call, pbx: PbxName, way: Way, attempt: AttemptId
    ) -> QueueOrder | CustomerOrder | None:
        longest = round(house.rules[row.queue].longest.total_seconds())
        if step.plan is Plan.queue_first:
            return QueueOrder(
                row.queue,
                step.position,
                step.priority,
                longest,
                way.ring_seconds,
                way.caller_number,
                self.call_of(attempt),
            )
        language: Language = row.language or house.language
        notice = await self._prepare(pbx, house.greeting.in_(language), language)
        if notice is None:
            return None
        return CustomerOrder(
            row.queue, step.priority, notice, language, longest, way.ring_seconds, way.caller_number
        )

    async def _ask(self, house: House, attempt: AttemptId, number: str, pbx: str) -> Ask:
        """He is where his record says, at each of his addresses; without one where his number is at home."""
        zone, *more = await self._zones(number) or (zone_of(number) or house.zone,)
        medium, purpose = Medium.voice, Purpose.call_back
        return Ask(attempt, medium, purpose, number, zone, pbx, house.profile, more_zones=tuple(more))

    async def _refused(self, row: Any, ask: Ask, refusal: Refusal) -> None:
        if refusal.rule is Rule.open_call:
            return  # a person has him on the line, or is about to
        if refusal.until is None:
            await self._wishes.wait(row.id, None, f"{FOR_PERSON}{refusal.rule}")
        else:
            await self._wishes.wait(row.id, refusal.until, refusal.rule, ask.zone)
        self.changed()

    # --- the operator is on the line: may the number be rung? (``ivr.placed``)

    async def confirm(self, pbx: PbxName, call: Attempt) -> str:
        """ "" for yes, else why not. Raises StoreError."""
        if call.outcome is not None or call.route != pbx or call.plan is not Plan.queue_first:
            return OVER
        self._look_who_is_here(self._now())
        if call.number in self._here:
            return ON_THE_LINE
        rows = await self._wishes.of([call.follow_up or 0])
        if not rows or rows[0].taken_by is not None:
            return WITHDRAWN
        ask = await self._ask(self.house(), call.id, call.number, call.route)
        answer = await self._outbound.confirm(ask)
        if isinstance(answer, Refusal):
            return answer.rule
        try:
            async with asyncio.timeout(LINE_SECONDS):
                is_open = await self._outbound.ring_now(call.id)
        except TimeoutError:
            return NO_LINE
        return "" if is_open else OVER

    async def queue_of(self, call: Attempt) -> QueueName | None:
        """Which queue he wanted; None: his wish is settled. Raises StoreError."""
        rows = await self._wishes.of([call.follow_up or 0])
        return QueueName(rows[0].queue) if rows else None

    async def give_way(self, number: str) -> None:
        """A person is about to call this number himself: a placeholder that waits for it goes. Returns
        when the ledger knows, or soon after. Raises StoreError."""
        found = await self._attempts.open_to(number)
        if found is None or found.purpose is not Purpose.call_back:
            return
        if found.plan is not Plan.queue_first or found.is_confirmed:
            return
        self._told.add(found.id)
        await self._outbound.hang_up(found.route, found.id)
        for _ in range(GIVE_WAY_LOOKS):
            if (now := await self._attempts.get(found.id)) is None or now.outcome is not None:
                return
            await self._sleep(GIVE_WAY_SECONDS)

    # --- what the room tells (``outbound.room.Owner``)

    async def change(self, attempt: Attempt, outcome: Outcome) -> FollowUpChange | None:
        if attempt.follow_up is None:
            return None
        rows = await self._wishes.of([attempt.follow_up])
        if not rows:
            return None
        rules = self.house().rules.get(rows[0].queue, Rules())
        change = plan.after(outcome, attempt.plan, rows[0].tries, rules, self._now())
        self.tally.changes(attempt.id, change)
        return change

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self._served.add(attempt.route, attempt.id)
        self._over(attempt.route, attempt.id, outcome.result, outcome.detail)
        self.tally.over(attempt.id, outcome)
        self.changed()

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        return None

    def take_settled(self, pbx: PbxName, limit: int) -> list[str]:
        """Attempts whose journal rows have served; each once."""
        return self._served.take(pbx, limit)


def _mint(now: datetime) -> AttemptId:
    return AttemptId(f"c{int(now.timestamp() * 1000):011x}{secrets.token_hex(6)}")

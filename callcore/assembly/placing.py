"""Calls that a person has placed: his own phone is rung first, then the number.

place ──seat, slot, permit──► Outbound ──► his phone rings ──► AGI placed ──confirm──► the number rings
                                 └──────────── outcome (``Owner``) ─────────────────────────┘
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from callcore import numbers
from callcore.assembly.placing_house import House
from callcore.calls import facts as f
from callcore.calls.agent import Agent
from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    CarriedCall,
    Medium,
    Outcome,
    PersonsCall,
    Plan,
    Purpose,
)
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    Login,
    PbxName,
    QueueName,
    Text,
)
from callcore.floor.ids import call_of_attempt
from callcore.ivr.placed import Go, Stop
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Refusal, Rule
from callcore.outbound.ports import PhoneOrder, Way
from callcore.outbound.room import Outbound
from callcore.outbound.served import Served
from callcore.outbound.wanted import Handed, PlaceRefused, Wanted
from callcore.store.attempts import PLACED, Attempts, NotClaimed, placed_words
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.placing")

SLOT_SECONDS = 3.0
"""How long a person waits for a free line."""
CARRY_SECONDS = 1.0
"""How long a caller may be kept waiting by gate and ledger before his call goes on otherwise."""
WITHDRAWN = "operator: withdrawn"
_SHORT = re.compile(r"[0-9]{2,6}", re.ASCII)
"""An internal number; canonical ones begin with ``+``."""
_NO_CAP = 1_000_000
_FREE = frozenset((AgentState.ready, AgentState.paused, AgentState.wrap_up))


class Placing:
    """``Places``, and the ``Owner`` of these calls."""

    def __init__(self, attempts: Attempts, house: House, now: Callable[[], datetime]) -> None:
        self.seats: Callable[[Login], Agent | None] = lambda _login: None
        """Who is on shift; set before anything may come in."""
        self.publish: Callable[[Login, str, Mapping[str, Any], datetime], object] = lambda *_: None
        """An event for a person (``Hub.publish``); set likewise."""
        self.wished: Callable[[PbxName, Attempt], Awaitable[str]] = _nobody_wished
        """May a number be rung whose owner asked for it: "" for yes, else why not; set likewise."""
        self.queue_of: Callable[[Attempt], Awaitable[QueueName | None]] = _no_queue
        """Which queue such a wish is of; set likewise."""
        self.give_way: Callable[[str], Awaitable[None]] = _nobody_gives_way
        """Ends what callcore itself has under way for it, if nobody is rung by it yet; set likewise."""
        self.take: Callable[[f.Fact], None] = lambda _fact: None
        """The floor, which hears of each call before it leaves."""
        self.inside: Callable[[], Awaitable[Collection[str]]] = _nobody
        """Internal numbers that departments, users and the directory name; set likewise."""
        self.changed: Callable[[], None] = lambda: None
        """Somebody is called now, or no longer."""
        self._attempts = attempts
        self._house = house
        self._now = now
        self._room: Outbound | None = None
        self._served = Served()
        self._asking: set[Login] = set()
        """Whose call is not stored yet."""

    def bind(self, room: Outbound) -> None:
        self._room = room

    @property
    def _outbound(self) -> Outbound:
        assert self._room is not None, "bind it first"
        return self._room

    # --- for people and programs

    async def place(self, wanted: Wanted) -> Attempt:
        """The call under way: his phone is about to ring. Raises PlaceRefused, StoreUnavailable."""
        if wanted.login in self._asking:
            raise PlaceRefused("busy_with_call")
        self._asking.add(wanted.login)
        try:
            return await self._place(wanted)
        finally:
            self._asking.discard(wanted.login)

    async def _place(self, wanted: Wanted) -> Attempt:
        self._outside(wanted.number)
        agent = self.seats(wanted.login)
        if agent is None:
            raise PlaceRefused("not_on_shift")
        if agent.state not in _FREE:
            raise PlaceRefused("busy_with_call")
        way = self._house.ways.get(agent.pbx)
        if way is None:
            raise PlaceRefused("no_trunk")
        if (trouble := self._outbound.trouble(Medium.voice, agent.pbx)) is not None:
            raise PlaceRefused("pbx_down", trouble)
        if await self._attempts.of_login(wanted.login):
            raise PlaceRefused("busy_with_call")
        is_inside = await self._is_inside(wanted.number.strip(), agent)
        number = wanted.number.strip() if is_inside else self._outside(wanted.number)
        await self.give_way(number)
        ask = self._ask(_mint(self._now()), number, agent.pbx, wanted.login, is_inside=is_inside)
        return await self._leave(ask, wanted, agent, way)

    async def _is_inside(self, digits: str, agent: Agent) -> bool:
        """One of the house's own numbers, as it is dialled inside; a short one that nobody here has might be
        somebody's premium code outside. His own is none that he could call."""
        is_own = agent.interface.rpartition("/")[2] == digits
        return _SHORT.fullmatch(digits) is not None and not is_own and digits in await self.inside()

    def _outside(self, typed: str) -> str:
        """Canonical."""
        known = numbers.written(typed, self._house.country)
        if known is None:
            raise PlaceRefused("not_a_number")
        return known.canonical

    def _ask(self, attempt: AttemptId, number: str, pbx: str, login: str, *, is_inside: bool = False) -> Ask:
        house = self._house
        profile = _within(number) if is_inside else house.profile
        return Ask(attempt, Medium.voice, Purpose.own_call, number, house.zone, pbx, profile, login)

    async def _leave(self, ask: Ask, wanted: Wanted, agent: Agent, way: Way) -> Attempt:
        room, pbx = self._outbound, agent.pbx
        try:
            async with asyncio.timeout(SLOT_SECONDS):
                await room.call_slot(pbx)
        except TimeoutError:
            raise PlaceRefused("no_line") from None
        try:
            permit = await room.permit(ask)
        except BaseException:
            room.give_back(Medium.voice, pbx)
            raise
        if isinstance(permit, Refusal):
            room.give_back(Medium.voice, pbx)
            raise await self._refused(ask.number, permit)
        id = call_of_attempt(ask.attempt)
        house, phone = self._house, agent.interface
        order = PhoneOrder(
            phone, house.phone_seconds, way.ring_seconds, way.caller_number, id, house.answers(phone)
        )
        call = PersonsCall(Plan.phone_first, phone, wanted.customer, wanted.follow_up)
        channel = ChannelRef(pbx, ChannelId(ask.attempt))
        self.take(f.CallPlaced(channel, id, agent.login, phone, ask.number, Plan.phone_first))
        placed = None
        try:
            is_placed = await room.place_call(permit, call, order)
            placed = await self._attempts.get(ask.attempt) if is_placed else None
        except NotClaimed:
            raise await self._being_called(ask.number) from None
        finally:
            if placed is None:
                self.take(f.PlacedOver(channel, AttemptResult.not_sent, WITHDRAWN))
        if placed is None:
            raise PlaceRefused("pbx_down")
        self._tell(placed)
        self.changed()
        return placed

    async def lead_out(self, handed: Handed) -> tuple[Permit, Way]:
        """The intent is stored: whoever asks sends a channel there now, once, and says by
        ``outbound.room`` where that went wrong. Raises PlaceRefused, StoreUnavailable."""
        pbx = handed.pbx
        way = self._house.ways.get(pbx)
        if way is None:
            raise PlaceRefused("no_trunk")
        permit = await self._may_carry(pbx, handed.number, Purpose.transfer, handed.login)
        try:
            if not await self._outbound.carry(permit, CarriedCall(handed.call, handed.customer)):
                raise PlaceRefused("pbx_down")
        except NotClaimed:
            raise await self._being_called(permit.ask.number) from None
        return permit, way

    async def _may_carry(self, pbx: PbxName, number: str, purpose: Purpose, login: str) -> Permit:
        known = numbers.written(number, self._house.country)
        if known is None:
            raise PlaceRefused("not_a_number")
        if (trouble := self._outbound.trouble(Medium.voice, pbx)) is not None:
            raise PlaceRefused("pbx_down", trouble)
        house, profile = self._house, self._house.carried[purpose]
        mine = _mint(self._now())
        ask = Ask(mine, Medium.voice, purpose, known.canonical, house.zone, pbx, profile, login)
        answer = await self._outbound.permit(ask)
        if isinstance(answer, Refusal):
            raise await self._refused(ask.number, answer)
        return answer

    # --- for a caller whose own way leads outside (``ivr.ports.Forwards``)

    async def forward(self, pbx: PbxName, number: str) -> Permit | None:
        """None: it may not be dialled, or nobody can say so in time."""
        way = self._house.ways.get(pbx)
        if way is None:
            return None
        try:
            async with asyncio.timeout(CARRY_SECONDS):
                return await self._may_carry(pbx, number, Purpose.forward, "")
        except PlaceRefused as refused:
            why = refused.why.en if refused.why else ""
            log.warning("forward_refused", code=refused.code, rule=refused.rule, why=why)
        except (StoreError, TimeoutError) as error:
            log.error("forward_not_asked", why=str(error) or type(error).__name__)
        return None

    async def leaves(self, permit: Permit, call: CallId) -> bool:
        """The intent is stored: the caller's channel may ring the number now. False: it may not."""
        try:
            async with asyncio.timeout(CARRY_SECONDS):
                return await self._outbound.carry(permit, CarriedCall(call))
        except (StoreError, TimeoutError) as error:
            log.error("forward_not_noted", why=str(error) or type(error).__name__)
            return False

    def unsure(self, permit: Permit) -> None:
        """He was to be sent there, and perhaps was not: the PBX is asked."""
        self._outbound.doubt(permit.ask.attempt)

    def shown(self, pbx: PbxName) -> str:
        """The number that the trunk shows; "" leaves it to that."""
        way = self._house.ways.get(pbx)
        return way.caller_number if way else ""

    async def resume(self) -> None:
        """After a start: the floor hears of what is open. Raises StoreUnavailable."""
        for one in await self._attempts.open(None, Medium.voice):
            if one.plan is Plan.phone_first and one.login:
                channel = ChannelRef(PbxName(one.route), ChannelId(one.id))
                call = call_of_attempt(one.id)
                self.take(f.CallPlaced(channel, call, Login(one.login), one.phone, one.number, one.plan))

    async def _refused(self, number: str, refusal: Refusal) -> PlaceRefused:
        if refusal.rule is Rule.open_call:
            return await self._being_called(number)
        return PlaceRefused("refused_by_gate", refusal.evidence, rule=refusal.rule, until=refusal.until)

    async def _being_called(self, number: str) -> PlaceRefused:
        other = await self._attempts.open_to(number)
        return PlaceRefused("being_called", by=other.login if other else "")

    async def hang_up(self, attempt: Attempt) -> None:
        """End it, whether the phone rings, the number, or they talk. Nothing happens if it is over."""
        if attempt.outcome is None:
            await self._outbound.hang_up(attempt.route, attempt.id)

    async def machine(self, attempt: Attempt, call: CallId) -> bool:
        """See ``Places``. The floor hears of it first, so that the contact does not say that they talked."""
        if attempt.outcome is not None or not attempt.plan.is_talk or attempt.plan is Plan.carried:
            return False
        self.take(f.MachineHeard(call))
        await self._outbound.hang_up_machine(attempt.route, attempt.id)
        return True

    # --- for the script of a phone that was picked up (``ivr.placed.Confirm``)

    async def confirm(self, pbx: PbxName, attempt: str) -> Go | Stop:
        """Raises StoreUnavailable."""
        call = await self._attempts.get(AttemptId(attempt))
        if call is not None and call.purpose is Purpose.call_back:
            queue = await self.queue_of(call)  # the last word is the gate's
            if why := await self.wished(pbx, call):
                return Stop(why)
            return Go(call.number.removeprefix("+"), queue=queue)
        is_waiting = call is not None and call.outcome is None and call.plan.asks_again
        if call is None or not is_waiting or call.route != pbx:
            return Stop("unknown")
        is_inside = _SHORT.fullmatch(call.number) is not None and call.number in await self.inside()
        ask = self._ask(call.id, call.number, call.route, call.login, is_inside=is_inside)
        answer = await self._outbound.confirm(ask)
        if isinstance(answer, Refusal):
            return Stop(answer.rule)
        is_open = await self._outbound.ring_now(call.id)
        if not is_open:
            return Stop("unknown")
        return Go(call.number.removeprefix("+"), is_inside=is_inside)

    def take_settled(self, pbx: PbxName, limit: int) -> list[str]:
        """Attempts whose journal rows have served; each once."""
        return self._served.take(pbx, limit)

    # --- what the room tells (``outbound.room.Owner``)

    async def change(self, attempt: Attempt, outcome: Outcome) -> None:
        return None

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self._served.add(attempt.route, attempt.id)
        channel = ChannelRef(PbxName(attempt.route), ChannelId(attempt.id))
        self.take(f.PlacedOver(channel, outcome.result, outcome.detail))
        self._tell(replace(attempt, outcome=outcome))
        self.changed()

    def _tell(self, call: Attempt) -> None:
        if not call.login:
            return
        data = {
            "attempt": call.id,
            "number": call.number,
            "purpose": call.purpose.value,
            "login": call.login,
            "customer": call.customer,
            **placed_words(call.outcome),
        }
        self.publish(Login(call.login), PLACED, data, self._now())

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        return None


async def _nobody_gives_way(_whom: object) -> None:
    return None


async def _no_queue(_call: Attempt) -> QueueName | None:
    return None


async def _nobody_wished(_pbx: PbxName, _call: Attempt) -> str:
    return "unknown"


async def _nobody(*_: object) -> tuple[()]:
    return ()


def _within(number: str) -> Profile:
    """No law speaks of a call from desk to desk; the gate lets this one number pass, and no other."""
    only = Destinations(allow=(number,), deny=("+",))
    return Profile("inside", None, None, _NO_CAP, _NO_CAP, timedelta(hours=1), only)


def _mint(now: datetime) -> AttemptId:
    return AttemptId(f"p{int(now.timestamp() * 1000):011x}{secrets.token_hex(6)}")

"""Calls that a person has placed: his own phone is rung first, then the number.

place ──seat, slot, permit──► Outbound ──► his phone rings ──► AGI placed ──confirm──► the number rings
                                 └──────────── outcome (``Owner``) ─────────────────────────┘
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from callcore import numbers
from callcore.calls import facts as f
from callcore.calls.agent import Agent
from callcore.calls.attempt import (
    Attempt,
    AttemptId,
    AttemptResult,
    Medium,
    Outcome,
    PersonsCall,
    Plan,
    Purpose,
)
from callcore.config import Settings
from callcore.config.gate_values import profile_of_purpose
from callcore.domain import AgentState, ChannelId, ChannelRef, Login, PbxName, Text
from callcore.floor.ids import call_of_attempt
from callcore.ivr.placed import Go, Stop
from callcore.outbound.gate import Ask, Profile, Refusal, Rule
from callcore.outbound.ports import PhoneOrder
from callcore.outbound.room import Outbound
from callcore.outbound.wanted import PlaceRefused, Wanted
from callcore.store.attempts import Attempts, NotClaimed

log = structlog.get_logger("callcore.placing")

SLOT_SECONDS = 3.0
"""How long a person waits for a free line."""
PHONE_SECONDS = 20
"""How long his own phone rings."""
SETTLED_KEPT = 10_000
EVENT = "call.placed"
WITHDRAWN = "operator: withdrawn"
_FREE = frozenset((AgentState.ready, AgentState.paused, AgentState.wrap_up))


@dataclass(frozen=True, slots=True)
class Way:
    """Of one PBX: how long a number rings, what its owner sees ("" leaves it to the trunk)."""

    ring_seconds: int
    caller_number: str


@dataclass(frozen=True, slots=True)
class House:
    country: str
    zone: str
    ways: Mapping[PbxName, Way]
    profile: Profile


def make_house(settings: Settings, year: int) -> House:
    """``year``: the one that we are in, for the holidays."""
    organisation = settings.organisation
    ways = {
        PbxName(name): Way(trunk.ring_seconds, trunk.caller_number or "")
        for name, trunk in settings.outbound.trunks.items()
    }
    profile = profile_of_purpose(settings, Purpose.own_call, year)
    return House(organisation.country, organisation.zone.key, ways, profile)


class Placing:
    """``Places``, and the ``Owner`` of these calls."""

    def __init__(self, attempts: Attempts, house: House, now: Callable[[], datetime]) -> None:
        self.seats: Callable[[Login], Agent | None] = lambda _login: None
        """Who is on shift; set before anything may come in."""
        self.publish: Callable[[Login, str, Mapping[str, Any], datetime], object] = lambda *_: None
        """An event for a person (``Hub.publish``); set likewise."""
        self.take: Callable[[f.Fact], None] = lambda _fact: None
        """The floor, which hears of each call before it leaves."""
        self.changed: Callable[[], None] = lambda: None
        """Somebody is called now, or no longer."""
        self._attempts = attempts
        self._house = house
        self._now = now
        self._room: Outbound | None = None
        self._settled: dict[str, deque[str]] = {}

    def bind(self, room: Outbound) -> None:
        self._room = room

    @property
    def _outbound(self) -> Outbound:
        assert self._room is not None, "bind it first"
        return self._room

    # --- for people and programs

    async def place(self, wanted: Wanted) -> Attempt:
        """The call under way: his phone is about to ring. Raises PlaceRefused, StoreUnavailable."""
        known = numbers.normalise(wanted.number, self._house.country)
        if known is None:
            raise PlaceRefused("not_a_number")
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
        await self._refuse_second(wanted.login)
        ask = self._ask(_mint(self._now()), known.canonical, agent.pbx, wanted.login)
        return await self._leave(ask, wanted, agent, way)

    async def _refuse_second(self, login: Login) -> None:
        if await self._attempts.of_login(login):
            raise PlaceRefused("busy_with_call")

    def _ask(self, attempt: AttemptId, number: str, pbx: str, login: str) -> Ask:
        house = self._house
        return Ask(attempt, Medium.voice, Purpose.own_call, number, house.zone, pbx, house.profile, login)

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
        order = PhoneOrder(agent.interface, PHONE_SECONDS, way.ring_seconds, way.caller_number, id)
        call = PersonsCall(Plan.phone_first, agent.interface, wanted.customer)
        channel = ChannelRef(pbx, ChannelId(ask.attempt))
        plan = Plan.phone_first
        self.take(f.CallPlaced(channel, id, agent.login, agent.interface, ask.number, plan))
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

    # --- for the script of a phone that was picked up (``ivr.placed.Confirm``)

    async def confirm(self, pbx: PbxName, attempt: str) -> Go | Stop:
        """Raises StoreUnavailable."""
        call = await self._attempts.get(AttemptId(attempt))
        is_waiting = call is not None and call.outcome is None and call.plan.asks_again
        if call is None or not is_waiting or call.route != pbx:
            return Stop("unknown")
        answer = await self._outbound.confirm(self._ask(call.id, call.number, call.route, call.login))
        return Stop(answer.rule) if isinstance(answer, Refusal) else Go(call.number.removeprefix("+"))

    def take_settled(self, pbx: PbxName, limit: int) -> list[str]:
        """Attempts whose journal rows have served; each once."""
        kept = self._settled.get(pbx, deque())
        return [kept.popleft() for _ in range(min(limit, len(kept)))]

    # --- what the room tells (``outbound.room.Owner``)

    async def change(self, attempt: Attempt, outcome: Outcome) -> None:
        return None

    async def settled(self, attempt: Attempt, outcome: Outcome) -> None:
        self._settled.setdefault(attempt.route, deque(maxlen=SETTLED_KEPT)).append(attempt.id)
        channel = ChannelRef(PbxName(attempt.route), ChannelId(attempt.id))
        self.take(f.PlacedOver(channel, outcome.result, outcome.detail))
        self._tell(replace(attempt, outcome=outcome))
        self.changed()

    def _tell(self, call: Attempt) -> None:
        over = call.outcome
        data = {
            "attempt": call.id,
            "number": call.number,
            "state": "open" if over is None else "over",
            "result": over.result.value if over else None,
            "cause": over.cause if over else None,
            "why": over.detail if over else "",
        }
        self.publish(Login(call.login), EVENT, data, self._now())

    async def route_gone(self, medium: Medium, route: str, why: Text) -> None:
        return None


def _mint(now: datetime) -> AttemptId:
    return AttemptId(f"p{int(now.timestamp() * 1000):011x}{secrets.token_hex(6)}")

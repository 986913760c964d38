"""A person has a number called: who may, what is stored and ordered, what the gate says the second time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import pytest

from callcore.assembly import placing as module
from callcore.assembly.placing import Placing
from callcore.assembly.placing_house import House as Rules
from callcore.calls.agent import Agent
from callcore.calls.attempt import Attempt, AttemptId, Medium, Outcome, Plan, Purpose
from callcore.domain import AgentState, CustomerId, Interface, Login, PbxName, Text
from callcore.floor.ids import call_of_attempt
from callcore.ivr.placed import Go, Stop
from callcore.outbound.gate import Destinations, Profile
from callcore.outbound.owners import Owners
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    NotSent,
    PhoneOrder,
    RouteBack,
    RouteLost,
    Trace,
    Way,
)
from callcore.outbound.wanted import PlaceRefused, Wanted
from callcore.store.attempts import Attempts

from .outbound_house import GONE, PBX, T0, House, MemoryAttempts, PlainOwner

ANNA, BORIS = Login("anna"), Login("boris")
NUMBER = "+79160000001"
RULES = Profile("person", None, None, 1, 1, timedelta(hours=24), Destinations(("+7",)))
WAYS: Mapping[PbxName, Way] = {PbxName(PBX): Way(30, "+74951112233")}


def agent(login: Login, state: AgentState = AgentState.paused, pbx: str = PBX) -> Agent:
    return Agent(login, login, PbxName(pbx), Interface("PJSIP/101"), (), state, T0)


class Desk:
    """``placing`` in a house where Anna and Boris are on shift."""

    def __init__(self, **rules: Any) -> None:
        self.seats = {ANNA: agent(ANNA), BORIS: agent(BORIS)}
        self.campaigns = PlainOwner()
        self.attempts = MemoryAttempts()
        self.placing = Placing(
            cast(Attempts, self.attempts),
            Rules("RU", "Europe/Moscow", WAYS, RULES, **rules),
            lambda: self.house.clock.now(),
        )
        self.house = House(owner=Owners(self.campaigns, {Purpose.own_call: self.placing}))
        self.house.attempts.rows = self.attempts.rows
        self.placing.seats = self.seats.get
        self.told: list[tuple[str, str, str | None]] = []
        self.placing.publish = lambda login, _type, data, _at: self.told.append(
            (login, data["state"], data["result"])
        )

    async def place(self, number: str = NUMBER, login: Login = ANNA, **more: Any) -> Attempt:
        self.placing.bind(self.house.room)
        placed = await self.house.in_time(self.placing.place(Wanted(number, login, **more)))
        assert isinstance(placed, Attempt)
        return placed

    async def refused(self, number: str = NUMBER, login: Login = ANNA) -> PlaceRefused:
        with pytest.raises(PlaceRefused) as caught:
            await self.place(number, login)
        return caught.value


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_the_intent_is_stored_before_his_phone_rings(desk: Desk) -> None:
    async with desk.house.running():
        call = await desk.place("8 916 000-00-01", customer=CustomerId(7))
    assert desk.house.log == [f"intend {call.id}", f"dial {call.id}"]
    assert (call.number, call.target, call.campaign) == (NUMBER, None, None)
    assert (call.purpose, call.login, call.plan) == (Purpose.own_call, ANNA, Plan.phone_first)
    assert (call.phone, call.customer, call.profile) == ("PJSIP/101", 7, "person")
    assert desk.house.dialer.orders == [
        PhoneOrder(Interface("PJSIP/101"), 20, 30, "+74951112233", call_of_attempt(call.id))
    ]


@pytest.mark.parametrize("number", ["", "anonymous", "7916&PJSIP", "1" * 40])
async def test_what_is_no_number(desk: Desk, number: str) -> None:
    async with desk.house.running():
        assert (await desk.refused(number)).code == "not_a_number"


@pytest.mark.parametrize("number", ["112", "+441632960000", "+78091234567890"])
async def test_where_the_house_does_not_call(desk: Desk, number: str) -> None:
    """The gate's word, with its rule; nothing is stored, and the line is free again."""
    async with desk.house.running() as room:
        refused = await desk.refused(number)
        assert refused.code in ("refused_by_gate", "not_a_number")
        assert refused.rule in ("destination", None)
        assert room.figures(Medium.voice, PBX).lines_busy == 0
    assert desk.house.log == []


@pytest.mark.parametrize(
    ("state", "may"),
    [
        (AgentState.ready, True),
        (AgentState.paused, True),
        (AgentState.wrap_up, True),
        (AgentState.ringing, False),
        (AgentState.talking, False),
    ],
)
async def test_who_has_a_call_places_none(desk: Desk, state: AgentState, may: bool) -> None:
    desk.seats[ANNA] = agent(ANNA, state)
    async with desk.house.running():
        if may:
            await desk.place()
        else:
            assert (await desk.refused()).code == "busy_with_call"


async def test_who_is_not_there(desk: Desk) -> None:
    async with desk.house.running():
        assert (await desk.refused(login=Login("vera"))).code == "not_on_shift"
        desk.seats[ANNA] = agent(ANNA, pbx="other")
        assert (await desk.refused()).code == "no_trunk"


async def test_a_pbx_without_a_link(desk: Desk) -> None:
    async with desk.house.running():
        desk.house.dialer.trouble = GONE
        refused = await desk.refused()
    assert (refused.code, refused.why) == ("pbx_down", GONE)


async def test_no_line_is_free(desk: Desk) -> None:
    async with desk.house.running():
        for _ in range(5):
            await desk.house.call()
        module_seconds = module.SLOT_SECONDS
        module.SLOT_SECONDS = 0.01
        try:
            assert (await desk.refused()).code == "no_line"
        finally:
            module.SLOT_SECONDS = module_seconds


@pytest.mark.parametrize(
    ("phones", "told"),
    [
        ({}, None),
        ({"PJSIP/101": "call_info"}, "call_info"),
        ({"PJSIP/1*": "alert_info"}, "alert_info"),
        ({"PJSIP/101": None, "PJSIP/*": "call_info"}, None),
        ({"PJSIP/2*": "call_info"}, None),
    ],
)
async def test_which_phone_picks_up_by_itself(phones: dict[str, Any], told: str | None) -> None:
    desk = Desk(auto_answer=phones, phone_seconds=33)
    async with desk.house.running():
        await desk.place()
    [order] = desk.house.dialer.orders
    assert isinstance(order, PhoneOrder)
    assert (order.auto_answer, order.phone_seconds) == (told, 33)


async def test_nobody_is_called_by_two_people(desk: Desk) -> None:
    """The refusal says who calls him; one of them may place another call only when his is over."""
    async with desk.house.running():
        await desk.place()
        refused = await desk.refused(login=BORIS)
        assert (refused.code, refused.by) == ("being_called", ANNA)
        assert (await desk.refused("+79160000002")).code == "busy_with_call"
        await desk.place("+79160000002", BORIS)


async def test_nobody_is_called_by_two_people_who_order_it_at_once(desk: Desk) -> None:
    async with desk.house.running():
        both = await asyncio.gather(desk.place(), desk.place(login=BORIS), return_exceptions=True)
        [call] = [each for each in both if isinstance(each, Attempt)]
        [refused] = [each for each in both if isinstance(each, PlaceRefused)]
        assert refused.code == "being_called"
        assert desk.house.log == [f"intend {call.id}", f"dial {call.id}"]


async def test_one_phone_is_not_rung_for_two_calls_ordered_at_once(desk: Desk) -> None:
    """By two windows, or by a program and the desk; the second is free again whatever became of the first."""
    other = "+79160000002"
    async with desk.house.running():
        both = await asyncio.gather(desk.place(), desk.place(other), return_exceptions=True)
        [call] = [each for each in both if isinstance(each, Attempt)]
        [refused] = [each for each in both if isinstance(each, PlaceRefused)]
        assert refused.code == "busy_with_call"
        assert desk.house.log == [f"intend {call.id}", f"dial {call.id}"]
        await asyncio.gather(desk.place("112", BORIS), return_exceptions=True)
        await desk.place(other, BORIS)


async def test_caps_of_notices_do_not_bind_a_person(desk: Desk) -> None:
    async with desk.house.running() as room:
        for _ in range(3):
            call = await desk.place()
            room.take(CallDialled(call.id, "BUSY", 17))
            room.take(CallHungUp(call.id, 16))
            await desk.house.clock.settle()


async def test_the_outcome_is_nobodys_but_his(desk: Desk) -> None:
    """Campaigns hear nothing of it; its journal rows may go afterwards."""
    async with desk.house.running() as room:
        call = await desk.place()
        for news in (CallAnswered(call.id), CallDialled(call.id, "ANSWER", 16), CallHungUp(call.id, 16)):
            room.take(news)
        await desk.house.clock.settle()
        assert desk.house.result(call.id) == "answered"
        assert desk.told == [(ANNA, "open", None), (ANNA, "over", "answered")]
        assert desk.campaigns.told == []
        assert desk.placing.take_settled(PbxName(PBX), 9) == [call.id]
        assert desk.placing.take_settled(PbxName(PBX), 9) == []
        assert room.figures(Medium.voice, PBX).lines_busy == 0


async def test_a_phone_that_is_not_picked_up(desk: Desk) -> None:
    """The journal says so; the number was not rung, and the trunk is blamed for nothing."""
    async with desk.house.running() as room:
        for nth in range(4):
            call = await desk.place()
            desk.house.dialer.traces[call.id] = Trace(phone_at=T0, phone_status="NOANSWER", phone_cause=16)
            room.take(CallHungUp(call.id, 16))
            await desk.house.clock.advance(3)
            outcome = desk.house.outcome(call.id)
            assert outcome is not None, nth
            assert (outcome.result, outcome.detail) == ("not_sent", "operator: no_answer")
    assert desk.campaigns.gone == []


async def test_an_originate_that_is_refused_blames_no_trunk(desk: Desk) -> None:
    async with desk.house.running():
        for nth in range(4):
            desk.house.dialer.answers = [NotSent("main has no context callcore-placed")]
            call = await desk.place()
            await desk.house.clock.settle()
            assert desk.house.result(call.id) == "not_sent", nth
    assert desk.campaigns.gone == []


async def test_a_restart_in_the_middle_goes_on_and_the_gate_is_asked_anew(desk: Desk) -> None:
    house = desk.house
    async with house.running():
        call = await desk.place()
    house.dialer.traces[call.id] = Trace(is_alive=True, phone_at=T0)
    async with house.running() as room:
        desk.placing.bind(room)
        await house.clock.advance(1)
        assert await desk.placing.confirm(PbxName(PBX), call.id) == Go("79160000001")
        room.take(CallDialled(call.id, "BUSY", 17))
        room.take(CallHungUp(call.id, 16))
        await house.clock.settle()
    assert house.result(call.id) == "busy"
    assert [id for id, _ in house.dialer.dialled] == [call.id], "never dialled again"


async def test_a_link_that_was_cut(desk: Desk) -> None:
    """The number was being dialled when the PBX went down: nobody can say more."""
    house = desk.house
    async with house.running() as room:
        call = await desk.place()
        room.take(RouteLost(PBX))
        house.dialer.traces[call.id] = Trace(phone_at=T0, dialling_at=T0)
        house.dialer.started_at = house.clock.now()
        room.take(RouteBack(PBX))
        await house.clock.advance(10)
        assert house.result(call.id) == "unknown"


@pytest.mark.parametrize("rule", ["dnc", "over", "elsewhere", "nobody's", "a notice"])
async def test_the_second_word(desk: Desk, rule: str) -> None:
    """The number was put on a list meanwhile, or there is no such call here."""
    house = desk.house
    async with house.running() as room:
        call = await desk.place()
        pbx, attempt, expected = PbxName(PBX), str(call.id), Stop("unknown")
        if rule == "dnc":
            house.attempts.rows[call.id] = Attempt(
                call.id, None, None, Medium.voice, "+441632960000", PBX, "person", T0, plan=Plan.phone_first
            )
            expected = Stop("destination")
        elif rule == "over":
            room.take(CallDialled(call.id, "BUSY", 17))
            room.take(CallHungUp(call.id, 17))
            await house.clock.settle()
        elif rule == "elsewhere":
            pbx = PbxName("other")
        elif rule == "nobody's":
            attempt = "p9"
        else:
            attempt = str(await house.call())
        assert await desk.placing.confirm(pbx, attempt) == expected


async def test_hung_up_by_order(desk: Desk) -> None:
    async with desk.house.running() as room:
        call = await desk.place()
        await desk.placing.hang_up(call)
        assert desk.house.dialer.hung_up == [call.id]
        room.take(CallDialled(call.id, "ANSWER", 16))
        room.take(CallHungUp(call.id, 16))
        await desk.house.clock.settle()
        stored = desk.house.attempts.rows[call.id]
        await desk.placing.hang_up(stored)
        assert desk.house.dialer.hung_up == [call.id]


async def test_all_owners_hear_of_a_route_that_is_gone() -> None:
    one, other = PlainOwner(), PlainOwner()
    owners = Owners(one, {Purpose.own_call: other})
    await owners.route_gone(Medium.voice, PBX, Text("нет", "no"))
    assert len(one.gone) == len(other.gone) == 1
    attempt = Attempt(
        AttemptId("p1"), None, None, Medium.voice, NUMBER, PBX, "p", T0, purpose=Purpose.own_call
    )
    outcome = cast(Outcome, None)
    await owners.settled(attempt, outcome)
    assert (len(one.told), len(other.told)) == (0, 1)

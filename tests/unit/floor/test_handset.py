"""Orders to living calls on the line: what the PBX is told, in which order, and what is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callcore.ami.client import ActionRefused, ActionTimeout, AmiError, LinkDown
from callcore.ami.protocol import AmiAction
from callcore.ami.session import AnswerLost
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.effects import Effect, EndChannel, SendOn
from callcore.calls.line import Do, LineState, ToOutside, ToPerson
from callcore.calls.lining import state_of
from callcore.calls.tracker import Tracker
from callcore.domain import (
    AgentState,
    CallId,
    ChannelId,
    ChannelRef,
    CustomerId,
    Interface,
    Login,
    PbxName,
    QueueName,
)
from callcore.floor import handset
from callcore.floor.handset import Handset, LineTo
from callcore.screenpop.ports import DeskRefused

T0 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MAIN = PbxName("main")
ANNA, BORIS, VERA = Login("anna"), Login("boris"), Login("vera")
FINANCE = QueueName("finance")
CALL = CallId("c1")


def ref(name: str) -> ChannelRef:
    return ChannelRef(MAIN, ChannelId(name))


class Line:
    """An AMI link that writes down what it is asked; ``fails`` by action."""

    def __init__(self) -> None:
        self.told: list[AmiAction] = []
        self.fails: dict[str, AmiError] = {}
        self.moving = 0
        """So many Redirects meet a channel that is between two places."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def call(self, action: AmiAction, timeout: float = 5.0) -> Any:  # noqa: ASYNC109
        self.told.append(action)
        if action.name == "Redirect" and self.moving:
            self.moving -= 1
            raise ActionRefused("Redirect", "Redirect failed, channel not up.")
        self.asked.set()
        await self.gate.wait()
        if action.name in self.fails:
            raise self.fails[action.name]

    @property
    def names(self) -> list[str]:
        return [action.name for action in self.told]


class Room:
    """Anna talks with a customer; Boris is ready."""

    def __init__(self) -> None:
        self.link = Line()
        self.effects: list[Effect] = []
        self.facts: list[f.Fact] = []
        self.tracker = Tracker(mint=lambda _now: CALL, canonical=lambda raw: raw, rules=AgentRules())
        self.handset = Handset({MAIN: self.link}, self.tracker, self.take, lambda: frozenset({"301"}))
        self.take(f.LinkUp(MAIN, 1), f.Snapshot(MAIN, 1, (), (), (), queues=(FINANCE,)))
        for login, phone in ((ANNA, "PJSIP/101"), (BORIS, "PJSIP/102")):
            sign_in = f.AgentSignedIn(login, login, MAIN, Interface(phone), (FINANCE,), AgentState.ready)
            self.take(f.DeskOpened(login), sign_in)
        self.take(
            f.ChannelCreated(ref("c"), "PJSIP/trunk-1", "c", "+79161234567", None, "500", "from-trunk"),
            f.CallEntered(ref("c"), "+79161234567", None, "500"),
            f.QueueJoined(ref("c"), FINANCE, 1, "+79161234567", None),
            f.ChannelCreated(ref("a"), "PJSIP/101-2", "c", None, None, None, "phones"),
            f.AgentCalled(ref("c"), FINANCE, Interface("PJSIP/101"), ref("a")),
            f.ChannelAnswered(ref("a")),
            f.QueueLeft(ref("c"), FINANCE),
            f.AgentConnected(ref("c"), FINANCE, Interface("PJSIP/101"), ref("a"), 1, 1),
            f.BridgeEntered(ref("a"), "b"),
            f.BridgeEntered(ref("c"), "b"),
        )
        self.facts.clear()

    def take(self, *facts: f.Fact) -> None:
        for fact in facts:
            self.facts.append(fact)
            effects = self.tracker.handle(fact, T0)
            self.effects += effects
            for effect in effects:
                self.handset.carry(effect)

    def part(self) -> None:
        self.take(f.BridgeLeft(ref("a"), "b"), f.BridgeLeft(ref("c"), "b"))

    @property
    def state(self) -> LineState | None:
        return state_of(self.tracker, self.tracker.calls[CALL], ANNA)

    async def refuses(self, do: Do, to: LineTo | None = None, login: Login = ANNA) -> str:
        with pytest.raises(DeskRefused) as refused:
            await self.handset.do(login, CALL, do, to)
        return refused.value.code


class Gate:
    """The way out of the house; ``refuses`` with a code."""

    def __init__(self) -> None:
        self.refuses = ""
        self.told: list[tuple[str, str]] = []

    async def leave(
        self, login: Login, pbx: PbxName, call: CallId, number: str, customer: CustomerId | None
    ) -> ToOutside:
        if self.refuses:
            raise DeskRefused(self.refuses)
        self.told.append(("leaves", number))
        return ToOutside(number.removeprefix("+"), f"a{len(self.told)}")

    def withdraw(self, target: ToOutside) -> None:
        self.told.append(("withdrawn", target.attempt))

    def unsure(self, target: ToOutside) -> None:
        self.told.append(("unsure", target.attempt))

    def over(self, target: ToOutside, *, was_answered: bool) -> None:
        self.told.append(("answered" if was_answered else "rang", target.attempt))


THERE = LineTo("outside", "+79160000001")


@pytest.fixture
async def house() -> Room:
    return Room()


@pytest.fixture
async def gate(house: Room) -> Gate:
    house.handset.outward = gate = Gate()
    return gate


async def test_a_number_outside_goes_by_gate_and_ledger(house: Room, gate: Gate) -> None:
    await house.handset.do(ANNA, CALL, Do.blind, THERE)
    assert gate.told == [("leaves", "+79160000001")]
    assert house.facts == [f.LineOrdered(CALL, ANNA, Do.blind, ToOutside("79160000001", "a1"))]
    sent = [dict(action.headers) for action in house.link.told]
    assert {"Channel": "PJSIP/trunk-1", "Variable": "CALLCORE_ATTEMPT", "Value": "a1"} in sent
    assert sent[-1]["Context"] == "callcore-carried"


async def test_a_number_outside_that_may_not_be_dialled(house: Room, gate: Gate) -> None:
    gate.refuses = "refused_by_gate"
    assert await house.refuses(Do.consult, THERE) == "refused_by_gate"
    assert house.link.names == ["ShowDialPlan"]
    assert not house.facts
    house.handset.outward = None
    assert await house.refuses(Do.consult, THERE) == "no_outside"


async def test_nothing_is_stored_for_an_order_that_cannot_be(house: Room, gate: Gate) -> None:
    assert await house.refuses(Do.three_way, THERE) == "call_changed"
    house.link.fails["ShowDialPlan"] = ActionRefused("ShowDialPlan", "no such context")
    assert await house.refuses(Do.consult, THERE) == "not_possible_here"
    assert not gate.told


@pytest.mark.parametrize(
    ("action", "error", "code", "told"),
    [
        ("Setvar", ActionRefused("Setvar", "No such channel"), "pbx_refused", "withdrawn"),
        ("Redirect", ActionRefused("Redirect", "Channel does not exist"), "pbx_refused", "withdrawn"),
        ("Redirect", LinkDown("no link"), "pbx_down", "withdrawn"),
        ("Redirect", AnswerLost("lost"), "line_unsure", "unsure"),
        ("Redirect", RuntimeError("a fault of ours"), "", "unsure"),
    ],
)
async def test_what_was_stored_ends_somehow(
    house: Room, gate: Gate, action: str, error: AmiError, code: str, told: str
) -> None:
    house.link.fails[action] = error
    with pytest.raises((DeskRefused, RuntimeError)) as raised:
        await house.handset.do(ANNA, CALL, Do.blind, THERE)
    assert getattr(raised.value, "code", "") == code
    assert gate.told == [("leaves", "+79160000001"), (told, "a1")]


async def test_who_was_asked_outside_is_let_go_of(house: Room, gate: Gate) -> None:
    """The PBX would not tell before the operator's call is over; whether he had answered is known here."""
    await house.handset.do(ANNA, CALL, Do.consult, THERE)
    house.part()
    assert house.state is LineState.calling
    await house.handset.do(ANNA, CALL, Do.back)
    assert gate.told[-1] == ("rang", "a1")


async def test_variables_then_the_word_to_the_model_then_the_move(house: Room) -> None:
    await house.handset.do(ANNA, CALL, Do.hold)
    assert house.link.names == ["ShowDialPlan", "Setvar", "Setvar", "Setvar", "Setvar", "Setvar", "Redirect"]
    assert dict(house.link.told[0].headers) == {"Context": "callcore-hold"}
    assert dict(house.link.told[-1].headers) == {
        "Channel": "PJSIP/trunk-1",
        "Context": "callcore-hold",
        "Exten": "s",
        "Priority": "1",
        "ExtraChannel": "PJSIP/101-2",
        "ExtraContext": "callcore-alone",
        "ExtraExten": "s",
        "ExtraPriority": "1",
    }
    assert house.facts == [f.LineOrdered(CALL, ANNA, Do.hold)]
    house.part()
    assert house.state is LineState.held
    await house.handset.do(ANNA, CALL, Do.resume)
    assert house.link.names.count("ShowDialPlan") == 1
    house.handset.take_fact(f.LinkUp(MAIN, 2))
    await house.handset.do(ANNA, CALL, Do.resume)
    assert house.link.names.count("ShowDialPlan") == 2, "its dialplan may be another one after a restart"


async def test_targets_are_those_we_know(house: Room) -> None:
    await house.handset.do(ANNA, CALL, Do.blind, LineTo("colleague", "boris"))
    [fact] = house.facts
    assert fact == f.LineOrdered(CALL, ANNA, Do.blind, ToPerson(BORIS, Interface("PJSIP/102")))
    for kind, name, code in (
        ("colleague", "vera", "no_target"),
        ("colleague", "anna", "no_target"),
        ("queue", "nowhere", "no_target"),
        ("number", "102", "no_outside"),
        ("number", "89161234567", "no_outside"),
    ):
        assert await house.refuses(Do.consult, LineTo(kind, name)) == code  # type: ignore[arg-type]
    assert await house.refuses(Do.consult) == "no_target"
    await house.handset.do(ANNA, CALL, Do.consult, LineTo("number", "301"))
    await house.handset.do(ANNA, CALL, Do.consult, LineTo("queue", "finance"))


async def test_only_ones_own_call_and_only_what_fits(house: Room) -> None:
    assert await house.refuses(Do.hold, login=BORIS) == "call_gone"
    assert await house.refuses(Do.hold, login=VERA) == "not_signed_in"
    assert await house.refuses(Do.resume) == "call_changed"
    assert await house.refuses(Do.take, login=BORIS) == "call_gone"
    assert not house.link.told


async def test_without_our_dialplan_nothing_is_moved(house: Room) -> None:
    house.link.fails["ShowDialPlan"] = ActionRefused("ShowDialPlan", "no such context")
    assert await house.refuses(Do.hold) == "not_possible_here"
    house.link.fails["ShowDialPlan"] = LinkDown("no link")
    assert await house.refuses(Do.hold) == "pbx_down"
    await house.handset.do(ANNA, CALL, Do.hang_up)  # which needs none
    assert house.link.names[-1] == "Hangup"


@pytest.mark.parametrize(
    ("action", "error", "code", "is_undone"),
    [
        ("Setvar", ActionRefused("Setvar", "No such channel"), "pbx_refused", True),
        ("Setvar", LinkDown("no link"), "pbx_down", True),
        ("Setvar", AnswerLost("lost"), "pbx_down", True),
        ("Setvar", ActionTimeout("late"), "pbx_down", True),
        ("Redirect", ActionRefused("Redirect", "Channel does not exist"), "pbx_refused", True),
        ("Redirect", LinkDown("no link"), "pbx_down", True),
        ("Redirect", AnswerLost("lost"), "line_unsure", False),
        ("Redirect", ActionTimeout("late"), "line_unsure", False),
    ],
)
async def test_what_fails(house: Room, action: str, error: AmiError, code: str, is_undone: bool) -> None:
    """Unsure: it is not tried again, and the model waits for what the facts say."""
    house.link.fails[action] = error
    assert await house.refuses(Do.hold) == code
    assert house.link.names.count("Redirect") == (action == "Redirect")
    assert (house.tracker.calls[CALL].line is None) is is_undone
    house.part()
    assert (house.state is LineState.held) is not is_undone


async def test_a_channel_between_two_places_is_waited_for(
    house: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was left by a consultation that ended in this moment: the order comes about all the same."""
    monkeypatch.setattr(handset, "MOVING_SECONDS", 0.0)
    house.link.moving = 3
    await house.handset.do(ANNA, CALL, Do.hold)
    assert house.link.names.count("Redirect") == 4
    house.part()
    assert house.state is LineState.held


async def test_one_that_never_arrives_is_told(house: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handset, "MOVING_SECONDS", 0.0)
    house.link.moving = 1000
    assert await house.refuses(Do.hold) == "pbx_refused"
    assert house.link.names.count("Redirect") == handset.MOVING_TRIES + 1
    assert house.tracker.calls[CALL].line is None


async def test_what_may_be_ordered_is_known_before_it_is_done(house: Room) -> None:
    await house.handset.check(ANNA, CALL, Do.consult)
    assert house.link.names == ["ShowDialPlan"]
    for login, do, code in (
        (ANNA, Do.complete, "call_changed"),
        (BORIS, Do.consult, "call_gone"),
        (VERA, Do.consult, "not_signed_in"),
    ):
        with pytest.raises(DeskRefused, match=code):
            await house.handset.check(login, CALL, do)
    await house.handset.do(ANNA, CALL, Do.consult, LineTo("colleague", "boris"))
    house.part()
    with pytest.raises(DeskRefused, match="call_changed"):
        await house.handset.check(ANNA, CALL, Do.consult)
    await house.handset.check(ANNA, CALL, Do.blind)
    house.handset.take_fact(f.LinkUp(MAIN, 2))
    house.link.fails["ShowDialPlan"] = ActionRefused("ShowDialPlan", "no such context")
    with pytest.raises(DeskRefused, match="not_possible_here"):
        await house.handset.check(ANNA, CALL, Do.blind)


def rings(house: Room, leg: str) -> None:
    """Whom Anna asks."""
    made = f.ChannelCreated(ref(leg), f"PJSIP/102-{leg}", "c", None, None, None, "phones")
    house.take(made, f.DialBegan(ref("a"), ref(leg), f"PJSIP/102-{leg}"))


async def test_who_was_asked_rejects_while_the_customer_is_taken_back(house: Room) -> None:
    """She wants her customer, whoever rings: a queue is already looking for another one."""
    await house.handset.do(ANNA, CALL, Do.consult, LineTo("queue", "finance"))
    house.part()
    rings(house, "b")
    house.link.gate.clear()
    house.link.asked.clear()
    ordering = asyncio.create_task(house.handset.do(ANNA, CALL, Do.back))
    await house.link.asked.wait()
    house.take(f.ChannelHungUp(ref("b"), 21))
    house.link.gate.set()
    await ordering
    assert dict(house.link.told[-1].headers)["Context"] == "callcore-join"
    assert house.link.names.count("Redirect") == 2, "to ask, and to come back"


@pytest.mark.parametrize("error", [ActionRefused("Setvar", "No such channel"), AnswerLost("lost")])
async def test_what_failed_before_anything_was_told_leaves_the_hold_as_it_is(
    house: Room, error: AmiError
) -> None:
    await house.handset.do(ANNA, CALL, Do.hold)
    house.part()
    house.link.fails["Setvar"] = error
    await house.refuses(Do.resume)
    assert house.state is LineState.held
    house.link.fails.clear()
    await house.handset.do(ANNA, CALL, Do.resume)
    assert dict(house.link.told[-1].headers)["Context"] == "callcore-join"


async def test_a_call_that_changes_under_the_order_is_left_alone(house: Room) -> None:
    house.link.gate.clear()
    ordering = asyncio.create_task(house.handset.do(ANNA, CALL, Do.hold))
    await house.link.asked.wait()
    house.take(f.ChannelHungUp(ref("a"), 16))
    house.link.gate.set()
    with pytest.raises(DeskRefused, match="call_changed"):
        await ordering
    assert "Redirect" not in house.link.names


async def test_one_order_at_a_time_for_each_call(house: Room) -> None:
    house.link.gate.clear()
    first = asyncio.create_task(house.handset.do(ANNA, CALL, Do.mute))
    second = asyncio.create_task(house.handset.do(ANNA, CALL, Do.mute))
    await house.link.asked.wait()
    assert len(house.link.told) == 1
    house.link.gate.set()
    await asyncio.gather(first, second)
    assert not house.handset._locks


async def test_mute_is_ours_to_remember_and_only_if_the_pbx_did_it(house: Room) -> None:
    house.link.fails["Setvar"] = ActionRefused("Setvar", "Variable not set")
    assert await house.refuses(Do.mute) == "pbx_refused"
    assert not house.tracker.calls[CALL].muted
    del house.link.fails["Setvar"]
    await house.handset.do(ANNA, CALL, Do.mute)
    assert house.tracker.calls[CALL].muted == (ref("a"),)
    assert dict(house.link.told[-1].headers) == {
        "Channel": "PJSIP/101-2",
        "Variable": "MUTEAUDIO(in)",
        "Value": "on",
    }


async def test_a_parked_customer_is_taken_once(house: Room) -> None:
    await house.handset.do(ANNA, CALL, Do.park)
    house.part()
    house.take(f.ChannelHungUp(ref("a"), 16))
    assert [each.call for each in house.handset.parked(BORIS)] == [CALL]
    assert house.handset.parked(VERA) == ()
    await house.handset.do(BORIS, CALL, Do.take)
    assert dict(house.link.told[-1].headers)["Context"] == "callcore-take"
    told = len(house.link.told)
    assert await house.refuses(Do.take, login=BORIS) == "call_gone", "his phone is about to ring"
    assert len(house.link.told) == told
    leg = f.ChannelCreated(ref("b"), "PJSIP/102-3", "c", None, None, None, "phones")
    house.take(leg, f.DialBegan(ref("c"), ref("b"), "PJSIP/102-3"))
    assert await house.refuses(Do.take, login=BORIS) == "call_gone"


async def test_what_the_model_asks_for(house: Room) -> None:
    channel = ref("c")
    on = SendOn("k", CALL, channel, "PJSIP/trunk-1", ToPerson(BORIS, Interface("PJSIP/102")))
    house.handset.carry(on)
    await house.handset.idle()
    assert house.link.names == ["Setvar", "Setvar", "Redirect"]
    house.handset.carry(replace(on, target=None))
    await house.handset.idle()
    assert dict(house.link.told[-1].headers)["Context"] == "callcore-return"
    house.handset.carry(EndChannel("k", CALL, ref("a"), "PJSIP/101-2", "held_gone"))
    await house.handset.idle()
    assert house.link.names[-1] == "Hangup"
    house.link.fails |= dict.fromkeys(("Redirect", "Hangup"), LinkDown("no link"))
    house.handset.carry(on)
    house.handset.carry(EndChannel("k", None, ref("a"), "PJSIP/101-2", "ghost"))
    await house.handset.idle()


async def test_a_pbx_without_our_dialplan_is_known_from_the_start(house: Room) -> None:
    """Until somebody loads it, and the next order, or the next link, finds it."""
    snapshot = f.Snapshot(MAIN, 2, (), (), (), queues=(FINANCE,))
    house.link.fails["ShowDialPlan"] = ActionRefused("ShowDialPlan", "no such context")
    assert not house.handset.is_bare(ANNA)
    house.handset.take_fact(snapshot)
    await house.handset.idle()
    assert house.handset.is_bare(ANNA)
    assert not house.handset.is_bare(VERA), "she sits nowhere"
    del house.link.fails["ShowDialPlan"]
    house.handset.take_fact(snapshot)
    await house.handset.idle()
    assert not house.handset.is_bare(ANNA)

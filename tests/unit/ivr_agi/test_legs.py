"""The legs of a way over a scripted Asterisk: who is rung, what is left, and what stands on the channel."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory
from callcore.domain import Customer, CustomerId, Interface, Outcome, QueueName
from callcore.ivr.inbound import Inbound
from callcore.ivr.script import Do, Script, Transfer
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.routing.legs import (
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
)

from .floor_stub import NUMBER, TOPIC, Ear, Floor, House, book, handed_to, reception, text, variables

IVAN = Customer(CustomerId(7), "Иван", "2041")
TWENTY = timedelta(seconds=20)
QUEUE = ToQueue()
CASE = OpenCase("prospect", text("ask"), text("taken"))


async def nothing_is_out(number: str | None) -> tuple[()]:
    return ()


@pytest.fixture
def ride(bench, tmp_path):
    """``async with ride(leg, leg, …) as told``: one call that goes this way."""

    @asynccontextmanager
    async def call(
        *legs: Leg, knows=None, whose=None, is_withheld=False, closed=False, closed_then=(), **more: Any
    ):
        floor = Floor(whose=whose, is_withheld=is_withheld)
        house = House(knows or {})
        forwards = more.pop("forwards", None)
        edition = more.pop("edition", None)
        script = Script("go", {"go": Transfer(TOPIC)}, has_greeting=False)
        its = replace(book(*legs, closed=closed, closed_then=closed_then, script=script), edition=edition)
        it = reception(tmp_path, its, floor, house=house, forwards=forwards)
        async with bench(Inbound(it, nothing_is_out)) as b:
            pbx = await b.call()
            ear = Ear(pbx, **more)
            commands = await pbx.run()
            await b.until(lambda: b.counters.results)
            await it.slips.hand_in()
            yield SimpleNamespace(
                heard=ear.heard,
                commands=commands,
                floor=floor,
                kept=house.kept,
                to=handed_to(commands),
                set=variables(commands),
                result=b.counters.results[0],
                waiting=it.slips.waiting,
            )

    return call


# --- somebody is rung


async def test_a_queue(ride):
    """Only what must be said is said: values that Asterisk would take anyhow are not set."""
    async with ride(QUEUE, whose=IVAN, edition=12) as told:
        pass
    assert told.heard == ["connecting-ru"]
    assert told.to == ("callcore-queue", "finance")
    assert told.set == {
        "CALLCORE_CALL": "c1",
        "CALLCORE_TOPIC": TOPIC,
        "CALLCORE_CUSTOMER": "7",
        "CALLCORE_ROUTE": f"{TOPIC}/own",
        "CALLCORE_EDITION": "12",
        "CALLCORE_LANGUAGE": "ru",
        "CALLCORE_LEG": "1",
    }
    assert told.result == "done"


async def test_a_queue_with_priority_skills_and_a_limit(ride):
    leg = ToQueue(QueueName("expert"), priority=5, skills=("fmc",), max_wait=timedelta(minutes=3))
    async with ride(leg, QUEUE) as told:
        pass
    assert told.to == ("callcore-queue", "expert")
    assert told.set["CALLCORE_LIMIT"] == "180"
    assert told.set["QUEUE_PRIO"] == "5"
    assert told.set["QUEUE_MAX_PENALTY"] == "9"


async def test_his_own_operators_first(ride):
    phones = (Interface("PJSIP/101"), Interface("Local/102@agents"))
    async with ride(ToPersonal(TWENTY), QUEUE, whose=IVAN, knows={"personal": phones}) as told:
        pass
    assert told.to == ("callcore-people", "s")
    assert told.set["CALLCORE_PEOPLE"] == "PJSIP/101&Local/102@agents"
    assert (told.set["CALLCORE_RINGS"], told.set["CALLCORE_LEG"]) == ("20", "1")


@pytest.mark.parametrize(
    ("whose", "personal"), [(None, (Interface("PJSIP/101"),)), (IVAN, ()), (IVAN, ConnectionError("gone"))]
)
async def test_nobody_of_his_own_is_there(ride, whose, personal):
    """An unknown caller, nobody on shift, a base that is away: the next leg at once."""
    async with ride(ToPersonal(TWENTY), QUEUE, whose=whose, knows={"personal": personal}) as told:
        pass
    assert told.to == ("callcore-queue", "finance")
    assert told.set["CALLCORE_LEG"] == "2"
    assert "CALLCORE_PEOPLE" not in told.set


async def test_an_internal_number(ride):
    async with ride(ToNumber("204", timedelta(seconds=25)), Voicemail()) as told:
        pass
    assert told.to == ("callcore-number", "s")
    assert (told.set["CALLCORE_TO"], told.set["CALLCORE_RINGS"]) == ("204", "25")


OUTSIDE = ToExternal("+7 495 123-45-67", TWENTY)


class Gate:
    """``Forwards``. ``log``: what it was asked, in order."""

    def __init__(self, *, permits=True, notes=True, on_note=lambda: None):
        self.permits, self.notes, self.on_note = permits, notes, on_note
        self.log = []

    async def forward(self, pbx, number):
        self.log.append(("forward", pbx, number))
        return _permit("+74951234567", "f1") if self.permits else None

    async def leaves(self, permit, call):
        self.log.append(("leaves", permit.ask.attempt, call))
        self.on_note()
        return self.notes

    def unsure(self, permit):
        self.log.append(("unsure", permit.ask.attempt))

    def shown(self, pbx):
        return "+74951112233"


def _permit(number, attempt):
    profile = Profile("any", None, None, 9, 9, timedelta(1), Destinations(("+7",)))
    ask = Ask(AttemptId(attempt), Medium.voice, Purpose.forward, number, "UTC", "main", profile)
    permit = decide(ask, NumberHistory(), datetime(2026, 11, 2, tzinfo=UTC))
    assert isinstance(permit, Permit)
    return permit


async def test_a_number_outside(ride):
    """Noted before the channel learns of it; with an id, without which the dialplan dials nothing."""
    gate = Gate()
    async with ride(OUTSIDE, Voicemail(), forwards=gate) as told:
        pass
    assert gate.log == [("forward", "main", "+7 495 123-45-67"), ("leaves", "f1", "c1")]
    assert told.to == ("callcore-outside", "s")
    assert told.set["CALLCORE_TO"] == "74951234567"
    assert told.set["CALLCORE_ATTEMPT"] == "f1"
    assert told.set["CALLCORE_SHOWN"] == "+74951112233"
    assert told.heard == ["connecting-ru"]


@pytest.mark.parametrize(
    ("gate", "heard"),
    [(Gate(permits=False), []), (Gate(notes=False), ["connecting-ru"]), (None, [])],
    ids=["refused", "not stored", "no trunk at all"],
)
async def test_a_number_that_may_not_be_dialled(ride, gate, heard):
    """The next leg; nothing of this one stands on the channel."""
    async with ride(OUTSIDE, QUEUE, forwards=gate) as told:
        pass
    assert told.to == ("callcore-queue", "finance")
    assert "CALLCORE_ATTEMPT" not in told.set
    assert "CALLCORE_TO" not in told.set
    assert told.heard[: len(heard)] == heard


async def test_he_hangs_up_while_he_is_told_that_he_is_connected(ride):
    """Nothing was noted, so nothing counts."""
    gate = Gate()
    async with ride(OUTSIDE, QUEUE, forwards=gate, hangs_up={"connecting-ru": 100}) as told:
        pass
    assert gate.log == [("forward", "main", "+7 495 123-45-67")]
    assert told.to is None


async def test_a_leg_that_was_never_resolved_is_left_out(ride):
    async with ride(ToDepartment("sales"), QUEUE) as told:
        pass
    assert told.to == ("callcore-queue", "finance")


# --- he leaves word


async def test_closed_and_a_message(ride):
    """D-61: what he says becomes an appeal about his topic."""
    async with ride(closed=True, closed_then=(Voicemail(),), says=[3.0]) as told:
        pass
    assert told.heard == ["closed-ru", "leavemessage-ru", "*record*", "messagekept-ru", "goodbye-ru"]
    [(what, caller, message)] = told.kept
    assert (what, caller.topic, caller.number, caller.language) == ("message", TOPIC, f"+{NUMBER}", "ru")
    assert message.seconds == pytest.approx(3.0, abs=0.1)
    assert told.floor.left().word is Outcome.voicemail
    assert told.floor.left().closed
    assert told.waiting == 0
    record = next(each for each in told.commands if each.startswith("RECORD FILE"))
    assert record.endswith('c1-1" "wav" "#" 180000 "BEEP" "s=5"')


async def test_a_case_with_what_he_says(ride):
    """D-24, D-25: the case at night; he is told what happens next."""
    async with ride(Announce(text("night")), CASE, says=[6.0]) as told:
        pass
    assert told.heard == ["night-ru", "ask-ru", "*record*", "taken-ru", "goodbye-ru"]
    [(what, _caller, message)] = told.kept
    assert what == "prospect"
    assert message.file == "c1-1.wav"


async def test_who_says_nothing_is_asked_for_a_name_and_a_phone_alone(ride):
    """D-26: the second case asks for less, and is created in any case."""
    less = OpenCase("call_me", text("name"), text("later"))
    async with ride(CASE, less, says=[0.0, 2.0]) as told:
        pass
    assert told.heard == ["ask-ru", "*record*", "name-ru", "*record*", "later-ru", "goodbye-ru"]
    assert [what for what, _, _ in told.kept] == ["call_me"]
    async with ride(CASE, less) as told:
        pass
    assert [(what, message) for what, _, message in told.kept] == [("call_me", None)]
    assert told.floor.left().word is Outcome.callback_requested


async def test_who_says_nothing_and_withholds_his_number_leaves_nothing(ride):
    async with ride(CASE, is_withheld=True) as told:
        pass
    assert told.kept == []
    assert told.heard == ["ask-ru", "*record*", "goodbye-ru"]
    assert told.floor.left().word is None


async def test_a_case_that_asks_nothing(ride):
    async with ride(OpenCase("call_me")) as told:
        pass
    assert told.heard == ["casekept-ru", "goodbye-ru"]
    assert [what for what, _, _ in told.kept] == ["call_me"]


@pytest.mark.parametrize("moment", ["callbackoffer-ru", "wait"])
async def test_a_call_back(ride, moment):
    async with ride(OfferCallBack(), QUEUE, keys={moment: ["1"]}) as told:
        pass
    assert told.heard == ["callbackoffer-ru", "callbackkept-ru", "goodbye-ru"]
    assert [(what, queue) for what, _, queue in told.kept] == [("call_back", "finance")]
    assert told.floor.left().word is Outcome.callback_requested


async def test_a_call_back_on_the_closed_announcement(ride):
    """The list tells him from who has left a queue."""
    legs = {"closed": True, "closed_then": (OfferCallBack(QUEUE.queue),)}
    async with ride(keys={"wait": ["1"]}, **legs) as told:
        pass
    assert [(what, queue) for what, _, queue in told.kept] == [("closed", "finance")]


@pytest.mark.parametrize("keys", [{}, {"wait": ["2"]}])
async def test_who_wants_no_call_back_goes_on(ride, keys):
    async with ride(OfferCallBack(), QUEUE, keys=keys) as told:
        pass
    assert told.heard == ["callbackoffer-ru", "connecting-ru"]
    assert told.kept == []


async def test_nobody_can_be_called_back_whose_number_is_withheld(ride):
    async with ride(OfferCallBack(), QUEUE, is_withheld=True) as told:
        pass
    assert told.heard == ["connecting-ru"]


async def test_hang_up(ride):
    async with ride(Announce(text("moved")), HangUp()) as told:
        pass
    assert told.heard == ["moved-ru", "goodbye-ru"]
    assert told.commands[-1] == "HANGUP"
    assert told.floor.left().closed


async def test_a_way_without_an_end_ends_with_an_offer(ride):
    """A caller never falls into a hole."""
    async with ride(Announce(text("moved")), says=[2.0]) as told:
        pass
    heard = ["moved", "callbackoffer", "leavemessage", "*record*", "messagekept", "goodbye"]
    assert told.heard == [word if word.startswith("*") else f"{word}-ru" for word in heard]
    assert [what for what, _, _ in told.kept] == ["message"]


async def test_where_nothing_can_be_left_the_dialplan_has_him(ride):
    """The PBX cannot write: the static queue is better than goodbye."""
    async with ride(Voicemail(), is_withheld=True, cannot_write=True) as told:
        pass
    assert told.to is None
    assert "HANGUP" not in told.commands
    assert 'SET VARIABLE "CALLCORE_RC" "OK"' not in told.commands


async def test_hung_up_while_the_case_is_asked(ride):
    """What he said until then is in the case's stead an appeal: nothing is lost."""
    async with ride(CASE, says=[2.0], hangs_up={"record": 0}) as told:
        pass
    assert [what for what, _, _ in told.kept] == ["prospect"]
    assert told.floor.left().word is Outcome.voicemail


async def test_a_topic_that_the_script_names_is_decided_by_the_tables(bench, tmp_path):
    floor, script = Floor(), Script("go", {"go": Do((ToTopic(TOPIC),), TOPIC)}, has_greeting=False)
    it = reception(tmp_path, book(script=script), floor)
    async with bench(Inbound(it, nothing_is_out)) as b:
        pbx = await b.call()
        Ear(pbx)
        commands = await pbx.run()
        await b.until(lambda: b.counters.results)
    assert handed_to(commands) == ("callcore-queue", "finance")
    assert [route.route for route in floor.routes()] == ["ivr/go", f"{TOPIC}/queue"]

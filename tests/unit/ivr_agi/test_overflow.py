"""The route ``overflow``: a call that nobody took goes on where it was, whoever had sent it there."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from callcore.calls import facts as f
from callcore.domain import Outcome, QueueName
from callcore.ivr.overflow import Overflow
from callcore.ivr.script import Do, Script
from callcore.routing.legs import Announce, Leg, OfferCallBack, ToNumber, ToQueue, Voicemail

from .floor_stub import OPERATOR, TOPIC, Ear, Floor, House, book, handed_to, reception, text, variables

QUEUE, EXPERT = ToQueue(max_wait=timedelta(seconds=30)), ToQueue(QueueName("expert"), priority=3)
SENT = {
    "CALLCORE_TOPIC": TOPIC,
    "CALLCORE_ROUTE": f"{TOPIC}/own",
    "CALLCORE_EDITION": "4",
    "CALLCORE_LANGUAGE": "en",
    "CALLCORE_LEG": "1",
}


@pytest.fixture
def back(bench, tmp_path):
    """``async with back("TIMEOUT", leg, …, SENT) as told``: a call that comes back with this on it."""

    @asynccontextmanager
    async def call(
        word: str, *legs: Leg, on: dict[str, str] | None = None, older=(), script=None, **ear: Any
    ):
        floor, house = Floor(), House()
        its = replace(book(*legs, script=script), edition=4)
        it = reception(tmp_path, its, floor, house=house, older=older)
        async with bench(Overflow(it)) as b:
            pbx = await b.call("inbound/main", agi_arg_1="4951", agi_arg_2=word)
            hears = Ear(pbx, variables=SENT if on is None else on, **ear)
            commands = await pbx.run()
            await b.until(lambda: b.counters.results)
            await it.slips.hand_in()
            yield SimpleNamespace(
                heard=hears.heard,
                commands=commands,
                floor=floor,
                kept=house.kept,
                to=handed_to(commands),
                set=variables(commands),
                is_given_back='SET VARIABLE "CALLCORE_RC" "OK"' not in commands and "HANGUP" not in commands,
            )

    return call


async def test_the_next_leg_in_his_language(back):
    """What the first queue was told is undone for the second."""
    async with back("TIMEOUT", QUEUE, EXPERT) as told:
        pass
    assert told.heard == ["connecting-en"]
    assert told.to == ("callcore-queue", "expert")
    assert told.set["CALLCORE_LEG"] == "2"
    assert told.set["CALLCORE_LIMIT"] == ""
    assert told.set["QUEUE_PRIO"] == "3"
    assert told.floor.routes() == [], "it was decided before"


async def test_the_number_that_was_dialled_is_not_the_word(back):
    async with back("TIMEOUT", QUEUE, EXPERT) as told:
        pass
    assert told.floor.facts[0].dialed_number == "4951"


@pytest.mark.parametrize("word", ["TIMEOUT", "key"])
async def test_behind_the_last_leg_he_leaves_word(back, word):
    async with back(word, QUEUE, says=[2.0]) as told:
        pass
    assert told.heard == [
        "callbackoffer-en",
        "leavemessage-en",
        "*record*",
        "messagekept-en",
        "goodbye-en",
    ]
    assert [what for what, _, _ in told.kept] == ["message"]
    assert told.floor.left().word is Outcome.voicemail


async def test_a_call_back_behind_the_last_leg(back):
    async with back("key", QUEUE, keys={"callbackoffer-en": ["1"]}) as told:
        pass
    assert [(what, queue) for what, _, queue in told.kept] == [("call_back", "finance")]


async def test_who_left_by_key_and_leaves_no_word(back):
    """The floor knows from the first moment that something is to come: his Hangup may be quicker."""
    async with back("key", QUEUE) as told:
        pass
    assert told.floor.left().word is Outcome.left_by_key
    assert isinstance(told.floor.facts[1], f.WordToCome)


async def test_who_left_by_key_for_another_queue_has_left_nothing(back):
    async with back("key", QUEUE, EXPERT) as told:
        pass
    assert told.floor.left().word is None


@pytest.mark.parametrize("word", ["LEAVEEMPTY", "JOINEMPTY", "NOQUEUE", "CHANUNAVAIL", "", "x y", "$(id)"])
async def test_where_nobody_could_have_him_the_static_queue_does(back, word):
    async with back(word, QUEUE) as told:
        pass
    assert told.is_given_back
    assert told.heard == []


async def test_a_number_that_does_not_answer(back):
    async with back("NOANSWER", ToNumber("204", timedelta(seconds=5)), Voicemail(), says=[2.0]) as told:
        pass
    assert told.heard == ["leavemessage-en", "*record*", "messagekept-en", "goodbye-en"]


# --- whoever sent him


async def test_his_own_edition(back):
    """The tables have changed meanwhile: he goes on by those that he began with."""
    older = replace(book(QUEUE, Voicemail(text("old"))), edition=3)
    async with back("TIMEOUT", QUEUE, EXPERT, on={**SENT, "CALLCORE_EDITION": "3"}, older=[older]) as told:
        pass
    assert told.heard[0] == "old-en"


async def test_an_edition_that_this_daemon_does_not_have(back):
    """It decides anew, and goes on where he can leave word."""
    legs = (QUEUE, Announce(text("sorry")), OfferCallBack(), EXPERT)
    async with back("TIMEOUT", *legs, on={**SENT, "CALLCORE_EDITION": "1"}) as told:
        pass
    assert told.heard[0] == "callbackoffer-en"
    [route] = told.floor.routes()
    assert (route.route, route.edition) == (f"{TOPIC}/own", 4)


async def test_a_row_that_is_gone(back):
    async with back("TIMEOUT", QUEUE, EXPERT, on={**SENT, "CALLCORE_ROUTE": f"{TOPIC}/gone"}) as told:
        pass
    assert told.to == ("callcore-queue", "expert")
    assert told.set["CALLCORE_ROUTE"] == f"{TOPIC}/own"


@pytest.mark.parametrize(
    "on",
    [
        {},
        {"CALLCORE_TOPIC": "gone.topic", "CALLCORE_ROUTE": "gone.topic/x", "CALLCORE_LEG": "1"},
        {"CALLCORE_LEG": "-1", "CALLCORE_EDITION": "x", "CALLCORE_LANGUAGE": "de"},
    ],
)
async def test_nothing_on_the_channel_that_makes_sense(back, on):
    """The default topic decides, in the house's language."""
    async with back("TIMEOUT", QUEUE, on=on) as told:
        pass
    assert told.to == ("callcore-queue", "expert")
    assert told.set["CALLCORE_TOPIC"] == OPERATOR
    assert told.heard == ["connecting-ru"]


async def test_from_the_static_queue_he_leaves_word(back):
    """callcore was away and is back: one more queue would not help him."""
    on = {"CALLCORE_TOPIC": TOPIC, "CALLCORE_ROUTE": "fallback", "CALLCORE_LEG": "1"}
    async with back("LEAVEEMPTY", QUEUE, on=on, says=[2.0]) as told:
        pass
    assert [what for what, _, _ in told.kept] == ["message"]


async def test_the_legs_of_a_node_go_on(back):
    script = Script("night", {"night": Do((QUEUE, Voicemail(text("night"))), TOPIC)})
    on = {**SENT, "CALLCORE_ROUTE": "ivr/night"}
    async with back("TIMEOUT", script=script, on=on, says=[2.0]) as told:
        pass
    assert told.heard[0] == "night-en"


async def test_a_topic_that_was_handed_on_is_found_by_its_own_source(back):
    """The route is called after the topic asked for, the row stands elsewhere."""
    on = {**SENT, "CALLCORE_ROUTE": "expert.diagnosis/finance.own", "CALLCORE_WAY": f"{TOPIC}/own"}
    async with back("TIMEOUT", QUEUE, Voicemail(text("own")), on=on) as told:
        pass
    assert told.heard[0] == "own-en"

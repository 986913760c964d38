"""An operator has a number called: his phone rings, he picks it up, the number rings, and how it ends."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from callcore.domain import CallId
from callcore.store.schema.bus import events
from callcore.testing.carrier import Carrier
from callcore.testing.lab import CallEnded
from callcore.testing.operator import Refused
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import SHOWN, Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNANSWERED = {
    "20": ("busy", 17),
    "21": ("no_answer", 16),
    "22": ("rejected", 21),
    "23": ("unreachable", 1),
    "24": ("network", 34),
    "25": ("no_answer", 19),
}
END_REASONS = {"20": "busy", "21": "no_answer", "22": "rejected", "25": "no_answer"}
"""By the number's ending: who lives there is said in ``testing.carrier.SUBSCRIBERS``."""


async def test_answered(anna: Desk, carrier: Carrier) -> None:
    """Her phone shows the number that she calls; the subscriber sees the house's, not his own."""
    number = "79160004100"
    attempt = await anna.calls("8 916 000-41-00")
    call = await anna.phone.incoming()
    assert call.number == number
    assert await carrier.invites_of(number) == 0, "nobody is rung before she is there"
    await call.answer()
    await carrier.answered(number)
    (invite,) = [one for one in await carrier.invites() if one.number == number]
    assert invite.caller == SHOWN
    assert (await anna.state(attempt))["state"] == "open"
    await call.hang_up()
    over = await anna.over(attempt)
    assert (over["result"], over["login"], over["phone"]) == ("answered", "anna", "PJSIP/101")
    assert over["number"] == f"+{number}"
    await carrier.gone(number)
    assert await carrier.invites_of(number) == 1


async def test_her_card_is_open_before_he_answers(anna: Desk, carrier: Carrier) -> None:
    number = "79160004111"
    attempt = await anna.calls(f"+{number}")
    call = await anna.phone.incoming()
    await call.answer()
    card = await anna.api.hears("card")
    assert card["data"]["call"]["caller_number"] == f"+{number}"
    assert await carrier.answers_of(number) == 0
    await carrier.answered(number)
    await call.hang_up()
    assert (await anna.over(attempt))["result"] == "answered"


async def _is_answered(stage: Stage, call: CallId) -> None:
    """callcore knows that the number has answered."""
    assert stage.daemon is not None
    calls = stage.daemon.floor.tracker.calls
    async with asyncio.timeout(PATIENCE_SECONDS):
        while calls[call].answered_at is None:  # noqa: ASYNC110 - Asterisk tells it
            await asyncio.sleep(0.05)


async def test_a_machine_answers(anna: Desk, stage: Stage, carrier: Carrier) -> None:
    """She says so: the call ends, and nobody was reached."""
    number = "79160004112"
    attempt = await anna.calls(f"+{number}")
    call = await anna.phone.incoming()
    await call.answer()
    card = await anna.api.hears("card")
    await carrier.answered(number)
    await _is_answered(stage, card["data"]["call"]["call"])
    await anna.api.order("machine", call=card["data"]["call"]["call"])
    await call.ended()
    assert (await anna.over(attempt))["result"] == "machine"
    assert stage.daemon is not None
    contact = await stage.daemon.database.contacts.get(card["data"]["call"]["call"])
    assert contact is not None
    assert (contact.outcome.value, contact.talk_ms) == ("failed", 0)
    with pytest.raises(Refused, match="call-gone"):
        await anna.api.order("machine", call=card["data"]["call"]["call"])


async def test_the_subscriber_hangs_up(anna: Desk, carrier: Carrier) -> None:
    attempt = await anna.calls("+79160004110")
    call = await anna.phone.incoming()
    await call.answer()
    await call.ended()
    assert (await anna.over(attempt))["result"] == "answered"


@pytest.mark.parametrize("ending", UNANSWERED)
async def test_not_answered(anna: Desk, stage: Stage, carrier: Carrier, ending: str) -> None:
    number = f"791600042{ending}"
    attempt = await anna.calls(f"+{number}")
    call = await anna.phone.incoming()
    await call.answer()
    await call.ended()
    over = await anna.over(attempt)
    assert (over["result"], over["cause"]) == UNANSWERED[ending]
    assert await carrier.invites_of(number) == 1
    told_over = await anna.api.hears("call.placed", lambda event: event["data"]["state"] == "over")
    assert (told_over["data"]["attempt"], told_over["data"]["result"]) == (attempt, over["result"])
    saved = await anna.api.hears("contact.saved")
    assert stage.daemon is not None
    contact = await stage.daemon.database.contacts.get(saved["data"]["call"])
    assert contact is not None
    told = (contact.direction, contact.outcome, contact.talk_ms, contact.caller_number)
    assert told == ("outbound", "failed", 0, f"+{number}"), "she picked up, he did not"
    assert contact.end_reason == END_REASONS.get(ending, "failed")


async def test_she_gives_up_while_it_rings(anna: Desk, carrier: Carrier) -> None:
    attempt = await anna.calls("+79160004321")
    call = await anna.phone.incoming()
    await call.answer()
    await carrier.rung("79160004321")
    await call.hang_up()
    over = await anna.over(attempt)
    assert (over["result"], over["why"]) == ("no_answer", "CANCEL")
    await carrier.gone("79160004321")


async def test_she_rejects_the_call_to_herself(anna: Desk, carrier: Carrier) -> None:
    anna.phone.refuse(486)
    attempt = await anna.calls("+79160004400")
    over = await anna.over(attempt)
    assert (over["result"], over["why"]) == ("not_sent", "operator: busy")
    assert await carrier.invites_of("79160004400") == 0


async def test_ended_by_the_api(anna: Desk, carrier: Carrier) -> None:
    """While her phone rings, and while they talk."""
    attempt = await anna.calls("+79160004500")
    call = await anna.phone.incoming()
    await anna.hangs_up(attempt)
    with pytest.raises(CallEnded):
        await call.answered()
    over = await anna.over(attempt)
    assert (over["result"], over["why"]) == ("not_sent", "operator: withdrawn")
    assert await carrier.invites_of("79160004500") == 0
    attempt = await anna.calls("+79160004500")
    call = await anna.phone.incoming()
    await call.answer()
    await carrier.answered("79160004500")
    await anna.hangs_up(attempt)
    await call.ended()
    assert (await anna.over(attempt))["result"] == "answered"
    await anna.hangs_up(attempt)


async def test_a_phone_that_picks_up_by_itself(anna: Desk, boris: Desk) -> None:
    """It is told so by its own header; others are not."""
    for desk, number, told in (
        (boris, "+79160004611", ["<sip:127.0.0.1>;answer-after=0"]),
        (anna, "+79160004711", []),
    ):
        attempt = await desk.calls(number)
        phone = await desk.phone.incoming()
        assert phone.headers("call-info") == told
        await desk.hangs_up(attempt)
        await desk.over(attempt)


async def test_programs_are_told_and_it_is_counted(anna: Desk, stage: Stage) -> None:
    """By events as they stand in the outbox, and by metrics."""
    number = "+79160004620"
    attempt = await anna.calls(number)
    assert stage.daemon is not None
    assert stage.daemon.outgoing.room.open_calls() == {"main": 1}
    phone = await anna.phone.incoming()
    await phone.answer()
    await anna.over(attempt)
    async with stage.daemon.database.read() as connection:
        told = (await connection.execute(select(events).where(events.c.type == "call.placed"))).all()
    mine = [row.data for row in told if row.data["attempt"] == attempt]
    common = {"attempt": attempt, "number": number, "purpose": "own_call", "login": "anna", "customer": None}
    assert mine == [
        {**common, "state": "open", "result": None, "cause": None, "why": ""},
        {**common, "state": "over", "result": "busy", "cause": 17, "why": "BUSY"},
    ]
    async with anna.api.http.get(f"{anna.api.url}/metrics") as answer:
        shown = await answer.text()
    assert 'callcore_placed_calls_total{purpose="own_call",result="busy"}' in shown
    assert 'callcore_attempts_open{pbx="main"} 0.0' in shown
    assert "callcore_recordings_not_begun 0.0" in shown

"""Somebody who was rung wants an operator; somebody affected calls by himself meanwhile."""

from datetime import UTC, datetime, timedelta

from callcore.calls.campaign import TargetResult
from callcore.domain import Direction, Outcome
from callcore.testing.blackout import Blackout, person
from callcore.testing.lab import Answer, HangUp, Hear, Press, Until, Wait


async def test_key_0_brings_an_operator_with_the_card(blackout: Blackout) -> None:
    wants = person("03")
    await blackout.people(wants)
    await blackout.stage.start()
    anna = await blackout.on_shift("anna", "101", Answer(after_seconds=0.3, talk_seconds=2))
    await blackout.publish()
    card = await anna.hears("card")
    assert card["data"]["call"]["caller_number"] == f"+{wants}"
    (contact,) = await blackout.contacts()
    assert contact.direction is Direction.outbound
    assert (contact.caller_number, contact.outcome) == (f"+{wants}", Outcome.answered)
    ended = await blackout.ended()
    assert (ended[wants].target.result, ended[wants].key) == (TargetResult.told, "0")
    assert await blackout.carrier.invites_of(wants) == 1
    assert blackout.texted() == []


async def test_an_affected_caller_hears_it_at_once(blackout: Blackout) -> None:
    caller = person("21")
    await blackout.people(caller)
    await blackout.stage.start()
    until = datetime.now(UTC) + timedelta(hours=2)
    await blackout.publish(estimated_restoration_at=until.isoformat(timespec="seconds"))
    call = await blackout.call(Wait(15), HangUp(), number=caller)
    await call.wait(40)
    (contact,) = await blackout.contacts()
    assert contact.outcome is Outcome.self_served


async def test_he_asks_for_an_operator(blackout: Blackout) -> None:
    caller = person("21")
    await blackout.people(caller)
    await blackout.stage.start()
    anna = await blackout.on_shift("anna", "101")
    await blackout.publish()
    await blackout.call(Hear(), Press("0"), Until(), HangUp(), number=caller)
    card = await anna.hears("card")
    (outage,) = card["data"]["call"]["outages"]
    assert outage["number"] == "A-1"
    assert outage["cause"]["ru"] == "повреждён кабель"

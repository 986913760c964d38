"""kill -9 of callcore in every gap of a call that a person has placed: the number is rung once at most, and
the ledger says what is known of it."""

from __future__ import annotations

import pytest

from .conftest import Lives

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_before_the_intents_commit(lives: Lives) -> None:
    """Nothing is stored, nobody is rung; she may ask again."""
    await lives.begin("before the intent's commit")
    number = lives.number("00")
    await lives.calls(number)
    await lives.stage.killed()
    await lives.begin()
    assert await lives.row(number) is None
    assert lives.phone.calls == ()
    assert await lives.carrier.invites_of(number) == 0


async def test_after_the_intent_before_the_originate(lives: Lives) -> None:
    await lives.begin("after the intent's commit, before the Originate")
    number = lives.number("00")
    await lives.calls(number)
    await lives.stage.killed()
    await lives.begin()
    assert await lives.over(number) == ("not_sent", "journal: never seen")
    assert lives.phone.calls == ()
    assert await lives.carrier.invites_of(number) == 0


async def test_her_phone_rings_and_the_second_life_lets_her_go_on(lives: Lives) -> None:
    await lives.begin("after the Originate, before its answer")
    number = lives.number("00")
    await lives.calls(number)
    await lives.stage.killed()
    call = await lives.phone.incoming()
    await lives.begin()
    await call.answer()
    await lives.carrier.answered(number)
    await call.hang_up()
    assert (await lives.over(number))[0] == "answered"
    assert await lives.carrier.invites_of(number) == 1


async def test_her_phone_rings_and_she_rejects_before_the_second_life(lives: Lives) -> None:
    await lives.begin("after the Originate, before its answer")
    number = lives.number("00")
    lives.phone.refuse(486)
    await lives.calls(number)
    await lives.stage.killed()
    await lives.begin()
    assert await lives.over(number) == ("not_sent", "operator: busy")
    assert await lives.carrier.invites_of(number) == 0


@pytest.mark.parametrize(
    "place",
    [
        "phone picked up, before the gate's second word",
        "the gate said yes, before the digits are named",
        "digits named, before the script ends well",
    ],
)
async def test_while_the_gate_is_asked_again(lives: Lives, place: str) -> None:
    """The dialplan alone dials nobody: her phone is hung up."""
    await lives.begin(place)
    number, call = await lives.picks_up("00")
    await lives.stage.killed()
    await call.ended()
    await lives.begin()
    assert await lives.over(number) == ("not_sent", "gate: nobody to ask")
    assert await lives.carrier.invites_of(number) == 0


async def test_before_dial(lives: Lives) -> None:
    """The dialplan goes on alone, as it was told."""
    await lives.begin("the script ended well, before Dial")
    number, call = await lives.picks_up("20")
    await lives.stage.killed()
    await call.ended()
    await lives.begin()
    assert await lives.over(number) == ("busy", "journal: BUSY")
    assert await lives.carrier.invites_of(number) == 1


async def test_while_the_number_rings(lives: Lives) -> None:
    await lives.begin()
    number, call = await lives.picks_up("11")
    await lives.carrier.rung(number)
    await lives.stage.kill()
    await lives.begin()
    await lives.carrier.answered(number)
    await call.hang_up()
    assert (await lives.over(number))[0] == "answered"
    assert await lives.carrier.invites_of(number) == 1


async def test_while_they_talk(lives: Lives) -> None:
    """They have hung up before the second life begins: the journal tells."""
    await lives.begin()
    number, call = await lives.picks_up("00")
    await lives.carrier.answered(number)
    await lives.stage.kill()
    await call.hang_up()
    await lives.carrier.gone(number)
    await lives.begin()
    assert await lives.over(number) == ("answered", "journal")
    assert await lives.carrier.invites_of(number) == 1


@pytest.mark.parametrize("place", ["hung up, before the outcome's commit", "after the outcome's commit"])
async def test_hung_up(lives: Lives, place: str) -> None:
    await lives.begin(place)
    number, call = await lives.picks_up("00")
    await lives.carrier.answered(number)
    await call.hang_up()
    await lives.stage.killed()
    await lives.begin()
    assert (await lives.over(number))[0] == "answered"
    assert await lives.carrier.invites_of(number) == 1


async def test_the_pbx_dies_while_the_number_rings(lives: Lives) -> None:
    """Nobody can say whether he picked up: it stands among the unknown, and is not rung again."""
    await lives.begin()
    number, _call = await lives.picks_up("21")
    await lives.carrier.rung(number)
    await lives.stage.lab.kill()
    await lives.stage.lab.start()
    result, _detail = await lives.over(number)
    assert result == "unknown"
    listed = await lives.anna.call("GET", "/api/v1/placed-calls?unknown=1")
    assert [one["number"] for one in listed["calls"]] == [f"+{number}"]
    assert await lives.carrier.invites_of(number) == 1

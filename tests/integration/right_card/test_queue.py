"""Through a queue: whoever takes the caller has his card, nobody else does."""

import pytest

from callcore.testing.hearing import Hearing
from callcore.testing.house import TO_FINANCE
from callcore.testing.lab import Answer, NeverAnswer, Reject

from .office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Answer(after_seconds=0.2)


async def test_through_the_ivr(office: Office) -> None:
    """The whole way: menu, topic, queue, Anna."""
    anna = await office.sits("anna", SOON)
    visit = await office.call("74950000000", steps=TO_FINANCE)
    assert visit.sip is not None
    await Hearing(office.stage.lab).go_on(visit.sip, str(visit.number).removeprefix("+"), TO_FINANCE)
    await office.talk(visit, anna)
    await visit.hang_up()
    contact = await office.told(visit, anna, by=anna, queue="finance")
    assert contact.topic == "finance.recalculation"
    await office.nothing_else()


async def test_nobody_is_there(office: Office) -> None:
    visit = await office.call("all")
    await office.heard("QueueCallerJoin", Queue="all")
    await visit.hang_up()
    await office.told(visit, outcome="abandoned_queue", end_reason="cancelled", queue="all")
    await office.nothing_else()


async def test_in_turn(office: Office) -> None:
    """rrmemory: the first caller gets one of the two, the second the other."""
    anna, boris = await office.sits("anna", SOON), await office.sits("boris", SOON)
    first = await office.call("rr")
    await office.heard("AgentConnect")
    second = await office.call("rr")
    await office.heard("BridgeEnter", 4)
    one, other = (anna, boris) if office.wire.together(first.voice, {anna.device}) else (boris, anna)
    await office.talk(second, other)
    await first.hang_up()
    await second.hang_up()
    await office.told(first, one, by=one, queue="rr")
    await office.told(second, other, by=other, queue="rr")
    await office.nothing_else()


async def test_all_ring_one_takes(office: Office) -> None:
    anna, boris = await office.sits("anna", NeverAnswer()), await office.sits("boris")
    vera = await office.sits("vera", NeverAnswer())
    visit = await office.call("all")
    for person in (anna, boris, vera):
        await person.rings()
    await boris.answers()
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, boris, by=boris, queue="all")
    results = {ring.login: ring.result for ring in contact.operators}
    elsewhere = "answered_elsewhere"
    assert results == {"anna": elsewhere, "boris": "completed", "vera": elsewhere}
    await office.nothing_else()


async def test_first_does_not_answer(office: Office) -> None:
    """linear: Anna is the first in line and does not answer in time, Boris does."""
    anna, boris = await office.sits("anna", NeverAnswer()), await office.sits("boris", SOON)
    visit = await office.call("line")
    await anna.rings()
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, boris, by=boris, queue="line")
    assert (contact.operators[0].login, contact.operators[0].result) == ("anna", "no_answer")
    await office.nothing_else()


async def test_first_rejects(office: Office) -> None:
    anna, boris = await office.sits("anna", Reject(603)), await office.sits("boris", SOON)
    visit = await office.call("line")
    await anna.rings()
    await office.talk(visit, boris)
    await visit.hang_up()
    contact = await office.told(visit, boris, by=boris, queue="line")
    assert (contact.operators[0].login, contact.operators[0].result) == ("anna", "rejected")
    await office.nothing_else()


async def test_by_penalty(office: Office) -> None:
    """Anna has the lower penalty; who calls while she talks rings at the others, and Vera takes him."""
    anna, boris = await office.sits("anna", SOON), await office.sits("boris", NeverAnswer())
    vera = await office.sits("vera", Answer(after_seconds=0.5))
    first = await office.call("ranked")
    await office.talk(first, anna, seconds=0)
    second = await office.call("ranked")
    await boris.rings()
    await office.talk(second, vera)
    await first.hang_up()
    await second.hang_up()
    contact = await office.told(first, anna, by=anna, queue="ranked")
    assert [ring.login for ring in contact.operators] == ["anna"]
    await office.told(second, vera, by=vera, queue="ranked")
    await office.nothing_else()


async def test_given_up_while_ringing(office: Office) -> None:
    anna = await office.sits("anna", NeverAnswer())
    visit = await office.call("all")
    await anna.rings()
    await visit.hang_up()
    await office.told(visit, outcome="abandoned_ringing", end_reason="cancelled", queue="all")
    await office.nothing_else()


async def test_two_in_the_same_second(office: Office) -> None:
    anna, boris = await office.sits("anna", SOON), await office.sits("boris", SOON)
    one, other = await office.calls_in_one_second("rr", "rr")
    await office.heard("BridgeEnter", 4)
    hers, his = (one, other) if office.wire.together(one.voice, {anna.device}) else (other, one)
    await office.talk(hers, anna)
    await office.talk(his, boris)
    await hers.hang_up()
    await his.hang_up()
    await office.told(hers, anna, by=anna, queue="rr")
    await office.told(his, boris, by=boris, queue="rr")
    await office.nothing_else()


async def test_one_number_calls_twice_at_once(office: Office) -> None:
    """Two people of a company with one number: each call is a call of its own."""
    anna, boris = await office.sits("anna", SOON), await office.sits("boris", SOON)
    first = await office.call("line")
    await office.talk(first, anna, seconds=0)
    second = await office.call("line", number=first.number or "")
    await office.talk(second, boris)
    await first.hang_up()
    await office.told(first, anna, by=anna, queue="line")
    await second.hang_up()
    await office.told(second, boris, by=boris, queue="line")
    await office.nothing_else()


async def test_member_behind_a_local_channel(office: Office) -> None:
    """As FreePBX has it: Local/105@agents/n with PJSIP/105 as its state interface."""
    galya = await office.sits("galya", SOON)
    visit = await office.call("behind")
    await office.talk(visit, galya)
    await visit.hang_up()
    await office.told(visit, galya, by=galya, queue="behind")
    await office.nothing_else()


async def test_member_behind_a_local_channel_that_melts(office: Office) -> None:
    """Without /n Asterisk takes the Local channel out of the call as soon as both talk."""
    galya = await office.sits("galya", SOON)
    visit = await office.call("melting")
    await office.talk(visit, galya, seconds=0)
    await office.speaks(galya)
    await office.heard("Hangup", Channel="Local/105@agents*")
    await office.talk(visit, galya)
    await visit.hang_up()
    await office.told(visit, galya, by=galya, queue="melting")
    await office.nothing_else()

"""Without a queue: straight to an operator's phone, to a group of phones, within the house, forwarded."""

import subprocess
import time

import pytest

from callcore.testing.lab import Answer, NeverAnswer, Reject

from .office import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOON = Answer(after_seconds=0.2)


async def test_direct_dial(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.call("101")
    await anna.answers()
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_operator_hangs_up(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.call("101")
    call = await anna.answers()
    await office.talk(visit, anna)
    await call.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_the_end_is_read_late(office: Office) -> None:
    """callcore has other things to do when the call ends, for longer than anybody would call a moment."""
    anna = await office.sits("anna")
    visit = await office.call("101")
    await anna.answers()
    await office.talk(visit, anna)
    command = office.stage.lab.console_call(f"channel request hangup {office.name_of(visit)}")
    subprocess.run(command, check=True, capture_output=True)  # noqa: ASYNC221 - nobody here is to read what comes of it
    time.sleep(4)  # noqa: ASYNC251 - callcore runs in this very loop
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_missed(office: Office) -> None:
    """Nobody lifts the receiver at 101 within the time the dialplan gives."""
    anna = await office.sits("anna", NeverAnswer())
    visit = await office.call("brief")
    await anna.rings()
    await office.told(visit, outcome="timeout", end_reason="no_answer")
    await office.nothing_else()


async def test_busy(office: Office) -> None:
    anna = await office.sits("anna", Reject(486))
    visit = await office.call("101")
    await anna.rings()
    await office.told(visit, outcome="failed", end_reason="busy")
    await office.nothing_else()


async def test_to_a_phone_without_a_desk(office: Office) -> None:
    """Boris is not on shift, but his phone is known as an operator's: a contact, and no card."""
    await office.phone("102", SOON)
    visit = await office.call("102")
    await office.wire.hear(visit.voice, "PJSIP/102")
    await visit.hang_up()
    await office.told(visit)
    await office.nothing_else()


async def test_ring_group(office: Office) -> None:
    anna, boris = await office.sits("anna", NeverAnswer()), await office.sits("boris")
    vera = await office.sits("vera", NeverAnswer())
    visit = await office.call("group")
    for person in (anna, boris, vera):
        await person.rings()
    await boris.answers()
    await office.talk(visit, boris)
    await visit.hang_up()
    await office.told(visit, boris, by=boris)
    await office.nothing_else()


async def test_second_phone(office: Office) -> None:
    """Anna's two phones ring, she answers at the other one than that she signed in at."""
    anna = await office.sits("anna", NeverAnswer())
    await office.phone("201", SOON)
    visit = await office.call("both")
    await office.wire.hear(visit.voice, "PJSIP/201")
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_through_a_local_channel(office: Office) -> None:
    anna = await office.sits("anna")
    visit = await office.call("wired")
    await anna.answers()
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_through_a_local_channel_that_melts(office: Office) -> None:
    """Without /n Asterisk takes the Local channel out of the call as soon as both talk."""
    anna = await office.sits("anna", SOON)
    visit = await office.call("molten")
    await office.talk(visit, anna, seconds=0)
    await office.speaks(anna)
    await office.heard("Hangup", Channel="Local/101@agents*")
    await office.talk(visit, anna)
    await visit.hang_up()
    await office.told(visit, anna, by=anna)
    await office.nothing_else()


async def test_operator_to_operator(office: Office) -> None:
    """Within the house: no card, no contact."""
    anna, boris = await office.sits("anna"), await office.sits("boris")
    call = await anna.phone.dial("102")
    await boris.answers()
    await call.answered()
    await office.heard("BridgeEnter", 2)
    await call.hang_up()
    await office.nothing_else()


async def test_from_a_phone_of_the_house(office: Office) -> None:
    """The kitchen, nobody's desk, dials Anna: no card, no contact either."""
    anna = await office.sits("anna")
    kitchen = await office.soft("250")
    call = await kitchen.dial("101")
    await anna.answers()
    await call.answered()
    await office.heard("BridgeEnter", 2)
    await call.hang_up()
    await office.nothing_else()


async def test_forwarded_by_the_phone(office: Office) -> None:
    """Anna's phone sends its calls to Boris (302)."""
    anna, boris = await office.sits("anna"), await office.sits("boris")
    anna.phone.forward_to("102")
    visit = await office.call("101")
    await boris.answers()
    await office.talk(visit, boris)
    await visit.hang_up()
    await office.told(visit, boris, by=boris)
    await office.nothing_else()


async def test_hold_and_resume(office: Office) -> None:
    """It is one talk, and one card."""
    anna = await office.sits("anna")
    visit = await office.call("101")
    call = await anna.answers()
    await office.talk(visit, anna)
    await call.hold()
    await office.heard("Hold")
    await call.resume()
    await office.heard("Unhold")
    await visit.hang_up()
    contact = await office.told(visit, anna, by=anna)
    assert contact.talk_ms >= 1500
    await office.nothing_else()

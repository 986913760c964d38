"""A call that nobody takes goes on with the next leg of its way (on a real Asterisk)."""

from __future__ import annotations

import signal

import pytest

from callcore.crm.seeds import QUOTES_NUMBER
from callcore.domain import Outcome
from callcore.testing.lab import Answer, NeverAnswer

CUSTOMER = QUOTES_NUMBER.removeprefix("+")
"""His personal operators are Boris and Anna."""
VOICEMAILS = "SELECT topic, number FROM voicemails"


def way(*legs, **when):
    return {"rows": {"own": {"when": {"hours": "any", **when}, "to": list(legs)}}}


async def test_from_the_queue_to_the_office(open_hall):
    """D-60: two seconds in the queue, then the internal number, where somebody answers."""
    hall = await open_hall(
        finance=way(
            {"queue": "own", "max_wait": "2 s"}, {"number": "102", "rings": "10 s"}, {"voicemail": True}
        )
    )
    office = await hall.house.phone("102", Answer(after_seconds=0.2))
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await office.happened("answered")
    await call.hang_up()
    contact = await hall.contact()
    assert contact.outcome is Outcome.answered
    assert (contact.route, contact.queue) == ("finance.recalculation/own", "finance")


async def test_the_end_of_the_way_is_a_word(open_hall):
    """Nobody in the queue, nobody at the number: he leaves a message."""
    hall = await open_hall(
        finance=way(
            {"queue": "own", "max_wait": "1 s"}, {"number": "102", "rings": "1 s"}, {"voicemail": True}
        )
    )
    await hall.house.phone("102", NeverAnswer())
    call = await hall.dial("41")
    await hall.records()
    await call.speak(2.0)
    await call.hang_up()
    assert await hall.until_rows(VOICEMAILS) == [("finance.recalculation", "+79000000999")]
    assert (await hall.contact()).outcome is Outcome.voicemail


async def test_his_own_operator_first(open_hall):
    """Anna is on shift, and her phone rings before the queue knows of him; she does not answer."""
    hall = await open_hall(
        finance=way({"personal_operator": "2 s"}, {"queue": "expert"}, marks="personal_operator")
    )
    anna = await hall.house.phone("101", NeverAnswer())
    desk = await hall.house.operator("anna")
    await desk.open("PJSIP/101")
    await desk.ready()
    await hall.house.member("101", "Not in use")
    call = await hall.dial("41", number=CUSTOMER)
    await anna.happened("cancelled")
    await hall.waits_in("expert")
    await call.hang_up()
    contact = await hall.contact()
    assert contact.operators[0].login == "anna"
    assert contact.queue == "expert"


async def test_his_own_operator_answers(open_hall):
    hall = await open_hall(
        finance=way({"personal_operator": "10 s"}, {"queue": "own"}, marks="personal_operator")
    )
    anna = await hall.house.on_shift("anna", "101", Answer(after_seconds=0.2))
    call = await hall.dial("41", number=CUSTOMER)
    await anna.hears("card")
    await call.hang_up()
    contact = await hall.contact()
    assert (contact.outcome, contact.answered_by) == (Outcome.answered, "anna")
    assert contact.queue == "finance", "the first one on his way, though he never came there"


async def test_the_key_that_leads_out_of_the_queue(open_hall):
    hall = await open_hall(finance=way({"queue": "own"}), exit_by_key=True)
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await call.key("1")
    await hall.hears("Перезвонить?")
    await call.key("1")
    await call.ended(30)
    rows = await hall.until_rows("SELECT number, queue FROM follow_ups WHERE kind = 'wish'")
    assert rows == [("+79000000999", "finance")]
    assert (await hall.contact()).outcome is Outcome.callback_requested


async def test_left_by_key_and_gone(open_hall):
    hall = await open_hall(finance=way({"queue": "own"}), exit_by_key=True)
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await call.key("1")
    await hall.hears("Перезвонить?")
    await call.hang_up()
    assert (await hall.contact()).outcome is Outcome.left_by_key


async def test_another_daemon_goes_on(open_hall, monkeypatch):
    """Killed while he waits, and started again: the call is known, and comes to the next leg of its way."""
    hall = await open_hall(finance=way({"queue": "own", "max_wait": "60 s"}, {"voicemail": True}), runs=False)
    await hall.start_process()
    call = await hall.dial()
    for key in "41":
        await call.speak(1.5, is_loud=False)  # he listens
        await call.key(key)
    await hall.waits_in("finance")
    hall.stage.signal(signal.SIGKILL)
    await hall.start(monkeypatch)
    await hall.records()
    await call.speak(2.0)
    await call.hang_up()
    assert await hall.until_rows(VOICEMAILS) == [("finance.recalculation", "+79000000999")]
    contact = await hall.contact()
    assert contact.outcome is Outcome.voicemail
    assert contact.topic == "finance.recalculation"


async def test_without_a_daemon_the_static_queue_has_him(open_hall):
    hall = await open_hall(finance=way({"queue": "own", "max_wait": "2 s"}, {"voicemail": True}))
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await hall.stage.stop()
    await hall.waits_in("expert")
    await call.hang_up()


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_in_his_language_to_the_end(open_hall, language):
    hall = await open_hall(finance=way({"queue": "own", "max_wait": "1 s"}, {"voicemail": True}))
    call = await hall.dial("41" if language == "ru" else "941")
    await hall.hears("Говорите." if language == "ru" else "Speak.")
    await call.hang_up()
    assert (await hall.contact()).language == language

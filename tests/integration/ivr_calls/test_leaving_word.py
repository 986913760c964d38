"""Whoever finds nobody leaves word, and somebody has it on a list (on a real Asterisk)."""

from __future__ import annotations

import signal

import pytest

from callcore.domain import Outcome
from callcore.ivr.recorded import message_seconds

VOICEMAIL = {"closed_then": [{"voicemail": True}]}
CASES = "SELECT type, topic, number, comment FROM cases"
VOICEMAILS = "SELECT topic, number, ms, file, call FROM voicemails"


async def test_a_message_becomes_an_appeal(open_hall):
    """D-61: topic, number and sound; he is told that it is kept, and the contact says so."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41")
    await hall.records()
    await call.speak(2.0)
    await call.key("#")
    await call.ended(30)
    [(topic, number, ms, file, whose)] = await hall.until_rows(VOICEMAILS)
    assert (topic, number) == ("finance.recalculation", "+79000000999")
    assert 1500 < ms < 6000
    assert file == f"{whose}-1.wav"
    assert message_seconds(hall.recordings / file) == pytest.approx(ms / 1000, abs=0.1)
    [case] = await hall.until_rows(CASES)
    assert case[1] == "finance.recalculation"
    contact = await hall.contact()
    assert (contact.outcome, contact.call) == (Outcome.voicemail, whose)
    assert [
        words for words in hall.ear.begun if words in ("Закрыто.", "Говорите.", "Записано.", "Пока.")
    ] == [
        "Закрыто.",
        "Говорите.",
        "Записано.",
        "Пока.",
    ]
    assert not [*hall.recordings.glob("*.json")], "nothing waits any more"


async def test_who_hangs_up_while_he_speaks_has_left_his_word(open_hall):
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41")
    await hall.records()
    await call.speak(2.0)
    await call.hang_up()
    [(_topic, _number, ms, _file, _call)] = await hall.until_rows(VOICEMAILS)
    assert ms > 1000
    await hall.until_rows(CASES)
    assert (await hall.contact()).outcome is Outcome.voicemail


@pytest.mark.parametrize("is_silent", [True, False])
async def test_who_says_nothing_has_left_nothing(open_hall, is_silent):
    """An open line, and a hash at once."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41")
    await hall.records()
    if is_silent:
        await call.speak(20.0, is_loud=False)
    else:
        await call.key("#")
    await call.ended(30)
    assert (await hall.contact()).outcome is Outcome.closed
    assert await hall.rows(VOICEMAILS) == []
    assert await hall.rows(CASES) == []
    assert [*hall.recordings.iterdir()] == []


async def test_a_case_by_night(open_hall):
    """D-24 to D-26: asked in full and silent, he is asked for a name and a phone, and says them."""
    row = {
        "when": {"hours": "closed"},
        "to": [
            {"case": "prospect", "ask": {"ru": "Кто вы?", "en": "Who are you?"}},
            {"case": "call_me", "ask": {"ru": "Хотя бы имя?", "en": "A name at least?"}},
        ],
    }
    hall = await open_hall(closed=("finance",), finance={"rows": {"night": row}, "tests": []})
    call = await hall.dial("41")
    await hall.records()
    await call.key("#")
    await hall.hears("Хотя бы имя?")
    await hall.records()
    await call.speak(2.0)
    await call.key("#")
    await call.ended(30)
    [(type_, topic, number, _comment)] = await hall.until_rows(CASES)
    assert (type_, topic, number) == ("call_me", "finance.recalculation", "+79000000999")
    assert "Принято." in hall.ear.begun
    assert (await hall.contact()).outcome is Outcome.voicemail


async def test_a_wish_to_be_called_back(open_hall):
    """It stands on the queue's list, once for a number."""
    hall = await open_hall(
        closed=("finance",), finance={"closed_then": [{"call_back": True}, {"voicemail": True}]}
    )
    for nth in (1, 2):
        call = await hall.dial()
        await hall.menu(2 * nth - 1)
        await call.key("4")
        await hall.menu(2 * nth)
        await call.key("1")
        await hall.house.until(lambda nth=nth: said(hall, "Перезвонить?", nth))
        await call.key("1")
        await call.ended(30)
        await hall.house.contacts(nth)
    rows = await hall.until_rows("SELECT number, queue, topic, state FROM follow_ups WHERE kind = 'wish'")
    assert rows == [("+79000000999", "finance", "finance.recalculation", "open")]
    contacts = await hall.house.contacts(2)
    assert [contact.outcome for contact in contacts] == [Outcome.callback_requested] * 2


async def said(hall, words: str, times: int) -> bool:
    return hall.ear.begun.count(words) >= times


async def test_a_daemon_that_is_killed_while_he_speaks(open_hall, monkeypatch):
    """The caller comes into the static queue; what he said until then is adopted by the next life."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL, runs=False)
    await hall.start_process()
    call = await hall.dial()
    for key in "41":
        await call.speak(1.5, is_loud=False)  # he listens
        await call.key(key)
    await hall.records()
    await call.speak(3.0)
    hall.stage.signal(signal.SIGKILL)
    await call.speak(10.0, is_loud=False)  # Asterisk notices only when the recording ends, by his silence
    await hall.waits_in("expert")
    await call.hang_up()
    await hall.start(monkeypatch)
    [(topic, number, ms, _file, _call)] = await hall.until_rows(VOICEMAILS)
    assert (topic, number) == ("finance.recalculation", "+79000000999")
    assert ms > 2000
    [case] = await hall.until_rows(CASES)
    assert case[1] == "finance.recalculation"

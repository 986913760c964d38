"""A caller leaves word, and callcore is killed, he hangs up, or the disk refuses (on a real Asterisk)."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from callcore.domain import Outcome

from .test_leaving_word import CASES, VOICEMAIL, VOICEMAILS

MORTAL = str(Path(__file__).parents[1] / "editions" / "mortal.py")
OFFER = {"closed_then": [{"call_back": True}, {"voicemail": True}]}
CALL_BACKS = "SELECT number, queue, topic, state FROM follow_ups WHERE kind = 'wish'"


async def test_killed_when_the_tone_ends(open_hall, monkeypatch):
    """What he says after that is recorded by Asterisk, and is the next life's."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL, runs=False)
    await hall.start_process()
    call = await hall.dial()
    for key in "41":
        await call.speak(1.5, is_loud=False)
        await call.key(key)
    await hall.records()
    hall.stage.signal(signal.SIGKILL)
    await call.speak(3.0)
    await call.speak(10.0, is_loud=False)
    await hall.waits_in("expert")
    await call.hang_up()
    await hall.start(monkeypatch)
    [(topic, number, ms, _file, _call)] = await hall.until_rows(VOICEMAILS)
    assert (topic, number) == ("finance.recalculation", "+79000000999")
    assert ms > 2000
    await hall.until_rows(CASES)
    assert len(await hall.rows(VOICEMAILS)) == 1
    assert not [*hall.recordings.glob("*.json")]


async def test_killed_while_the_slip_is_written(open_hall, monkeypatch):
    """Nothing was promised: he comes into the static queue, and no half stays behind."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL, runs=False)
    armed = hall.folder / "armed"
    armed.touch()
    await hall.stage.start_process(script=(MORTAL, str(armed), "os.rename", "-1.json"))
    await hall.is_up()
    call = await hall.dial()
    for key in "41":
        await call.speak(1.5, is_loud=False)
        await call.key(key)
    await hall.stage.process.wait()
    assert [name.rpartition("-")[2] for name in os.listdir(hall.recordings)] == ["1.part"]
    await hall.waits_in("expert")
    await hall.start(monkeypatch)
    assert os.listdir(hall.recordings) == []
    await call.hang_up()
    contact = await hall.contact()
    assert (contact.outcome, contact.queue) == (Outcome.abandoned_queue, "expert")
    assert await hall.rows(VOICEMAILS) == []


@pytest.mark.parametrize("words", ["Закрыто.", "Говорите.", "Записано.", "Пока."])
async def test_he_hangs_up_at_each_word(open_hall, words):
    """Before the tone he has left nothing; after it all that he said, once."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41")
    if words in ("Записано.", "Пока."):
        await hall.records()
        await call.speak(2.0)
        await call.key("#")
    await hall.hears(words)
    await call.hang_up()
    contact = await hall.contact()
    if words in ("Записано.", "Пока."):
        await hall.until_rows(CASES)
        assert len(await hall.rows(VOICEMAILS)) == 1
        assert contact.outcome is Outcome.voicemail
    else:
        assert await hall.rows(VOICEMAILS) == []
        assert contact.outcome is Outcome.closed
        assert [*hall.recordings.iterdir()] == []


@pytest.mark.parametrize("words", ["Перезвонить?", "Перезвоним.", "Пока."])
async def test_he_hangs_up_at_each_word_of_the_offer(open_hall, words):
    """Once the key is pressed he is on the list."""
    hall = await open_hall(closed=("finance",), finance=OFFER)
    call = await hall.dial("41")
    await hall.hears("Перезвонить?")
    if words != "Перезвонить?":
        await call.key("1")
        await hall.hears(words)
    await call.hang_up()
    contact = await hall.contact()
    if words == "Перезвонить?":
        assert await hall.rows(CALL_BACKS) == []
        assert contact.outcome is not Outcome.callback_requested
    else:
        await hall.until_rows(CALL_BACKS)
        assert contact.outcome is Outcome.callback_requested
    assert not [*hall.recordings.glob("*")]


async def test_the_key_and_the_receiver_at_once(open_hall):
    """He is either on the list and told so by the contact, or neither."""
    hall = await open_hall(closed=("finance",), finance=OFFER)
    call = await hall.dial("41")
    await hall.hears("Перезвонить?")
    await asyncio.gather(call.key("1"), call.hang_up(), return_exceptions=True)
    contact = await hall.contact()
    await hall.house.until(lambda: is_handed_in(hall.recordings))
    rows = await hall.rows(CALL_BACKS)
    assert (contact.outcome is Outcome.callback_requested) == (len(rows) == 1)


async def is_handed_in(folder: Path) -> bool:
    return not any(name.endswith(".json") for name in os.listdir(folder))


async def test_a_flood_of_keys_into_a_message(open_hall):
    """Asterisk leaves out what is said while keys sound; what is said after them is a message."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41", has_key_events=True)
    await hall.records()
    await call.hammer("0123456789*" * 3)
    await call.speak(10.0)
    await call.key("#")
    await hall.hears("Записано.")
    await call.hang_up()
    [(_topic, _number, ms, _file, _call)] = await hall.until_rows(VOICEMAILS)
    assert ms > 1000
    assert (await hall.contact()).outcome is Outcome.voicemail


async def test_hundreds_of_keys_and_he_is_gone(open_hall):
    """He is a contact like any other, and leaves nothing half-done."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL)
    call = await hall.dial("41")
    await hall.records()
    await call.hammer("0123456789*" * 30)
    await call.hang_up()
    assert (await hall.contact()).outcome in (Outcome.closed, Outcome.voicemail)
    await hall.house.until(lambda: is_handed_in(hall.recordings))


async def test_no_folder_for_recordings(open_hall, monkeypatch):
    """A file stands in its place: he hears no promise, and comes to where somebody has him."""
    hall = await open_hall(closed=("finance",), finance=VOICEMAIL, runs=False)
    hall.recordings.write_text("a file")
    await hall.start(monkeypatch)
    call = await hall.dial("41")
    await hall.waits_in("expert")
    await call.hang_up()
    contact = await hall.contact()
    assert (contact.outcome, contact.queue) == (Outcome.abandoned_queue, "expert")
    assert "Записано." not in hall.ear.begun


async def test_a_full_disk_under_a_call_back(open_hall, monkeypatch):
    """His wish cannot be noted, so he is not told that it is; somebody has him in the end."""
    hall = await open_hall(closed=("finance",), finance=OFFER)
    call = await hall.dial("41")
    await hall.hears("Перезвонить?")
    hall.recordings.rmdir()
    hall.recordings.write_text("a file")
    await call.key("1")
    await hall.waits_in("expert")
    await call.hang_up()
    contact = await hall.contact()
    assert contact.outcome is Outcome.abandoned_queue
    assert "Перезвоним." not in hall.ear.begun

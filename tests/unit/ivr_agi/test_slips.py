"""What callers leave behind survives the daemon, the database and half a recording."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callcore.domain import CallId, CustomerId, PbxName
from callcore.ivr.ports import Caller, Message
from callcore.ivr.recorded import message_seconds
from callcore.ivr.slips import GROWING, LATE, Slips

from .floor_stub import TOPIC, House, write_speech

CALLER = Caller(CallId("c1"), PbxName("main"), "+79161234567", "en", TOPIC, CustomerId(7))


class Room:
    """A folder of recordings, and the daemons that live there one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.house = House()
        self.passed = timedelta()
        self.slips = self.next_life()

    def next_life(self) -> Slips:
        self.slips = Slips(self.folder, self.house, lambda: datetime.now(UTC) + self.passed)
        self.slips.open()
        return self.slips

    def files(self) -> set[str]:
        return {each.name for each in self.folder.iterdir()}

    def kept(self) -> list[tuple[str, CallId]]:
        return [(what, caller.call) for what, caller, _ in self.house.kept]


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path / "recordings")


async def test_a_message_from_the_tone_to_the_house(room):
    slip = await room.slips.begin("message", CALLER, has_sound=True)
    assert room.files() == {"c1-1.json"}
    assert (room.folder / "c1-1.json").stat().st_mode & 0o077 == 0
    write_speech(room.folder / slip.recording, 4.0)
    message = await room.slips.message(slip, 4.0)
    assert message == Message("c1-1.wav", pytest.approx(4.0))
    await room.slips.hand_in()
    assert room.kept() == [], "he is still on the line, and may make a case of it"
    room.slips.let_go(slip)
    await room.slips.hand_in()
    assert room.house.kept == [("message", CALLER, message)]
    assert room.files() == {"c1-1.wav"}
    await room.slips.hand_in()
    assert len(room.kept()) == 1


async def test_a_daemon_that_was_killed_while_he_spoke(room):
    """The next one adopts the recording; not while Asterisk may still be writing."""
    slip = await room.slips.begin("message", CALLER, has_sound=True)
    write_speech(room.folder / slip.recording, 3.0)
    room.next_life()
    await room.slips.hand_in()
    assert room.kept() == [], "written to a moment ago"
    room.passed = GROWING + timedelta(seconds=1)
    await room.slips.hand_in()
    assert room.kept() == [("message", "c1")]
    assert room.house.kept[0][1] == CALLER


async def test_a_daemon_that_was_killed_while_it_wrote_a_slip(room):
    """The half goes: nothing was promised yet. Whole ones and their sounds stay."""
    slip = await room.slips.begin("message", CALLER, has_sound=True)
    write_speech(room.folder / slip.recording, 3.0)
    (room.folder / "c2-1.part").write_text('{"name": "c2-1", "kind": "mess')
    room.next_life()
    assert room.files() == {"c1-1.json", "c1-1.wav"}


async def test_a_disk_that_fills_while_a_slip_is_written(room, monkeypatch):
    """Nothing of it stays to be swept up by somebody."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await room.slips.begin("message", CALLER)
    assert room.files() == set()


async def test_a_recording_that_comes_late_or_never(room):
    """The folder may be another machine's: the sound has an hour."""
    await room.slips.begin("message", CALLER, has_sound=True)
    room.next_life()
    await room.slips.hand_in()
    assert room.files() == {"c1-1.json"}
    room.passed = LATE + timedelta(minutes=1)
    await room.slips.hand_in()
    assert (room.kept(), room.files()) == ([], set())


async def test_a_case_whose_recording_never_came_is_a_case_all_the_same(room):
    slip = await room.slips.begin("case", CALLER, what="prospect", has_sound=True)
    room.slips.let_go(slip)
    room.passed = LATE + timedelta(minutes=1)
    await room.slips.hand_in()
    assert room.house.kept == [("prospect", CALLER, None)]


@pytest.mark.parametrize("kind", ["case", "call_back"])
async def test_a_database_that_is_away(room, kind):
    """It is tried again and again, and complained of once."""
    room.house.knows["keep"] = ConnectionError("gone")
    room.slips.let_go(await room.slips.begin(kind, CALLER, what="finance"))
    for _ in range(3):
        await room.slips.hand_in()
    assert room.slips.waiting == 1
    room.house.knows.clear()
    room.next_life()
    await room.slips.hand_in()
    assert room.kept() == [("finance" if kind == "case" else "call_back", "c1")]
    assert room.slips.waiting == 0


async def test_one_that_cannot_be_handed_in_is_in_nobodys_way(room):
    (room.folder / "a-1.json").write_text("not a slip", encoding="utf-8")
    (room.folder / "b-1.json").write_text(json.dumps({"name": "b-1"}), encoding="utf-8")
    room.slips.let_go(await room.slips.begin("call_back", CALLER, what="finance"))
    await room.slips.hand_in()
    assert room.kept() == [("call_back", "c1")]
    assert room.files() == {"a-1.json", "b-1.json"}


async def test_two_messages_of_one_call_are_two_files(room):
    first = await room.slips.begin("message", CALLER, has_sound=True)
    second = await room.slips.begin("message", CALLER, has_sound=True)
    assert (first.recording, second.recording) == ("c1-1.wav", "c1-2.wav")


@pytest.mark.parametrize("call", ["", "../x", "a b", "A", "x" * 65])
async def test_no_call_names_a_file_elsewhere(room, call):
    caller = Caller(CallId(call), PbxName("main"), None, "ru", TOPIC)
    with pytest.raises(OSError, match="no name"):
        await room.slips.begin("message", caller)
    assert room.files() == set()


@pytest.mark.parametrize("name", ["../settings", "c2-1"])
async def test_a_slip_leads_to_no_other_file(room, name):
    """Others write into this folder too: what is deleted in the end goes by the file, not by what it says."""
    others = [room.folder / f"{name}{end}" for end in (".json", ".wav")]
    for other in others:
        other.write_text("precious", encoding="utf-8")
    slip = await room.slips.begin("call_back", CALLER, what="finance")
    file = room.folder / f"{slip.name}.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "name": name, "has_sound": True}))
    room.next_life()
    room.passed = LATE + timedelta(minutes=1)
    await room.slips.hand_in()
    assert [other.read_text() for other in others] == ["precious"] * 2
    assert room.kept() == []


async def test_nothing_said_leaves_nothing(room):
    slip = await room.slips.begin("message", CALLER, has_sound=True)
    write_speech(room.folder / slip.recording, 0.5)
    assert await room.slips.message(slip, 0.5) is None
    await room.slips.discard(slip)
    assert room.files() == set()


async def test_a_recording_on_another_machine_counts_by_what_asterisk_says(room):
    slip = await room.slips.begin("message", CALLER, has_sound=True)
    assert await room.slips.message(slip, 0.9) is None
    assert await room.slips.message(slip, 5.0) == Message("c1-1.wav", 5.0)


async def test_let_go_is_handed_in_at_once(room):
    """Nobody waits for the next turn."""
    work = asyncio.create_task(room.slips.run())
    room.slips.let_go(await room.slips.begin("call_back", CALLER, what="finance"))
    async with asyncio.timeout(5):
        while not room.kept():  # noqa: ASYNC110 - any condition at all
            await asyncio.sleep(0.01)
    work.cancel()


async def test_a_folder_that_cannot_be_had(tmp_path):
    """It costs messages, not calls."""
    (tmp_path / "file").write_text("")
    slips = Slips(tmp_path / "file" / "recordings", House(), lambda: datetime.now(UTC))
    slips.open()
    with pytest.raises(OSError, match="file"):
        await slips.begin("message", CALLER)
    await slips.hand_in()
    assert slips.waiting == 0


@pytest.mark.parametrize(
    ("seconds", "peak", "is_message"),
    [(0.99, 8000, False), (1.0, 8000, True), (60.0, 8000, True), (5.0, 100, False), (5.0, 0, False)],
)
def test_what_a_message_is(tmp_path, seconds, peak, is_message):
    """A second of sound, and somebody to be heard: the noise of a line is nobody."""
    file = tmp_path / "a.wav"
    write_speech(file, seconds, peak=peak)
    found = message_seconds(file)
    assert found == (pytest.approx(seconds, abs=0.01) if is_message else None)


def test_a_recording_that_was_cut_off(tmp_path):
    """Asterisk died in the middle: the header says nothing, the last sample is half."""
    file = tmp_path / "a.wav"
    write_speech(file, 3.0)
    data = bytearray(file.read_bytes())
    data[4:8] = data[40:44] = bytes(4)
    file.write_bytes(bytes(data[:-1]))
    assert message_seconds(file) == pytest.approx(3.0, abs=0.01)
    os.truncate(file, 20)
    assert message_seconds(file) is None

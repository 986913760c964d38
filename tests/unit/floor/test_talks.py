"""Recordings on the line: what is stored, what the PBX is told, and in which order."""

from __future__ import annotations

import wave
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcore.ami.client import LinkDown
from callcore.ami.protocol import AmiAction
from callcore.calls.facts import ChannelHungUp, LineOrdered, LiveChannel, RecordingBegan, Snapshot
from callcore.calls.line import Do
from callcore.domain import CallId, ChannelId, ChannelRef, Login, PbxName, QueueName, RecordMode
from callcore.floor.talks import BEGINS_IN, LATE, Rules, Talks
from callcore.floor.wav_files import whole_ms
from callcore.ivr.ports import TalkToRecord
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import NotStored, StoreUnavailable
from callcore.store.recordings import NewRecording, Recording, Span

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MAIN = PbxName("main")
CHANNEL = ChannelRef(MAIN, ChannelId("1795.1"))
CALL = CallId("c1")
LIVING = Snapshot(MAIN, 1, (LiveChannel(CHANNEL, "PJSIP/x", "Up", *[None] * 4, 0, *[None] * 3),), (), ())
ANNA = Login("anna")
FINANCE = QueueName("finance")
SOUND = b"\0" * (44 + 16 * 4200)


class Store:
    """``Recordings`` in memory; ``is_away``: it raises."""

    def __init__(self, told: list[object]) -> None:
        self.rows: dict[str, Recording] = {}
        self.is_away = False
        self.gone: list[int] = []
        self._told = told

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away")

    async def begin(self, new: NewRecording, at: datetime) -> Recording:
        self._check()
        is_auto = new.mode is RecordMode.auto
        row = Recording(
            len(self.rows) + 1,
            new.token,
            new.call,
            new.pbx,
            new.channel,
            new.queue,
            new.mode,
            "" if new.is_refused else f"{new.token}.wav",
            new.said_at,
            "words" if new.said_at else None,
            None,
            new.words,
            new.edition,
            at if new.is_refused else None,
            at,
            None,
            0,
            (Span(at, is_auto, "words" if is_auto else "start"),),
            None,
        )
        self.rows[new.token] = row
        return row

    async def turn(
        self, token: str, at: datetime, *, on: bool, why: Any, login: Login | None = None
    ) -> Recording:
        self._check()
        row = self.rows[token]
        if row.ended_at is not None:
            raise NotStored("over", "кончилась")
        self._told.append(("stored", on, why))
        self.rows[token] = replace(
            row, spans=(*row.spans, Span(at, on, why, login)), consent_at=row.consent_at or at
        )
        return self.rows[token]

    async def bind(self, token: str, channel: ChannelId) -> Recording:
        self._check()
        self.rows[token] = replace(self.rows[token], channel=channel)
        return self.rows[token]

    async def end(self, token: str, at: datetime, ms: int) -> Recording:
        self._check()
        row = self.rows[token]
        gone_at = None if ms and row.was_on else at
        self.rows[token] = replace(row, ended_at=at, ms=ms, deleted_at=gone_at)
        return self.rows[token]

    async def to_remove(self, after: int = 0) -> tuple[tuple[int, str], ...]:
        return tuple((row.id, row.file) for row in self.rows.values() if row.deleted_at and row.id > after)

    async def removed(self, ids: list[int]) -> None:
        self.gone += ids

    async def open(self) -> tuple[Recording, ...]:
        return tuple(row for row in self.rows.values() if row.is_open)


class Link:
    def __init__(self, told: list[object]) -> None:
        self.is_down = False
        self._told = told

    async def call(self, action: AmiAction, timeout: float = 5.0) -> Any:  # noqa: ASYNC109
        if self.is_down:
            raise LinkDown("no link")
        self._told.append((action.name, *(value for _, value in action.headers)))


class Room:
    def __init__(self, folder: Path) -> None:
        self.told: list[object] = []
        self.shown: list[tuple[str, str]] = []
        self.store, self.link = Store(self.told), Link(self.told)
        self.now = T0
        self.folder = folder
        self.rules = Rules({FINANCE: RecordMode.auto}, pause=timedelta(seconds=20))
        self.talks = self.another()

    def another(self) -> Talks:
        """The next life of the daemon."""
        return Talks(
            self.store,  # type: ignore[arg-type]
            {MAIN: self.link},
            self.folder,
            lambda: self.rules,
            lambda: self.now,
            lambda call, state: self.shown.append((call, state)),
        )

    async def begin(
        self, mode: RecordMode = RecordMode.auto, *, is_recorded: bool = True, **more: Any
    ) -> str:
        """``is_recorded``: Asterisk says so."""
        said_at = self.now if mode is RecordMode.auto else None
        words = "Разговор записывается." if said_at else ""
        token = await self.talks.begin(TalkToRecord(CALL, CHANNEL, FINANCE, mode, words, said_at, **more))
        assert token is not None
        if is_recorded:
            self.talks.take_fact(RecordingBegan(CHANNEL))
        return token

    async def later(self, seconds: float) -> None:
        """So much time passes, and what is due is done."""
        self.now += timedelta(seconds=seconds)
        for row in list(self.talks._live.values()):
            await self.talks._attend(row)

    async def turn(self, do: Any, *, is_announced: bool = False) -> None:
        await self.talks.turn(ANNA, CALL, do, is_announced=is_announced)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


MUTE = ("MixMonitorMute", "1795.1", "both", "1")
OPEN = ("MixMonitorMute", "1795.1", "both", "0")


async def test_what_is_not_noted_is_not_recorded(room: Room) -> None:
    room.store.is_away = True
    talk = TalkToRecord(CALL, CHANNEL, FINANCE, RecordMode.auto, "words", T0)
    assert await room.talks.begin(talk) is None
    assert room.shown == []


async def test_a_refusal_is_noted_and_nothing_begins(room: Room) -> None:
    talk = TalkToRecord(CALL, CHANNEL, FINANCE, RecordMode.auto, "words", T0, is_refused=True)
    assert await room.talks.begin(talk) is None
    assert [row.refused_at for row in room.store.rows.values()] == [T0]
    with pytest.raises(DeskRefused, match="not_recording"):
        await room.turn("record", is_announced=True)


async def test_silence_comes_before_the_word_of_it(room: Room) -> None:
    await room.begin()
    await room.turn("record_pause")
    await room.turn("record_pause")
    assert room.told == [MUTE, ("stored", False, "card")], "a repeat changes nothing"
    await room.turn("record_resume")
    assert room.told[2:] == [("stored", True, "operator"), OPEN], "the word comes before the sound"
    assert [state for _, state in room.shown] == ["", "on", "paused", "on"]


async def test_a_pause_that_cannot_be_stored_is_silent_all_the_same(room: Room) -> None:
    token = await room.begin()
    room.store.is_away = True
    await room.turn("record_pause")
    assert (room.told, room.shown[-1]) == ([MUTE], ("c1", "paused"))
    with pytest.raises(DeskRefused, match="store_down"):
        await room.turn("record_resume")
    assert room.told == [MUTE]
    assert room.store.rows[token].is_on, "the row knows nothing of it"


async def test_a_pause_that_the_pbx_does_not_hear_is_refused(room: Room) -> None:
    token = await room.begin()
    room.link.is_down = True
    with pytest.raises(DeskRefused, match="pbx_down"):
        await room.turn("record_pause")
    assert room.store.rows[token].is_on
    assert room.shown == [("c1", ""), ("c1", "on")]


async def test_a_forgotten_pause_is_over_by_itself_and_once(room: Room) -> None:
    token = await room.begin()
    await room.turn("record_pause")
    await room.later(19)
    assert room.told[-1] == ("stored", False, "card")
    await room.later(2)
    await room.later(100)
    assert room.told[2:] == [OPEN, ("stored", True, "time")]
    assert room.store.rows[token].is_on


async def test_on_demand_nobody_is_recorded_untold(room: Room) -> None:
    token = await room.begin(RecordMode.demand)
    assert await room.talks.silence(CHANNEL, token)
    assert not await room.talks.silence(ChannelRef(MAIN, ChannelId("other")), token)
    assert not await room.talks.silence(CHANNEL, "f" * 32)
    with pytest.raises(DeskRefused, match="not_announced"):
        await room.turn("record")
    assert room.told == [MUTE]
    await room.turn("record", is_announced=True)
    assert room.told[1:] == [("stored", True, "operator"), OPEN]
    await room.turn("record_pause")
    await room.turn("record_resume")
    assert room.shown[-1] == ("c1", "on"), "who was told once need not be told again"


async def test_what_cannot_be_silenced_is_over(room: Room) -> None:
    """The dialplan stops it: an operator who opened it would believe that it runs."""
    token = await room.begin(RecordMode.demand)
    room.link.is_down = True
    assert not await room.talks.silence(CHANNEL, token)
    room.link.is_down = False
    assert room.shown[-1] == ("c1", "")
    with pytest.raises(DeskRefused, match="not_recording"):
        await room.turn("record", is_announced=True)


async def test_who_was_not_taken_is_recorded_anew(room: Room) -> None:
    first = await room.begin()
    room.talks.left(CallId("c2"))
    assert room.shown[-1] == ("c1", "on")
    room.talks.left(CALL)
    assert room.shown[-1] == ("c1", "")
    second = await room.begin()
    await room.turn("record_pause")
    assert room.store.rows[first].is_on
    assert not room.store.rows[second].is_on


async def test_what_cannot_be_opened_is_stored_as_silent(room: Room) -> None:
    token = await room.begin(RecordMode.demand)
    room.link.is_down = True
    with pytest.raises(DeskRefused, match="pbx_down"):
        await room.turn("record", is_announced=True)
    assert room.told == [("stored", True, "operator"), ("stored", False, "operator")]
    assert not room.store.rows[token].is_on


async def test_the_end_is_noted_when_the_file_is_whole(room: Room) -> None:
    token = await room.begin()
    (room.folder / f"{token}.wav").write_bytes(SOUND)
    await room.later(60)
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    assert room.shown[-1] == ("c1", "")
    with pytest.raises(DeskRefused, match="not_recording"):
        await room.turn("record_pause")
    await room.later(1)
    assert room.store.rows[token].ended_at is None
    await room.later(2)
    row = room.store.rows[token]
    assert (row.ended_at, row.ms) == (T0 + timedelta(seconds=60), 4200)


async def test_what_nobody_opened_goes_at_once(room: Room) -> None:
    token = await room.begin(RecordMode.demand)
    (room.folder / f"{token}.wav").write_bytes(SOUND)
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    await room.later(3)
    assert not (room.folder / f"{token}.wav").exists()
    assert room.store.gone == [1]


async def test_an_end_that_cannot_be_stored_is_tried_again(room: Room) -> None:
    token = await room.begin()
    (room.folder / f"{token}.wav").write_bytes(SOUND)
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    room.store.is_away = True
    await room.later(3)
    room.store.is_away = False
    await room.later(30)
    assert room.store.rows[token].ms == 4200


async def test_a_file_may_come_late_from_another_host(room: Room) -> None:
    token = await room.begin()
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    await room.later(60)
    assert room.store.rows[token].ended_at is None
    await room.later(LATE.total_seconds())
    assert (room.store.rows[token].ended_at, room.store.rows[token].ms) == (T0, 0)


async def test_who_hangs_up_while_it_is_noted(room: Room) -> None:
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    token = await room.begin()
    (room.folder / f"{token}.wav").write_bytes(SOUND[:44])
    await room.later(3)
    assert room.store.rows[token].ended_at == T0


@pytest.mark.parametrize("lives", [True, False])
async def test_the_next_life_goes_on(room: Room, lives: bool) -> None:
    token = await room.begin()
    await room.turn("record_pause")
    (room.folder / f"{token}.wav").write_bytes(SOUND)
    room.talks, room.shown = room.another(), []
    await room.talks.start()
    assert room.shown == [("c1", "paused")]
    snapshot = Snapshot(MAIN, 1, (), (), ())
    if lives:
        room.talks.take_fact(replace(snapshot, pbx=PbxName("other")))
    else:
        room.talks.take_fact(snapshot)
    await room.later(21)
    row = room.store.rows[token]
    assert (row.is_on, row.ended_at is not None) == ((True, False) if lives else (False, True))


async def test_a_pbx_that_is_gone_from_the_settings_ends_its_recordings(room: Room) -> None:
    token = await room.begin()
    room.store.rows[token] = replace(room.store.rows[token], pbx=PbxName("old"))
    (room.folder / f"{token}.wav").write_bytes(SOUND)
    room.talks = room.another()
    await room.talks.start()
    await room.later(3)
    assert room.store.rows[token].ms == 4200


# --- whether Asterisk records at all


async def test_it_is_shown_once_asterisk_has_begun(room: Room) -> None:
    await room.begin(is_recorded=False)
    assert {state for _call, state in room.shown} == {""}
    room.talks.take_fact(RecordingBegan(ChannelRef(MAIN, ChannelId("other"))))
    assert room.shown[-1] == (CALL, "")
    room.talks.take_fact(RecordingBegan(CHANNEL))
    assert room.shown[-1] == (CALL, "on")


async def test_what_asterisk_never_began_is_told_and_not_shown(room: Room) -> None:
    """A late word of it is believed; its end does not wait for a file."""
    token = await room.begin(is_recorded=False)
    await room.later(BEGINS_IN.total_seconds() + 1)
    assert room.talks.missing == 1
    assert room.shown[-1] == (CALL, "")
    room.talks.take_fact(RecordingBegan(CHANNEL))
    assert room.shown[-1] == (CALL, "on")
    await room.begin(is_recorded=False)
    await room.later(BEGINS_IN.total_seconds() + 1)
    assert room.talks.missing == 2, "each has a beginning of its own"
    assert token in room.store.rows


async def test_its_end_does_not_wait_for_a_file_that_nobody_writes(room: Room) -> None:
    token = await room.begin(is_recorded=False)
    await room.later(10)
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    await room.later(3)
    assert room.talks.missing == 1
    assert room.store.rows[token].deleted_at is not None


async def test_who_hangs_up_at_once_is_no_alarm(room: Room) -> None:
    await room.begin(is_recorded=False)
    room.talks.take_fact(ChannelHungUp(CHANNEL, 16))
    await room.later(3)
    assert room.talks.missing == 0


async def test_what_was_told_while_the_link_was_away_is_believed(room: Room) -> None:
    await room.begin(is_recorded=False)
    room.talks.take_fact(LIVING)
    assert room.shown[-1] == (CALL, "on")
    await room.later(BEGINS_IN.total_seconds() + 1)
    assert room.talks.missing == 0


async def test_a_pause_is_over_when_the_caller_is_taken_off_hold(room: Room) -> None:
    """But for one that an operator has made by hand it stays."""
    await room.begin()
    await room.turn("record_pause")
    room.talks.take_fact(LineOrdered(CALL, ANNA, Do.hold))
    await room.later(1)
    assert room.shown[-1] == (CALL, "paused")
    room.talks.take_fact(LineOrdered(CALL, ANNA, Do.resume))
    await room.later(1)
    assert room.shown[-1] == (CALL, "on")
    await room.turn("record_pause")
    await room.later(1)
    assert room.shown[-1] == (CALL, "paused"), "the next pause is its own"


# --- a placed call


@pytest.mark.parametrize("queue", ["", FINANCE])
async def test_of_a_placed_call_the_called_side_is_recorded(room: Room, queue: QueueName) -> None:
    """Its channel is known when it asks to be silenced; once."""
    other = ChannelRef(MAIN, ChannelId("1795.7"))
    talk = TalkToRecord(CALL, CHANNEL, queue, RecordMode.demand, is_placed=True)
    token = await room.talks.begin(talk)
    assert token is not None
    assert await room.talks.silence(other, token)
    assert room.told == [("MixMonitorMute", "1795.7", "both", "1")]
    assert room.shown[-1] == (CALL, "ready")
    assert not await room.talks.silence(CHANNEL, token), "it is bound"
    with pytest.raises(DeskRefused) as refused:
        await room.turn("record")
    assert refused.value.code == "not_announced"
    await room.turn("record", is_announced=True)
    assert room.told[-1] == ("MixMonitorMute", "1795.7", "both", "0")
    room.talks.take_fact(ChannelHungUp(other, 16))
    await room.later(3)
    assert room.shown[-1] == (CALL, "")


async def test_a_placed_call_whose_channel_cannot_be_stored(room: Room) -> None:
    talk = TalkToRecord(CALL, CHANNEL, FINANCE, RecordMode.demand, is_placed=True)
    token = await room.talks.begin(talk)
    assert token is not None
    room.store.is_away = True
    assert not await room.talks.silence(ChannelRef(MAIN, ChannelId("1795.7")), token)
    assert room.told == []


# --- files of an Asterisk that was killed


def test_a_length_that_asterisk_did_not_write_is_made_good(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "x.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x01\x02" * 8000)
    whole = (tmp_path / "x.wav").read_bytes()
    cut = whole[:4] + bytes(4) + whole[8:40] + bytes(4) + whole[44:]
    (tmp_path / "x.wav").write_bytes(cut)
    assert whole_ms(tmp_path / "x.wav") == 1000
    assert (tmp_path / "x.wav").read_bytes() == whole
    assert whole_ms(tmp_path / "x.wav") == 1000
    assert (tmp_path / "x.wav").read_bytes() == whole
    assert whole_ms(tmp_path / "none.wav") is None
    (tmp_path / "odd.wav").write_bytes(b"no sound at all" * 9)
    assert whole_ms(tmp_path / "odd.wav") == (135 - 44) // 16
    assert (tmp_path / "odd.wav").read_bytes() == b"no sound at all" * 9

"""Talks are recorded with the caller's consent, or not at all (on a real Asterisk)."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callcore.floor.talks import Talks
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.operator import ApiOperator, Refused

ROWS = (
    "SELECT mode, consent_how, consent_by, consent_words, refused_at, file, ms, spans, ended_at, deleted_at "
    "FROM recordings ORDER BY id"
)
WORDS = "Разговор записывается. Если вы против записи, нажмите 3."
WINDOW = 4000
"""Samples: half a second."""
LOUD = 330


def queue(record: str, **recordings: Any) -> dict[str, Any]:
    title = {"ru": "Расчёты", "en": "Finance"}
    made = {"queues": {"finance": {"title": title, "record": record}}}
    return {**made, **({"recordings": recordings} if recordings else {})}


def heard(file: Path) -> list[bool]:
    """Sound and silence in turn, each for a second at least."""
    samples = array("h", file.read_bytes()[44:][: (file.stat().st_size - 44) // 2 * 2])
    windows = [max(map(abs, samples[at : at + WINDOW])) > LOUD for at in range(0, len(samples), WINDOW)]
    runs = [(is_loud, len([*run])) for is_loud, run in itertools.groupby(windows)]
    long = [is_loud for is_loud, count in runs if count >= 2]
    return [is_loud for is_loud, _ in itertools.groupby(long)]


@dataclass
class Talk:
    """Somebody and Anna."""

    hall: Any
    caller: SoftCall
    leg: SoftCall
    anna: ApiOperator
    call: str

    async def both_speak(self, seconds: float) -> None:
        await asyncio.gather(self.caller.speak(seconds), self.leg.speak(seconds))

    async def order(self, do: str, **fields: str) -> None:
        await self.anna.order(do, call=self.call, **fields)

    async def row(self) -> dict[str, Any]:
        """Of the recording, once the talk is over."""
        await self.caller.hang_up()
        names = ROWS.removeprefix("SELECT ").partition(" FROM")[0].split(", ")

        async def is_over() -> bool:
            return all(row[8] is not None for row in await self.hall.rows(ROWS))

        await self.hall.house.until(is_over)
        [row] = await self.hall.rows(ROWS)
        found = dict(zip(names, row, strict=True))
        return {**found, "spans": [(span["on"], span["why"]) for span in json.loads(found["spans"])]}


async def no_sound(hall: Any) -> None:
    """Nothing lies in the folder any more."""

    async def is_gone() -> bool:
        return [*hall.recordings.glob("*.wav")] == []

    await hall.house.until(is_gone)


async def anna_works(hall: Any) -> tuple[Softphone, ApiOperator]:
    lab = hall.stage.lab
    phone = await hall.stack.enter_async_context(Softphone("101", lab.phone_port("101"), lab.sip_port))
    anna = await hall.house.operator("anna")
    await anna.open("PJSIP/101")
    await anna.ready()
    await hall.house.member("101", "Not in use")
    return phone, anna


async def talk(hall: Any, keys: str = "41") -> Talk:
    phone, anna = await anna_works(hall)
    caller = await hall.dial(keys)
    return await taken(hall, phone, anna, caller)


async def taken(hall: Any, phone: Softphone, anna: ApiOperator, caller: SoftCall) -> Talk:
    leg = await phone.incoming()
    await leg.answer()
    card = await anna.hears("card")
    return Talk(hall, caller, leg, anna, card["data"]["call"]["call"])


@pytest.mark.parametrize("version", [22, 16])
async def test_by_itself_and_silent_while_a_card_is_read(open_hall, version):
    hall = await open_hall(settings=queue("auto"), version=version)
    talking = await talk(hall)
    assert "Разговор записывается." in hall.ear.begun
    await talking.both_speak(2.0)
    await talking.order("record_pause")
    await talking.both_speak(3.0)
    await talking.order("record_resume")
    await talking.both_speak(2.0)
    row = await talking.row()
    assert (row["mode"], row["consent_how"], row["consent_words"]) == ("auto", "words", WORDS)
    assert row["spans"] == [(True, "words"), (False, "card"), (True, "operator")]
    file = hall.recordings / row["file"]
    assert heard(file) == [True, False, True]
    assert row["ms"] == (file.stat().st_size - 44) // 16
    assert [each.name for each in hall.recordings.glob("*.wav")] == [row["file"]]


async def test_a_pause_ends_by_itself(open_hall):
    hall = await open_hall(settings=queue("auto", pause_seconds=5))
    talking = await talk(hall)
    await talking.both_speak(1.5)
    await talking.order("record_pause")
    await talking.both_speak(8.5)
    row = await talking.row()
    assert row["spans"] == [(True, "words"), (False, "card"), (True, "time")]
    assert heard(hall.recordings / row["file"]) == [True, False, True]


async def test_who_refuses_is_not_recorded(open_hall):
    hall = await open_hall(settings=queue("auto"))
    phone, anna = await anna_works(hall)
    caller = await hall.dial("41")
    await hall.hears("Если вы против записи, нажмите 3.")
    await caller.key("3")
    talking = await taken(hall, phone, anna, caller)
    assert "Хорошо, разговор не записывается." in hall.ear.begun
    await talking.both_speak(1.0)
    with pytest.raises(Refused) as refused:
        await talking.order("record", announced="1")
    assert refused.value.problem["type"].endswith("not-recording")
    await caller.hang_up()
    await hall.contact()
    [row] = await hall.rows("SELECT file, consent_at, consent_words FROM recordings WHERE refused_at > 0")
    assert row == (None, None, WORDS)
    assert [*hall.recordings.glob("*.wav")] == []


@pytest.mark.parametrize("version", [22, 16])
async def test_on_demand_silent_until_the_caller_was_told(open_hall, version):
    hall = await open_hall(settings=queue("demand"), version=version)
    talking = await talk(hall)
    assert "Разговор записывается." not in hall.ear.begun
    await talking.both_speak(2.0)
    with pytest.raises(Refused) as refused:
        await talking.order("record")
    assert refused.value.problem["type"].endswith("not-announced")
    await talking.order("record", announced="1")
    await talking.both_speak(2.0)
    row = await talking.row()
    assert (row["consent_how"], row["consent_by"], row["consent_words"]) == ("operator", "anna", "")
    assert row["spans"] == [(False, "start"), (True, "operator")]
    assert heard(hall.recordings / row["file"]) == [False, True]


async def test_on_demand_and_never_opened_nothing_is_kept(open_hall):
    hall = await open_hall(settings=queue("demand"))
    talking = await talk(hall)
    await talking.both_speak(5.0)  # Asterisk writes two seconds at a time
    [file] = hall.recordings.glob("*.wav")
    assert heard(file) == [False]
    row = await talking.row()
    assert (row["ms"], row["deleted_at"] is not None) == (0, True)
    await no_sound(hall)


async def test_where_nothing_is_said_nothing_is_recorded(open_hall):
    hall = await open_hall(settings=queue("never"))
    talking = await talk(hall)
    await talking.both_speak(1.0)
    with pytest.raises(Refused):
        await talking.order("record", announced="1")
    await talking.caller.hang_up()
    await hall.contact()
    assert await hall.rows(ROWS) == []
    assert [*hall.recordings.glob("*.wav")] == []


@pytest.mark.parametrize("how", ["refused", "hangs"])
async def test_what_cannot_be_silenced_is_not_recorded(open_hall, monkeypatch, how):
    """The dialplan itself stops a recording that callcore does not vouch for; the call goes on."""

    async def silence(*_arguments: object) -> bool:
        if how == "hangs":
            await asyncio.Event().wait()
        return False

    monkeypatch.setattr(Talks, "silence", silence)
    hall = await open_hall(settings=queue("demand"))
    talking = await talk(hall)
    await talking.both_speak(5.0)
    [file] = hall.recordings.glob("*.wav")
    assert heard(file) == []
    assert (await talking.row())["ms"] == 0
    await no_sound(hall)


async def test_an_asterisk_that_cannot_record_goes_on(open_hall):
    hall = await open_hall(settings=queue("auto"))
    await hall.stage.lab.console("module unload app_mixmonitor.so")
    talking = await talk(hall)
    await talking.both_speak(1.0)
    assert not talking.caller.is_over
    await hall.stage.lab.logged("cannot record")
    assert [*hall.recordings.glob("*.wav")] == []


async def test_words_that_cannot_be_played_record_nobody(open_hall, monkeypatch):
    hall = await open_hall(settings=queue("auto"))
    made = hall.daemon.spoken.prompt

    async def prompt(pbx: str, text: str, language: str, *, is_personal: bool = False) -> Any:
        if text.startswith("Разговор"):
            return None
        return await made(pbx, text, language, is_personal=is_personal)

    monkeypatch.setattr(hall.daemon.spoken, "prompt", prompt)
    talking = await talk(hall)
    await talking.both_speak(1.0)
    await talking.caller.hang_up()
    await hall.contact()
    assert await hall.rows(ROWS) == []
    assert [*hall.recordings.glob("*.wav")] == []


@pytest.mark.parametrize(("second", "kept"), [("never", [False]), ("auto", [False, True])])
async def test_nobody_took_him_in_the_first_queue(open_hall, second, kept):
    """He goes on to another one: told once, recorded where that one records."""
    settings = queue("auto")
    settings["queues"]["expert"] = {"title": {"ru": "Эксперты", "en": "Experts"}, "record": second}
    rows = {
        "own": {"when": {"hours": "any"}, "to": [{"queue": "own", "max_wait": "2 s"}, {"queue": "expert"}]}
    }
    hall = await open_hall(settings=settings, finance={"rows": rows})
    phone, anna = await anna_works(hall)
    caller = await hall.dial("41")
    first = await phone.incoming()
    await first.ended()
    talking = await taken(hall, phone, anna, caller)
    assert (await anna.desk())["tabs"][0]["recording"] == ("on" if second == "auto" else "")
    await talking.both_speak(2.0)
    await caller.hang_up()

    async def is_over() -> bool:
        return all(row[8] is not None for row in await hall.rows(ROWS))

    await hall.house.until(is_over)
    if second == "never":
        await no_sound(hall)
    found = await hall.rows("SELECT file, consent_at, ms, deleted_at FROM recordings ORDER BY id")
    assert [deleted_at is None for _file, _at, _ms, deleted_at in found] == kept
    assert len({at // 1_000_000 for _file, at, _ms, _deleted in found}) == 1, "the moment when he was told"
    assert hall.ear.begun.count("Разговор записывается.") == 1
    if second == "auto":
        assert heard(hall.recordings / found[1][0]) == [True]
    assert [(hall.recordings / f"{file}").is_file() for file, *_ in found] == kept


@pytest.mark.parametrize("is_paused", [False, True], ids=["running", "paused"])
async def test_killed_in_the_middle(open_hall, monkeypatch, is_paused):
    """Asterisk goes on: what ran runs, what was silent stays silent; the next life notes the end."""
    hall = await open_hall(settings=queue("auto"), runs=False)
    await hall.stage.start_process()
    await hall.is_up()
    phone, anna = await anna_works(hall)
    caller = await hall.dial()
    for key in "41":
        await caller.speak(1.5, is_loud=False)
        await caller.key(key)
    talking = await taken(hall, phone, anna, caller)
    await talking.both_speak(2.0)
    if is_paused:
        await talking.order("record_pause")
    hall.stage.signal(signal.SIGKILL)
    await hall.stage.process.wait()
    await talking.both_speak(3.0)
    await caller.hang_up()
    await hall.start(monkeypatch)
    row = await talking.row()
    assert heard(hall.recordings / row["file"]) == ([True, False] if is_paused else [True])
    assert row["ms"] > 4000

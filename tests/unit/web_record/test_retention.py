"""What callers hear goes by itself once nobody says it any more, and nothing that anybody may still hear."""

from __future__ import annotations

import os
import wave
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.assembly import voice, wiring
from callcore.assembly.retention import Retention
from callcore.domain import LANGUAGES, Text
from callcore.store.flashes import EVERYBODY, FlashScope, NewFlash
from callcore.store.schema import metadata

from .conftest import MakeHouse, RecordHouse

TABLE = """title: {ru: "Проба", en: "Tried"}
zone: Europe/Moscow
hours: always
closed: {ru: "Закрыто, слово.", en: "Closed, word."}
queue: finance
topics:
  one: {title: {ru: "Тема", en: "Topic"}}
"""
NOTICE = Text("Нет света до 15:00.", "No power until 15:00.")
EMERGENCY = Text("Авария на станции.", "A fault at the plant.")
FORGOTTEN = Text("Этого больше никто не говорит.", "Nobody says this any more.")


@pytest.fixture
async def house(make_house: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RecordHouse:
    """Two editions before the one in force say what they said; ten editions stay in any case."""
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "secret")
    made = await make_house(
        speech={"folder": str(tmp_path / "speech"), "keep_editions": 2, "espeak": "/nowhere/espeak"},
        editions={"keep": 10},
    )

    async def speak(_book: object) -> int:
        return 0  # there is no engine here: the test puts the sounds there

    monkeypatch.setattr(made.daemon.editions, "_speak", speak)
    return made


def retention(house: RecordHouse) -> Retention:
    """As the daemon has it, without waiting for its hour."""
    daemon = house.daemon
    readings = voice.Readings(daemon.current, house.database.editions)
    return Retention(
        daemon.settings, house.database, daemon.editions, readings, daemon.prompts, house.clock.now
    )


async def read(house: RecordHouse, word: str) -> None:
    """An edition whose table says that word where it is closed."""
    file = house.daemon.settings.file.parent / "topics" / "tried.yaml"
    file.write_text(TABLE.replace("слово", word).replace("word", word), encoding="utf-8")
    await house.daemon.editions.reload("boss")


def closed(word: str) -> Text:
    return Text(f"Закрыто, {word}.", f"Closed, {word}.")


def sound(house: RecordHouse, text: str, language: str, at: datetime) -> Path:
    """Its file, last wanted then."""
    path = house.daemon.prompts.ways(text, language)[-1].target
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def sounds(house: RecordHouse, text: Text, at: datetime) -> list[Path]:
    return [sound(house, text.in_(each), each, at) for each in LANGUAGES]


async def fill(house: RecordHouse, table: str, **values: Any) -> None:
    async def op(connection: AsyncConnection) -> None:
        await connection.execute(metadata.tables[table].insert().values(**values))

    await house.database.writer.submit(op)


async def notice(house: RecordHouse) -> None:
    """A campaign that is under way."""
    at = house.clock.time
    said = {
        "number": "A-1",
        "source": "",
        "kind": "emergency",
        "state": "open",
        "cause_ru": "",
        "cause_en": "",
    }
    await fill(house, "outages", id=1, revision=1, starts_at=at, published_at=at, changed_at=at, **said)
    texts = {"voice_ru": NOTICE.ru, "voice_en": NOTICE.en, "sms_ru": "", "sms_en": ""}
    kind = {"news": "outage", "profile": "ru_notice", "state": "paused", "reason": ""}
    await fill(house, "campaigns", id=1, outage=1, revision=1, created_at=at, changed_at=at, **texts, **kind)


async def test_sounds_that_nobody_wants_go_and_no_others(house: RecordHouse) -> None:
    for word in ("раз", "два", "три", "четыре"):
        await read(house, word)
    await notice(house)
    now = house.clock.time
    note = NewFlash(
        FlashScope.house, EVERYBODY, "", "x", now, now + timedelta(days=1), spoken=EMERGENCY, is_spoken=True
    )
    await house.database.flashes.add(note, "anna", now)
    long_ago, lately = now - timedelta(days=91), now - timedelta(days=89)
    gone = sounds(house, closed("раз"), long_ago) + sounds(house, FORGOTTEN, long_ago)
    kept = sounds(house, Text("Недавно.", "Lately."), lately)
    for text in (closed("два"), closed("три"), closed("четыре"), NOTICE, EMERGENCY):
        kept += sounds(house, text, long_ago)
    in_force = {(each.text, each.language) for each in wiring.all_said(house.daemon.editions.newest)}
    assert len(in_force) > 100
    kept += [sound(house, *said, long_ago) for said in in_force]
    await retention(house).once()
    assert [path for path in gone if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []


async def test_an_edition_that_cannot_be_read_any_more_stops_nothing(house: RecordHouse) -> None:
    await read(house, "раз")
    await house.database.editions.keep(
        {"callcore.yaml": "topics: [", "topics/a.yaml": "?"}, "x", house.clock.time
    )
    await read(house, "два")
    gone = sounds(house, FORGOTTEN, house.clock.time - timedelta(days=91))
    await retention(house).once()
    assert [path for path in gone if path.exists()] == []


async def test_old_editions_go_but_what_is_new_and_in_force_stays(house: RecordHouse) -> None:
    for n in range(12):
        files = {"callcore.yaml": f"# {n}\n"}
        await house.database.editions.keep(files, "anna", house.clock.time)
    await read(house, "раз")
    house.clock.pass_(days=366)
    await retention(house).once()
    left = [edition.id for edition in await house.database.editions.list()]
    assert left == list(range(14, 4, -1))
    assert house.daemon.editions.newest.edition == 14

"""Emergency announcements: notes on the house that callers hear while they are on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcore.domain import CallId, Login, Text
from callcore.store.announcements import MOST
from callcore.store.database import Database
from callcore.store.errors import TextRefused
from callcore.store.flash_rows import EVERYBODY, Flash
from callcore.store.flashes import FlashScope, NewFlash
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events

from .store_samples import ANNA, BORIS, T0

DAY = timedelta(days=1)
WORDS = Text("Авария на магистрали.", "The trunk line is down.")
NEW = NewFlash(FlashScope.house, EVERYBODY, EVERYBODY, "Авария", T0, T0 + DAY, spoken=WORDS, is_spoken=True)


async def heard(db: Database, after: timedelta = timedelta(0)) -> list[int]:
    return [flash.id for flash in await db.announcements.spoken(T0 + after)]


async def popping(db: Database) -> tuple[Flash, ...]:
    return await db.flashes.current(None, (), (), (), (), T0)


async def told(db: Database) -> list[tuple[str, object]]:
    async with db.read() as connection:
        rows = (await connection.execute(select(events.c.type, events.c.data).order_by(events.c.id))).all()
    return [(row.type, row.data.get("is_on")) for row in rows]


async def test_heard_while_it_is_current_and_on(db: Database) -> None:
    note = await db.flashes.add(NEW, ANNA, T0)
    assert (note.spoken, note.is_spoken) == (WORDS, True)
    assert await heard(db) == [note.id]
    assert await heard(db, -timedelta(microseconds=1)) == []
    assert await heard(db, DAY) == []
    await db.flashes.withdraw(note.id, ANNA, T0)
    assert await heard(db) == []


async def test_only_notes_on_the_house_with_words_are_heard(db: Database) -> None:
    silent = await db.flashes.add(replace(NEW, spoken=None), ANNA, T0)
    assert not silent.is_spoken
    assert await heard(db) == []
    assert await popping(db) == (silent,)
    with pytest.raises(ValueError, match="only a note on the house"):
        await db.flashes.add(replace(NEW, scope=FlashScope.topic, target="finance"), ANNA, T0)
    for words in (Text("", "down"), Text("авария", " "), Text("я" * 501, "down")):
        with pytest.raises(TextRefused):
            await db.flashes.add(replace(NEW, spoken=words), ANNA, T0)
    assert await heard(db) == []


async def test_one_lies_ready_until_somebody_switches_it_on(db: Database) -> None:
    note = await db.flashes.add(replace(NEW, is_spoken=False), ANNA, T0)
    assert await heard(db) == []
    assert await popping(db) == ()  # nor does it stand on a card
    on = await db.announcements.switch(note.id, BORIS, T0, is_on=True)
    assert on is not None
    assert on.is_spoken
    assert await heard(db) == [note.id]
    assert [flash.id for flash in await popping(db)] == [note.id]
    assert await db.announcements.switch(note.id, BORIS, T0, is_on=True) == on  # a repeat tells nobody
    off = await db.announcements.switch(note.id, Login(""), T0, is_on=False, call=CallId("c1"))
    assert off is not None
    assert await heard(db) == []
    assert await told(db) == [("flash.created", None), ("flash.switched", True), ("flash.switched", False)]
    columns = (audit.c.login, audit.c.act, audit.c.detail)
    async with db.read() as connection:
        rows = (await connection.execute(select(*columns).order_by(audit.c.id))).all()
    assert [tuple(row)[:2] for row in rows] == [
        ("anna", "flash_created"),
        ("boris", "flash_switched_on"),
        ("", "flash_switched_off"),
    ]
    assert rows[2].detail == {"call": "c1"}


async def test_what_cannot_be_switched(db: Database) -> None:
    silent = await db.flashes.add(replace(NEW, spoken=None), ANNA, T0)
    over = await db.flashes.add(NEW, ANNA, T0)
    gone = await db.flashes.add(NEW, ANNA, T0)
    await db.flashes.withdraw(gone.id, ANNA, T0)
    switch = db.announcements.switch
    assert await switch(999, ANNA, T0, is_on=True) is None
    assert await switch(silent.id, ANNA, T0, is_on=True) is None
    assert await switch(over.id, ANNA, T0 + DAY, is_on=False) is None
    assert await switch(gone.id, ANNA, T0, is_on=False) is None


async def test_a_caller_hears_the_newest_few(db: Database) -> None:
    made = [(await db.flashes.add(NEW, ANNA, T0)).id for _ in range(MOST + 1)]
    assert await heard(db) == made[:0:-1]

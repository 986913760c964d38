"""Stories in a real database: written when the call is over, found again, removed when they are old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects import postgresql, sqlite

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.policy import PopPolicy
from callcore.domain import CallId, ChannelId, ChannelRef, Login, PbxName
from callcore.flight.book import Book
from callcore.flight.entries import Entry, Story, What
from callcore.flight.mask import Mask
from callcore.flight.outbox import stored
from callcore.flight.recorder import Recorder
from callcore.store.database import Database
from callcore.store.stories import Stories

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MAIN = PbxName("main")
NUMBER = "+79000000123"


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    """Each statement that a test runs on it must also be one for PostgreSQL."""

    def compiled(_connection: Any, statement: Any, *_: Any) -> None:
        if isinstance(statement, ClauseElement) and not isinstance(statement, sqlite.Insert):
            statement.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]

    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db", create=True) as database:
        for engine in (database._readers, database._writing):
            event.listen(engine.sync_engine, "before_execute", compiled)
        yield database


@pytest.fixture
def stories(db: Database) -> Stories:
    return Stories(db)


def story(call: str, at: datetime = T0, number: str = "", *logins: str) -> Story:
    rings = tuple(Entry(at, What.ring_shown, login) for login in logins)
    return Story(call, "main", at, at + timedelta(minutes=1), "inbound", number, rings)


async def test_a_story_is_kept_and_read_again(stories: Stories) -> None:
    row = stored(story("c1", T0, "+7•••-AAAAA", "anna", "boris"))
    await stories.save(row)
    kept = await stories.get("c1")
    assert kept == replace(row, logins=())
    assert await stories.get("c2") is None
    assert await stories.took_part("c1", "boris")
    assert not await stories.took_part("c1", "carl")


async def test_a_later_part_takes_the_place_of_the_earlier_one(stories: Stories) -> None:
    await stories.save(stored(story("c1", T0, "", "anna")))
    await stories.save(stored(story("c1", T0, "", "anna", "boris")))
    assert [row.call for row in await stories.latest(login="boris")] == ["c1"]
    assert len(await stories.latest()) == 1


async def test_lists_are_newest_first_and_narrowed(stories: Stories) -> None:
    for n in range(5):
        number, login = ("+7•••-AAAAA", "anna") if n % 2 else ("+7•••-BBBBB", "boris")
        await stories.save(stored(story(f"c{n}", T0 + timedelta(minutes=n), number, login)))

    async def calls(**wanted: Any) -> list[str]:
        return [row.call for row in await stories.latest(**wanted)]

    assert await calls() == ["c4", "c3", "c2", "c1", "c0"]
    assert await calls(limit=2) == ["c4", "c3"]
    assert await calls(number="+7•••-AAAAA") == ["c3", "c1"]
    assert await calls(login="boris") == ["c4", "c2", "c0"]
    assert await calls(login="boris", before=T0 + timedelta(minutes=4)) == ["c2", "c0"]
    assert await calls(number="+7•••-AAAAA", login="boris") == []
    assert all(not row.body for row in await stories.latest())


async def test_old_stories_are_removed_with_their_people(stories: Stories) -> None:
    await stories.save(stored(story("c1", T0, "", "anna")))
    await stories.save(stored(story("c2", T0 + timedelta(days=1), "", "anna")))
    assert await stories.purge(T0 + timedelta(hours=1)) == 1
    assert [row.call for row in await stories.latest(login="anna")] == ["c2"]
    assert not await stories.took_part("c1", "anna")


async def test_the_key_is_made_once(stories: Stories) -> None:
    assert await stories.known_key() is None
    assert await stories.pseudonym_key(b"first") == b"first"
    assert await stories.pseudonym_key(b"second") == b"first"
    assert await stories.known_key() == b"first"


async def test_from_the_wire_to_the_words_through_the_database(stories: Stories) -> None:
    now = [T0]
    mask = Mask(await stories.pseudonym_key(b"k" * 32))
    recorder = Recorder(
        stories, mask, moment=PopPolicy().moment, now=lambda: now[0], monotonic=lambda: now[0].timestamp()
    )
    ref = ChannelRef(MAIN, ChannelId("1700000000.1"))
    recorder.heard(MAIN, {"event": "Newchannel", "uniqueid": ref.id, "calleridnum": NUMBER})
    recorder.took(f.CallEntered(ref, NUMBER, "Ivan", None), T0)
    recorder.gave(do.RememberCall("k", CallId("c1"), ref, T0), T0)
    view = do.CallView(CallId("c1"), NUMBER, "Ivan", None, None, None, None, (), True, False, None, None)
    recorder.gave(do.PopCard("p", Login("anna"), view), T0)
    recorder.painted(Login("anna"), CallId("c1"), 0.05)
    now[0] += timedelta(minutes=1)
    await recorder.finish()
    told = await Book(stories, mask).told("c1")
    assert told is not None
    assert told.verdicts[0].code == "painted"
    assert NUMBER not in told.frames[0].text
    assert [head.call for head in await Book(stories, mask).latest(number=NUMBER)] == ["c1"]

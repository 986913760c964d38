"""Stories of calls, as the flight recorder packed them, and the key of their pseudonyms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, Login, PbxName
from callcore.store.engine import insert
from callcore.store.ports import Store
from callcore.store.schema.core import call_stories, call_story_people, keys

MOST_LINES = 500
_PSEUDONYMS = "pseudonyms"


@dataclass(frozen=True, slots=True)
class StoredStory:
    """One call's story; ``body`` is the recorder's own matter."""

    call: CallId
    pbx: PbxName
    direction: str
    number: str
    """A pseudonym; "" without a number."""
    verdict: Mapping[str, str]
    began_at: datetime
    ended_at: datetime | None
    logins: tuple[Login, ...] = ()
    """Who took part. Not filled in when read."""
    body: bytes = field(default=b"", repr=False)
    """Empty in a list."""


class Stories:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def save(self, story: StoredStory) -> None:
        """Store the story in place of an earlier one of this call. Raises ``StoreError``."""
        values = {
            "call": story.call,
            "pbx": story.pbx,
            "direction": story.direction,
            "number": story.number,
            "verdict": dict(story.verdict),
            "began_at": story.began_at,
            "ended_at": story.ended_at,
            "body": story.body,
        }
        people = [
            {"call": story.call, "login": login, "began_at": story.began_at}
            for login in dict.fromkeys(story.logins)
        ]

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(_FORGET, {"of_call": story.call})
            await connection.execute(_INSERT, values)
            if people:
                await connection.execute(_INSERT_PEOPLE, people)

        await self._store.writer.submit(op)

    async def get(self, call: str) -> StoredStory | None:
        async with self._store.read() as connection:
            row = (await connection.execute(select(call_stories).where(call_stories.c.call == call))).first()
        return _story(row, row.body) if row else None

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str | None = None,
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[StoredStory, ...]:
        """Without bodies, newest first: all, or those of one pseudonym, of one operator, begun before."""
        columns = [column for column in call_stories.c if column.name != "body"]
        query: Select[Any] = select(*columns)
        if login is not None:
            query = query.join(call_story_people, call_story_people.c.call == call_stories.c.call)
            query = query.where(call_story_people.c.login == login)
        if number is not None:
            query = query.where(call_stories.c.number == number)
        if before is not None:
            query = query.where(call_stories.c.began_at < before)
        order = (call_stories.c.began_at.desc(), call_stories.c.call.desc())
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(*order).limit(min(limit, MOST_LINES)))).all()
        return tuple(_story(row) for row in rows)

    async def took_part(self, call: str, login: str) -> bool:
        query = select(call_story_people.c.call).where(
            call_story_people.c.call == call, call_story_people.c.login == login
        )
        async with self._store.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def purge(self, before: datetime) -> int:
        """Remove stories of calls that began before; how many."""

        async def op(connection: AsyncConnection) -> int:
            return (
                await connection.execute(delete(call_stories).where(call_stories.c.began_at < before))
            ).rowcount

        return await self._store.writer.submit(op)

    async def pseudonym_key(self, fresh: bytes) -> bytes:
        """The installation's key; ``fresh`` becomes it where there is none yet."""
        found = await self.known_key()
        if found is not None:
            return found

        async def op(connection: AsyncConnection) -> bytes:
            added = insert(connection, keys).values(name=_PSEUDONYMS, value=fresh)
            await connection.execute(added.on_conflict_do_nothing())
            return bytes((await connection.execute(_key_query())).scalar_one())

        return await self._store.writer.submit(op)

    async def known_key(self) -> bytes | None:
        """The installation's key, if it has one."""
        async with self._store.read() as connection:
            row = (await connection.execute(_key_query())).first()
        return bytes(row.value) if row else None


_FORGET = delete(call_stories).where(call_stories.c.call == bindparam("of_call"))
_INSERT = call_stories.insert()
_INSERT_PEOPLE = call_story_people.insert()


def _key_query() -> Select[Any]:
    return select(keys.c.value).where(keys.c.name == _PSEUDONYMS)


def _story(row: Row[Any], body: bytes = b"") -> StoredStory:
    return StoredStory(
        call=CallId(row.call),
        pbx=PbxName(row.pbx),
        direction=row.direction,
        number=row.number,
        verdict=row.verdict,
        began_at=row.began_at,
        ended_at=row.ended_at,
        body=bytes(body),
    )

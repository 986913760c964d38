"""Topics that a person marked with a star, and those that are usual in a queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import UNCLASSIFIED, Login, QueueName, TopicCode
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.contacts import favourite_topics
from callcore.store.schema.core import contacts, interactions

MOST = 50
LOOKED_AT = 400
"""Contacts of a queue that tell what is usual there."""


class Favourites:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(self, login: Login) -> tuple[TopicCode, ...]:
        """In the order in which he marked them."""
        table = favourite_topics.c
        query = select(table.topic).where(table.login == login).order_by(table.at, table.topic)
        async with self._store.read() as connection:
            return tuple(map(TopicCode, (await connection.execute(query)).scalars()))

    async def put(self, login: Login, topic: TopicCode, at: datetime) -> None:
        """Raises ``NotStored`` where he has 50 already."""
        table = favourite_topics.c

        async def op(connection: AsyncConnection) -> None:
            count = select(func.count()).where(table.login == login, table.topic != topic)
            if (await connection.execute(count)).scalar_one() >= MOST:
                raise NotStored(
                    f"{login} has {MOST} favourite topics already", f"избранных тем не больше {MOST}"
                )
            new = insert(connection, favourite_topics).values(login=login, topic=topic, at=at)
            await connection.execute(new.on_conflict_do_nothing())

        await self._store.writer.submit(op)

    async def drop(self, login: Login, topic: TopicCode) -> None:
        table = favourite_topics.c

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(
                delete(favourite_topics).where(table.login == login, table.topic == topic)
            )

        await self._store.writer.submit(op)

    async def usual(self, queue: QueueName, since: datetime, limit: int = 5) -> tuple[TopicCode, ...]:
        """What operators chose most for the last contacts of this queue since then, most often first."""
        recent = (
            select(contacts.c.call)
            .where(contacts.c.ended_at >= since, contacts.c.queue == queue)
            .order_by(contacts.c.ended_at.desc())
            .limit(LOOKED_AT)
            .subquery()
        )
        query = (
            select(interactions.c.topic)
            .join(recent, recent.c.call == interactions.c.call)
            .where(interactions.c.saved_at.is_not(None), interactions.c.topic != UNCLASSIFIED)
            .group_by(interactions.c.topic)
            .order_by(func.count().desc(), interactions.c.topic)
            .limit(limit)
        )
        async with self._store.read() as connection:
            return tuple(map(TopicCode, (await connection.execute(query)).scalars()))

"""The queue of an office: who took a ticket, was called, was served, went away (D-50)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, Login
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.contacts import visitors
from callcore.store.texts import WORD_LIMIT, typed_text
from callcore.store.visit_rows import Visitor, visitor_of


class Visitors:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def arrive(
        self, office: str, ticket: str, topic: str, came_at: datetime, *, key: CallId | None = None
    ) -> Visitor:
        """A visitor took a ticket. Told twice, with the same moment or the same ``key`` (``keyed_id``), he
        waits once. Raises ``TextRefused``; ``NotStored`` for a key that was another ticket's."""
        values = {
            "office": typed_text(office, WORD_LIMIT, "office", empty=False),
            "ticket": typed_text(ticket, WORD_LIMIT, "ticket", empty=False),
            "topic": typed_text(topic, WORD_LIMIT, "topic"),
            "came_at": came_at,
        }

        async def op(connection: AsyncConnection) -> Visitor:
            new = insert(connection, visitors).values(**values, key=key).on_conflict_do_nothing()
            await connection.execute(new)
            same = [getattr(visitors.c, name) == values[name] for name in ("office", "ticket", "came_at")]
            if key is not None:
                keyed = (await connection.execute(select(visitors).where(visitors.c.key == key))).first()
                if keyed is not None and (keyed.office, keyed.ticket) != (values["office"], values["ticket"]):
                    raise NotStored(
                        f"this key was sent with ticket {keyed.ticket} before",
                        f"с этим ключом уже пришёл талон {keyed.ticket}",
                    )
                if keyed is not None:
                    return visitor_of(keyed)
            return visitor_of((await connection.execute(select(visitors).where(*same))).one())

        return await self._store.writer.submit(op)

    async def present(self, office: str, since: datetime, limit: int = 200) -> tuple[Visitor, ...]:
        """Who came since then and is neither served nor gone, in the order in which they came; those who were
        called already come first."""
        here = (visitors.c.office == office, visitors.c.came_at >= since)
        query = select(visitors).where(*here, visitors.c.served_at.is_(None), visitors.c.left_at.is_(None))
        query = query.order_by(visitors.c.called_at.is_(None), visitors.c.came_at, visitors.c.id).limit(limit)
        async with self._store.read() as connection:
            return tuple(map(visitor_of, (await connection.execute(query)).all()))

    async def left(self, office: str, since: datetime, limit: int = 20) -> tuple[Visitor, ...]:
        """Who went away unserved since then, the last one first."""
        gone = (visitors.c.office == office, visitors.c.left_at >= since, visitors.c.served_at.is_(None))
        query = select(visitors).where(*gone).order_by(visitors.c.left_at.desc(), visitors.c.id).limit(limit)
        async with self._store.read() as connection:
            return tuple(map(visitor_of, (await connection.execute(query)).all()))

    async def get(self, id: int) -> Visitor | None:
        async with self._store.read() as connection:
            row = (await connection.execute(select(visitors).where(visitors.c.id == id))).first()
        return visitor_of(row) if row else None

    async def call(self, id: int, login: Login, at: datetime) -> Visitor:
        """Call him to one's desk; a second time by the same person is no fault.

        Raises ``NotStored``: there is no such visitor, somebody else has called him, or he is gone.
        """

        async def op(connection: AsyncConnection) -> Visitor:
            found = await to_be_served(connection, id, login)
            if found.called_at is None:
                values = {"called_at": at, "called_by": login}
                await connection.execute(update(visitors).where(visitors.c.id == id).values(**values))
            return await _one(connection, id)

        return await self._store.writer.submit(op)

    async def leave(self, id: int, at: datetime) -> Visitor:
        """He went away unserved. Raises ``NotStored``: there is no such visitor, or he was served."""

        async def op(connection: AsyncConnection) -> Visitor:
            found = await _one(connection, id)
            if found.served_at is not None:
                raise NotStored(
                    f"ticket {found.ticket} was served already",
                    f"посетителя с талоном {found.ticket} уже обслужили",
                )
            if found.left_at is None:
                await connection.execute(update(visitors).where(visitors.c.id == id).values(left_at=at))
            return await _one(connection, id)

        return await self._store.writer.submit(op)

    async def come_back(self, id: int) -> Visitor:
        """He did not leave: he waits again, where he was. Raises ``NotStored`` for no such visitor."""

        async def op(connection: AsyncConnection) -> Visitor:
            await _one(connection, id)
            back = update(visitors).where(visitors.c.id == id, visitors.c.served_at.is_(None))
            await connection.execute(back.values(left_at=None))
            return await _one(connection, id)

        return await self._store.writer.submit(op)


async def to_be_served(connection: AsyncConnection, id: int, login: Login) -> Visitor:
    """Within a writer's op: this visitor, if this person may serve him; raises ``NotStored``."""
    found = await _one(connection, id)
    if found.served_at is not None or found.left_at is not None:
        raise NotStored(
            f"ticket {found.ticket} was served already, or its holder has left",
            f"посетителя с талоном {found.ticket} уже обслужили, или он ушёл",
        )
    if found.called_by not in (None, login):
        raise NotStored(
            f"ticket {found.ticket} was called by {found.called_by}",
            f"посетителя с талоном {found.ticket} вызвал {found.called_by}",
        )
    return found


async def serve(
    connection: AsyncConnection, visitor: Visitor, contact: CallId, login: Login, at: datetime
) -> None:
    """Within a writer's op: he is served, and this became of it."""
    values = {"contact": contact, "served_at": at, "called_at": visitor.called_at or at, "called_by": login}
    await connection.execute(update(visitors).where(visitors.c.id == visitor.id).values(**values))


async def _one(connection: AsyncConnection, id: int) -> Visitor:
    row = (await connection.execute(select(visitors).where(visitors.c.id == id))).first()
    if row is None:
        raise NotStored(f"there is no visitor {id}", f"посетителя {id} нет")
    return visitor_of(row)

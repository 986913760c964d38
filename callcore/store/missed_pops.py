"""Cards that their operator did not see in time: his inbox of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Login, QueueName
from callcore.store.engine import insert
from callcore.store.ports import Store
from callcore.store.schema.core import customers, missed_pops

LONGEST = 200
"""Entries of one operator that are shown; nobody works through more."""


@dataclass(frozen=True, slots=True)
class MissedPop:
    """One card that no screen showed in time."""

    login: Login
    call: CallId
    at: datetime
    """When it was published."""
    why: str
    number: str | None
    customer: CustomerId | None
    """Whose card it was, where that was certain."""
    customer_name: str
    """Read with the entry, not stored with it; empty if unknown."""
    queue: QueueName | None
    seen_at: datetime | None = None
    """When he opened or dismissed it."""


class MissedPops:
    """Every method may raise ``StoreError``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, missed: MissedPop) -> None:
        """Store the entry, in the place of what was known of this card."""
        values = {
            "at": missed.at,
            "why": missed.why,
            "number": missed.number,
            "customer": missed.customer,
            "queue": missed.queue,
            "seen_at": missed.seen_at,
        }

        async def op(connection: AsyncConnection) -> None:
            new = insert(connection, missed_pops).values(login=missed.login, call=missed.call, **values)
            await connection.execute(new.on_conflict_do_update(index_elements=["login", "call"], set_=values))

        await self._store.writer.submit(op)

    async def since(self, login: Login, since: datetime) -> tuple[MissedPop, ...]:
        """One operator's entries from that moment on, seen or not, newest first."""
        query = (
            select(missed_pops, customers.c.name)
            .join(customers, customers.c.id == missed_pops.c.customer, isouter=True)
            .where(missed_pops.c.login == login, missed_pops.c.at >= since)
            .order_by(missed_pops.c.at.desc(), missed_pops.c.call)
            .limit(LONGEST)
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            MissedPop(
                login=Login(row.login),
                call=CallId(row.call),
                at=row.at,
                why=row.why,
                number=row.number,
                customer=None if row.customer is None else CustomerId(row.customer),
                customer_name=row.name or "",
                queue=None if row.queue is None else QueueName(row.queue),
                seen_at=row.seen_at,
            )
            for row in rows
        )

    async def purge(self, before: datetime) -> int:
        """Remove entries of long ago; gives how many."""

        async def op(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(missed_pops).where(missed_pops.c.at < before))).rowcount

        return await self._store.writer.submit(op)

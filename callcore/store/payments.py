"""Payments taken in an office. Reversed, never deleted: the day's sums must be explicable later."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store import audit, outbox
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.contacts import payments
from callcore.store.schema.core import contacts
from callcore.store.texts import NAME_LIMIT, typed_text
from callcore.store.visit_rows import Payment, payment_of


class Payments:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, id: int) -> Payment | None:
        async with self._store.read() as connection:
            row = (await connection.execute(select(payments).where(payments.c.id == id))).first()
        return payment_of(row) if row else None

    async def taken(
        self, since: datetime, until: datetime, login: Login | None = None, office: str = "", limit: int = 500
    ) -> tuple[Payment, ...]:
        """Payments of a period, newest first; of one cashier, or of everybody."""
        query = select(payments).where(payments.c.at >= since, payments.c.at < until)
        if login is not None:
            query = query.where(payments.c.login == login)
        if office:
            query = query.where(payments.c.office == office)
        query = query.order_by(payments.c.at.desc(), payments.c.id.desc()).limit(limit)
        async with self._store.read() as connection:
            return tuple(map(payment_of, (await connection.execute(query)).all()))

    async def reverse(self, id: int, login: Login, why: str, at: datetime) -> Payment:
        """A payment taken by mistake: it stays, marked, and counts no more.

        Raises ``NotStored`` if there is none or it is reversed already, ``TextRefused`` without a reason.
        """
        why = typed_text(why, NAME_LIMIT, "reason", empty=False)

        async def op(connection: AsyncConnection) -> Payment:
            row = (await connection.execute(select(payments).where(payments.c.id == id))).first()
            if row is None:
                raise NotStored(f"there is no payment {id}", f"платежа {id} нет")
            if row.reversed_at is not None:
                raise NotStored(f"payment {id} was reversed already", f"платёж {id} уже сторнирован")
            values = {"reversed_at": at, "reversed_by": login, "reversed_why": why}
            changed = update(payments).where(payments.c.id == id).values(**values).returning(payments)
            found = payment_of((await connection.execute(changed)).one())
            whose = select(contacts.c.customer).where(contacts.c.call == found.contact)
            customer = (await connection.execute(whose)).scalar()
            await audit.note(connection, login, "changed", customer, at, subject=f"payment:{id}")
            told = {"call": found.contact, "payment": id, "customer": customer, "login": login}
            await outbox.tell(connection, "payment.reversed", told, at)
            return found

        return await self._store.writer.submit(op)

"""Contacts that no telephone brought: visits, letters, documents, payments taken.

Each is a row of ``contacts`` with its medium: lists, timelines and interactions treat it as any other.
Whoever registers it gives it its id (``new_id``) beforehand: sent twice, it is stored once. What was written
of it and the files that came with it are stored in the same transaction.
"""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Login
from callcore.store import attachments, audit, interactions, outbox
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.errors import NotStored, TextRefused, no_customer
from callcore.store.ports import Store
from callcore.store.schema.contacts import contact_papers, payments
from callcore.store.schema.core import contacts, customers
from callcore.store.visit_rows import (
    Medium,
    NewContact,
    OtherContact,
    Papers,
    Written,
    checked_money,
    checked_papers,
    contact_row,
    payment_of,
)
from callcore.store.visitors import serve, to_be_served

_ID = re.compile(r"v[A-Za-z0-9_-]{22}")


class Visits:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def register(self, new: NewContact, login: Login, at: datetime) -> bool:
        """Store the contact whole: papers, payment, the visitor's turn, the first topic, files; False if it
        is there already.

        Raises ``NotStored`` (customer or visitor), ``TextRefused``, ``AttachmentRefused``; then nothing of
        it is stored.
        """
        if not _ID.fullmatch(new.call):
            raise TextRefused(
                "contact: its id must be one that callcore made", "такой номер обращения callcore не выдаёт"
            )
        if (new.money is not None) != (new.medium is Medium.payment) or new.medium is Medium.phone:
            raise TextRefused(
                "medium: a payment has a sum, nothing else has; calls register themselves",
                "сумма бывает только у платежа, а звонки регистрируются сами",
            )
        papers, money = checked_papers(new.papers), checked_money(new.money)
        writing = _Writing(new.call, login, new.written or Written(), at)

        async def op(connection: AsyncConnection) -> bool:
            if (await connection.execute(select(contacts.c.call).where(contacts.c.call == new.call))).first():
                return False
            visitor = None
            if new.visitor is not None:
                visitor = await to_be_served(connection, new.visitor, login)
            if new.customer is not None:
                known = select(customers.c.id).where(customers.c.id == new.customer)
                if (await connection.execute(known)).first() is None:
                    raise no_customer(new.customer)
            await connection.execute(contacts.insert().values(**contact_row(new, visitor, login, at)))
            await interactions.add_unclassified(connection, new.call, (login,), at)
            if papers is not None:
                await connection.execute(contact_papers.insert().values(call=new.call, **papers))
            if money is not None:
                values = {"contact": new.call, "office": new.office, "login": login, "at": at}
                await connection.execute(payments.insert().values(**values, **money, reversed_why=""))
            if visitor is not None:
                await serve(connection, visitor, new.call, login, at)
            if new.customer is not None:
                subject = f"contact:{new.call}"
                await audit.note(connection, login, "changed", new.customer, at, subject=subject)
            told = {"call": new.call, "medium": new.medium.value, "customer": new.customer, "login": login}
            told |= {"direction": new.direction.value, "office": new.office}
            await outbox.tell(connection, "contact.saved", told, at)
            await writing.put(connection, new.customer)
            return True

        return await self._store.writer.submit(op)

    async def write(self, call: CallId, login: Login, written: Written, at: datetime) -> CustomerId | None:
        """One's own topic of a contact, written or overwritten, and files: all of it or nothing.

        The contact's customer, to whom it was written. Raises as ``register`` does.
        """
        writing = _Writing(call, login, written, at)

        async def op(connection: AsyncConnection) -> CustomerId | None:
            query = select(contacts.c.customer).where(contacts.c.call == call)
            row = (await connection.execute(query)).first()
            if row is None:
                raise NotStored(f"there is no contact {call}", f"обращения {call} нет")
            await writing.put(connection, row.customer)
            return row.customer  # type: ignore[no-any-return]

        return await self._store.writer.submit(op)

    async def get(self, call: CallId) -> OtherContact | None:
        async with self._store.read() as connection:
            found = await _read(connection, (call,))
        return found[0] if found else None

    async def recent(self, office: str, since: datetime, limit: int = 50) -> tuple[OtherContact, ...]:
        """What was registered in an office since then, newest first."""
        query = (
            select(contacts.c.call)
            .where(contacts.c.office == office, contacts.c.medium != "phone", contacts.c.ended_at >= since)
            .order_by(contacts.c.ended_at.desc(), contacts.c.call)
            .limit(limit)
        )
        async with self._store.read() as connection:
            calls = tuple((await connection.execute(query)).scalars().all())
            return await _read(connection, calls)


class _Writing:
    """Checked beforehand, so that a wrong one costs no transaction."""

    def __init__(self, call: CallId, login: Login, written: Written, at: datetime) -> None:
        self._call, self._login, self._written, self._at = call, login, written, at
        self._files = [
            (attachments.checked(each.name, each.media_type, each.kind, each.body, login, at), each.body)
            for each in written.files
        ]
        self._data(None)

    def _data(self, customer: CustomerId | None) -> dict[str, object] | None:
        topic, comment = self._written.topic, self._written.comment
        if topic is None:
            return None
        return interactions.saving(
            self._call, self._login, topic, comment, customer, self._at, entry=self._written.entry
        )

    async def put(self, connection: AsyncConnection, customer: CustomerId | None) -> None:
        data = self._data(customer)
        if data is not None:
            await interactions.write_within(connection, data)
        for found, body in self._files:
            await attachments.put_within(connection, Owner(OwnerKind.contact, self._call), found, body)


async def _read(connection: AsyncConnection, calls: tuple[CallId, ...]) -> tuple[OtherContact, ...]:
    """In the order of ``calls``, which are few."""
    rows = (await connection.execute(select(contacts).where(contacts.c.call.in_(calls)))).all()
    papers = (await connection.execute(select(contact_papers).where(contact_papers.c.call.in_(calls)))).all()
    paid = (await connection.execute(select(payments).where(payments.c.contact.in_(calls)))).all()
    kept = {each.call: Papers(each.number, each.dated, each.party, each.handed) for each in papers}
    sums = {each.contact: payment_of(each) for each in paid}
    found = {
        row.call: OtherContact(
            call=row.call,
            medium=Medium(row.medium),
            direction=row.direction,
            office=row.office,
            ticket=row.ticket,
            customer=row.customer,
            login=row.answered_by,
            number=row.caller_number,
            started_at=row.started_at,
            ended_at=row.ended_at,
            papers=kept.get(row.call),
            payment=sums.get(row.call),
        )
        for row in rows
    }
    return tuple(found[call] for call in calls if call in found)

"""What the operators wrote about a contact: topic, comment, customer. The id is the record number.

Each operator who talked with the caller has his own interactions, one for each topic (``entry``), and nobody
writes into another's. ``n`` counts those of one call, in the order in which they were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Login, TopicCode
from callcore.store import audit, outbox
from callcore.store.errors import NotStored, no_customer
from callcore.store.ports import Store
from callcore.store.schema.contacts import contact_drafts, interaction_changes
from callcore.store.schema.core import contacts, customers, interactions
from callcore.store.spool import Record
from callcore.store.texts import COMMENT_LIMIT, WORD_LIMIT, typed_text
from callcore.store.types import to_microseconds
from callcore.store.writer import SPOOLED

KIND = "interaction"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One operator's word on one contact. ``saved_at`` None: callcore made it, he has not classified it."""

    id: int
    call: CallId
    n: int
    customer: CustomerId | None
    topic: TopicCode
    comment: str
    login: Login | None
    created_at: datetime
    saved_at: datetime | None
    entry: int = 1
    """Which of this operator's topics on this contact."""
    number: str | None = None
    """Which of the customer's numbers it concerns; canonical."""
    card: Mapping[str, Any] | None = None
    """The customer's main data as they stood (D-33): ``name``, ``contract``, ``number``, ``tariff``, ``sim``,
    ``segment``, ``loyalty``, as far as they were known."""
    opened_ms: int | None = None
    """How long the card had been open at the last save."""


@dataclass(frozen=True, slots=True)
class Change:
    """An interaction was registered on somebody else, or on another number of his (D-48)."""

    at: datetime
    login: Login
    from_customer: CustomerId | None
    to_customer: CustomerId | None
    from_number: str | None
    to_number: str | None
    why: str


class Interactions:
    def __init__(self, store: Store) -> None:
        self._store = store
        store.writer.register(KIND, write_within)

    async def save(
        self,
        call: CallId,
        login: Login,
        topic: TopicCode,
        comment: str,
        customer: CustomerId | None,
        at: datetime,
        *,
        entry: int = 1,
        number: str | None = None,
        card: Mapping[str, Any] | None = None,
        opened_ms: int | None = None,
        stood_on: CustomerId | None = None,
    ) -> int | None:
        """Write or overwrite this operator's interaction; the record number, durable when it returns.

        ``card`` is kept from the first save on one customer, ``opened_ms`` from the last. It may come before
        the contact or after it; the customer who was chosen last, by whomever, also lands on the contact.
        ``stood_on``: on whom the writer's last save put it. If ``customer`` is the same and it was registered
        on somebody else since, it stays there: he has not chosen anew.
        None: the database cannot be written now, the text is kept safely and gets its number later. Raises
        ``TextRefused`` for a comment over 10,000 characters or an impossible topic.
        """
        data = saving(
            call,
            login,
            topic,
            comment,
            customer,
            at,
            entry=entry,
            number=number,
            card=card,
            opened_ms=opened_ms,
            stood_on=stood_on,
        )
        key = f"{call}/{login}/{entry}/{data['at']}"
        answer = await self._store.writer.submit_durable(Record(KIND, key, data))
        return None if answer is SPOOLED else cast(int, answer)

    async def get(self, id: int) -> Interaction | None:
        """By record number."""
        query = select(interactions).where(interactions.c.id == id)
        row = await self._store.ask(lambda connection: connection.execute(query).first())
        return _interaction(row) if row else None

    async def of_call(self, call: CallId) -> tuple[Interaction, ...]:
        query = select(interactions).where(interactions.c.call == call).order_by(interactions.c.n)
        async with self._store.read() as connection:
            return tuple(map(_interaction, (await connection.execute(query)).all()))

    async def register_again(
        self,
        id: int,
        customer: CustomerId,
        number: str | None,
        login: Login,
        at: datetime,
        *,
        why: str = "",
        card: Mapping[str, Any] | None = None,
    ) -> Interaction:
        """Put it on another customer, or on another number of his; what it was stays in ``changes``.

        Raises ``NotStored`` if there is no such interaction or customer, ``TextRefused`` for a long reason.
        """
        why = typed_text(why, WORD_LIMIT * 4, "why")

        async def op(connection: AsyncConnection) -> Interaction:
            row = (await connection.execute(select(interactions).where(interactions.c.id == id))).first()
            if row is None:
                raise NotStored(f"there is no interaction {id}", f"записи {id} нет")
            known = select(customers.c.id).where(customers.c.id == customer)
            if (await connection.execute(known)).first() is None:
                raise no_customer(customer)
            if (row.customer, row.number) == (customer, number):
                return _interaction(row)
            await _note_change(connection, row, customer, number, login, at, why)
            values = {"customer": customer, "number": number, "card": None if card is None else dict(card)}
            changed = update(interactions).where(interactions.c.id == id).values(**values)
            fresh = (await connection.execute(changed.returning(interactions))).one()
            if row.saved_at is not None:
                chosen = update(contacts).where(contacts.c.call == row.call)
                await connection.execute(chosen.values(customer=newest_choice(row.call)))
            for whose in dict.fromkeys((row.customer, customer)):
                if whose is not None:
                    await audit.note(
                        connection, login, "changed", CustomerId(whose), at, subject=f"interaction:{id}"
                    )
            data = {"record": id, "call": row.call, "customer": customer, "login": login}
            await outbox.tell(connection, "interaction.moved", data | {"from": row.customer}, at)
            return _interaction(fresh)

        return await self._store.writer.submit(op)

    async def changes(self, id: int) -> tuple[Change, ...]:
        """Newest first."""
        table = interaction_changes.c
        columns = [getattr(table, name) for name in Change.__slots__]
        query = select(*columns).where(table.interaction == id).order_by(table.id.desc())
        async with self._store.read() as connection:
            return tuple(Change(**row._mapping) for row in (await connection.execute(query)).all())


def saving(
    call: CallId,
    login: Login,
    topic: TopicCode,
    comment: str,
    customer: CustomerId | None,
    at: datetime,
    *,
    entry: int = 1,
    number: str | None = None,
    card: Mapping[str, Any] | None = None,
    opened_ms: int | None = None,
    stood_on: CustomerId | None = None,
) -> dict[str, Any]:
    """What ``save`` will write, for ``write_within``; raises as it does."""
    to_microseconds(at)  # refuses a naive moment here, not in the spool
    return {
        "call": call,
        "login": login,
        "topic": typed_text(topic, WORD_LIMIT, "topic", empty=False),
        "comment": typed_text(comment, COMMENT_LIMIT, "comment", lines=True),
        "customer": customer,
        "at": at.isoformat(),
        "entry": entry,
        "number": number,
        "card": None if card is None else dict(card),
        "opened_ms": opened_ms,
        "stood_on": stood_on,
    }


async def add_unclassified(
    connection: AsyncConnection, call: CallId, logins: Iterable[Login], at: datetime
) -> None:
    """The interactions that callcore makes by itself for a contact, one for each operator who has none.

    They get the contact's customer, so the contact must be there.
    """
    written = select(interactions.c.login, interactions.c.n).where(interactions.c.call == call)
    rows = (await connection.execute(written)).all()
    there = {row.login for row in rows}
    n = max((row.n for row in rows), default=0)
    customer = select(contacts.c.customer).where(contacts.c.call == call).scalar_subquery()
    for login in logins:
        if login in there:
            continue
        n += 1
        values = {
            "call": call,
            "n": n,
            "login": login,
            "topic": UNCLASSIFIED,
            "comment": "",
            "created_at": at,
        }
        await connection.execute(interactions.insert().values(customer=customer, **values))


def newest_choice(call: Any) -> Any:
    """The customer whom an operator has chosen last for this call, as a scalar; NULL if none has."""
    chosen = and_(
        interactions.c.call == call,
        interactions.c.customer.is_not(None),
        interactions.c.saved_at.is_not(None),
    )
    newest = (interactions.c.saved_at.desc(), interactions.c.id.desc())
    return select(interactions.c.customer).where(chosen).order_by(*newest).limit(1).scalar_subquery()


async def write_within(connection: AsyncConnection, data: dict[str, Any]) -> int:
    """Within a writer's op: the record number of ``saving``.

    An older save than the stored one (it waited in the spool) changes nothing.
    """
    call, at, login = data["call"], datetime.fromisoformat(data["at"]), data["login"]
    entry = data.get("entry", 1)  # the spool of an older callcore has none
    values = {name: data[name] for name in ("customer", "topic", "comment", "login")} | {"saved_at": at}
    values |= {name: data.get(name) for name in ("number", "card", "opened_ms")}
    found = (await connection.execute(_his(call, login, entry))).first()
    if found is None:
        n = select(func.coalesce(func.max(interactions.c.n), 0) + 1).where(interactions.c.call == call)
        new = interactions.insert().values(
            call=call, n=n.scalar_subquery(), created_at=at, entry=entry, **values
        )
        record = cast(int, (await connection.execute(new.returning(interactions.c.id))).scalar_one())
    elif found.saved_at is not None and found.saved_at > at:
        return cast(int, found.id)
    else:
        record = found.id
        if data["customer"] is None or found.customer != data["customer"] == data.get("stood_on"):
            # Who does not say whose it is (today's list has no card) does not take it away from anybody; nor
            # does who merely writes on, with the card before him from which it was taken away.
            for name in ("customer", "number", "card"):
                del values[name]
        elif found.customer == data["customer"]:
            # As it stood at first; and the number may have been put right since.
            for name in ("number", "card"):
                if getattr(found, name) is not None:
                    del values[name]
        elif found.saved_at is not None and found.customer is not None:
            await _note_change(connection, found, data["customer"], values["number"], login, at, "")
        await connection.execute(update(interactions).where(interactions.c.id == record).values(**values))
    if data["customer"] is not None:
        chosen = update(contacts).where(contacts.c.call == call).values(customer=newest_choice(call))
        await connection.execute(chosen)
    drafts = contact_drafts.c
    typed = (drafts.login == login) & (drafts.call == call) & (drafts.entry == entry) & (drafts.at <= at)
    await connection.execute(delete(contact_drafts).where(typed))
    told = {"record": record, "call": call, "customer": values.get("customer", found and found.customer)}
    told |= {"login": login, "topic": data["topic"]}
    await outbox.tell(connection, "interaction.saved", told, at)
    return record


async def _note_change(
    connection: AsyncConnection,
    row: Any,
    customer: CustomerId | None,
    number: str | None,
    login: Login,
    at: datetime,
    why: str,
) -> None:
    """What it was before it goes elsewhere."""
    values = {"from_customer": row.customer, "from_number": row.number, "to_customer": customer}
    values |= {"to_number": number, "login": login, "at": at, "why": why}
    await connection.execute(interaction_changes.insert().values(interaction=row.id, **values))


def _his(call: CallId, login: Login, entry: int) -> Any:
    """This operator's interaction on that topic, or one that callcore made for nobody by name."""
    is_nobodys: ColumnElement[bool] = and_(interactions.c.login.is_(None), interactions.c.saved_at.is_(None))
    is_his: ColumnElement[bool] = and_(interactions.c.login == login, interactions.c.entry == entry)
    return (
        select(
            interactions.c.id,
            interactions.c.saved_at,
            interactions.c.customer,
            interactions.c.number,
            interactions.c.card,
        )
        .where(interactions.c.call == call, or_(is_his, is_nobodys) if entry == 1 else is_his)
        .order_by(interactions.c.login.is_(None), interactions.c.n)
        .limit(1)
    )


def _interaction(row: Row[Any]) -> Interaction:
    return Interaction(**row._mapping)

"""Contacts: each visit of a caller, written once, by callcore itself; and the lists made from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    true,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls import missed
from callcore.calls.effects import Contact
from callcore.domain import (
    UNCLASSIFIED,
    CallId,
    CustomerId,
    Direction,
    EndReason,
    Login,
    Outcome,
    QueueName,
    TopicCode,
)
from callcore.store import contact_codec, following, outbox
from callcore.store.engine import inserting
from callcore.store.gaps import count_contact
from callcore.store.interactions import add_unclassified, newest_choice
from callcore.store.ports import Store
from callcore.store.schema.core import calls, contact_rings, contacts, customers, interactions
from callcore.store.spool import Record
from callcore.store.types import to_microseconds
from callcore.store.writer import SPOOLED

KIND = "contact"
_LONGEST_CALL = timedelta(days=1)


class Saved(StrEnum):
    """What became of ``Contacts.save``."""

    new = "new"
    repeat = "repeat"
    spooled = "spooled"
    """Kept safely outside the database, which cannot be written now; nobody knows yet whether it is new."""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact as one line of a list, with one of its interactions, if it has any."""

    call: CallId
    direction: Direction
    started_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    number: str | None
    """Canonical; None if withheld or unreadable."""
    number_raw: str
    caller_name: str | None
    customer: CustomerId | None
    customer_name: str | None
    queue: QueueName | None
    route_topic: TopicCode | None
    """What the caller chose in the IVR."""
    topic: TopicCode | None
    """What the operator chose; ``unclassified`` while he has not; None for a contact without interaction."""
    comment: str
    written_by: Login | None
    """Whose topic and comment these are."""
    record: int | None
    """Record number."""
    saved_at: datetime | None
    answered_by: Login | None
    outcome: Outcome
    wait_ms: int
    talk_ms: int


@dataclass(frozen=True, slots=True)
class Figures:
    """An operator's own figures."""

    answered: int
    talk_ms: int
    unclassified: int


class Contacts:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_told = False
        """Somebody subscribed to ``contact.saved``: it is written with the contact."""
        self.missed_after = missed.AFTER
        """See ``calls.missed``."""
        self.work_changed = False
        """The list of people to call has, since somebody last set this back."""
        store.writer.register(KIND, self._take)

    async def _take(self, connection: AsyncConnection, data: dict[str, Any]) -> bool:
        contact = contact_codec.from_json(data)
        is_new = await _apply(connection, contact)
        if is_new and await following.written(connection, contact, self.missed_after):
            self.work_changed = True
        if is_new and self.is_told:
            await outbox.tell(connection, "contact.saved", contact_codec.said(contact), contact.ended_at)
        return is_new

    async def save(self, contact: Contact) -> Saved:
        """Store the contact, durable when it returns; a second contact of the same call changes nothing.

        In the same transaction the call is marked as ended, and each operator who talked with the caller and
        has not written an interaction gets one with the topic ``unclassified``. A customer chosen at the desk
        before wins over the contact's. Texts from the network are cleaned and cut, never refused.
        """
        _check_moments(contact)
        data = contact_codec.to_json(contact_codec.cleaned(contact))
        answer = await self._store.writer.submit_durable(Record(KIND, contact.call, data))
        if answer is SPOOLED:
            return Saved.spooled
        return Saved.new if answer else Saved.repeat

    async def get(self, call: CallId) -> Contact | None:
        rings = select(contact_rings).where(contact_rings.c.call == call).order_by(contact_rings.c.position)
        async with self._store.read() as connection:
            row = (await connection.execute(select(contacts).where(contacts.c.call == call))).first()
            if row is None:
                return None
            return contact_codec.from_rows(row, (await connection.execute(rings)).all())

    async def line(self, call: CallId, login: Login | None = None) -> ContactLine | None:
        """One contact as this operator's list shows it; without ``login`` with its first interaction."""
        query = _all_lines().order_by(interactions.c.n) if login is None else _own_lines(login)
        found = await self._lines(query.where(contacts.c.call == call).limit(1))
        return found[0] if found else None

    async def today(self, login: Login, since: datetime, limit: int = 500) -> tuple[ContactLine, ...]:
        """What this operator answered (also as one of several) and that ended at ``since`` or later, newest
        first, each with what he himself wrote, or has to. ``since`` is his midnight."""
        query = _own_lines(login).where(
            contacts.c.ended_at >= since, contacts.c.call.in_(_answered(login, since))
        )
        return await self._lines(_newest_first(query, limit))

    async def more_topics(self, login: Login, since: datetime) -> dict[CallId, tuple[TopicCode, ...]]:
        """Of what ``today`` lists: his topics beside the first of each contact, in the order of their
        entries; contacts with one topic are left out."""
        first = interactions.alias()
        before = select(first.c.id).where(
            first.c.call == interactions.c.call,
            first.c.login == login,
            first.c.entry < interactions.c.entry,
        )
        query = (
            select(interactions.c.call, interactions.c.topic)
            .where(
                interactions.c.login == login,
                interactions.c.entry > 1,
                interactions.c.call.in_(_answered(login, since)),
                before.exists(),
            )
            .order_by(interactions.c.call, interactions.c.entry)
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        found: dict[CallId, tuple[TopicCode, ...]] = {}
        for call, topic in rows:
            found[call] = (*found.get(call, ()), topic)
        return found

    async def last_for(
        self, customer: CustomerId | None, number: str | None, limit: int = 10, without: CallId | None = None
    ) -> tuple[ContactLine, ...]:
        """The last contacts of a customer, or of a number where there is no customer; newest first, with a
        line for each interaction of a contact. ``without``: a call that shall not be among them."""
        if customer is not None:
            condition: ColumnElement[bool] = contacts.c.customer == customer
        elif number:
            condition = contacts.c.caller_number == number
        else:
            return ()
        other: ColumnElement[bool] = contacts.c.call != without if without is not None else true()
        return await self._lines(_newest_first(_all_lines().where(condition, other), limit))

    async def figures(self, login: Login, since: datetime) -> Figures:
        """Sums over what ``today`` lists."""
        unclassified = func.count().filter(_own_topic() == UNCLASSIFIED)
        answered = func.count().filter(contacts.c.outcome == Outcome.answered)  # not what he dialled in vain
        query = (
            select(answered, func.coalesce(func.sum(contacts.c.talk_ms), 0), unclassified)
            .select_from(contacts.outerjoin(interactions, _written_by(login)))
            .where(contacts.c.ended_at >= since, contacts.c.call.in_(_answered(login, since)))
        )
        async with self._store.read() as connection:
            row = (await connection.execute(query)).one()
        return Figures(answered=row[0], talk_ms=int(row[1]), unclassified=row[2])

    async def unclassified(self, login: Login, limit: int = 100, offset: int = 0) -> tuple[ContactLine, ...]:
        """Contacts that this operator has not classified, of any day, newest first."""
        query = _all_lines().where(
            interactions.c.login == login, interactions.c.topic == literal_column(f"'{UNCLASSIFIED}'")
        )
        return await self._lines(_newest_first(query, limit).offset(offset))

    async def last_spoke(self, number: str, customer: CustomerId | None) -> Login | None:
        """Who talked last with this number, or with this customer by whatever number."""
        last: list[Row[Any]] = []
        for column, value in ((contacts.c.caller_number, number), (contacts.c.customer, customer)):
            query = select(contacts.c.ended_at, contacts.c.answered_by).where(
                column == value, contacts.c.outcome == Outcome.answered, contacts.c.answered_by.is_not(None)
            )
            query = query.order_by(contacts.c.ended_at.desc()).limit(1)
            if value:
                last += await self._store.ask(partial(_all, query=query))
        return max(last, key=lambda row: row.ended_at).answered_by if last else None

    async def count_unclassified(self, login: Login) -> tuple[int, datetime | None]:
        """How many contacts this operator has not classified, of any day, and when the oldest began."""
        query = select(func.count(), func.min(interactions.c.created_at)).where(
            interactions.c.login == login, interactions.c.topic == literal_column(f"'{UNCLASSIFIED}'")
        )
        row = await self._store.ask(lambda connection: connection.execute(query).one())
        return row[0], row[1]

    async def count(self) -> int:
        """All contacts there are."""
        async with self._store.read() as connection:
            return (await connection.execute(select(func.count()).select_from(contacts))).scalar_one()

    async def _lines(self, query: Select[Any]) -> tuple[ContactLine, ...]:
        rows = await self._store.ask(lambda connection: connection.execute(query).all())
        return tuple(map(_line, rows))


def _all(connection: Connection, query: Select[Any]) -> list[Row[Any]]:
    return list(connection.execute(query).all())


def _check_moments(contact: Contact) -> None:
    """A naive moment is a bug of ours: it shall show at once, not when the spool is written."""
    moments = [contact.started_at, contact.queued_at, contact.answered_at, contact.ended_at]
    for ring in contact.operators:
        moments += [ring.began_at, ring.ended_at]
    for moment in moments:
        if moment is not None:
            to_microseconds(moment)


async def _apply(connection: AsyncConnection, contact: Contact) -> bool:
    """True if the contact was new."""
    row = contact_codec.to_row(contact)
    found = row.pop("customer")
    parameters = row | {"of_call": contact.call, "found": found}
    added = await connection.execute(_new(connection.dialect.name), parameters)
    if not added.rowcount:
        return False
    if contact.operators:
        await connection.execute(contact_rings.insert(), contact_codec.to_ring_rows(contact))
    if contact.outcome is Outcome.answered:
        await add_unclassified(connection, contact.call, _talkers(contact), contact.ended_at)
    await connection.execute(_CALL_ENDED, {"of_call": contact.call, "at": contact.ended_at})
    await count_contact(connection, contact)
    return True


@cache
def _new(dialect: str) -> Any:
    """With the parameters ``of_call`` and ``found``, the customer, beside the columns."""
    chosen = newest_choice(bindparam("of_call"))
    customer = func.coalesce(chosen, bindparam("found", type_=BigInteger))
    return inserting(dialect, contacts).values(customer=customer).on_conflict_do_nothing()


_CALL_ENDED = (
    update(calls)
    .where(calls.c.call == bindparam("of_call"), calls.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"))
)


def _talkers(contact: Contact) -> list[Login]:
    """The operators who talked with the caller, each once; who answered first comes first."""
    answered = (ring.login for ring in contact.operators if ring.result is EndReason.completed)
    return list(dict.fromkeys(login for login in (contact.answered_by, *answered) if login is not None))


def _written_by(login: Login) -> ColumnElement[bool]:
    """His interaction; the first of them where he wrote on several topics."""
    other = interactions.alias()
    first = select(func.min(other.c.entry)).where(other.c.call == contacts.c.call, other.c.login == login)
    return and_(
        interactions.c.call == contacts.c.call,
        interactions.c.login == login,
        interactions.c.entry == first.correlate(contacts).scalar_subquery(),
    )


def _own_topic() -> ColumnElement[str]:
    """In what an operator answered: what he has not written, he has not classified."""
    return func.coalesce(interactions.c.topic, literal(UNCLASSIFIED))


def _answered(login: Login, since: datetime) -> Any:
    """Calls that this operator answered, as one of several or not."""
    return union(
        select(contacts.c.call).where(contacts.c.answered_by == login, contacts.c.ended_at >= since),
        select(contact_rings.c.call).where(
            contact_rings.c.login == login,
            contact_rings.c.began_at >= since - _LONGEST_CALL,
            contact_rings.c.result == EndReason.completed,
        ),
    )


def _own_lines(login: Login) -> Select[Any]:
    """With this operator's interaction: one line for each contact."""
    return _lines_query(_written_by(login), _own_topic())


def _all_lines() -> Select[Any]:
    """With every interaction: a line for each."""
    return _lines_query(interactions.c.call == contacts.c.call, interactions.c.topic)


def _lines_query(joined: ColumnElement[bool], topic: ColumnElement[str]) -> Select[Any]:
    return select(
        contacts.c.call,
        contacts.c.direction,
        contacts.c.started_at,
        contacts.c.queued_at,
        contacts.c.answered_at,
        contacts.c.ended_at,
        contacts.c.caller_number.label("number"),
        contacts.c.caller_number_raw.label("number_raw"),
        contacts.c.caller_name,
        contacts.c.customer,
        customers.c.name.label("customer_name"),
        contacts.c.queue,
        contacts.c.topic.label("route_topic"),
        topic.label("topic"),
        func.coalesce(interactions.c.comment, "").label("comment"),
        interactions.c.login.label("written_by"),
        interactions.c.id.label("record"),
        interactions.c.saved_at,
        contacts.c.answered_by,
        contacts.c.outcome,
        contacts.c.wait_ms,
        contacts.c.talk_ms,
    ).select_from(
        contacts.outerjoin(interactions, joined).outerjoin(customers, customers.c.id == contacts.c.customer)
    )


def _newest_first(query: Select[Any], limit: int) -> Select[Any]:
    newest = (contacts.c.ended_at.desc(), contacts.c.call.desc(), interactions.c.n.desc())
    return query.order_by(*newest).limit(limit)


def _line(row: Row[Any]) -> ContactLine:
    values = dict(row._mapping)
    values["direction"] = Direction(values["direction"])
    values["outcome"] = Outcome(values["outcome"])
    return ContactLine(**cast(dict[str, Any], values))

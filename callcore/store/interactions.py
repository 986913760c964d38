"""What the operators wrote about a contact: topic, comment, customer. The id is the record number.

Each operator who talked with the caller has his own interaction, and nobody writes into another's. ``n``
counts those of one call, in the order in which they were made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Login, TopicCode
from callcore.store.ports import Store
from callcore.store.schema import contacts, interactions
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


class Interactions:
    def __init__(self, store: Store) -> None:
        self._store = store
        store.writer.register(KIND, _apply)

    async def save(
        self,
        call: CallId,
        login: Login,
        topic: TopicCode,
        comment: str,
        customer: CustomerId | None,
        at: datetime,
    ) -> int | None:
        """Write or overwrite this operator's interaction; the record number, durable when it returns.

        It may come before the contact or after it; the customer who was chosen last, by whomever, also lands
        on the contact. None: the database cannot be written now, the text is kept safely and gets its number
        later. Raises ``TextRefused`` for a comment over 10,000 characters or an impossible topic.
        """
        to_microseconds(at)  # refuses a naive moment here, not in the spool
        data = {
            "call": call,
            "login": login,
            "topic": typed_text(topic, WORD_LIMIT, "topic", empty=False),
            "comment": typed_text(comment, COMMENT_LIMIT, "comment", lines=True),
            "customer": customer,
            "at": at.isoformat(),
        }
        answer = await self._store.writer.submit_durable(Record(KIND, f"{call}/{login}/{data['at']}", data))
        return None if answer is SPOOLED else cast(int, answer)

    async def get(self, id: int) -> Interaction | None:
        """By record number."""
        async with self._store.read() as connection:
            row = (await connection.execute(select(interactions).where(interactions.c.id == id))).first()
        return _interaction(row) if row else None

    async def of_call(self, call: CallId) -> tuple[Interaction, ...]:
        query = select(interactions).where(interactions.c.call == call).order_by(interactions.c.n)
        async with self._store.read() as connection:
            return tuple(map(_interaction, (await connection.execute(query)).all()))


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


async def _apply(connection: AsyncConnection, data: dict[str, Any]) -> int:
    """The record number. An older save than the stored one (it waited in the spool) changes nothing."""
    call, at = data["call"], datetime.fromisoformat(data["at"])
    values = {name: data[name] for name in ("customer", "topic", "comment", "login")} | {"saved_at": at}
    found = (await connection.execute(_his(call, data["login"]))).first()
    if found is None:
        n = select(func.coalesce(func.max(interactions.c.n), 0) + 1).where(interactions.c.call == call)
        new = interactions.insert().values(call=call, n=n.scalar_subquery(), created_at=at, **values)
        record = cast(int, (await connection.execute(new.returning(interactions.c.id))).scalar_one())
    elif found.saved_at is not None and found.saved_at > at:
        return cast(int, found.id)
    else:
        record = found.id
        if data["customer"] is None:
            # Who does not say whose it is (today's list has no card) does not take it away from anybody.
            del values["customer"]
        await connection.execute(update(interactions).where(interactions.c.id == record).values(**values))
    if data["customer"] is not None:
        chosen = update(contacts).where(contacts.c.call == call).values(customer=newest_choice(call))
        await connection.execute(chosen)
    return record


def _his(call: CallId, login: Login) -> Any:
    """This operator's interaction, or one that callcore made for nobody by name."""
    is_nobodys: ColumnElement[bool] = and_(interactions.c.login.is_(None), interactions.c.saved_at.is_(None))
    return (
        select(interactions.c.id, interactions.c.saved_at)
        .where(interactions.c.call == call, or_(interactions.c.login == login, is_nobodys))
        .order_by(interactions.c.login.is_(None), interactions.c.n)
        .limit(1)
    )


def _interaction(row: Row[Any]) -> Interaction:
    return Interaction(**row._mapping)

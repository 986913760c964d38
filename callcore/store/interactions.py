"""What an operator wrote about a contact: topic, comment, customer. The id is the record number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Login, TopicCode
from callcore.store.engine import insert
from callcore.store.ports import Store
from callcore.store.schema import contacts, interactions
from callcore.store.spool import Record
from callcore.store.texts import COMMENT_LIMIT, WORD_LIMIT, typed_text
from callcore.store.types import to_microseconds
from callcore.store.writer import SPOOLED

KIND = "interaction"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One topic of one contact. ``saved_at`` None: callcore made it, nobody has classified it yet."""

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
        """Write or overwrite the first interaction of the call; the record number, durable when it returns.

        It may come before the contact or after it; a chosen customer also lands on the contact. None: the
        database cannot be written now, the text is kept safely and gets its number later.
        Raises ``TextRefused`` for a comment over 10,000 characters or an impossible topic.
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
        answer = await self._store.writer.submit_durable(Record(KIND, f"{call}/1", data))
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
    connection: AsyncConnection, call: CallId, login: Login, customer: int | None, at: datetime
) -> None:
    """The interaction that callcore makes by itself for an answered contact, unless there is one."""
    values = {
        "call": call,
        "n": 1,
        "customer": customer,
        "topic": UNCLASSIFIED,
        "comment": "",
        "login": login,
        "created_at": at,
    }
    await connection.execute(insert(connection, interactions).values(**values).on_conflict_do_nothing())


async def _apply(connection: AsyncConnection, data: dict[str, Any]) -> int:
    """The record number. An older save than the stored one (it waited in the spool) changes nothing."""
    at = datetime.fromisoformat(data["at"])
    values = {name: data[name] for name in ("customer", "topic", "comment", "login")} | {"saved_at": at}
    fresh = insert(connection, interactions).values(call=data["call"], n=1, created_at=at, **values)
    newer = or_(interactions.c.saved_at.is_(None), interactions.c.saved_at <= at)
    # Who does not say whose it is (today's list has no card) does not take it away from anybody.
    changed = values if data["customer"] is not None else {k: v for k, v in values.items() if k != "customer"}
    statement = fresh.on_conflict_do_update(
        index_elements=[interactions.c.call, interactions.c.n], set_=changed, where=newer
    ).returning(interactions.c.id)
    written: int | None = (await connection.execute(statement)).scalar()
    if written is None:
        stored = select(interactions.c.id).where(interactions.c.call == data["call"], interactions.c.n == 1)
        return cast(int, (await connection.execute(stored)).scalar_one())
    if data["customer"] is not None:
        chosen = update(contacts).where(contacts.c.call == data["call"]).values(customer=data["customer"])
        await connection.execute(chosen)
    return written


def _interaction(row: Row[Any]) -> Interaction:
    return Interaction(**row._mapping)

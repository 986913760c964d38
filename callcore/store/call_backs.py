"""Who wants to be called back: one open wish for each number, worked through by people.

Callcore calls nobody by itself from here: somebody takes the line, calls, and says what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Language, Login, QueueName, TopicCode
from callcore.store import audit, outbox
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.core import customers
from callcore.store.schema.ivr import call_backs
from callcore.store.texts import COMMENT_LIMIT, WORD_LIMIT, machine_text, typed_text


class CallBackState(StrEnum):
    open = "open"
    done = "done"
    withdrawn = "withdrawn"
    """It is no longer needed: he called again, or a mistake."""


@dataclass(frozen=True, slots=True)
class NewCallBack:
    """``number``: canonical, the one that is called."""

    number: str
    topic: TopicCode
    queue: QueueName
    language: Language
    call: CallId | None = None
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class CallBack:
    id: int
    number: str
    topic: TopicCode
    queue: QueueName
    language: Language
    asked_at: datetime
    state: CallBackState = CallBackState.open
    call: CallId | None = None
    """In which he asked first."""
    customer: CustomerId | None = None
    customer_name: str = ""
    """Read with the wish, not stored with it; empty if unknown."""
    settled_at: datetime | None = None
    settled_by: Login | None = None
    note: str = ""
    """What came of it."""
    taken_at: datetime | None = None
    taken_by: Login | None = None
    """Who calls; nobody else need then."""


@dataclass(frozen=True, slots=True)
class CallBackLook:
    """What a list shows; everything that is set must fit. ``state`` None: any."""

    state: CallBackState | None = CallBackState.open
    queues: Collection[QueueName] | None = None
    customer: CustomerId | None = None
    number: str = ""
    is_taken: bool | None = None
    taken_by: Login | None = None
    limit: int = 50
    offset: int = 0


class CallBacks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, new: NewCallBack, at: datetime) -> bool:
        """Whether it is new: a number for which a wish is open keeps that one, with its place in the list."""
        values = {
            "number": machine_text(new.number, WORD_LIMIT),
            "call": new.call,
            "customer": new.customer,
            "topic": machine_text(new.topic, WORD_LIMIT),
            "queue": machine_text(new.queue, WORD_LIMIT),
            "language": new.language,
        }

        async def op(connection: AsyncConnection) -> bool:
            state = CallBackState.open.value
            row = insert(connection, call_backs).values(**values, asked_at=at, state=state, note="")
            new_id = row.on_conflict_do_nothing().returning(call_backs.c.id)
            made = (await connection.execute(new_id)).scalar()
            if made is None:
                return False
            told = {name: values[name] for name in ("number", "call", "customer", "topic", "queue")}
            await outbox.tell(connection, "call_back.asked", {"call_back": made, **told}, at)
            return True

        return await self._store.writer.submit(op)

    async def settle(self, id: int, state: CallBackState, note: str, login: Login, at: datetime) -> CallBack:
        """Done or withdrawn, once: whoever comes later gets it as it was settled. Raises ``NotStored``,
        ``TextRefused``, ValueError for ``open``."""
        if state is CallBackState.open:
            raise ValueError("a wish is settled as done or as withdrawn")
        said = typed_text(note, COMMENT_LIMIT, "comment", lines=True)

        async def op(connection: AsyncConnection) -> None:
            mine = update(call_backs).where(call_backs.c.id == id, call_backs.c.state == CallBackState.open)
            settled = mine.values(state=state.value, settled_at=at, settled_by=login, note=said)
            row = (await connection.execute(settled.returning(call_backs.c.customer))).first()
            if row is not None:
                told = {"call_back": id, "customer": row.customer, "state": state.value, "login": login}
                await outbox.tell(connection, "call_back.settled", told, at)
                await audit.note(connection, login, "changed", row.customer, at, subject=f"call_back:{id}")

        await self._store.writer.submit(op)
        return await self._known(id)

    async def take(self, id: int, login: Login, at: datetime, *, is_over: bool = False) -> CallBack:
        """Say that you call, unless somebody else did: then it comes back as his. ``is_over``: from him. One
        that is settled stays as it is. Raises ``NotStored``."""
        c = call_backs.c
        free = c.taken_by.is_(None) if not is_over else or_(c.taken_by.is_(None), c.taken_by != login)
        await self._hold(id, free, login, at, "call_back.taken", {"taken_at": at, "taken_by": login})
        return await self._known(id)

    async def hand_back(self, id: int, login: Login, at: datetime, *, is_anybodys: bool = False) -> CallBack:
        """It waits for anybody again; ``is_anybodys``: also one that another has taken. Raises
        ``NotStored``."""
        c = call_backs.c
        held = c.taken_by.is_not(None) if is_anybodys else c.taken_by == login
        await self._hold(id, held, login, at, "call_back.handed_back", {"taken_at": None, "taken_by": None})
        return await self._known(id)

    async def _hold(
        self,
        id: int,
        where: ColumnElement[bool],
        login: Login,
        at: datetime,
        event: str,
        values: Mapping[str, Any],
    ) -> None:
        """Of an open one, if it is as ``where`` says; else nothing."""
        c = call_backs.c

        async def op(connection: AsyncConnection) -> None:
            mine = update(call_backs).where(c.id == id, c.state == CallBackState.open, where)
            row = (await connection.execute(mine.values(**values).returning(c.customer))).first()
            if row is not None:
                told = {"call_back": id, "customer": row.customer, "login": login}
                await outbox.tell(connection, event, told, at)
                await audit.note(connection, login, "changed", row.customer, at, subject=f"call_back:{id}")

        await self._store.writer.submit(op)

    async def _known(self, id: int) -> CallBack:
        found = await self.get(id)
        if found is None:
            raise NotStored(f"there is no call-back {id}", f"запроса {id} нет")
        return found

    async def get(self, id: int) -> CallBack | None:
        found = await self._find([call_backs.c.id == id], (call_backs.c.id,), 1)
        return found[0] if found else None

    async def find(self, look: CallBackLook) -> tuple[CallBack, ...]:
        """Open ones: who waits longest first; settled ones: the newest first."""
        c = call_backs.c
        is_open = look.state is CallBackState.open
        order = (c.asked_at, c.id) if is_open else (c.asked_at.desc(), c.id.desc())
        return await self._find(_conditions(look), order, look.limit, look.offset)

    async def count(self, look: CallBackLook) -> int:
        query = select(func.count()).select_from(call_backs).where(*_conditions(look))
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _find(
        self, where: list[ColumnElement[bool]], order: tuple[Any, ...], limit: int, offset: int = 0
    ) -> tuple[CallBack, ...]:
        query = (
            select(call_backs, customers.c.name.label("customer_name"))
            .outerjoin_from(call_backs, customers, customers.c.id == call_backs.c.customer)
            .where(*where)
            .order_by(*order)
            .limit(limit)
            .offset(offset)
        )
        async with self._store.read() as connection:
            return tuple(map(_call_back, (await connection.execute(query)).all()))


def _conditions(look: CallBackLook) -> list[ColumnElement[bool]]:
    c = call_backs.c
    where: list[ColumnElement[bool]] = []
    if look.state is not None:
        where.append(c.state == look.state.value)
    if look.queues is not None:
        where.append(c.queue.in_(tuple(look.queues)))
    if look.customer is not None:
        where.append(c.customer == look.customer)
    if look.number:
        where.append(c.number == look.number)
    if look.is_taken is not None:
        where.append(c.taken_by.is_not(None) if look.is_taken else c.taken_by.is_(None))
    if look.taken_by is not None:
        where.append(c.taken_by == look.taken_by)
    return where


def _call_back(row: Row[Any]) -> CallBack:
    values = dict(row._mapping)
    values["state"] = CallBackState(values["state"])
    values["customer_name"] = values["customer_name"] or ""
    return CallBack(**values)

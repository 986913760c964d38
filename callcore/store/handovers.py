"""Calls that one operator handed to another, with his words (D-22).

A row is committed before the telephone system is asked for anything: whatever becomes of the call, it is
known who wanted to give it to whom, and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, CustomerId, Login, QueueName, TopicCode
from callcore.store import audit, outbox
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.handing import handovers
from callcore.store.texts import COMMENT_LIMIT, WORD_LIMIT, machine_text, typed_text

Mode = Literal["blind", "consult"]
Means = Literal["desk", "phone"]
ToKind = Literal["department", "person", "queue", "number", "outside"]
Why = Literal[
    "", "no_answer", "busy", "rejected", "nobody", "closed", "back", "caller_gone", "failed", "lost"
]
"""Why nobody took it: not answered in time; his telephone is in use; he declined; nobody was ready; the queue
let nobody in; the sender took the caller back; the caller hung up; the telephone system refused; nobody saw
what became of it."""


class HandoverState(StrEnum):
    asked = "asked"
    """It rings or waits there."""
    taken = "taken"
    returned = "returned"
    """Nobody took it: the caller is back with the sender, or on the way to him."""
    withdrawn = "withdrawn"


@dataclass(frozen=True, slots=True)
class NewHandover:
    """``from_topic``: what the caller had chosen, "" for nothing; ``number``: canonical, "" if withheld;
    ``to_name``: by ``to_kind`` a department's code, a login, a queue, an internal number, or a canonical one
    outside."""

    call: CallId
    by: Login
    topic: TopicCode
    number: str
    comment: str
    mode: Mode
    to_kind: ToKind
    to_name: str
    queue: QueueName | None = None
    customer: CustomerId | None = None
    from_topic: str = ""
    means: Means = "desk"


@dataclass(frozen=True, slots=True)
class Handover:
    id: int
    at: datetime
    what: NewHandover
    state: HandoverState
    settled_at: datetime | None
    taken_by: Login | None
    """None for a telephone of nobody."""
    why: Why


_c = handovers.c
_ASKED = HandoverState.asked.value


class Handovers:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, new: NewHandover, at: datetime) -> Handover:
        """Durable when it returns. One of this call that is still asked is withdrawn: the newest counts.
        Raises ``TextRefused`` for a long comment, ``StoreUnavailable``."""
        values = {
            "call": machine_text(new.call, WORD_LIMIT),
            "at": at,
            "by": new.by,
            "from_topic": machine_text(new.from_topic, WORD_LIMIT),
            "topic": typed_text(new.topic, WORD_LIMIT, "topic", empty=False),
            "number": machine_text(new.number, WORD_LIMIT),
            "customer": new.customer,
            "comment": typed_text(new.comment, COMMENT_LIMIT, "comment", lines=True),
            "mode": new.mode,
            "means": new.means,
            "to_kind": new.to_kind,
            "to_name": machine_text(new.to_name, WORD_LIMIT),
            "queue": new.queue,
            "state": _ASKED,
        }

        async def op(connection: AsyncConnection) -> Handover:
            before = select(_c.id).where(_c.call == new.call, _c.state == _ASKED)
            for id in (await connection.execute(before)).scalars().all():
                await _settle(connection, id, HandoverState.withdrawn, at, None, "back")
            row = (await connection.execute(handovers.insert().values(**values).returning(handovers))).one()
            told = {"handover": row.id, **{name: values[name] for name in _TOLD}}
            await outbox.tell(connection, "call.handed", {**told, "login": new.by}, at)
            detail = {"topic": new.topic, "to": values["to_name"]}
            await audit.note(
                connection, new.by, "handed", new.customer, at, subject=f"handover:{row.id}", detail=detail
            )
            return _handover(row)

        return await self._store.writer.submit(op)

    async def settle(
        self, id: int, state: HandoverState, at: datetime, *, taken_by: Login | None = None, why: Why = ""
    ) -> Handover:
        """Once: whoever comes later gets it as it was settled. Raises ``NotStored``, ValueError for
        ``asked``."""
        if state is HandoverState.asked:
            raise ValueError("it is settled as taken, returned or withdrawn")

        async def op(connection: AsyncConnection) -> None:
            await _settle(connection, id, state, at, taken_by, why)

        await self._store.writer.submit(op)
        found = await self._find([_c.id == id], 1)
        if not found:
            raise NotStored(f"there is no hand-over {id}", f"передачи {id} нет")
        return found[0]

    async def of_call(self, call: CallId) -> tuple[Handover, ...]:
        """The newest first."""
        return await self._find([_c.call == call])

    async def newest(self, call: CallId) -> Handover | None:
        found = await self._find([_c.call == call], 1)
        return found[0] if found else None

    async def newest_of(self, calls: Sequence[CallId]) -> dict[CallId, Handover]:
        """Of each of these calls that was ever handed on."""
        if not calls:
            return {}
        found = await self._find([_c.call.in_(calls)])
        return {each.what.call: each for each in reversed(found)}

    async def asked(self) -> tuple[Handover, ...]:
        """All that are not settled, the newest first."""
        return await self._find([_c.state == _ASKED])

    async def _find(self, where: list[ColumnElement[bool]], limit: int | None = None) -> tuple[Handover, ...]:
        query = select(handovers).where(*where).order_by(_c.id.desc()).limit(limit)
        async with self._store.read() as connection:
            return tuple(map(_handover, (await connection.execute(query)).all()))


_TOLD = ("call", "from_topic", "topic", "number", "customer", "mode", "means", "to_kind", "to_name", "queue")


async def _settle(
    connection: AsyncConnection,
    id: int,
    state: HandoverState,
    at: datetime,
    taken_by: Login | None,
    why: Why,
) -> None:
    values = {"state": state.value, "settled_at": at, "taken_by": taken_by, "why": why}
    change = update(handovers).where(_c.id == id, _c.state == _ASKED).values(**values).returning(handovers)
    row = (await connection.execute(change)).first()
    if row is None:
        return
    if state is HandoverState.returned:
        told = {"handover": row.id, "call": row.call, "login": row.by, "to_name": row.to_name, "why": why}
        await outbox.tell(connection, "call.returned", told, at)
    who = taken_by or row.by
    await audit.note(
        connection, who, f"handover_{state.value}", row.customer, at, subject=f"handover:{row.id}"
    )


_WHAT = frozenset(each.name for each in fields(NewHandover))


def _handover(row: Row[Any]) -> Handover:
    values = dict(row._mapping)
    what = NewHandover(**{name: values.pop(name) for name in _WHAT})
    return Handover(**{**values, "state": HandoverState(values["state"])}, what=what)

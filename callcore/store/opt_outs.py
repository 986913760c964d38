"""Who wants no more of what: by number, way and class, with when and by what evidence.

The do-not-call list (``attempts.py``) is for good and for everything; an opt-out may be of SMS advertising
alone, of all numbers of a person, and may end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import Medium
from callcore.domain import CustomerId, Login
from callcore.store import audit
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.gate import opt_outs
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, machine_text, typed_text


@dataclass(frozen=True, slots=True)
class NewOptOut:
    """``number``: canonical; ``customer``: it holds for his other numbers too; ``medium`` None: in no way at
    all; ``message_class`` "": of no class."""

    number: str
    evidence: str
    medium: Medium | None = None
    message_class: str = ""
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class StoredOptOut:
    id: int
    number: str
    customer: CustomerId | None
    medium: Medium | None
    message_class: str
    since: datetime
    login: Login
    evidence: str
    ended_at: datetime | None = None
    ended_by: Login | None = None
    ended_evidence: str = ""


class OptOuts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, new: NewOptOut, login: Login, at: datetime) -> StoredOptOut:
        """While one of the same number, way and class is in force, that one is given back unchanged. Raises
        ``TextRefused``: without evidence it could be anybody's mistake."""
        values = {
            "number": machine_text(new.number, WORD_LIMIT),
            "medium": new.medium.value if new.medium else "",
            "message_class": machine_text(new.message_class, WORD_LIMIT),
        }
        proof = typed_text(new.evidence, NAME_LIMIT, "evidence", empty=False)
        same = [opt_outs.c.ended_at.is_(None), *(opt_outs.c[name] == value for name, value in values.items())]

        async def op(connection: AsyncConnection) -> StoredOptOut:
            row = insert(connection, opt_outs).values(
                **values, customer=new.customer, since=at, login=login, evidence=proof
            )
            made = await connection.execute(row.on_conflict_do_nothing().returning(opt_outs.c.id))
            if made.scalar() is not None:
                await audit.note(connection, login, "changed", new.customer, at, subject="opted_out")
            return _read((await connection.execute(select(opt_outs).where(*same))).one())

        return await self._store.writer.submit(op)

    async def end(self, id: int, evidence: str, login: Login, at: datetime) -> StoredOptOut:
        """He may be told again, as he said himself; once. Raises ``NotStored``, ``TextRefused``."""
        proof = typed_text(evidence, NAME_LIMIT, "evidence", empty=False)

        async def op(connection: AsyncConnection) -> StoredOptOut:
            mine = update(opt_outs).where(opt_outs.c.id == id, opt_outs.c.ended_at.is_(None))
            ended = mine.values(ended_at=at, ended_by=login, ended_evidence=proof).returning(opt_outs)
            row = (await connection.execute(ended)).first()
            if row is None:
                raise NotStored(f"there is no opt-out {id} in force", f"отказа {id} в силе нет")
            await audit.note(connection, login, "changed", row.customer, at, subject="opted_in")
            return _read(row)

        return await self._store.writer.submit(op)

    async def find(
        self, number: str = "", *, customer: CustomerId | None = None, ended: bool = False, limit: int = 1000
    ) -> tuple[StoredOptOut, ...]:
        """Newest first; ``ended``: those too that hold no more."""
        where: list[Any] = [] if ended else [opt_outs.c.ended_at.is_(None)]
        if number:
            where.append(opt_outs.c.number == number)
        if customer is not None:
            where.append(opt_outs.c.customer == customer)
        query = select(opt_outs).where(*where).order_by(opt_outs.c.since.desc(), opt_outs.c.id.desc())
        async with self._store.read() as connection:
            return tuple(map(_read, (await connection.execute(query.limit(limit))).all()))


def _read(row: Row[Any]) -> StoredOptOut:
    values = dict(row._mapping)
    values["medium"] = Medium(row.medium) if row.medium else None
    return StoredOptOut(**values)

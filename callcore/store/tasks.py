"""Tasks (D-47): what, by whom, by when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId, Login
from callcore.store import audit, outbox
from callcore.store.case_rows import Task
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema.cases import tasks
from callcore.store.texts import COMMENT_LIMIT, typed_text

_NOBODY = CustomerId(0)
"""The null customer (D-41)."""


class Tasks:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self,
        text: str,
        responsible: Login,
        author: Login,
        at: datetime,
        *,
        customer: CustomerId = _NOBODY,
        case: int | None = None,
        due_at: datetime | None = None,
    ) -> Task:
        """Raises ``TextRefused`` for an empty or too long text."""
        values = {
            "text": typed_text(text, COMMENT_LIMIT, "text", lines=True, empty=False),
            "responsible": responsible,
            "author": author,
            "created_at": at,
            "customer": customer,
            "case": case,
            "due_at": due_at,
        }

        async def op(connection: AsyncConnection) -> Task:
            new = tasks.insert().values(**values).returning(tasks.c.id)
            id_ = cast(int, (await connection.execute(new)).scalar_one())
            told = {"task": id_, "customer": customer, "responsible": responsible}
            await outbox.tell(connection, "task.created", told, at)
            await audit.note(connection, author, "changed", customer, at, subject=f"task:{id_}")
            return Task(id=id_, **values)  # type: ignore[arg-type]

        return cast(Task, await self._store.writer.submit(op))

    async def finish(self, id: int, by: Login, at: datetime, *, is_done: bool = True) -> Task:
        """Done, or after all not done; a repeat changes nothing. Raises ``NotStored``."""

        async def op(connection: AsyncConnection) -> Task:
            row = (await connection.execute(select(tasks).where(tasks.c.id == id))).first()
            if row is None:
                raise NotStored(f"there is no task {id}", f"задачи {id} нет")
            if (row.done_at is not None) == is_done:
                return _task(row)
            values = {"done_at": at, "done_by": by} if is_done else {"done_at": None, "done_by": None}
            change = update(tasks).where(tasks.c.id == id).values(**values).returning(tasks)
            changed = _task((await connection.execute(change)).one())
            told = {"task": id, "customer": changed.customer, "is_done": is_done}
            await outbox.tell(connection, "task.done" if is_done else "task.reopened", told, at)
            await audit.note(connection, by, "changed", changed.customer, at, subject=f"task:{id}")
            return changed

        return cast(Task, await self._store.writer.submit(op))

    async def get(self, id: int) -> Task | None:
        found = await self._find([tasks.c.id == id], 1)
        return found[0] if found else None

    async def of_customer(
        self, customer: CustomerId, open_only: bool = True, limit: int = 100
    ) -> tuple[Task, ...]:
        return await self._find([tasks.c.customer == customer, *_open(open_only)], limit)

    async def of_case(self, case: int) -> tuple[Task, ...]:
        return await self._find([tasks.c.case == case], 100)

    async def of_responsible(
        self, login: Login, open_only: bool = True, limit: int = 100
    ) -> tuple[Task, ...]:
        return await self._find([tasks.c.responsible == login, *_open(open_only)], limit)

    async def count(self, login: Login, now: datetime) -> tuple[int, int]:
        """His open ones, and how many of them are overdue."""
        late = func.count(tasks.c.id).filter(tasks.c.due_at < now)
        query = select(func.count(tasks.c.id), late)
        query = query.where(tasks.c.responsible == login, tasks.c.done_at.is_(None))
        async with self._store.read() as connection:
            row = (await connection.execute(query)).one()
        return int(row[0]), int(row[1])

    async def next_due_at(self) -> datetime | None:
        """Of those whose responsible was not told yet."""
        query = select(func.min(tasks.c.due_at)).where(tasks.c.done_at.is_(None), tasks.c.told_at.is_(None))
        async with self._store.read() as connection:
            return cast("datetime | None", (await connection.execute(query)).scalar_one())

    async def ring(self, now: datetime, limit: int = 100) -> tuple[Task, ...]:
        """Mark those whose time is up as told of; each comes once."""
        due = (tasks.c.due_at <= now, tasks.c.done_at.is_(None), tasks.c.told_at.is_(None))
        some = select(tasks.c.id).where(*due).order_by(tasks.c.due_at).limit(limit)

        async def op(connection: AsyncConnection) -> tuple[Task, ...]:
            mark = update(tasks).where(tasks.c.id.in_(some)).values(told_at=now).returning(tasks)
            rung = tuple(map(_task, (await connection.execute(mark)).all()))
            for task in rung:
                told = {"task": task.id, "customer": task.customer, "responsible": task.responsible}
                await outbox.tell(connection, "task.overdue", told, now)
            return rung

        if await self._nothing(due):
            return ()
        return cast("tuple[Task, ...]", await self._store.writer.submit(op))

    async def _nothing(self, due: Any) -> bool:
        async with self._store.read() as connection:
            return (await connection.execute(select(tasks.c.id).where(*due).limit(1))).first() is None

    async def _find(self, where: list[ColumnElement[bool]], limit: int) -> tuple[Task, ...]:
        order = (tasks.c.done_at.is_not(None), tasks.c.due_at.is_(None), tasks.c.due_at, tasks.c.id)
        query = select(tasks).where(*where).order_by(*order).limit(limit)
        async with self._store.read() as connection:
            return tuple(map(_task, (await connection.execute(query)).all()))


def _open(open_only: bool) -> list[ColumnElement[bool]]:
    return [tasks.c.done_at.is_(None)] if open_only else []


def _task(row: Row[Any]) -> Task:
    values = dict(row._mapping)
    del values["told_at"]
    return Task(**values)

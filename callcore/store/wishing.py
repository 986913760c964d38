"""A wish to be called back while an attempt carries it out: claimed with the intent, changed with the
outcome, each in the transaction of the attempt's own row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, case, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import CALLING, FOR_PERSON, Attempt, FollowUpChange, Outcome
from callcore.domain import QueueName, TopicCode
from callcore.store import following
from callcore.store.follow_rows import HOUSE, FollowUpKind, FollowUpState
from callcore.store.ports import Store
from callcore.store.schema.work import follow_ups
from callcore.store.types import UtcDateTime

_UNKNOWN: Final = f"{FOR_PERSON}unknown"
_c = follow_ups.c
_OPEN_WISH = and_(_c.kind == FollowUpKind.wish.value, _c.state == FollowUpState.open.value)


async def claimed(connection: AsyncConnection, attempt: Attempt) -> bool:
    """Whether the attempt may be stored: its wish is open, nobody else carries it out, and now it is its."""
    mine = [_c.id == attempt.follow_up, _c.number == attempt.number, _OPEN_WISH]
    free = [_c.taken_by.is_(None), _c.wait != CALLING]
    claim = update(follow_ups).where(*mine, *free).values(wait=CALLING)
    return bool((await connection.execute(claim)).rowcount)


async def changed(
    connection: AsyncConnection, row: Row[Any], change: FollowUpChange, outcome: Outcome
) -> None:
    """``row``: of the attempt, as it was. What has been settled meanwhile stays so."""
    held = CALLING if row.result is None else _UNKNOWN
    same = [_c.id == row.follow_up, _OPEN_WISH, _c.wait == held]
    values: dict[str, Any] = {"tries": change.tries, "wait": change.wait}
    if row.result is not None:
        values["tries"] = _c.tries
    # what a person has put off meanwhile stays so
    values["due_at"] = case(
        (_c.postponed_by.is_not(None), _c.due_at), else_=literal(change.due_at, UtcDateTime)
    )
    told = update(follow_ups).where(*same).values(**values).returning(_c.number)
    number = (await connection.execute(told)).scalar_one_or_none()
    if number is not None and change.done:
        await following.reached(connection, number, outcome.at, HOUSE)


class Wishes:
    """Those that are to be carried out by callcore."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def due(
        self, queue: QueueName, now: datetime, limit: int, without: Collection[TopicCode] = ()
    ) -> Sequence[Row[Any]]:
        """Open ones of this queue that nobody has taken, that no attempt carries out, and that may be tried
        now; who asked first is first. None of the topics ``without``."""
        is_due = or_(_c.due_at.is_(None), _c.due_at <= now)
        is_ours = and_(_c.taken_by.is_(None), _c.wait != CALLING, _c.wait.not_like(f"{FOR_PERSON}%"))
        query = (
            select(follow_ups)
            .where(_OPEN_WISH, is_ours, is_due, _c.queue == queue, _c.topic.not_in(list(without)))
            .order_by(_c.asked_at, _c.id)
            .limit(limit)
        )
        async with self._store.read() as connection:
            rows: Any = (await connection.execute(query)).all()
        return tuple(rows)

    async def of(self, ids: Sequence[int]) -> Sequence[Row[Any]]:
        """Those of these that are still open."""
        query = select(follow_ups).where(_OPEN_WISH, _c.id.in_(list(ids)))
        async with self._store.read() as connection:
            rows: Any = (await connection.execute(query)).all()
        return tuple(rows)

    async def waiting(self) -> dict[str, tuple[int, datetime]]:
        """How many are open, and since when the oldest, by queue."""
        query = select(_c.queue, func.count(), func.min(_c.asked_at)).where(_OPEN_WISH).group_by(_c.queue)
        async with self._store.read() as connection:
            return {row[0]: (row[1], row[2]) for row in await connection.execute(query)}

    async def wait(self, id: int, due_at: datetime | None, wait: str, zone: str = "") -> None:
        """It cannot be tried before, and why; unless an attempt of it has begun. ``zone``: by whose clock."""
        same = [_c.id == id, _OPEN_WISH, _c.wait != CALLING, _c.postponed_by.is_(None)]
        change = update(follow_ups).where(*same).values(due_at=due_at, wait=wait, zone=zone)

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(change)

        await self._store.writer.submit(op)

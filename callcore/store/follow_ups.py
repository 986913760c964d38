"""The work list of people to call: wishes, missed calls, messages; one open row for each number and kind.

Moves are of the person, not of the row: who takes one row of a number on has them all, so that no two people
call the same number. Each move is written with its line of the audit and its event, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store import audit, following, outbox
from callcore.store.errors import NotStored
from callcore.store.follow_rows import (
    HOUSE,
    FollowUp,
    FollowUpKind,
    FollowUpLook,
    FollowUpState,
    NewFollowUp,
    Waiting,
    conditions,
    follow_up,
    not_postponed,
    postponed,
)
from callcore.store.ports import Store
from callcore.store.schema.core import customers
from callcore.store.schema.work import follow_ups
from callcore.store.texts import COMMENT_LIMIT, WORD_LIMIT, typed_text

_c = follow_ups.c
_OPEN = FollowUpState.open.value
_OF_WISHES = {"follow_up.taken": "call_back.taken", "follow_up.handed_back": "call_back.handed_back"}
"""What wishes are told as besides: as they were before there was this list."""


@dataclass(frozen=True, slots=True)
class Given:
    """Who answers for a row now: a person, a department, or, with neither, whoever has the default's rank."""

    why: str
    login: Login | None = None
    department: str = ""


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """What is to be done now, by kind, and what was put off until later."""

    kinds: Mapping[FollowUpKind, Waiting]
    postponed: Waiting


class FollowUps:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def ask(self, new: NewFollowUp, at: datetime) -> tuple[int, bool]:
        """Id, and whether it is new: see ``following.ask``."""
        return await self._store.writer.submit(lambda connection: following.ask(connection, new, at))

    # --- moves

    async def take(self, id: int, login: Login, at: datetime, *, is_over: bool = False) -> FollowUp:
        """Say that you call this number, unless somebody else did: then it comes back as his. ``is_over``:
        from him. One that is settled stays as it is. Raises ``NotStored``."""

        async def op(connection: AsyncConnection) -> None:
            rows = await _open_ones(connection, id)
            if is_over or not _is_others(rows, login):
                free = [row for row in rows if row.taken_by != login]
                await _move(
                    connection, free, "follow_up.taken", login, at, {"taken_at": at, "taken_by": login}
                )

        return await self._done(op, id)

    async def hand_back(self, id: int, login: Login, at: datetime, *, is_anybodys: bool = False) -> FollowUp:
        """The number waits for anybody again; ``is_anybodys``: also one that another has taken. Raises
        ``NotStored``."""

        async def op(connection: AsyncConnection) -> None:
            rows = await _open_ones(connection, id)
            held = [
                row for row in rows if row.taken_by is not None and (is_anybodys or row.taken_by == login)
            ]
            await _move(
                connection, held, "follow_up.handed_back", login, at, {"taken_at": None, "taken_by": None}
            )

        return await self._done(op, id)

    async def postpone(
        self, id: int, until: datetime, reason: str, login: Login, at: datetime, *, is_over: bool = False
    ) -> FollowUp:
        """Nobody need call before; then it is his who put it off. What another has taken stays as it is,
        unless ``is_over``. Raises ``NotStored``, ``TextRefused`` without a reason, ValueError for a moment
        that has passed."""
        if until <= at:
            raise ValueError("put off until a moment that has passed")
        why = typed_text(reason, COMMENT_LIMIT, "reason", empty=False)
        values = {
            "due_at": until,
            "postponed_by": login,
            "reason": why,
            **_responsible(Given("postponed", login), until),
            **_FREE,
        }

        async def op(connection: AsyncConnection) -> None:
            rows = await _open_ones(connection, id)
            if is_over or not _is_others(rows, login):
                await _move(
                    connection, rows, "follow_up.postponed", login, at, values, {"until": until.isoformat()}
                )

        return await self._done(op, id)

    async def give(
        self, id: int, to: Given, reason: str, login: Login, at: datetime, *, is_over: bool = False
    ) -> FollowUp:
        """Somebody else answers for it; it waits for him now. What another has taken, or answers for by
        name, stays as it is, unless ``is_over``. Raises ``NotStored``, ``TextRefused`` without a reason."""
        why = typed_text(reason, COMMENT_LIMIT, "reason", empty=False)
        values = {"reason": why, **_NOW, **_responsible(to, at), **_FREE}
        told = {"to_login": to.login, "to_department": to.department}

        async def op(connection: AsyncConnection) -> None:
            rows = await _open_ones(connection, id)
            if is_over or not _is_others(rows, login, by_name=True):
                await _move(connection, rows, "follow_up.given", login, at, values, told)

        return await self._done(op, id)

    async def settle(self, id: int, state: FollowUpState, note: str, login: Login, at: datetime) -> FollowUp:
        """Done or withdrawn, once: whoever comes later gets it as it was settled. Whoever was reached is
        reached: ``done`` settles every open row of the number. Raises ``NotStored``, ``TextRefused``,
        ValueError for ``open``."""
        if state is FollowUpState.open:
            raise ValueError("it is settled as done or as withdrawn")
        said = typed_text(note, COMMENT_LIMIT, "comment", lines=True)
        values = {"state": state.value, "settled_at": at, "settled_by": login}

        async def op(connection: AsyncConnection) -> None:
            for row in await _open_ones(connection, id):
                if row.id == id or state is FollowUpState.done:
                    words = {"note": said} if row.id == id else {}
                    await connection.execute(
                        update(follow_ups).where(_c.id == row.id).values(**values, **words)
                    )
                    await following.settled(connection, row, state.value, login, at)
                    await _note(connection, row, login, at, state.value)

        return await self._done(op, id)

    # --- who answers for it, as ``crm.responsible`` says

    async def unlooked(
        self, before: datetime, disabled: Iterable[Login], limit: int, after: int = 0
    ) -> tuple[FollowUp, ...]:
        """Open ones that nobody has looked at yet, or touched since that moment, or whose person works here
        no more; by their ids, after that one. What is put off beyond it is touched."""
        untouched = and_(_c.taken_by.is_(None), _c.why_responsible != "default", _c.responsible_at < before)
        gone = list(disabled)
        left = or_(_c.responsible_login.in_(gone), _c.taken_by.in_(gone))
        forgotten = and_(_c.taken_at < before, or_(_c.due_at.is_(None), _c.due_at < before))
        unknown = and_(_c.why_responsible == "", _c.taken_by.is_(None))
        where = [_c.id > after, _c.state == _OPEN, or_(unknown, untouched, left, forgotten)]
        return await self._find(where, (_c.id,), limit)

    async def came_due(self, since: datetime, now: datetime) -> bool:
        """Whether something that was put off came back between these moments."""
        came = select(_c.id).where(_c.state == _OPEN, _c.due_at > since, _c.due_at <= now).limit(1)
        async with self._store.read() as connection:
            return (await connection.execute(came)).first() is not None

    async def assign(self, found: Sequence[tuple[FollowUp, Given]], at: datetime) -> int:
        """Whoever answers for each from now on, unless somebody has moved it meanwhile; what was taken long
        ago is free again. Gives how many."""

        async def op(connection: AsyncConnection) -> int:
            count = 0
            for one, to in found:
                same = [_c.id == one.id, _c.state == _OPEN, _c.why_responsible == one.why_responsible]
                same += [_is(_c.taken_by, one.taken_by), _is(_c.responsible_login, one.responsible_login)]
                change = update(follow_ups).where(*same).values(**_responsible(to, at), **_FREE)
                row = (await connection.execute(change.returning(*_TOLD))).first()
                count += row is not None
                if row is not None and one.taken_by is not None:
                    await _tell(connection, row, "follow_up.handed_back", HOUSE, at, {})
            return count

        return await self._store.writer.submit(op) if found else 0

    # --- lists

    async def get(self, id: int) -> FollowUp | None:
        found = await self._find([_c.id == id], (_c.id,), 1)
        return found[0] if found else None

    async def find(self, look: FollowUpLook) -> tuple[FollowUp, ...]:
        """Open ones: who waits longest first; put off: who is due first; settled ones: the newest first."""
        order: tuple[Any, ...] = (_c.asked_at, _c.id)
        if look.postponed:
            order = (_c.due_at, _c.id)
        elif look.state is not FollowUpState.open:
            order = (_c.asked_at.desc(), _c.id.desc())
        return await self._find(conditions(look), order, look.limit, look.offset)

    async def count(self, look: FollowUpLook) -> int:
        query = select(func.count()).select_from(follow_ups).where(*conditions(look))
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def waiting(self, look: FollowUpLook) -> WaitingWork:
        """What ``look`` would list, counted by kind; ``look.now`` must be set."""
        if look.now is None:
            raise ValueError("now is missing")
        where, late = conditions(look), postponed(look.now)
        # of many rows few are put off: each of the two is an index of its own
        everything, later = await self._by_kind(where), await self._by_kind([*where, late])
        now = dict[FollowUpKind, Waiting]()
        for kind, each in everything.items():
            off = later.get(kind, Waiting())
            oldest = each.oldest_at
            if off.count and oldest == off.oldest_at:
                first = [*where, _c.kind == kind.value, not_postponed(look.now)]
                oldest = await self._oldest(first)
            if each.count > off.count:
                now[kind] = Waiting(each.count - off.count, oldest)
        ages = [each.oldest_at for each in later.values() if each.oldest_at is not None]
        return WaitingWork(now, Waiting(sum(each.count for each in later.values()), min(ages, default=None)))

    async def _by_kind(self, where: list[ColumnElement[bool]]) -> dict[FollowUpKind, Waiting]:
        query = select(_c.kind, func.count(), func.min(_c.asked_at)).where(*where).group_by(_c.kind)
        rows = await self._store.ask(lambda connection: connection.execute(query).all())
        return {FollowUpKind(row[0]): Waiting(row[1], row[2]) for row in rows}

    async def _oldest(self, where: list[ColumnElement[bool]]) -> datetime | None:
        query = select(_c.asked_at).where(*where).order_by(_c.asked_at).limit(1)
        return await self._store.ask(lambda connection: connection.execute(query).scalar())

    # --- within

    async def _done(self, op: Any, id: int) -> FollowUp:
        await self._store.writer.submit(op)
        found = await self.get(id)
        if found is None:
            raise NotStored(f"there is nobody to call under {id}", f"записи {id} в списке нет")
        return found

    async def _find(
        self, where: list[ColumnElement[bool]], order: tuple[Any, ...], limit: int, offset: int = 0
    ) -> tuple[FollowUp, ...]:
        query = (
            select(follow_ups, customers.c.name.label("customer_name"))
            .outerjoin_from(follow_ups, customers, customers.c.id == _c.customer)
            .where(*where)
            .order_by(*order)
            .limit(limit)
            .offset(offset)
        )
        async with self._store.read() as connection:
            return tuple(map(follow_up, (await connection.execute(query)).all()))


_FREE: Mapping[str, Any] = {"taken_at": None, "taken_by": None}
_NOW: Mapping[str, Any] = {"due_at": None, "postponed_by": None}
_TOLD = (_c.id, _c.kind, _c.customer)


def _responsible(to: Given, at: datetime) -> dict[str, Any]:
    return {
        "responsible_login": to.login,
        "responsible_department": typed_text(to.department, WORD_LIMIT, "department"),
        "responsible_at": at,
        "why_responsible": to.why,
    }


def _is(column: Any, value: Any) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value  # type: ignore[no-any-return]


async def _open_ones(connection: AsyncConnection, id: int) -> Sequence[Row[Any]]:
    """This row and every other of the same number; empty if it is settled, or was never there."""
    columns = (*_TOLD, _c.taken_by, _c.responsible_login)
    number = select(_c.number).where(_c.id == id, _c.state == _OPEN).scalar_subquery()
    same = and_(_c.number == number, _c.number != "")
    query = select(*columns).where(or_(_c.id == id, same), _c.state == _OPEN).order_by(_c.id)
    rows: Any = (await connection.execute(query)).all()
    return tuple(rows)


def _is_others(rows: Sequence[Row[Any]], login: Login, *, by_name: bool = False) -> bool:
    """Somebody else calls, or, with ``by_name``, answers for it."""
    held = {row.taken_by for row in rows} | ({row.responsible_login for row in rows} if by_name else set())
    mine = {None, login}
    if by_name and any(row.taken_by == login for row in rows):
        return bool({row.taken_by for row in rows} - mine)  # whoever has it in his hand may give it on
    return bool(held - mine)


async def _move(
    connection: AsyncConnection,
    rows: Sequence[Row[Any]],
    event: str,
    login: Login,
    at: datetime,
    values: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
) -> None:
    if rows:
        same = _c.id.in_([row.id for row in rows])
        await connection.execute(update(follow_ups).where(same).values(**values))
    for row in rows:
        await _tell(connection, row, event, login, at, more or {})


async def _tell(
    connection: AsyncConnection,
    row: Row[Any],
    event: str,
    login: Login,
    at: datetime,
    more: Mapping[str, Any],
) -> None:
    told = {"customer": row.customer, "login": login}
    await outbox.tell(connection, event, {"follow_up": row.id, "kind": row.kind, **told, **more}, at)
    if row.kind == FollowUpKind.wish and event in _OF_WISHES:
        await outbox.tell(connection, _OF_WISHES[event], {"call_back": row.id, **told}, at)
    await _note(connection, row, login, at, event.partition(".")[2], more)


async def _note(
    connection: AsyncConnection,
    row: Row[Any],
    login: Login,
    at: datetime,
    move: str,
    more: Mapping[str, Any] | None = None,
) -> None:
    detail = {"move": move, **{name: value for name, value in (more or {}).items() if value}}
    subject = f"follow_up:{row.id}"
    await audit.note(connection, login, "changed", row.customer, at, subject=subject, detail=detail)

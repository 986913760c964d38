"""Counterparties in groups, each group with who may see and who may change it (D-77).

Every question names who asks: what he may not see is not there for him, in lists, by its id and in a search.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login, Text
from callcore.rights import Role
from callcore.store import outbox
from callcore.store.engine import chunks, insert
from callcore.store.errors import NotStored, TextRefused
from callcore.store.marks import mark_of, overtaken
from callcore.store.ports import Store
from callcore.store.schema.knowledge import counterparties, counterparty_groups, counterparty_rights
from callcore.store.searching import MOST_WORDS, words
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT, WORD_LIMIT, folded, typed_text

COMMENT_LIMIT = 2000
MOST_PHONES = 10
MOST_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks."""

    login: Login
    role: str

    @property
    def names(self) -> tuple[str, str]:
        """As rights name him."""
        return f"login:{self.login}", f"role:{self.role}"

    @property
    def rules(self) -> bool:
        """An administrator sees and changes every group, so that none is ever out of reach."""
        return self.role == Role.administrator


@dataclass(frozen=True, slots=True)
class Group:
    id: int
    name: str
    rights: Mapping[str, bool]
    """``role:operator`` or ``login:anna``: may he change it, or only see?"""
    entries: int = 0

    @property
    def mark(self) -> str:
        """Of its name and rights as they stand."""
        return _mark(self.name, self.rights)

    def is_seen_by(self, asker: Asker) -> bool:
        return asker.rules or any(name in self.rights for name in asker.names)

    def is_changed_by(self, asker: Asker) -> bool:
        return asker.rules or any(self.rights.get(name, False) for name in asker.names)


@dataclass(frozen=True, slots=True)
class NewCounterparty:
    name: str
    phones: tuple[str, ...] = ()
    """Canonical where they are phone numbers (``crm.counterparties``)."""
    address: str = ""
    contact: str = ""
    email: str = ""
    region: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Counterparty(NewCounterparty):
    id: int = 0
    group: int = 0
    changed_at: datetime | None = None
    changed_by: Login | None = None
    removed_at: datetime | None = None


class Counterparties:
    def __init__(self, store: Store) -> None:
        self._store = store

    # --- groups

    async def groups(self, asker: Asker) -> tuple[Group, ...]:
        """Those that he may see, by name."""
        return tuple(group for group in await self._groups() if group.is_seen_by(asker))

    async def group(self, id: int, asker: Asker) -> Group | None:
        """None if there is none, or none for him."""
        found = [group for group in await self._groups(counterparty_groups.c.id == id)]
        return found[0] if found and found[0].is_seen_by(asker) else None

    async def add_group(self, name: str, rights: Mapping[str, bool], at: datetime) -> int:
        """Raises NotStored for a name that is taken (whatever its letter case)."""
        values = _named(name) | {"created_at": at}
        rows = _rights_rows(rights)

        async def op(connection: AsyncConnection) -> int | None:
            statement = insert(connection, counterparty_groups).values(**values).on_conflict_do_nothing()
            id: int | None = (
                await connection.execute(statement.returning(counterparty_groups.c.id))
            ).scalar()
            if id is not None and rows:
                await connection.execute(counterparty_rights.insert(), [row | {"group": id} for row in rows])
            return id

        made: int | None = await self._store.writer.submit(op)
        if made is None:
            raise NotStored(_taken(str(values["name"])).en, _taken(str(values["name"])).ru)
        return made

    async def change_group(
        self, id: int, name: str, rights: Mapping[str, bool], *, seen: str | None = None
    ) -> None:
        """New name and rights. ``seen``: the ``mark`` of what he who changes it looked at, if that is known.

        Raises NotStored for a name that is taken, if there is none, or if somebody else changed it since.
        """
        values, rows = _named(name), _rights_rows(rights)

        async def op(connection: AsyncConnection) -> Text | None:
            if seen is not None and seen != await _mark_now(connection, id):
                raise overtaken()
            same = select(counterparty_groups.c.id).where(
                counterparty_groups.c.name_folded == values["name_folded"], counterparty_groups.c.id != id
            )
            if (await connection.execute(same)).first() is not None:
                return _taken(str(values["name"]))
            change = update(counterparty_groups).where(counterparty_groups.c.id == id).values(**values)
            if not (await connection.execute(change)).rowcount:
                return _no_group(id)
            await connection.execute(delete(counterparty_rights).where(counterparty_rights.c.group == id))
            if rows:
                await connection.execute(counterparty_rights.insert(), [row | {"group": id} for row in rows])
            return None

        if fault := await self._store.writer.submit(op):
            raise NotStored(fault.en, fault.ru)

    async def remove_group(self, id: int) -> None:
        """Raises NotStored while it holds an entry, or if there is none."""

        async def op(connection: AsyncConnection) -> Text | None:
            entry = select(counterparties.c.id).where(
                counterparties.c.group == id, counterparties.c.removed_at.is_(None)
            )
            if (await connection.execute(entry.limit(1))).first() is not None:
                return Text("Группа не пуста.", "the group is not empty")
            gone = await connection.execute(delete(counterparty_groups).where(counterparty_groups.c.id == id))
            return None if gone.rowcount else _no_group(id)

        if fault := await self._store.writer.submit(op):
            raise NotStored(fault.en, fault.ru)

    # --- entries

    async def get(self, id: int, asker: Asker) -> Counterparty | None:
        """The entry, removed or not; None if there is none, or none for him."""
        query = select(counterparties).where(counterparties.c.id == id, self._visible(asker))
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return _entry(row) if row else None

    async def search(
        self, typed: str, asker: Asker, *, group: int | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[Counterparty, ...]:
        """Entries of groups that he may see which hold every word, by name; all for an empty search.

        Letter case and ё/е do not matter; a phone number is found by any part of it.
        """
        query = select(counterparties).where(counterparties.c.removed_at.is_(None), self._visible(asker))
        if group is not None:
            query = query.where(counterparties.c.group == group)
        for word in words(typed[:400])[:MOST_WORDS]:
            if len(word) == 11 and word.isdigit() and word[0] == "8":
                word = word[1:]  # the national way of writing; a canonical number has the country's code
            query = query.where(counterparties.c.haystack.contains(word, autoescape=True))
        query = query.order_by(func.lower(counterparties.c.name), counterparties.c.id)
        async with self._store.read() as connection:
            rows = (await connection.execute(query.limit(limit).offset(offset))).all()
        return tuple(map(_entry, rows))

    async def add(self, group: int, new: NewCounterparty, login: Login, at: datetime) -> int:
        return (await self.add_many(group, [new], login, at))[0]

    async def add_many(
        self, group: int, new: Sequence[NewCounterparty], login: Login, at: datetime
    ) -> tuple[int, ...]:
        """All of them or none. Raises TextRefused, NotStored if there is no such group."""
        if len(new) > MOST_AT_ONCE:
            raise TextRefused(
                f"at most {MOST_AT_ONCE} entries at once", f"За один раз не больше {MOST_AT_ONCE}."
            )
        rows = [{"group": group, **self._row(each), "changed_at": at, "changed_by": login} for each in new]

        async def op(connection: AsyncConnection) -> tuple[int, ...]:
            known = select(counterparty_groups.c.id).where(counterparty_groups.c.id == group)
            if (await connection.execute(known)).first() is None:
                raise NotStored(_no_group(group).en, _no_group(group).ru)
            ids: list[int] = []
            for chunk in chunks(rows, 200):
                statement = counterparties.insert().returning(
                    counterparties.c.id, sort_by_parameter_order=True
                )
                ids += (await connection.execute(statement, chunk)).scalars()
            data = {"group": group, "ids": ids[:100], "count": len(ids), "login": login}
            await outbox.tell(connection, "counterparty.added", data, at)
            return tuple(ids)

        return await self._store.writer.submit(op)

    async def change(
        self, id: int, new: NewCounterparty, login: Login, at: datetime, *, seen: datetime | None = None
    ) -> None:
        """``seen``: when what he who changes it looked at had been changed, if that is known.

        Raises TextRefused, NotStored if there is none or somebody else changed it since.
        """
        await self._set(id, "counterparty.changed", login, at, seen, **self._row(new))

    async def remove(self, id: int, login: Login, at: datetime) -> None:
        """Out of every list; ``restore`` brings it back. Raises NotStored."""
        await self._set(id, "counterparty.removed", login, at, removed_at=at)

    async def restore(self, id: int, login: Login, at: datetime) -> None:
        await self._set(id, "counterparty.restored", login, at, removed_at=None)

    async def _set(
        self, id: int, event: str, login: Login, at: datetime, seen: datetime | None = None, **values: Any
    ) -> None:
        values |= {"changed_at": at, "changed_by": login}

        async def op(connection: AsyncConnection) -> bool:
            this = select(counterparties.c.changed_at).where(counterparties.c.id == id)
            row = (await connection.execute(this)).first()
            if row is None:
                return False
            if seen is not None and row.changed_at != seen:
                raise overtaken()
            await connection.execute(update(counterparties).where(counterparties.c.id == id).values(**values))
            await outbox.tell(connection, event, {"id": id, "login": login}, at)
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no entry {id}", "Такой записи нет.")

    def _visible(self, asker: Asker) -> ColumnElement[bool]:
        if asker.rules:
            return true()
        mine = select(counterparty_rights.c.group).where(counterparty_rights.c.who.in_(asker.names))
        return counterparties.c.group.in_(mine)

    async def _groups(self, *which: ColumnElement[bool]) -> list[Group]:
        count = (
            select(func.count())
            .where(counterparties.c.group == counterparty_groups.c.id, counterparties.c.removed_at.is_(None))
            .scalar_subquery()
        )
        query = select(counterparty_groups, count.label("entries")).where(*which)
        async with self._store.read() as connection:
            rows = (await connection.execute(query.order_by(counterparty_groups.c.name_folded))).all()
            rights: dict[int, dict[str, bool]] = {row.id: {} for row in rows}
            for right in (await connection.execute(select(counterparty_rights))).all():
                if right.group in rights:
                    rights[right.group][right.who] = right.may_change
        return [Group(row.id, row.name, rights[row.id], row.entries) for row in rows]

    def _row(self, new: NewCounterparty) -> dict[str, Any]:
        values: dict[str, Any] = {
            "name": typed_text(new.name, NAME_LIMIT, "name", empty=False),
            "address": typed_text(new.address, ADDRESS_LIMIT, "address"),
            "contact": typed_text(new.contact, NAME_LIMIT, "contact"),
            "email": typed_text(new.email, NAME_LIMIT, "email"),
            "region": typed_text(new.region, NAME_LIMIT, "region"),
            "comment": typed_text(new.comment, COMMENT_LIMIT, "comment", lines=True),
        }
        if len(new.phones) > MOST_PHONES:
            raise TextRefused(f"phones: at most {MOST_PHONES}", f"Телефонов не больше {MOST_PHONES}.")
        typed = [typed_text(phone, WORD_LIMIT, "phones") for phone in new.phones]
        phones = list(dict.fromkeys(phone for phone in typed if phone))
        digits = ["".join(filter(str.isdigit, phone)) for phone in phones]
        haystack = folded("\n".join([*(str(value) for value in values.values()), *phones, *digits]))
        return values | {"phones": phones, "haystack": haystack}


def rights_of(groups: Collection[Group], asker: Asker) -> Mapping[int, bool]:
    """Of each group that he may see: may he change it?"""
    return {group.id: group.is_changed_by(asker) for group in groups if group.is_seen_by(asker)}


async def _mark_now(connection: AsyncConnection, id: int) -> str:
    name = select(counterparty_groups.c.name).where(counterparty_groups.c.id == id)
    rights = select(counterparty_rights.c.who, counterparty_rights.c.may_change)
    rows = (await connection.execute(rights.where(counterparty_rights.c.group == id))).all()
    return _mark((await connection.execute(name)).scalar() or "", {row.who: row.may_change for row in rows})


def _mark(name: str, rights: Mapping[str, bool]) -> str:
    return mark_of(name, *(f"{who}={may_change:d}" for who, may_change in sorted(rights.items())))


def _named(name: str) -> dict[str, Any]:
    name = typed_text(name, NAME_LIMIT, "name", empty=False)
    return {"name": name, "name_folded": folded(name)}


def _rights_rows(rights: Mapping[str, bool]) -> list[dict[str, Any]]:
    rows = []
    for who, may_change in sorted(rights.items()):
        kind, _, name = who.partition(":")
        if kind not in ("role", "login") or not name or (kind == "role" and name not in set(Role)):
            raise TextRefused(
                f"rights: {who[:80]} is neither role:NAME nor login:NAME",
                f"права: {who[:80]} — не role:ИМЯ и не login:ИМЯ",
            )
        rows.append({"who": typed_text(who, WORD_LIMIT, "rights"), "may_change": may_change})
    return rows


def _entry(row: Row[Any]) -> Counterparty:
    plain = {each.name: getattr(row, each.name) for each in fields(Counterparty)}
    return Counterparty(**{**plain, "phones": tuple(row.phones)})


def _taken(name: str) -> Text:
    return Text(f"Группа «{name}» уже есть.", f"there is a group {name} already")


def _no_group(id: int) -> Text:
    return Text("Такой группы нет.", f"there is no group {id}")

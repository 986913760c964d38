"""People of the house: those who sign in, with what the directory adds, and all others (D-60)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.marks import mark_of, overtaken
from callcore.store.ports import Store
from callcore.store.schema.core import users
from callcore.store.schema.knowledge import staff
from callcore.store.searching import MOST_WORDS, words
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, folded, typed_text

COMMENT_LIMIT = 500
_TEXTS = ("name", "login", "department", "position", "number", "email", "comment")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """``login``: of whoever signs in, whose name is then that of the user; None for anybody else."""

    name: str
    login: Login | None = None
    department: str = ""
    position: str = ""
    number: str = ""
    """Internal number, as it is dialled."""
    email: str = ""
    comment: str = ""

    @property
    def mark(self) -> str:
        """Of what stands in the entry."""
        return mark_of(*(getattr(self, name) for name in _TEXTS))


@dataclass(frozen=True, slots=True)
class Person(NewPerson):
    id: int | None = None
    """None: a user of whom the directory knows no more."""
    interfaces: tuple[str, ...] = ()
    """Phones of a user."""


class Staff:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def all(self) -> tuple[Person, ...]:
        """Everybody who is neither disabled nor removed, by name."""
        async with self._store.read() as connection:
            return await _load(connection)

    async def search(self, typed: str, department: str = "") -> tuple[Person, ...]:
        """Those whose name, position, department, number, e-mail or comment holds every word."""
        wanted = words(typed[:400])[:MOST_WORDS]
        return tuple(
            person
            for person in await self.all()
            if (not department or person.department == department)
            and all(word in _haystack(person) for word in wanted)
        )

    async def get(self, id: int) -> Person | None:
        """Removed or not."""
        async with self._store.read() as connection:
            row = (await connection.execute(select(staff).where(staff.c.id == id))).first()
        return _plain(row) if row else None

    async def put(self, person: NewPerson, id: int | None = None, *, seen: str | None = None) -> int:
        """Add him, or change number ``id``; ``seen``: the ``mark`` of what he who changes it looked at, if
        that is known. Raises NotStored for an unknown id, a login that another entry has, or an entry that
        somebody else changed since; TextRefused."""
        values = _row(person)

        async def op(connection: AsyncConnection) -> int | None:
            if id is not None:
                row = (await connection.execute(select(staff).where(staff.c.id == id))).first()
                if row is not None and seen is not None and _plain(row).mark != seen:
                    raise overtaken()
                taken = select(staff.c.id).where(staff.c.login == values["login"], staff.c.id != id)
                if values["login"] is not None and (await connection.execute(taken)).first() is not None:
                    return None
                change = update(staff).where(staff.c.id == id).values(**values, removed_at=None)
                return id if (await connection.execute(change)).rowcount else None
            statement = insert(connection, staff).values(**values)
            if values["login"] is not None:
                # Whoever was removed may come back.
                fresh = values | {"removed_at": None}
                statement = statement.on_conflict_do_update(
                    index_elements=["login"], set_=fresh, where=staff.c.removed_at.is_not(None)
                )
            made: int | None = (await connection.execute(statement.returning(staff.c.id))).scalar()
            return made

        stored = await self._store.writer.submit(op)
        if stored is None:
            raise NotStored(
                "there is no such entry, or another one has this login",
                "Записи нет, или этот логин уже у другого сотрудника.",
            )
        return stored

    async def remove(self, id: int, at: datetime) -> None:
        """Raises NotStored. ``restore`` brings him back."""
        await self._removed(id, at)

    async def restore(self, id: int) -> None:
        await self._removed(id, None)

    async def _removed(self, id: int, at: datetime | None) -> None:
        async def op(connection: AsyncConnection) -> bool:
            change = update(staff).where(staff.c.id == id).values(removed_at=at)
            return bool((await connection.execute(change)).rowcount)

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no entry {id}", "Такой записи нет.")


async def _load(connection: AsyncConnection) -> tuple[Person, ...]:
    there = users.c.disabled_at.is_(None)
    signing = (
        select(
            staff.c.id,
            users.c.login,
            users.c.name,
            case((users.c.department != "", users.c.department), else_=staff.c.department).label(
                "department"
            ),
            staff.c.position,
            staff.c.number,
            staff.c.email,
            staff.c.comment,
            users.c.interfaces,
        )
        .outerjoin_from(users, staff, staff.c.login == users.c.login)
        .where(there, or_(staff.c.id.is_(None), staff.c.removed_at.is_(None)))
    )
    others = select(
        staff.c.id,
        null().label("login"),
        staff.c.name,
        staff.c.department,
        staff.c.position,
        staff.c.number,
        staff.c.email,
        staff.c.comment,
        null().label("interfaces"),
    ).where(staff.c.login.is_(None), staff.c.removed_at.is_(None))
    rows = [*(await connection.execute(signing)).all(), *(await connection.execute(others)).all()]
    return tuple(sorted(map(_person, rows), key=lambda person: (folded(person.name), person.id or 0)))


def _haystack(person: Person) -> str:
    texts = (person.name, person.department, person.position, person.number, person.email, person.comment)
    return folded("\n".join((*texts, *person.interfaces)))


def _row(person: NewPerson) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": typed_text(person.name, NAME_LIMIT, "name", empty=False),
        "department": typed_text(person.department, WORD_LIMIT, "department"),
        "position": typed_text(person.position, NAME_LIMIT, "position"),
        "number": typed_text(person.number, WORD_LIMIT, "number"),
        "email": typed_text(person.email, NAME_LIMIT, "email"),
        "comment": typed_text(person.comment, COMMENT_LIMIT, "comment"),
    }
    login = canonical_login(person.login) if person.login else None
    return values | {"login": login}


def _person(row: Row[Any]) -> Person:
    plain = {each.name: getattr(row, each.name) for each in fields(Person)}
    texts = ("department", "position", "number", "email", "comment")
    return Person(
        **{
            **plain,
            **{name: plain[name] or "" for name in texts},
            "interfaces": tuple(plain["interfaces"] or ()),
        }
    )


def _plain(row: Row[Any]) -> Person:
    return Person(**{name: getattr(row, name) for name in ("id", *_TEXTS)})

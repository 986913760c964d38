"""People who sign in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import LANGUAGES, Interface, Language, Login, QueueName
from callcore.store.engine import insert
from callcore.store.errors import NotStored, TextRefused
from callcore.store.ports import Store
from callcore.store.schema import sessions, users
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, typed_text


class Role(StrEnum):
    operator = "operator"
    supervisor = "supervisor"
    administrator = "administrator"


@dataclass(frozen=True, slots=True)
class User:
    login: Login
    name: str
    role: Role
    password_hash: str = field(repr=False)
    language: Language
    interfaces: tuple[Interface, ...]
    """Devices he may choose from at sign-in."""
    queues: tuple[QueueName, ...]
    created_at: datetime
    disabled_at: datetime | None = None


class Users:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self,
        login: str,
        name: str,
        role: Role,
        password_hash: str,
        *,
        at: datetime,
        language: Language = "ru",
        interfaces: Iterable[Interface] = (),
        queues: Iterable[QueueName] = (),
    ) -> User:
        """A new user; raises ``NotStored`` for a login that is taken, also by a disabled user."""
        if language not in LANGUAGES:
            raise TextRefused(f"language: one of {', '.join(LANGUAGES)}")
        user = User(
            login=Login(canonical_login(login)),
            name=typed_text(name, NAME_LIMIT, "name", empty=False),
            role=Role(role),
            password_hash=password_hash,
            language=language,
            interfaces=tuple(map(Interface, _words(interfaces, "interface"))),
            queues=tuple(map(QueueName, _words(queues, "queue"))),
            created_at=at,
        )

        async def op(connection: AsyncConnection) -> bool:
            statement = insert(connection, users).values(**_row(user)).on_conflict_do_nothing()
            return bool((await connection.execute(statement)).rowcount)

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is a user {user.login} already")
        return user

    async def get(self, login: str) -> User | None:
        """The user, disabled or not; letter case does not matter; None also for an impossible login."""
        try:
            key = canonical_login(login)
        except TextRefused:
            return None
        async with self._store.read() as connection:
            row = (await connection.execute(select(users).where(users.c.login == key))).first()
        return _user(row) if row else None

    async def list(self) -> tuple[User, ...]:
        """All users by login, the disabled ones too."""
        async with self._store.read() as connection:
            rows = (await connection.execute(select(users).order_by(users.c.login))).all()
        return tuple(map(_user, rows))

    async def set_password_hash(self, login: str, password_hash: str) -> None:
        """Also ends all of his sessions. Raises ``NotStored`` for an unknown login, as all setters do."""
        await self._change(login, end_sessions=True, password_hash=password_hash)

    async def set_interfaces(self, login: str, interfaces: Iterable[Interface]) -> None:
        await self._change(login, interfaces=_words(interfaces, "interface"))

    async def set_queues(self, login: str, queues: Iterable[QueueName]) -> None:
        await self._change(login, queues=_words(queues, "queue"))

    async def set_language(self, login: str, language: Language) -> None:
        if language not in LANGUAGES:
            raise TextRefused(f"language: one of {', '.join(LANGUAGES)}")
        await self._change(login, language=language)

    async def disable(self, login: str, at: datetime) -> None:
        """He cannot sign in any more, and is signed out everywhere; his records stay."""
        await self._change(login, end_sessions=True, disabled_at=at)

    async def enable(self, login: str) -> None:
        await self._change(login, disabled_at=None)

    async def _change(self, login: str, *, end_sessions: bool = False, **values: Any) -> None:
        key = canonical_login(login)

        async def op(connection: AsyncConnection) -> bool:
            done = await connection.execute(update(users).where(users.c.login == key).values(**values))
            if end_sessions:
                await connection.execute(delete(sessions).where(sessions.c.login == key))
            return bool(done.rowcount)

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is no user {key}")


def _words(texts: Iterable[str], what: str) -> list[str]:
    """In order, without repeats."""
    return list(dict.fromkeys(typed_text(text, WORD_LIMIT, what, empty=False) for text in texts))


def _row(user: User) -> dict[str, Any]:
    return {
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "password_hash": user.password_hash,
        "language": user.language,
        "interfaces": list(user.interfaces),
        "queues": list(user.queues),
        "created_at": user.created_at,
        "disabled_at": user.disabled_at,
    }


def _user(row: Row[Any]) -> User:
    return User(
        login=Login(row.login),
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        language=cast(Language, row.language),
        interfaces=tuple(map(Interface, row.interfaces)),
        queues=tuple(map(QueueName, row.queues)),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )

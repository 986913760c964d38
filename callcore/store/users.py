"""People who sign in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import LANGUAGES, Interface, Language, Login, QueueName
from callcore.rights import Role
from callcore.store.audit import note
from callcore.store.engine import insert
from callcore.store.errors import NotStored, TextRefused, no_language, no_user
from callcore.store.ports import Store
from callcore.store.schema.core import sessions, tokens, users
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, typed_text


@dataclass(frozen=True, slots=True)
class By:
    """Who changes somebody, and when: for the audit."""

    login: str
    at: datetime


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
    department: str = ""
    """A code of the departments; empty for none."""
    must_change_password: bool = False
    """Somebody else chose his password: the next thing he does is to choose one himself."""
    skills: tuple[str, ...] = ()
    """What he can do that not everybody can, in the words of the topic tables."""


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
        department: str = "",
        must_change_password: bool = False,
        skills: Iterable[str] = (),
        by: By | None = None,
    ) -> User:
        """A new user; raises ``NotStored`` for a login that is taken, also by a disabled user."""
        if language not in LANGUAGES:
            raise no_language()
        user = User(
            login=Login(canonical_login(login)),
            name=typed_text(name, NAME_LIMIT, "name", empty=False),
            role=Role(role),
            password_hash=password_hash,
            language=language,
            interfaces=tuple(map(Interface, _words(interfaces, "interface"))),
            queues=tuple(map(QueueName, _words(queues, "queue"))),
            created_at=at,
            department=typed_text(department, WORD_LIMIT, "department"),
            must_change_password=must_change_password,
            skills=tuple(_words(skills, "skill")),
        )

        async def op(connection: AsyncConnection) -> bool:
            statement = insert(connection, users).values(**_row(user)).on_conflict_do_nothing()
            if not (await connection.execute(statement)).rowcount:
                return False
            detail = {"role": user.role.value}
            subject = f"user:{user.login}"
            if by is not None:
                await note(connection, by.login, "user_added", None, by.at, subject=subject, detail=detail)
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(f"there is a user {user.login} already", f"пользователь {user.login} уже есть")
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

    async def set_password_hash(
        self,
        login: str,
        password_hash: str,
        *,
        must_change: bool | None = None,
        end_tokens: bool | None = None,
        by: By | None = None,
    ) -> None:
        """Also ends all of his sessions. Raises ``NotStored`` for an unknown login, as all setters do.

        ``end_tokens``: whether his programs are out, too; by default if somebody else set it.

        ``must_change``: whether he has to choose another one himself; None leaves that as it is.
        Without ``by`` nobody set it: the same password got a new hash.
        """
        values: dict[str, Any] = {"password_hash": password_hash}
        if must_change is not None:
            values["must_change_password"] = must_change
        if end_tokens is None:
            end_tokens = by is not None and by.login != canonical_login(login)
        await self._change(
            login, end_sessions=True, end_tokens=end_tokens, by=by, act="password_set", **values
        )

    async def change(
        self,
        login: str,
        *,
        by: By,
        name: str,
        role: Role,
        department: str,
        interfaces: Iterable[Interface],
        queues: Iterable[QueueName],
        skills: Iterable[str],
    ) -> None:
        """All that an administrator sets at once. A role is asked for anew with each request: no session of
        his has to end."""
        values: dict[str, Any] = {
            "name": typed_text(name, NAME_LIMIT, "name", empty=False),
            "role": Role(role).value,
            "department": typed_text(department, WORD_LIMIT, "department"),
            "interfaces": _words(interfaces, "interface"),
            "queues": _words(queues, "queue"),
            "skills": _words(skills, "skill"),
        }
        await self._change(login, by=by, act="user_changed", **values)

    async def set_interfaces(self, login: str, interfaces: Iterable[Interface]) -> None:
        await self._change(login, interfaces=_words(interfaces, "interface"))

    async def set_queues(self, login: str, queues: Iterable[QueueName]) -> None:
        await self._change(login, queues=_words(queues, "queue"))

    async def set_skills(self, login: str, skills: Iterable[str], by: By | None = None) -> None:
        await self._change(login, by=by, act="user_changed", skills=_words(skills, "skill"))

    async def set_language(self, login: str, language: Language) -> None:
        if language not in LANGUAGES:
            raise no_language()
        await self._change(login, language=language)

    async def disable(self, login: str, at: datetime, by: By | None = None) -> None:
        """He cannot sign in any more, is signed out everywhere, and his tokens are gone; his records stay."""
        await self._change(
            login, end_sessions=True, end_tokens=True, by=by, act="user_disabled", disabled_at=at
        )

    async def enable(self, login: str, by: By | None = None) -> None:
        await self._change(login, by=by, act="user_enabled", disabled_at=None)

    async def set_role(self, login: str, role: Role, by: By | None = None) -> None:
        await self._change(login, by=by, act="user_changed", role=Role(role).value)

    async def set_department(self, login: str, department: str, by: By | None = None) -> None:
        code = typed_text(department, WORD_LIMIT, "department")
        await self._change(login, by=by, act="user_changed", department=code)

    async def _change(
        self,
        login: str,
        *,
        end_sessions: bool = False,
        end_tokens: bool = False,
        by: By | None = None,
        act: str = "",
        **values: Any,
    ) -> None:
        key = canonical_login(login)

        async def op(connection: AsyncConnection) -> bool:
            before = (await connection.execute(select(users).where(users.c.login == key))).first()
            if before is None:
                return False
            await connection.execute(update(users).where(users.c.login == key).values(**values))
            if end_sessions:
                await connection.execute(delete(sessions).where(sessions.c.login == key))
            if by is not None:
                await _note(connection, by, act, before, values)
            if end_tokens:
                await _end_tokens(connection, key, by)
            return True

        if not await self._store.writer.submit(op):
            raise no_user(key)


async def _end_tokens(connection: AsyncConnection, login: str, by: By | None) -> None:
    gone = delete(tokens).where(tokens.c.login == login).returning(tokens.c.name)
    names = sorted((await connection.execute(gone)).scalars())
    if by is None:
        return
    for name in names:
        subject, detail = f"user:{login}", {"name": name}
        await note(connection, by.login, "token_revoked", None, by.at, subject=subject, detail=detail)


async def _note(
    connection: AsyncConnection, by: By, act: str, before: Row[Any], values: Mapping[str, Any]
) -> None:
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    if not changed:
        return
    detail: dict[str, Any] = {"fields": changed}
    if "role" in changed:
        detail |= {"role": values["role"], "role_before": before.role}
    subject = f"user:{before.login}"
    await note(connection, by.login, act, None, by.at, subject=subject, detail=detail)


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
        "department": user.department,
        "must_change_password": user.must_change_password,
        "skills": list(user.skills),
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
        department=row.department,
        must_change_password=row.must_change_password,
        skills=tuple(row.skills),
    )

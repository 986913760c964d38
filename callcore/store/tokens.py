"""Tokens by which programs sign in: only hashes are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.rights import TABLE, Permission, Role
from callcore.store.audit import note
from callcore.store.engine import insert
from callcore.store.errors import NotStored, no_user
from callcore.store.ports import Store
from callcore.store.schema.core import tokens, users
from callcore.store.texts import WORD_LIMIT, typed_text
from callcore.store.users import By


@dataclass(frozen=True, slots=True)
class Token:
    token_hash: str = field(repr=False)
    """SHA-256 of the token, hex."""
    login: Login
    name: str
    created_at: datetime
    last_used_at: datetime | None
    scopes: frozenset[Permission] = frozenset()
    """What it may at most; its owner's role is asked too."""


class Tokens:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(
        self,
        token_hash: str,
        login: str,
        name: str,
        at: datetime,
        scopes: Iterable[Permission] | None = None,
        by: str = "",
    ) -> Token:
        """Raises NotStored for an unknown login or a name that he has used already, ``TextRefused`` for a
        name that is empty or over 128 characters. ``scopes`` None: all that his role may today.
        ``by``: who made it, himself by default."""
        name = typed_text(name, WORD_LIMIT, "name", empty=False)
        role = await self._role_of(login)
        if role is None:
            raise no_user(login)
        token = Token(
            token_hash=token_hash,
            login=Login(login),
            name=name,
            created_at=at,
            last_used_at=None,
            scopes=frozenset(TABLE[role] if scopes is None else scopes),
        )
        values = {column: getattr(token, column) for column in Token.__slots__}
        values["scopes"] = sorted(token.scopes)
        detail = {"name": token.name, "scopes": values["scopes"]}

        async def op(connection: AsyncConnection) -> bool:
            added = await connection.execute(
                insert(connection, tokens).values(**values).on_conflict_do_nothing()
            )
            if not added.rowcount:
                return False
            who = by or token.login
            await note(connection, who, "token_made", None, at, subject=f"user:{login}", detail=detail)
            return True

        if not await self._store.writer.submit(op):
            raise NotStored(
                f"{login} has a token named {token.name} already", f"у {login} уже есть токен {token.name}"
            )
        return token

    async def _role_of(self, login: str) -> Role | None:
        async with self._store.read() as connection:
            query = select(users.c.role).where(users.c.login == login)
            role = (await connection.execute(query)).scalar()
        return None if role is None else Role(role)

    async def find(self, token_hash: str) -> Token | None:
        """The token, unless its user is disabled."""
        query = (
            select(tokens)
            .join(users, users.c.login == tokens.c.login)
            .where(tokens.c.token_hash == token_hash, users.c.disabled_at.is_(None))
        )
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return _token(row) if row else None

    async def touch(self, token_hash: str, at: datetime) -> None:
        """Note that it was used; an unknown token is no fault."""

        async def op(connection: AsyncConnection) -> None:
            used = update(tokens).where(tokens.c.token_hash == token_hash)
            await connection.execute(used.values(last_used_at=at))

        await self._store.writer.submit(op)

    async def of(self, login: str) -> tuple[Token, ...]:
        """By name."""
        query = select(tokens).where(tokens.c.login == login).order_by(tokens.c.name)
        async with self._store.read() as connection:
            return tuple(map(_token, await connection.execute(query)))

    async def remove(self, login: str, name: str, by: By | None = None) -> bool:
        """False if he has none of this name."""

        async def op(connection: AsyncConnection) -> bool:
            gone = delete(tokens).where(tokens.c.login == login, tokens.c.name == name)
            if not (await connection.execute(gone)).rowcount:
                return False
            if by is not None:
                subject, detail = f"user:{login}", {"name": name}
                act = "token_revoked"
                await note(connection, by.login, act, None, by.at, subject=subject, detail=detail)
            return True

        return await self._store.writer.submit(op)


def _token(row: Row[Any]) -> Token:
    """A scope of a newer callcore, or of an older one, opens nothing."""
    known = (scope for scope in row.scopes if scope in _PERMISSIONS)
    return Token(**{**row._mapping, "scopes": frozenset(map(Permission, known))})


_PERMISSIONS = frozenset(map(str, Permission))

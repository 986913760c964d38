"""Tokens by which programs sign in: only hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store.engine import insert
from callcore.store.errors import NotStored
from callcore.store.ports import Store
from callcore.store.schema import tokens, users
from callcore.store.texts import WORD_LIMIT, typed_text


@dataclass(frozen=True, slots=True)
class Token:
    token_hash: str = field(repr=False)
    """SHA-256 of the token, hex."""
    login: Login
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Tokens:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, token_hash: str, login: str, name: str, at: datetime) -> Token:
        """Raises NotStored for an unknown login or a name that he has used already, ``TextRefused`` for a
        name that is empty or over 128 characters."""
        token = Token(
            token_hash=token_hash,
            login=Login(login),
            name=typed_text(name, WORD_LIMIT, "name", empty=False),
            created_at=at,
            last_used_at=None,
        )
        values = {column: getattr(token, column) for column in Token.__slots__}

        async def op(connection: AsyncConnection) -> str:
            owner = select(users.c.login).where(users.c.login == login)
            if (await connection.execute(owner)).first() is None:
                return f"there is no user {login}"
            added = await connection.execute(
                insert(connection, tokens).values(**values).on_conflict_do_nothing()
            )
            return "" if added.rowcount else f"{login} has a token named {token.name} already"

        if fault := await self._store.writer.submit(op):
            raise NotStored(fault)
        return token

    async def find(self, token_hash: str) -> Token | None:
        """The token, unless its user is disabled."""
        query = (
            select(tokens)
            .join(users, users.c.login == tokens.c.login)
            .where(tokens.c.token_hash == token_hash, users.c.disabled_at.is_(None))
        )
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return Token(**row._mapping) if row else None

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
            return tuple(Token(**row._mapping) for row in await connection.execute(query))

    async def remove(self, login: str, name: str) -> bool:
        """False if he has none of this name."""

        async def op(connection: AsyncConnection) -> bool:
            gone = delete(tokens).where(tokens.c.login == login, tokens.c.name == name)
            return bool((await connection.execute(gone)).rowcount)

        return await self._store.writer.submit(op)

"""Server-side sessions of signed-in people. The token itself is never stored, only its SHA-256."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete

from callcore.domain import Login
from callcore.store.errors import no_user
from callcore.store.ports import Store
from callcore.store.schema.core import sessions, users
from callcore.store.texts import machine_text

IP_LIMIT = 64
USER_AGENT_LIMIT = 300


def hash_token(token: str) -> str:
    """What stands in the database for a token: SHA-256 in hexadecimal (tokens are random: no salt)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Session:
    token_hash: str = field(repr=False)
    login: Login
    csrf: str = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ip: str = ""
    user_agent: str = ""


class Sessions:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(
        self,
        token_hash: str,
        login: Login,
        csrf: str,
        *,
        at: datetime,
        expires_at: datetime,
        ip: str = "",
        user_agent: str = "",
    ) -> Session:
        """``token_hash`` is ``hash_token(token)``; address and browser are cut. Raises ``NotStored`` for a
        login that there is not."""
        session = Session(
            token_hash=token_hash,
            login=login,
            csrf=csrf,
            created_at=at,
            last_seen_at=at,
            expires_at=expires_at,
            ip=machine_text(ip, IP_LIMIT),
            user_agent=machine_text(user_agent, USER_AGENT_LIMIT),
        )
        values = {name: getattr(session, name) for name in Session.__slots__}

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(sessions.insert().values(**values))

        try:
            await self._store.writer.submit(op)
        except IntegrityError as error:
            raise no_user(login) from error
        return session

    async def find(self, token_hash: str, now: datetime) -> Session | None:
        """The session, unless it has expired or its user is disabled."""
        query = (
            select(sessions)
            .join(users, users.c.login == sessions.c.login)
            .where(
                sessions.c.token_hash == token_hash,
                sessions.c.expires_at > now,
                users.c.disabled_at.is_(None),
            )
        )
        row = await self._store.ask(lambda connection: connection.execute(query).first())
        return Session(**row._mapping) if row else None

    async def touch(self, token_hash: str, at: datetime, expires_at: datetime | None = None) -> None:
        """Note that he was seen, and with ``expires_at`` prolong; an unknown session is no fault."""
        values = {"last_seen_at": at} | ({} if expires_at is None else {"expires_at": expires_at})

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(
                update(sessions).where(sessions.c.token_hash == token_hash).values(**values)
            )

        await self._store.writer.submit(op)

    async def delete(self, token_hash: str) -> None:
        await self._delete(delete(sessions).where(sessions.c.token_hash == token_hash))

    async def purge_expired(self, now: datetime) -> int:
        """How many were removed."""
        return await self._delete(delete(sessions).where(sessions.c.expires_at <= now))

    async def _delete(self, statement: Delete) -> int:
        async def op(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self._store.writer.submit(op)

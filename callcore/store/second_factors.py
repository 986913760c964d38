"""Second factors: the secret of a person's telephone, and his recovery codes. What a code is, is not known
here: ``web/totp.py``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Login
from callcore.store.audit import note
from callcore.store.engine import insert
from callcore.store.errors import no_user
from callcore.store.ports import Store
from callcore.store.schema.access import recovery_codes, second_factors
from callcore.store.schema.core import users


@dataclass(frozen=True, slots=True)
class Factor:
    login: Login
    secret: str = field(repr=False)
    """As it is kept: plain or sealed."""
    created_at: datetime
    confirmed_at: datetime | None
    """None: it guards nothing yet."""
    last_counter: int


class SecondFactors:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, login: str) -> Factor | None:
        query = select(second_factors).where(second_factors.c.login == login)
        async with self._store.read() as connection:
            row = (await connection.execute(query)).first()
        return Factor(**row._mapping) if row else None

    async def all(self) -> frozenset[Login]:
        """Logins with a confirmed one."""
        query = select(second_factors.c.login).where(second_factors.c.confirmed_at.is_not(None))
        async with self._store.read() as connection:
            return frozenset(map(Login, (await connection.execute(query)).scalars()))

    async def offer(self, login: Login, secret: str, at: datetime) -> bool:
        """Keep a secret that is to be confirmed, in place of one that never was. False: he has a confirmed
        one, which stays. Raises ``NotStored`` for an unknown login."""
        values = {"secret": secret, "created_at": at, "confirmed_at": None, "last_counter": 0}

        async def op(connection: AsyncConnection) -> bool | None:
            if (
                await connection.execute(select(users.c.login).where(users.c.login == login))
            ).first() is None:
                return None
            statement = insert(connection, second_factors).values(login=login, **values)
            statement = statement.on_conflict_do_update(
                index_elements=["login"], set_=values, where=second_factors.c.confirmed_at.is_(None)
            )
            return bool((await connection.execute(statement)).rowcount)

        done = await self._store.writer.submit(op)
        if done is None:
            raise no_user(login)
        return done

    async def confirm(
        self, login: Login, secret: str, counter: int, code_hashes: Collection[str], at: datetime
    ) -> bool:
        """It works from now on. False: another secret was offered since, or it is confirmed already."""

        async def op(connection: AsyncConnection) -> bool:
            mine = update(second_factors).where(
                second_factors.c.login == login,
                second_factors.c.secret == secret,
                second_factors.c.confirmed_at.is_(None),
            )
            if not (await connection.execute(mine.values(confirmed_at=at, last_counter=counter))).rowcount:
                return False
            await _replace_codes(connection, login, code_hashes)
            await note(connection, login, "second_factor_on", None, at, subject=f"user:{login}")
            return True

        return await self._store.writer.submit(op)

    async def take_counter(self, login: Login, counter: int) -> bool:
        """Note that the code of this time step was used; False: that one or a later one was before."""

        async def op(connection: AsyncConnection) -> bool:
            newer = update(second_factors).where(
                second_factors.c.login == login, second_factors.c.last_counter < counter
            )
            return bool((await connection.execute(newer.values(last_counter=counter))).rowcount)

        return await self._store.writer.submit(op)

    async def take_recovery(self, login: Login, code_hash: str, at: datetime) -> bool:
        """Use a recovery code up; False: there is none such, or it was used."""

        async def op(connection: AsyncConnection) -> bool:
            fresh = update(recovery_codes).where(
                recovery_codes.c.login == login,
                recovery_codes.c.code_hash == code_hash,
                recovery_codes.c.used_at.is_(None),
            )
            if not (await connection.execute(fresh.values(used_at=at))).rowcount:
                return False
            await note(connection, login, "recovery_code_used", None, at, subject=f"user:{login}")
            return True

        return await self._store.writer.submit(op)

    async def renew_codes(self, login: Login, code_hashes: Collection[str], at: datetime) -> None:
        """The old ones are worth nothing any more."""

        async def op(connection: AsyncConnection) -> None:
            await _replace_codes(connection, login, code_hashes)
            await note(connection, login, "recovery_codes_renewed", None, at, subject=f"user:{login}")

        await self._store.writer.submit(op)

    async def codes_left(self, login: str) -> int:
        query = select(func.count()).where(
            recovery_codes.c.login == login, recovery_codes.c.used_at.is_(None)
        )
        async with self._store.read() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def remove(self, login: Login, by: str, at: datetime) -> bool:
        """Sign-in asks for the password alone again. False: there was nothing."""

        async def op(connection: AsyncConnection) -> bool:
            await connection.execute(delete(recovery_codes).where(recovery_codes.c.login == login))
            gone = delete(second_factors).where(second_factors.c.login == login)
            if not (await connection.execute(gone)).rowcount:
                return False
            await note(connection, by, "second_factor_off", None, at, subject=f"user:{login}")
            return True

        return await self._store.writer.submit(op)


async def _replace_codes(connection: AsyncConnection, login: Login, code_hashes: Collection[str]) -> None:
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.login == login))
    rows = [{"login": login, "code_hash": each, "used_at": None} for each in code_hashes]
    if rows:
        await connection.execute(recovery_codes.insert(), rows)

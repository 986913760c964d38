"""Who is on shift at which phone, so that a restarted daemon goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import Interface, Login, PauseReason
from callcore.store.engine import insert
from callcore.store.ports import Store
from callcore.store.schema.core import shifts


@dataclass(frozen=True, slots=True)
class Shift:
    login: Login
    interface: Interface
    """As he chose it, with the PBX's name before it where there are several."""
    is_ready: bool
    pause_reason: PauseReason | None = None


class Shifts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(self, shift: Shift) -> None:
        """Store the shift, in the place of what was known of this person."""
        values = {
            "interface": shift.interface,
            "is_ready": shift.is_ready,
            "pause_reason": shift.pause_reason.value if shift.pause_reason else None,
        }

        async def op(connection: AsyncConnection) -> None:
            new = insert(connection, shifts).values(login=shift.login, **values)
            await connection.execute(new.on_conflict_do_update(index_elements=["login"], set_=values))

        await self._store.writer.submit(op)

    async def end(self, login: Login) -> None:
        async def op(connection: AsyncConnection) -> None:
            await connection.execute(delete(shifts).where(shifts.c.login == login))

        await self._store.writer.submit(op)

    async def all(self) -> tuple[Shift, ...]:
        async with self._store.read() as connection:
            rows = (await connection.execute(select(shifts).order_by(shifts.c.login))).all()
        return tuple(
            Shift(
                Login(row.login),
                Interface(row.interface),
                row.is_ready,
                PauseReason(row.pause_reason) if row.pause_reason else None,
            )
            for row in rows
        )

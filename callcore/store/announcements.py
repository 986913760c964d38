"""Emergency announcements: notes on the house that callers hear before any menu while they are on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, Login
from callcore.store import audit, outbox
from callcore.store.flash_rows import EVERYBODY, Flash, FlashScope, FlashState, flash_of, in_state
from callcore.store.ports import Store
from callcore.store.schema.knowledge import flashes

MOST = 5
"""That one caller hears; who writes a sixth should withdraw one."""

SPOKEN = (
    select(flashes)
    .where(
        flashes.c.scope == FlashScope.house.value,
        flashes.c.target == EVERYBODY,
        flashes.c.is_spoken,
        in_state(FlashState.current, bindparam("now")),
    )
    .order_by(flashes.c.id.desc())
    .limit(MOST)
)
"""With the parameter ``now``. Made once: every caller asks it, and making it costs as much as asking."""


class Announcements:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def spoken(self, now: datetime) -> tuple[Flash, ...]:
        """Those that callers hear now, the newest first."""

        def spoken(connection: Connection) -> tuple[Flash, ...]:
            return tuple(map(flash_of, connection.execute(SPOKEN, {"now": now})))

        return await self._store.ask(spoken)

    async def switch(
        self, id: int, login: Login, at: datetime, *, is_on: bool, call: CallId | None = None
    ) -> Flash | None:
        """On or off; a repeat changes nothing. None: no note of this number has words for callers, or its
        time is over. ``call``: it was done by phone."""

        async def op(connection: AsyncConnection) -> Flash | None:
            known = select(flashes).where(
                flashes.c.id == id,
                flashes.c.spoken_ru != "",
                flashes.c.withdrawn_at.is_(None),
                flashes.c.ends_at > at,
            )
            row = (await connection.execute(known)).first()
            if row is None or row.is_spoken == is_on:
                return flash_of(row) if row else None
            change = update(flashes).where(flashes.c.id == id).values(is_spoken=is_on).returning(flashes)
            flash = flash_of((await connection.execute(change)).one())
            await outbox.tell(connection, "flash.switched", {"id": id, "is_on": is_on, "login": login}, at)
            act = "flash_switched_on" if is_on else "flash_switched_off"
            detail = {"call": call} if call else None
            await audit.note(connection, login, act, None, at, subject=f"flash:{id}", detail=detail)
            return flash

        return await self._store.writer.submit(op)

"""Which call a channel belongs to, so that a restarted daemon adopts a living call under its old id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CallId, ChannelId, ChannelRef, PbxName
from callcore.store.engine import inserting
from callcore.store.ports import Store
from callcore.store.schema.core import calls
from callcore.store.spool import Record
from callcore.store.types import to_microseconds
from callcore.store.writer import SPOOLED

KIND = "call"


@dataclass(frozen=True, slots=True)
class StoredCall:
    call: CallId
    channel: ChannelRef
    first_seen_at: datetime
    ended_at: datetime | None


class Calls:
    def __init__(self, store: Store) -> None:
        self._store = store
        store.writer.register(KIND, _apply)

    async def remember(self, call: CallId, channel: ChannelRef, at: datetime) -> CallId:
        """Store the pair, durable when it returns; a repeat changes nothing.

        Written before the call's contact, which ends it, wherever either of them has to wait. Returns the id
        under which the channel is known: the older one, if somebody minted another for it before; ``call``
        while the database cannot be written and nobody can say.
        """
        to_microseconds(at)  # refuses a naive moment here, not in the spool
        data = {"call": call, "pbx": channel.pbx, "channel": channel.id, "at": at.isoformat()}
        answer = await self._store.writer.submit_durable(Record(KIND, call, data))
        return call if answer is SPOOLED else CallId(answer)

    async def find(self, channel: ChannelRef) -> StoredCall | None:
        async with self._store.read() as connection:
            row = (await connection.execute(_by_channel(channel))).first()
        return _call(row) if row else None

    async def open_calls(self, pbx: PbxName) -> tuple[StoredCall, ...]:
        """Calls of this PBX that nobody has ended yet, oldest first."""
        query = (
            select(calls)
            .where(calls.c.ended_at.is_(None), calls.c.pbx == pbx)
            .order_by(calls.c.first_seen_at, calls.c.call)
        )
        async with self._store.read() as connection:
            return tuple(map(_call, (await connection.execute(query)).all()))

    async def ended(self, call: CallId, at: datetime) -> None:
        """The call is over; the first end counts. An unknown call is no fault."""

        async def op(connection: AsyncConnection) -> None:
            await connection.execute(
                update(calls).where(calls.c.call == call, calls.c.ended_at.is_(None)).values(ended_at=at)
            )

        await self._store.writer.submit(op)

    async def purge_ended(self, before: datetime) -> int:
        """Forget calls that ended before; how many."""

        async def op(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(calls).where(calls.c.ended_at < before))).rowcount

        return await self._store.writer.submit(op)


async def _apply(connection: AsyncConnection, data: dict[str, Any]) -> str:
    """The id under which the channel is known."""
    values = {name: data[name] for name in ("call", "pbx", "channel")}
    values["first_seen_at"] = datetime.fromisoformat(data["at"])
    if (await connection.execute(_new(connection.dialect.name), values)).rowcount:
        return cast(str, data["call"])
    channel = ChannelRef(PbxName(data["pbx"]), ChannelId(data["channel"]))
    known = (await connection.execute(_by_channel(channel))).first()
    return cast(str, known.call if known else data["call"])


@cache
def _new(dialect: str) -> Any:
    return inserting(dialect, calls).on_conflict_do_nothing()


def _by_channel(channel: ChannelRef) -> Any:
    return select(calls).where(calls.c.pbx == channel.pbx, calls.c.channel == channel.id)


def _call(row: Row[Any]) -> StoredCall:
    return StoredCall(
        call=CallId(row.call),
        channel=ChannelRef(PbxName(row.pbx), ChannelId(row.channel)),
        first_seen_at=row.first_seen_at,
        ended_at=row.ended_at,
    )

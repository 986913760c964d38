"""Times in which callcore was away from a PBX: since when, till when, and what was recovered of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.effects import Contact
from callcore.domain import CallId, ChannelId, EndReason, PbxName, Source
from callcore.store.engine import chunks, insert
from callcore.store.errors import StoreUnavailable
from callcore.store.ports import Store
from callcore.store.schema.core import calls, contacts, gaps, link_beats
from callcore.store.spool import Record

KIND = "gap"
_LOST_WITHIN = timedelta(minutes=1)
"""What vanished in a gap is found out when the gap ends; a call lost later was not lost in it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """callcore saw nothing of ``pbx`` from ``began_at``, last known to be good, to ``ended_at``."""

    pbx: PbxName
    began_at: datetime
    ended_at: datetime
    from_journal: int = 0
    """Contacts of calls that ended meanwhile, by who told of them."""
    from_cdr: int = 0
    lost: int = 0
    """Calls that vanished, and nobody told how they ended."""

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


class Gaps:
    def __init__(self, store: Store) -> None:
        self._store = store
        store.writer.register(KIND, _apply)

    async def add(self, gap: Gap) -> None:
        """Durable when it returns, if only in the spool; its counts begin at 0. A repeat changes nothing."""
        data = {"pbx": gap.pbx, "began_at": gap.began_at.isoformat(), "ended_at": gap.ended_at.isoformat()}
        await self._store.writer.submit_durable(Record(KIND, f"{gap.pbx}:{data['ended_at']}", data))

    async def latest(self, limit: int = 50, pbx: PbxName | None = None) -> tuple[Gap, ...]:
        """Newest first."""
        query = select(gaps).order_by(gaps.c.ended_at.desc(), gaps.c.id.desc()).limit(limit)
        if pbx is not None:
            query = query.where(gaps.c.pbx == pbx)
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            Gap(PbxName(r.pbx), r.began_at, r.ended_at, r.from_journal, r.from_cdr, r.lost) for r in rows
        )

    async def beat(self, pbxs: Collection[PbxName], at: datetime) -> None:
        """The links to these were up at ``at``; never goes back."""

        async def op(connection: AsyncConnection) -> None:
            for pbx in pbxs:
                new = insert(connection, link_beats).values(pbx=pbx, up_at=at)
                await connection.execute(
                    new.on_conflict_do_update(
                        index_elements=["pbx"], set_={"up_at": at}, where=link_beats.c.up_at < at
                    )
                )

        if pbxs:
            await self._store.writer.submit(op)

    async def last_up(self, pbx: PbxName) -> datetime | None:
        """The last moment at which the link was known to be up; None: never."""
        async with self._store.read() as connection:
            query = select(link_beats.c.up_at).where(link_beats.c.pbx == pbx)
            return (await connection.execute(query)).scalar_one_or_none()

    async def told(
        self, pbx: PbxName, channels: Collection[ChannelId], ids: Collection[CallId] = ()
    ) -> tuple[set[ChannelId], set[CallId]]:
        """Those of these channels, and of these calls, that have a contact.

        Raises ``StoreUnavailable`` while contacts wait in the spool: nobody could say.
        """
        if self._store.writer.spool_length:
            raise StoreUnavailable("contacts wait in the spool")
        of_channel = select(contacts.c.channel).where(contacts.c.pbx == pbx)
        found_channels: set[ChannelId] = set()
        found_calls: set[CallId] = set()
        async with self._store.read() as connection:
            async for row in _each(connection, of_channel, contacts.c.channel, channels):
                found_channels.add(ChannelId(row[0]))
            async for row in _each(connection, select(contacts.c.call), contacts.c.call, ids):
                found_calls.add(CallId(row[0]))
        return found_channels, found_calls

    async def known(self, pbx: PbxName, channels: Collection[ChannelId]) -> dict[ChannelId, CallId]:
        """The calls that these channels were remembered as."""
        query = select(calls.c.channel, calls.c.call).where(calls.c.pbx == pbx)
        async with self._store.read() as connection:
            rows = [row async for row in _each(connection, query, calls.c.channel, channels)]
        return {ChannelId(row[0]): CallId(row[1]) for row in rows}


async def count_contact(connection: AsyncConnection, contact: Contact) -> None:
    """A contact that is new in the database counts in the newest gap of its PBX, if it comes from one."""
    match contact:
        case Contact(source=Source.journal):
            column = gaps.c.from_journal
        case Contact(source=Source.cdr):
            column = gaps.c.from_cdr
        case Contact(end_reason=EndReason.lost):
            column = gaps.c.lost
        case _:
            return
    newest = select(gaps.c.id).where(gaps.c.pbx == contact.pbx)
    if column is gaps.c.lost:
        newest = newest.where(gaps.c.ended_at.between(contact.ended_at - _LOST_WITHIN, contact.ended_at))
    newest = newest.order_by(gaps.c.ended_at.desc(), gaps.c.id.desc()).limit(1)
    await connection.execute(
        update(gaps).where(gaps.c.id == newest.scalar_subquery()).values({column: column + 1})
    )


async def _each(
    connection: AsyncConnection, query: Any, column: Any, values: Collection[Any]
) -> AsyncIterator[Any]:
    for chunk in chunks(values):
        for row in await connection.execute(query.where(column.in_(chunk))):
            yield row


async def _apply(connection: AsyncConnection, data: dict[str, Any]) -> bool:
    """True if the gap was new."""
    moments = {name: datetime.fromisoformat(data[name]) for name in ("began_at", "ended_at")}
    same = select(gaps.c.id).where(gaps.c.pbx == data["pbx"], gaps.c.ended_at == moments["ended_at"])
    if (await connection.execute(same)).first() is not None:
        return False
    counts = {"from_journal": 0, "from_cdr": 0, "lost": 0}
    await connection.execute(gaps.insert().values(pbx=data["pbx"], **moments, **counts))
    return True

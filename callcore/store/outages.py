"""The outage register as it is kept: each outage, its nodes, and every revision as published."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Connection, Row, Select, bindparam, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import CustomerId, NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.store.engine import among, chunks, insert
from callcore.store.errors import StoreError
from callcore.store.network_tree import near
from callcore.store.ports import Store
from callcore.store.schema.core import campaigns, outage_nodes, outage_revisions, outages


class RevisionTaken(StoreError):
    """Somebody published this revision of this outage first."""


class Outages:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def publish(self, outage: Outage, content: Mapping[str, Any]) -> Outage:
        """Store revision 1 (then ``outage.id`` is ignored) or the next one, with ``content`` as it was
        published; returns what is stored, with its id; ``published_at`` stays that of the first revision.

        Raises RevisionTaken where the revision before is not the newest, ValueError for an open outage that
        has an end or an ended one that has none.
        """
        return (await self.publish_all([(outage, content)]))[0]

    async def publish_all(self, published: Sequence[tuple[Outage, Mapping[str, Any]]]) -> tuple[Outage, ...]:
        """As ``publish``, all of them in one transaction or none of them."""
        for outage, _ in published:
            if outage.is_open == (outage.ended_at is not None):
                raise ValueError(f"outage {outage.number} is {outage.state}, its end {outage.ended_at}")

        async def op(connection: AsyncConnection) -> tuple[Outage, ...]:
            return tuple([await _publish(connection, outage, content) for outage, content in published])

        return await self._store.writer.submit(op)

    async def get(self, number: str) -> Outage | None:
        found = await self._outages(_query().where(outages.c.number == number))
        return found[0] if found else None

    async def by_id(self, id: OutageId) -> Outage | None:
        found = await self._outages(_query().where(outages.c.id == id))
        return found[0] if found else None

    async def content(self, number: str, revision: int) -> dict[str, Any] | None:
        """A revision as it was published."""
        query = (
            select(outage_revisions.c.content)
            .join(outages, outages.c.id == outage_revisions.c.outage)
            .where(outages.c.number == number, outage_revisions.c.revision == revision)
        )
        async with self._store.read() as connection:
            return cast("dict[str, Any] | None", (await connection.execute(query)).scalar())

    async def open(self) -> tuple[Outage, ...]:
        """All that are neither restored nor cancelled, oldest first."""
        query = _query().where(outages.c.ended_at.is_(None))
        return await self._outages(query.order_by(outages.c.published_at, outages.c.id))

    async def recent(self, limit: int = 100) -> tuple[Outage, ...]:
        """Open ones first, then ended ones; newest first in each."""
        order = (
            case((outages.c.ended_at.is_(None), 0), else_=1),
            outages.c.published_at.desc(),
            outages.c.id.desc(),
        )
        newest = select(outages.c.id).order_by(*order).limit(limit)
        return await self._outages(_query().where(outages.c.id.in_(newest)).order_by(*order))

    async def affecting(self, customers: Collection[CustomerId]) -> tuple[Outage, ...]:
        """Open outages with a node at or above one of these customers', emergencies first, then the
        newest."""
        found: dict[OutageId, Outage] = {}
        for chunk in chunks(customers):
            here = await self._store.ask(partial(_affecting, customers=chunk))
            found |= {outage.id: outage for outage in here}
        newest = sorted(found.values(), key=attrgetter("published_at", "id"), reverse=True)
        return tuple(sorted(newest, key=lambda outage: outage.kind is not OutageKind.emergency))

    async def nodes_of(self, id: OutageId) -> tuple[NodeCode, ...]:
        """In the sender's order."""
        query = select(outage_nodes.c.node).where(outage_nodes.c.outage == id)
        async with self._store.read() as connection:
            rows = await connection.execute(query.order_by(outage_nodes.c.position))
            return tuple(map(NodeCode, rows.scalars()))

    async def without_campaign(self) -> tuple[Outage, ...]:
        """Outages whose newest revision has no campaign: published, and then the daemon ended."""
        has_one = (
            select(campaigns.c.id)
            .where(campaigns.c.outage == outages.c.id, campaigns.c.revision == outages.c.revision)
            .exists()
        )
        return await self._outages(_query().where(~has_one).order_by(outages.c.id))

    async def _outages(self, query: Select[Any]) -> tuple[Outage, ...]:
        return await self._store.ask(lambda connection: _read(connection, query))


@cache
def _open_near(dialect: str) -> Select[Any]:
    nodes = near(bindparam("customers", expanding=True))
    here = select(outage_nodes.c.outage).where(among(dialect, outage_nodes.c.node, nodes))
    query = _query().where(outages.c.ended_at.is_(None), among(dialect, outages.c.id, here))
    return query.order_by(outages.c.id, outage_nodes.c.position)


async def _publish(connection: AsyncConnection, outage: Outage, content: Mapping[str, Any]) -> Outage:
    id = await _write(connection, outage)
    if id is None:
        raise RevisionTaken(
            f"revision {outage.revision} of outage {outage.number} is not the next one: somebody was first"
        )
    await connection.execute(delete(outage_nodes).where(outage_nodes.c.outage == id))
    nodes = [
        {"outage": id, "node": node, "position": position}
        for position, node in enumerate(dict.fromkeys(outage.nodes))
    ]
    if nodes:
        await connection.execute(outage_nodes.insert(), nodes)
    await connection.execute(
        outage_revisions.insert().values(
            outage=id,
            revision=outage.revision,
            content=dict(content),
            source=outage.source,
            at=outage.changed_at,
        )
    )
    return (await _load(connection, _query().where(outages.c.id == id)))[0]


async def _write(connection: AsyncConnection, outage: Outage) -> OutageId | None:
    """None if this revision is not the next one."""
    values = _row(outage)
    if outage.revision == 1:
        fresh = insert(connection, outages).values(**values, published_at=outage.published_at)
        statement = fresh.on_conflict_do_nothing().returning(outages.c.id)
    else:
        statement = (
            update(outages)
            .where(outages.c.number == outage.number, outages.c.revision == outage.revision - 1)
            .values(**values)
            .returning(outages.c.id)
        )
    return cast(OutageId | None, (await connection.execute(statement)).scalar())


def _query() -> Select[Any]:
    """Outages with a row for each of their nodes; whoever orders it keeps the rows of one outage together."""
    return select(outages, outage_nodes.c.node).outerjoin_from(outages, outage_nodes)


async def _load(connection: AsyncConnection, query: Select[Any]) -> tuple[Outage, ...]:
    return await connection.run_sync(_read, query)


def _read(connection: Connection, query: Select[Any]) -> tuple[Outage, ...]:
    return _made_of(connection.execute(query.order_by(outage_nodes.c.position)).all())


def _affecting(connection: Connection, customers: Sequence[CustomerId]) -> tuple[Outage, ...]:
    query = _open_near(connection.dialect.name)
    return _made_of(connection.execute(query, {"customers": customers}).all())


def _made_of(rows: Sequence[Row[Any]]) -> tuple[Outage, ...]:
    return tuple(_outage(list(owned)) for _, owned in groupby(rows, key=attrgetter("id")))


def _row(outage: Outage) -> dict[str, Any]:
    return {
        "number": outage.number,
        "revision": outage.revision,
        "source": outage.source,
        "kind": outage.kind,
        "state": outage.state,
        "cause_ru": outage.cause.ru,
        "cause_en": outage.cause.en,
        "starts_at": outage.starts_at,
        "estimated_restoration_at": outage.estimated_restoration_at,
        "ended_at": outage.ended_at,
        "changed_at": outage.changed_at,
    }


def _outage(rows: list[Row[Any]]) -> Outage:
    row = rows[0]
    return Outage(
        id=OutageId(row.id),
        number=row.number,
        revision=row.revision,
        source=row.source,
        kind=OutageKind(row.kind),
        state=OutageState(row.state),
        cause=Text(row.cause_ru, row.cause_en),
        starts_at=row.starts_at,
        estimated_restoration_at=row.estimated_restoration_at,
        ended_at=row.ended_at,
        nodes=tuple(NodeCode(row.node) for row in rows if row.node is not None),
        published_at=row.published_at,
        changed_at=row.changed_at,
    )

"""The network tree: feeders, houses, connection points, and who lives on them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.campaign import AffectedPerson
from callcore.domain import CustomerId, Language, NodeCode, NodeKind, Text
from callcore.store.engine import chunks
from callcore.store.errors import NotStored
from callcore.store.network_tree import people_query, summary_query, zones_query
from callcore.store.ports import Store
from callcore.store.schema.core import (
    customers,
    network_customers,
    network_nodes,
    outage_nodes,
    outages,
)
from callcore.store.texts import folded

_ROWS = 1000
"""Rows in one statement: between two of them the event loop has its turn."""
_NAMED = 5
"""Offenders that an error names."""


@dataclass(frozen=True, slots=True)
class NetworkNode:
    code: NodeCode
    parent: NodeCode | None
    kind: NodeKind
    name: str
    """Of a house or point: its address."""
    zone: str | None
    """tz name; None: that of the parent."""


@dataclass(frozen=True, slots=True)
class NewNode:
    node: NetworkNode
    contracts: tuple[str, ...]
    """Contract numbers of the customers on it."""


@dataclass(frozen=True, slots=True)
class NodeSummary:
    """A node as a line of the tree on a page."""

    node: NetworkNode
    children: int
    customers: int
    """On it and below, each once."""


class Network:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def replace(self, nodes: Sequence[NewNode]) -> None:
        """Make this the whole tree, in one transaction. Parents come before their children.

        Raises NotStored for a contract that no customer has, for a code that stands twice or whose parent
        does not come before it, or when a node that an open outage names would be gone: then nothing changes.
        Nodes that only ended outages name are kept by those as text.
        """
        _check_order(nodes)

        async def op(connection: AsyncConnection) -> Text | None:
            codes = {new.node.code for new in nodes}
            if fault := await _needed_by_outage(connection, codes):
                return fault
            ids = await _ids_of(connection, {contract for new in nodes for contract in new.contracts})
            if unknown := [c for new in nodes for c in new.contracts if c not in ids]:
                named, more = ", ".join(unknown[:_NAMED]), len(unknown) - _NAMED
                return Text(
                    f"нет клиентов с договорами {named}{f' и ещё {more}' if more > 0 else ''}:"
                    " сначала загрузите клиентов",
                    f"no customer has the contract {named}{f' and {more} more' if more > 0 else ''}:"
                    " import the customers first",
                )
            await connection.execute(delete(network_customers))
            await connection.execute(delete(network_nodes))
            for chunk in chunks((_row(new.node) for new in nodes), _ROWS):
                await connection.execute(network_nodes.insert(), chunk)
            homes = (
                {"node": new.node.code, "customer": ids[contract]}
                for new in nodes
                for contract in dict.fromkeys(new.contracts)
            )
            for chunk in chunks(homes, _ROWS):
                await connection.execute(network_customers.insert(), chunk)
            return None

        if fault := await self._store.writer.submit(op):
            raise NotStored(fault.en, fault.ru)

    async def node(self, code: NodeCode) -> NetworkNode | None:
        async with self._store.read() as connection:
            row = (
                await connection.execute(select(network_nodes).where(network_nodes.c.code == code))
            ).first()
        return _node(row) if row else None

    async def known(self, codes: Collection[NodeCode]) -> frozenset[NodeCode]:
        found: set[NodeCode] = set()
        async with self._store.read() as connection:
            for chunk in chunks(codes):
                query = select(network_nodes.c.code).where(network_nodes.c.code.in_(chunk))
                found.update(map(NodeCode, (await connection.execute(query)).scalars()))
        return frozenset(found)

    async def known_contracts(self, contracts: Collection[str]) -> frozenset[str]:
        """Which of them customers have."""
        async with self._store.read() as connection:
            return frozenset(await _ids_of(connection, contracts))

    async def children(self, parent: NodeCode | None) -> tuple[NodeSummary, ...]:
        """The nodes right below, None: the feeders; by name."""
        return await self._summaries(select(network_nodes.c.code).where(network_nodes.c.parent == parent))

    async def search(self, text: str, limit: int = 50) -> tuple[NodeSummary, ...]:
        """Nodes whose code or name contains the text, without regard to case (Cyrillic too) and ё; by name.
        None for an empty text."""
        wanted = folded(text.strip())
        if not wanted:
            return ()
        return await self._summaries(
            select(network_nodes.c.code)
            .where(network_nodes.c.haystack.contains(wanted, autoescape=True))
            .order_by(network_nodes.c.name, network_nodes.c.code)
            .limit(limit)
        )

    async def count(self) -> int:
        async with self._store.read() as connection:
            return (await connection.execute(select(func.count()).select_from(network_nodes))).scalar_one()

    async def people(self, nodes: Collection[NodeCode]) -> tuple[AffectedPerson, ...]:
        """Everybody on or below these nodes, each customer once, by customer id. Who lives on several of them
        gets the address of the lowest code."""
        found: dict[CustomerId, AffectedPerson] = {}
        async with self._store.read() as connection:
            for chunk in chunks(sorted(set(nodes))):
                rows = await connection.execute(people_query(chunk))
                for _, owned in groupby(rows, key=attrgetter("id")):
                    person = _person(list(owned))
                    found.setdefault(person.customer, person)
                    if not len(found) % _ROWS:
                        await asyncio.sleep(0)  # a hundred thousand must not hold up a call that rings
        return tuple(found[id] for id in sorted(found))

    async def zones_of(self, number: str) -> tuple[str, ...]:
        """tz names of where the people who have this canonical number are, by their records; none known:
        empty."""
        async with self._store.read() as connection:
            return tuple((await connection.execute(zones_query(number))).scalars())

    async def _summaries(self, codes: Select[Any]) -> tuple[NodeSummary, ...]:
        async with self._store.read() as connection:
            return tuple(map(_summary, (await connection.execute(summary_query(codes))).all()))


def _check_order(nodes: Iterable[NewNode]) -> None:
    seen: set[NodeCode] = set()
    for node in (new.node for new in nodes):
        if node.code in seen:
            raise NotStored(f"node {node.code} stands there twice", f"узел {node.code} указан дважды")
        if node.parent is not None and node.parent not in seen:
            raise NotStored(
                f"node {node.code} needs its parent {node.parent} before it",
                f"перед узлом {node.code} нужен вышестоящий узел {node.parent}",
            )
        seen.add(node.code)


async def _needed_by_outage(connection: AsyncConnection, codes: Collection[NodeCode]) -> Text | None:
    query = (
        select(outages.c.number, outage_nodes.c.node)
        .join(outages, outages.c.id == outage_nodes.c.outage)
        .where(outages.c.ended_at.is_(None))
        .order_by(outages.c.id, outage_nodes.c.position)
    )
    for row in await connection.execute(query):
        if row.node not in codes:
            return Text(
                f"открытое отключение {row.number} называет {row.node}: оставьте узел или закончите его",
                f"the open outage {row.number} names {row.node}: keep that node, or end the outage first",
            )
    return None


async def _ids_of(connection: AsyncConnection, contracts: Collection[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for chunk in chunks(contracts):
        query = select(customers.c.contract, customers.c.id).where(customers.c.contract.in_(chunk))
        ids |= {row.contract: row.id for row in await connection.execute(query)}
    return ids


def _person(rows: Sequence[Row[Any]]) -> AffectedPerson:
    row = rows[0]
    is_address = row.kind != NodeKind.feeder and row.place
    return AffectedPerson(
        customer=CustomerId(row.id),
        name=row.name,
        numbers=tuple(each.number for each in rows if each.code == row.code and each.number is not None),
        language=cast(Language | None, row.language),
        zone=row.zone,
        address=row.place if is_address else row.address,
    )


def _row(node: NetworkNode) -> dict[str, Any]:
    return {
        "code": node.code,
        "parent": node.parent,
        "kind": node.kind,
        "name": node.name,
        "zone": node.zone,
        "haystack": folded(f"{node.code}\n{node.name}"),
    }


def _node(row: Row[Any]) -> NetworkNode:
    return NetworkNode(
        code=NodeCode(row.code),
        parent=None if row.parent is None else NodeCode(row.parent),
        kind=NodeKind(row.kind),
        name=row.name,
        zone=row.zone,
    )


def _summary(row: Row[Any]) -> NodeSummary:
    return NodeSummary(_node(row), children=row.children, customers=row.customers)

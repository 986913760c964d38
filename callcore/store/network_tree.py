"""Ways through the network tree, as queries: up to all above, down to all below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, func, select

from callcore.domain import NodeCode
from callcore.store.schema.core import customer_numbers, customers, network_customers, network_nodes


def above(nodes: Select[Any]) -> Select[Any]:
    """These nodes' codes, and those of all above them.

    Each step asks for one parent by its key: a join makes PostgreSQL read the whole tree for every step.
    """
    chain = nodes.cte("above", recursive=True)
    code = chain.c[0]
    parent = select(network_nodes.c.parent).where(network_nodes.c.code == code).scalar_subquery()
    chain = chain.union(select(parent).where(code.is_not(None)))
    return select(chain.c[0]).where(chain.c[0].is_not(None))


def near(customers: ColumnElement[Any]) -> Select[Any]:
    """The nodes at and above the homes of these customers: a parameter that is a list."""
    return above(select(network_customers.c.node).where(network_customers.c.customer.in_(customers)))


def summary_query(codes: Select[Any]) -> Select[Any]:
    """These nodes by name, each with ``children`` and ``customers``."""
    roots = codes.cte("roots")
    below = select(roots.c.code.label("root"), roots.c.code).cte("below", recursive=True)
    below = below.union_all(
        select(below.c.root, network_nodes.c.code).join(below, network_nodes.c.parent == below.c.code)
    )
    people = (
        select(below.c.root, func.count(network_customers.c.customer.distinct()).label("n"))
        .join(network_customers, network_customers.c.node == below.c.code)
        .group_by(below.c.root)
        .subquery()
    )
    child = network_nodes.alias("child")
    children = select(func.count()).where(child.c.parent == network_nodes.c.code).scalar_subquery()
    return (
        select(network_nodes, children.label("children"), func.coalesce(people.c.n, 0).label("customers"))
        .join(roots, roots.c.code == network_nodes.c.code)
        .outerjoin(people, people.c.root == network_nodes.c.code)
        .order_by(network_nodes.c.name, network_nodes.c.code)
    )


def _zones(nodes: Sequence[NodeCode]) -> CTE:
    """Each node's way up, as far as the first zone."""
    start = select(network_nodes.c.code.label("start"), network_nodes.c.parent, network_nodes.c.zone)
    way = start.where(network_nodes.c.code.in_(nodes)).cte("way", recursive=True)
    return way.union_all(
        select(way.c.start, network_nodes.c.parent, network_nodes.c.zone)
        .join(way, network_nodes.c.code == way.c.parent)
        .where(way.c.zone.is_(None))
    )


def zones_query(number: str) -> Select[Any]:
    """The zones of the nodes of whoever has this canonical number, each once."""
    nodes = (
        select(network_customers.c.node)
        .join(customer_numbers, customer_numbers.c.customer == network_customers.c.customer)
        .where(customer_numbers.c.number == number)
    )
    start = select(network_nodes.c.parent, network_nodes.c.zone)
    way = start.where(network_nodes.c.code.in_(nodes)).cte("way", recursive=True)
    way = way.union(
        select(network_nodes.c.parent, network_nodes.c.zone)
        .join(way, network_nodes.c.code == way.c.parent)
        .where(way.c.zone.is_(None))
    )
    return select(way.c.zone).distinct().where(way.c.zone.is_not(None)).order_by(way.c.zone)


def people_query(nodes: Sequence[NodeCode]) -> Select[Any]:
    """A row for each number of each customer on each of his affected nodes."""
    way = _zones(nodes)
    inherited = select(way.c.zone).where(way.c.start == network_nodes.c.code, way.c.zone.is_not(None))
    node = network_nodes.c
    below = (
        select(node.code, node.kind, node.name, inherited.scalar_subquery().label("zone"))
        .where(node.code.in_(nodes))
        .cte("below", recursive=True)
    )
    below = below.union(
        select(node.code, node.kind, node.name, func.coalesce(node.zone, below.c.zone)).join(
            below, node.parent == below.c.code
        )
    )
    return (
        select(
            customers.c.id,
            customers.c.name,
            customers.c.language,
            customers.c.address,
            below.c.code,
            below.c.kind,
            below.c.name.label("place"),
            below.c.zone,
            customer_numbers.c.number,
        )
        .join_from(below, network_customers, network_customers.c.node == below.c.code)
        .join(customers, customers.c.id == network_customers.c.customer)
        .outerjoin(customer_numbers, customer_numbers.c.customer == customers.c.id)
        .order_by(customers.c.id, below.c.code, customer_numbers.c.position)
    )

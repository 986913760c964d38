"""The network tree in a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callcore.calls.campaign import AffectedPerson
from callcore.domain import CustomerId, NodeCode, NodeKind, OutageState
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored
from callcore.store.network import NetworkNode, NewNode

from .store_placed import an_outage
from .store_samples import T0

KINDS = {"F": NodeKind.feeder, "H": NodeKind.house, "P": NodeKind.point}


def a_node(code: str, parent: str | None = None, name: str = "", zone: str | None = None) -> NetworkNode:
    above = None if parent is None else NodeCode(parent)
    return NetworkNode(NodeCode(code), above, KINDS[code[0]], name or f"Узел {code}", zone)


async def with_customers(db: Database, many: int) -> list[CustomerId]:
    """Customers with the contracts ``c0``, ``c1`` …"""
    await db.customers.add_many(
        NewCustomer(
            contract=f"c{n}",
            name=f"Анна {n}",
            address=f"свой адрес {n}",
            language="en" if n == 1 else None,
            numbers=(f"+7900{n:07}", f"+7800{n:07}") if n else (),
        )
        for n in range(many)
    )
    found = [await db.customers.search(f"c{n}") for n in range(many)]
    return [hits[0].customer.id for hits in found]


async def a_town(db: Database) -> list[CustomerId]:
    people = await with_customers(db, 5)
    await db.network.replace(
        [
            NewNode(a_node("F-1", name="Фидер Ёлки", zone="Asia/Omsk"), ()),
            NewNode(a_node("F-2", name="Фидер 2"), ("c4",)),
            NewNode(a_node("H-1", "F-1", name="Лесная, 5"), ("c0", "c1", "c0")),
            NewNode(a_node("H-2", "F-1", name="Лесная_7", zone="Asia/Tomsk"), ()),
            NewNode(a_node("P-1", "H-1", name="Лесная, 5, кв. 1"), ("c1", "c2")),
            NewNode(a_node("P-2", "H-2", name="Лесная, 7, кв. 2"), ("c3", "c2")),
        ]
    )
    return people


async def test_the_tree(db: Database) -> None:
    assert await db.network.count() == 0
    assert await db.network.children(None) == ()
    await a_town(db)
    assert await db.network.count() == 6
    assert await db.network.node(NodeCode("H-1")) == a_node("H-1", "F-1", name="Лесная, 5")
    assert await db.network.node(NodeCode("h-1")) is None
    assert await db.network.known([NodeCode("F-1"), NodeCode("X"), NodeCode("P-2")]) == {"F-1", "P-2"}
    assert await db.network.known_contracts(["c0", "x", "c4"]) == {"c0", "c4"}

    async def below(parent: str | None) -> list[tuple[str, int, int]]:
        lines = await db.network.children(None if parent is None else NodeCode(parent))
        return [(line.node.code, line.children, line.customers) for line in lines]

    assert await below(None) == [("F-2", 0, 1), ("F-1", 2, 4)]
    assert await below("F-1") == [("H-1", 1, 3), ("H-2", 1, 2)]
    assert await below("H-1") == [("P-1", 0, 2)]
    assert await below("P-1") == await below("X") == []


async def test_search(db: Database) -> None:
    await a_town(db)

    async def found(text: str, limit: int = 50) -> list[tuple[str, int]]:
        return [(line.node.code, line.customers) for line in await db.network.search(text, limit)]

    assert await found(" ЕЛКИ ") == [("F-1", 4)]
    assert await found("f-") == [("F-2", 1), ("F-1", 4)]
    assert await found("лесная, ") == [("H-1", 3), ("P-1", 2), ("P-2", 2)]
    assert await found("лесная, ", limit=1) == [("H-1", 3)]
    assert await found("лесная_") == [("H-2", 2)]
    assert await found("  ") == await found("%") == []


async def test_everybody_below_once(db: Database) -> None:
    people = await a_town(db)
    on_feeder = await db.network.people([NodeCode("F-1"), NodeCode("P-1"), NodeCode("F-1")])
    omsk, tomsk = "Asia/Omsk", "Asia/Tomsk"
    first = ("+79000000001", "+78000000001")
    assert on_feeder == (
        AffectedPerson(people[0], "Анна 0", (), None, omsk, "Лесная, 5"),
        AffectedPerson(people[1], "Анна 1", first, "en", omsk, "Лесная, 5"),
        AffectedPerson(people[2], "Анна 2", on_feeder[2].numbers, None, omsk, "Лесная, 5, кв. 1"),
        AffectedPerson(people[3], "Анна 3", on_feeder[3].numbers, None, tomsk, "Лесная, 7, кв. 2"),
    )
    (alone,) = await db.network.people([NodeCode("F-2")])
    assert (alone.customer, alone.zone, alone.address) == (people[4], None, "свой адрес 4")
    (low, _) = await db.network.people([NodeCode("P-1")])
    assert (low.customer, low.zone) == (people[1], omsk), "the zone of what is above counts"
    assert await db.network.people([]) == await db.network.people([NodeCode("X")]) == ()


async def test_more_nodes_than_fit_one_question(db: Database) -> None:
    people = await with_customers(db, 2)
    many = [a_node(f"F-{n}") for n in range(1000)]
    await db.network.replace(
        [NewNode(node, ("c0",) if n in (0, 999) else ("c1",)) for n, node in enumerate(many)]
    )
    codes = [node.code for node in many]
    assert await db.network.known([*codes, NodeCode("X")]) == set(codes)
    assert [person.customer for person in await db.network.people(codes)] == sorted(people)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([("F-1", None), ("H-1", "F-1"), ("F-1", None)], "F-1 stands there twice"),
        ([("H-1", "F-1"), ("F-1", None)], "H-1 needs its parent F-1 before it"),
        ([("H-1", "H-1")], "H-1 needs its parent"),
    ],
)
async def test_what_is_no_tree_is_refused(
    db: Database, nodes: list[tuple[str, str | None]], said: str
) -> None:
    with pytest.raises(NotStored, match=said):
        await db.network.replace([NewNode(a_node(*node), ()) for node in nodes])


async def test_unknown_contracts_change_nothing(db: Database) -> None:
    await a_town(db)
    wrong = [f"x{n}" for n in range(7)]
    with pytest.raises(NotStored, match=r"contract x0, x1, x2, x3, x4 and 2 more: import the customers"):
        await db.network.replace([NewNode(a_node("F-9"), ("c0", *wrong))])
    assert await db.network.count() == 6


async def test_an_open_outage_keeps_its_nodes(db: Database) -> None:
    await a_town(db)
    nodes = (NodeCode("F-1"), NodeCode("H-1"))
    open_one = await db.outages.publish(an_outage(nodes=nodes), {})
    with pytest.raises(NotStored, match="open outage A-1 names H-1"):
        await db.network.replace([NewNode(a_node("F-1"), ())])
    assert await db.network.count() == 6
    await db.network.replace([NewNode(a_node("F-1"), ()), NewNode(a_node("H-1"), ())])
    ended = an_outage(nodes=nodes, revision=2, state=OutageState.restored, ended_at=T0 + timedelta(hours=1))
    await db.outages.publish(ended, {})
    await db.network.replace([])
    assert await db.network.count() == 0
    assert await db.outages.nodes_of(open_one.id) == nodes

"""The outage register in a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import CustomerId, NodeCode, OutageId, OutageKind, OutageState
from callcore.store.database import Database
from callcore.store.network import NewNode
from callcore.store.outages import RevisionTaken

from .store_placed import a_campaign, an_outage, running
from .store_samples import T0
from .test_store_network import a_node, with_customers

LATER = T0 + timedelta(hours=1)


async def test_it_is_kept_as_published(db: Database) -> None:
    content = {"number": "A-1", "cause": {"ru": "Повреждён кабель"}, "nodes": ["F-2", "F-1"]}
    stored = await db.outages.publish(an_outage(), content)
    assert stored == replace(an_outage(), id=stored.id)
    assert await db.outages.get("A-1") == await db.outages.by_id(stored.id) == stored
    assert await db.outages.content("A-1", 1) == content
    assert await db.outages.nodes_of(stored.id) == ("F-2", "F-1")
    assert await db.outages.get("A-2") is await db.outages.by_id(OutageId(77)) is None
    assert await db.outages.content("A-1", 2) is await db.outages.content("A-2", 1) is None


async def test_each_revision_follows_the_one_before(db: Database) -> None:
    first = await db.outages.publish(an_outage(), {"revision": 1})
    second = replace(
        first,
        id=OutageId(0),
        revision=2,
        state=OutageState.restored,
        ended_at=LATER,
        nodes=(NodeCode("H-1"),),
        source="anna",
        published_at=LATER,
        changed_at=LATER,
    )
    stored = await db.outages.publish(second, {"revision": 2})
    assert stored == replace(second, id=first.id, published_at=T0) == await db.outages.get("A-1")
    assert await db.outages.content("A-1", 1) == {"revision": 1}
    assert await db.outages.content("A-1", 2) == {"revision": 2}
    for taken in (first, second, replace(second, revision=4)):
        with pytest.raises(RevisionTaken, match="A-1"):
            await db.outages.publish(taken, {"revision": 0})
    with pytest.raises(RevisionTaken):
        await db.outages.publish(replace(second, number="A-2"), {})
    assert await db.outages.get("A-1") == stored
    assert await db.outages.content("A-1", 2) == {"revision": 2}


async def test_several_are_published_together_or_not_at_all(db: Database) -> None:
    fits, does_not = an_outage("A-1"), an_outage("A-2", revision=2)
    with pytest.raises(RevisionTaken, match="A-2"):
        await db.outages.publish_all([(fits, {}), (does_not, {})])
    assert await db.outages.recent() == ()
    both = await db.outages.publish_all(
        [(fits, {}), (an_outage("A-2"), {}), (an_outage(revision=2), {"r": 2})]
    )
    assert [(outage.number, outage.revision) for outage in both] == [("A-1", 1), ("A-2", 1), ("A-1", 2)]
    assert await db.outages.content("A-1", 2) == {"r": 2}


async def test_of_two_at_once_one_is_first(db: Database) -> None:
    results = await asyncio.gather(
        *(db.outages.publish(an_outage(source=name), {"by": name}) for name in ("anna", "boris")),
        return_exceptions=True,
    )
    winner = await db.outages.get("A-1")
    assert winner is not None
    assert winner in results
    assert any(isinstance(result, RevisionTaken) for result in results)
    assert await db.outages.content("A-1", 1) == {"by": winner.source}


@pytest.mark.parametrize(("state", "ended_at"), [(OutageState.restored, None), (OutageState.confirmed, T0)])
async def test_only_what_is_over_has_an_end(db: Database, state: OutageState, ended_at: object) -> None:
    with pytest.raises(ValueError, match="A-1"):
        await db.outages.publish(an_outage(state=state, ended_at=ended_at), {})


async def test_lists(db: Database) -> None:
    async def publish(number: str, minutes: int, ended: bool = False) -> str:
        at = T0 + timedelta(minutes=minutes)
        state = OutageState.cancelled if ended else OutageState.confirmed
        outage = an_outage(number, published_at=at, state=state, ended_at=LATER if ended else None)
        return (await db.outages.publish(outage, {})).number

    for number, minutes, ended in (("A", 5, False), ("B", 9, True), ("C", 1, False), ("D", 2, True)):
        await publish(number, minutes, ended)
    assert [outage.number for outage in await db.outages.open()] == ["C", "A"]
    recent = await db.outages.recent()
    assert [outage.number for outage in recent] == ["A", "C", "B", "D"]
    assert {outage.nodes for outage in recent} == {("F-2", "F-1")}
    assert [outage.number for outage in await db.outages.recent(3)] == ["A", "C", "B"]


async def test_whose_homes_are_affected(db: Database) -> None:
    people = await with_customers(db, 4)
    await db.network.replace(
        [
            NewNode(a_node("F-1"), ()),
            NewNode(a_node("H-1", "F-1"), ("c0",)),
            NewNode(a_node("P-1", "H-1"), ("c1",)),
            NewNode(a_node("H-2", "F-1"), ("c2",)),
            NewNode(a_node("F-2"), ("c3", "c0")),
        ]
    )

    async def publish(number: str, *nodes: str, minutes: int = 0, **changes: object) -> None:
        at = T0 + timedelta(minutes=minutes)
        outage = an_outage(number, nodes=tuple(map(NodeCode, nodes)), published_at=at, **changes)
        await db.outages.publish(outage, {})

    await publish("feeder", "F-1", "P-1")
    await publish("house", "H-1", minutes=1)
    await publish("planned", "F-1", kind=OutageKind.planned, minutes=9)
    await publish("over", "F-1", state=OutageState.restored, ended_at=LATER)
    await publish("point", "P-1", minutes=2)
    await publish("gone", "X-1")

    async def affecting(*customers: CustomerId) -> list[str]:
        return [outage.number for outage in await db.outages.affecting(customers)]

    assert await affecting(people[0]) == ["house", "feeder", "planned"]
    assert await affecting(people[1]) == ["point", "house", "feeder", "planned"]
    assert await affecting(people[2]) == ["feeder", "planned"]
    assert await affecting(people[3]) == await affecting() == await affecting(CustomerId(77)) == []
    assert await affecting(people[3], people[2]) == ["feeder", "planned"]
    (first, *_) = await db.outages.affecting([people[2]])
    assert first.nodes == ("F-1", "P-1"), "all its nodes, not only those of his"


async def test_which_have_no_campaign_yet(db: Database) -> None:
    created = await running(db)
    lone = await db.outages.publish(an_outage("A-2"), {})
    assert await db.outages.without_campaign() == (lone,)
    first = await db.outages.get("A-1")
    assert first is not None
    newer = await db.outages.publish(replace(first, revision=2), {})
    assert await db.outages.without_campaign() == (newer, lone)
    await db.campaigns.create(a_campaign(created.outage, 2), [], T0)
    assert await db.outages.without_campaign() == (lone,)

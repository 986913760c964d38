"""Flash notes: which pop when, who has read them, and what stays of those withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcore.domain import CustomerId, NodeCode, OutageId
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.flash_rows import EVERYBODY
from callcore.store.flashes import FlashScope, FlashState, NewFlash
from callcore.store.network import NewNode
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events

from .store_placed import an_outage
from .store_samples import ANNA, BORIS, T0
from .test_store_network import a_node

DAY = timedelta(days=1)
NEW = NewFlash(FlashScope.contract, "7", "c7", "Судится с нами", T0, T0 + DAY)


async def told(db: Database) -> list[str]:
    async with db.read() as connection:
        return list((await connection.execute(select(events.c.type).order_by(events.c.id))).scalars())


async def test_a_note_holds_from_its_beginning_to_just_before_its_end(db: Database) -> None:
    flash = await db.flashes.add(NEW, ANNA, T0)

    async def now(moment: timedelta) -> bool:
        return flash in await db.flashes.current(CustomerId(7), (), (), (), (), T0 + moment)

    assert not await now(-timedelta(microseconds=1))
    assert await now(timedelta(0))
    assert await now(DAY - timedelta(microseconds=1))
    assert not await now(DAY)
    assert [flash.state(T0 + n * DAY) for n in (-1, 0, 1)] == [
        FlashState.coming,
        FlashState.current,
        FlashState.ended,
    ]
    assert flash.customer == 7


async def test_each_scope_pops_for_its_own(db: Database) -> None:
    targets = {
        FlashScope.contract: "7",
        FlashScope.number: "+79000000007",
        FlashScope.topic: "finance",
        FlashScope.district: "F-1",
        FlashScope.outage: "3",
        FlashScope.house: EVERYBODY,
    }
    made = {}
    for scope, target in reversed(targets.items()):
        made[scope] = await db.flashes.add(replace(NEW, scope=scope, target=target), ANNA, T0)
    mine = (CustomerId(7), ["+79000000007"], ["finance"], [NodeCode("F-1")], [OutageId(3)])
    assert await db.flashes.current(*mine, T0) == tuple(made[scope] for scope in FlashScope)
    # a customer 3 is no outage 3, and nobody else's is shown
    others = await db.flashes.current(CustomerId(3), ["7"], ["F-1"], [NodeCode("finance")], [OutageId(7)], T0)
    assert others == (made[FlashScope.house],)
    assert await db.flashes.current(None, (), (), (), (), T0) == (made[FlashScope.house],)


async def test_of_a_customer_with_where_he_lives(db: Database) -> None:
    await db.customers.add_many([NewCustomer(f"c{n}", "Анна") for n in range(2)])
    found = [await db.customers.by_contract(f"c{n}") for n in range(2)]
    zero, one = (customer.id for customer in found if customer is not None)
    nodes = [
        NewNode(a_node("F-1"), ()),
        NewNode(a_node("H-1", "F-1"), ("c1",)),
        NewNode(a_node("H-2", "F-1"), ("c0",)),
    ]
    await db.network.replace(nodes)
    outage = await db.outages.publish(replace(an_outage(), nodes=(NodeCode("H-1"),)), {})
    feeder = await db.flashes.add(replace(NEW, scope=FlashScope.district, target="F-1"), ANNA, T0)
    house = await db.flashes.add(replace(NEW, scope=FlashScope.district, target="H-1"), ANNA, T0)
    broken = await db.flashes.add(replace(NEW, scope=FlashScope.outage, target=str(outage.id)), ANNA, T0)
    own = await db.flashes.add(replace(NEW, target=str(one)), ANNA, T0)
    for_all = await db.flashes.add(replace(NEW, scope=FlashScope.house, target=EVERYBODY), ANNA, T0)
    assert await db.flashes.of_customer(one, (), (), T0) == (own, house, feeder, broken, for_all)
    assert await db.flashes.of_customer(zero, (), (), T0) == (feeder, for_all)


async def test_read_once_by_each(db: Database) -> None:
    flash = await db.flashes.add(replace(NEW, must_read=True), ANNA, T0)
    await db.flashes.read(flash.id, BORIS, T0 + timedelta(minutes=1))
    await db.flashes.read(flash.id, BORIS, T0 + timedelta(minutes=9))
    await db.flashes.read(flash.id, ANNA, T0 + timedelta(minutes=2))
    readers = await db.flashes.readers(flash.id)
    assert [(each.login, each.at) for each in readers] == [
        (BORIS, T0 + timedelta(minutes=1)),
        (ANNA, T0 + timedelta(minutes=2)),
    ]
    (seen,) = await db.flashes.current(CustomerId(7), (), (), (), (), T0, BORIS)
    assert seen.read_at == T0 + timedelta(minutes=1)
    found = await db.flashes.get(flash.id, BORIS)
    assert found is not None
    assert (found.read_at, found.readers) == (T0 + timedelta(minutes=1), 2)
    assert await told(db) == ["flash.created", "flash.read", "flash.read"]
    with pytest.raises(NotStored):
        await db.flashes.read(999, ANNA, T0)


async def test_withdrawn_it_stays_to_be_read(db: Database) -> None:
    flash = await db.flashes.add(NEW, ANNA, T0)
    await db.flashes.withdraw(flash.id, BORIS, T0 + timedelta(hours=1))
    await db.flashes.withdraw(flash.id, ANNA, T0 + timedelta(hours=2))
    assert await db.flashes.current(CustomerId(7), (), (), (), (), T0 + timedelta(hours=1)) == ()
    gone = await db.flashes.get(flash.id)
    assert gone is not None
    assert (gone.withdrawn_by, gone.withdrawn_at) == (BORIS, T0 + timedelta(hours=1))
    assert gone.state(T0) is FlashState.withdrawn
    assert await told(db) == ["flash.created", "flash.withdrawn"]
    async with db.read() as connection:
        acts = (await connection.execute(select(audit.c.act, audit.c.customer).order_by(audit.c.id))).all()
    assert [tuple(act) for act in acts] == [("flash_created", 7), ("flash_withdrawn", 7)]
    with pytest.raises(NotStored):
        await db.flashes.withdraw(999, ANNA, T0)


async def test_lists(db: Database) -> None:
    now = await db.flashes.add(NEW, ANNA, T0)
    later = await db.flashes.add(replace(NEW, begins_at=T0 + DAY, ends_at=T0 + 2 * DAY), BORIS, T0)
    number = replace(NEW, scope=FlashScope.number, target="+79000000007", label="+79000000007")
    other = await db.flashes.add(number, BORIS, T0)
    search = db.flashes.search
    assert await search(T0) == (other, now)
    assert await search(T0, state=FlashState.coming) == (later,)
    assert await search(T0 + DAY, state=FlashState.ended) == (other, now)
    assert await search(T0, state=None) == (other, later, now)
    assert await search(T0, state=None, author=ANNA) == (now,)
    assert await search(T0, scope=FlashScope.number) == (other,)
    assert await search(T0, target="c7") == await search(T0, target="7") == (now,)
    assert await search(T0, state=None, limit=1, offset=1) == (later,)
    assert await search(T0, state=FlashState.withdrawn) == ()


@pytest.mark.parametrize("text", ["", " \n ", "x" * 501])
async def test_texts_that_are_refused(db: Database, text: str) -> None:
    with pytest.raises(TextRefused, match="text"):
        await db.flashes.add(replace(NEW, text=text), ANNA, T0)
    with pytest.raises(ValueError, match="ends after it begins"):
        await db.flashes.add(replace(NEW, ends_at=T0), ANNA, T0)
    assert await db.flashes.search(T0, state=None) == ()

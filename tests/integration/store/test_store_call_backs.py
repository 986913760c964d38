"""Who wants to be called back: once for each number, until somebody says what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcore.domain import CallId, QueueName, TopicCode
from callcore.store.call_backs import CallBack, CallBackLook, CallBackState, NewCallBack
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events

from .store_samples import ANNA, BORIS, T0

HOUR = timedelta(hours=1)
NEW = NewCallBack("+79000000001", TopicCode("finance"), QueueName("finance"), "ru", CallId("c1"))
OPEN = CallBackLook()


async def told(db: Database) -> list[str]:
    async with db.read() as connection:
        types = list((await connection.execute(select(events.c.type).order_by(events.c.id))).scalars())
    own = [type for type in types if type.startswith("call_back.")]
    beside = [f"follow_up.{type.partition('.')[2]}" for type in own]
    assert sorted(types) == sorted([*own, *beside])  # each is told as one of all people to call, too
    return own


async def only(db: Database, look: CallBackLook = OPEN) -> CallBack:
    (wish,) = await db.call_backs.find(look)
    return wish


async def test_a_number_has_one_open_wish(db: Database) -> None:
    wish = db.call_backs.ask
    asked = await asyncio.gather(*(wish(replace(NEW, call=CallId(f"c{n}")), T0) for n in range(5)))
    assert sorted(asked) == [False] * 4 + [True]
    assert not await wish(NEW, T0 + HOUR)
    assert (await only(db)).asked_at == T0  # he keeps his place
    assert await told(db) == ["call_back.asked"]
    assert await wish(replace(NEW, number="+79000000002"), T0)
    assert await db.call_backs.count(OPEN) == 2


async def test_settled_once_and_asked_anew(db: Database) -> None:
    await db.call_backs.ask(NEW, T0)
    first = await only(db)
    done = await db.call_backs.settle(first.id, CallBackState.done, "поговорили", ANNA, T0 + HOUR)
    assert (done.state, done.settled_by, done.settled_at, done.note) == (
        CallBackState.done,
        ANNA,
        T0 + HOUR,
        "поговорили",
    )
    late = await db.call_backs.settle(first.id, CallBackState.withdrawn, "нет", BORIS, T0 + 2 * HOUR)
    assert late == done
    assert await db.call_backs.find(OPEN) == ()
    assert await db.call_backs.ask(NEW, T0 + 3 * HOUR)
    assert (await only(db)).id != first.id
    assert await told(db) == ["call_back.asked", "call_back.settled", "call_back.asked"]
    async with db.read() as connection:
        rows = (await connection.execute(select(audit.c.login, audit.c.act, audit.c.subject))).all()
    assert [tuple(row) for row in rows] == [(ANNA, "changed", f"follow_up:{first.id}")]


async def test_taken_by_one_of_many_and_handed_back(db: Database) -> None:
    await db.call_backs.ask(NEW, T0)
    wish, wishes = await only(db), db.call_backs
    both = await asyncio.gather(*(wishes.take(wish.id, login, T0 + HOUR) for login in (ANNA, BORIS)))
    (holder,) = {each.taken_by for each in both}
    other = BORIS if holder == ANNA else ANNA
    assert holder is not None
    again = await wishes.take(wish.id, holder, T0 + 2 * HOUR)
    assert again.taken_at == T0 + HOUR
    assert (await wishes.hand_back(wish.id, other, T0)).taken_by == holder
    assert await wishes.find(replace(OPEN, is_taken=False)) == ()
    assert await only(db, replace(OPEN, is_taken=True, taken_by=holder)) == again
    assert (await wishes.take(wish.id, other, T0 + 3 * HOUR, is_over=True)).taken_by == other
    assert (await wishes.hand_back(wish.id, holder, T0, is_anybodys=True)).taken_by is None
    assert (await only(db, replace(OPEN, is_taken=False))).asked_at == T0  # he keeps his place
    took, back = "call_back.taken", "call_back.handed_back"
    assert await told(db) == ["call_back.asked", took, took, back]
    async with db.read() as connection:
        assert len((await connection.execute(select(audit.c.id))).all()) == 3


async def test_what_is_settled_nobody_takes(db: Database) -> None:
    await db.call_backs.ask(NEW, T0)
    wish, wishes = await only(db), db.call_backs
    await wishes.take(wish.id, ANNA, T0)
    done = await wishes.settle(wish.id, CallBackState.done, "", BORIS, T0 + HOUR)
    assert (done.taken_by, done.settled_by) == (ANNA, BORIS)
    assert await wishes.take(wish.id, BORIS, T0 + HOUR, is_over=True) == done
    assert await wishes.hand_back(wish.id, ANNA, T0 + HOUR) == done
    for act in (wishes.take, wishes.hand_back):
        with pytest.raises(NotStored):
            await act(999, ANNA, T0)


async def test_what_is_no_end_of_a_wish(db: Database) -> None:
    await db.call_backs.ask(NEW, T0)
    wish = await only(db)
    with pytest.raises(ValueError, match="done or as withdrawn"):
        await db.call_backs.settle(wish.id, CallBackState.open, "", ANNA, T0)
    with pytest.raises(TextRefused):
        await db.call_backs.settle(wish.id, CallBackState.done, "x" * 10_001, ANNA, T0)
    with pytest.raises(NotStored):
        await db.call_backs.settle(999, CallBackState.done, "", ANNA, T0)
    assert await only(db) == wish


async def test_lists(db: Database) -> None:
    await db.customers.add_many([NewCustomer("К-1", "Пётр")])
    customer = await db.customers.by_contract("К-1")
    assert customer is not None
    wishes = [
        replace(NEW, number="+79000000001", customer=customer.id),
        replace(NEW, number="+79000000002", queue=QueueName("sales")),
        replace(NEW, number="+79000000003"),
    ]
    for hours, wish in enumerate(wishes):
        await db.call_backs.ask(wish, T0 + hours * HOUR)
    numbers = [each.number[-1] for each in await db.call_backs.find(OPEN)]
    assert numbers == ["1", "2", "3"]  # who waits longest comes first
    assert (await only(db, CallBackLook(queues=[QueueName("sales")]))).number == "+79000000002"
    assert await db.call_backs.find(CallBackLook(queues=[])) == ()
    his = await only(db, CallBackLook(customer=customer.id))
    assert his.customer_name == "Пётр"
    assert (await only(db, CallBackLook(number="+79000000003"))).asked_at == T0 + 2 * HOUR
    await db.call_backs.settle(his.id, CallBackState.withdrawn, "", ANNA, T0 + 9 * HOUR)
    everything = CallBackLook(state=None)
    assert [each.number[-1] for each in await db.call_backs.find(everything)] == ["3", "2", "1"]
    assert [each.number[-1] for each in await db.call_backs.find(replace(everything, limit=1, offset=1))] == [
        "2"
    ]
    assert await db.call_backs.count(everything) == 3

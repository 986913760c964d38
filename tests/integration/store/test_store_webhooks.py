from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callcore.bus import plan
from callcore.store import outbox
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.webhooks import Delivery, Webhook

from .store_samples import T0


async def tell(db: Database, type: str, **data: Any) -> None:
    async def op(connection: Any) -> None:
        await outbox.tell(connection, type, data, T0)

    await db.writer.submit(op)


async def hook(db: Database, name: str = "crm", *patterns: str) -> Webhook:
    return await db.webhooks.add(name, "https://crm.example/", patterns or ("*",), "whsec_x", "root", T0)


async def settle(db: Database, delivery: Delivery, state: str = "delivered", **more: Any) -> None:
    values: dict[str, Any] = {
        "next_at": T0,
        "status": 200 if state == "delivered" else 500,
        "answer": "",
        "ms": 3,
        "at": T0,
        "is_taken": state == "delivered",
        "disabled_why": "",
        **more,
    }
    await db.webhooks.settle(delivery, state=state, **values)


async def test_only_what_comes_after_and_is_wanted(db: Database) -> None:
    await tell(db, "case.created", number=1)
    one = await hook(db, "crm", "case.*")
    await tell(db, "case.closed", number=1)
    await tell(db, "interaction.saved")
    assert await db.webhooks.spread(plan.wants, T0) == 2
    assert await db.webhooks.spread(plan.wants, T0) == 0, "each event is looked at once"
    found = await db.webhooks.deliveries(one.id)
    assert [(each.type, each.state, each.data) for each in found] == [
        ("case.closed", "waiting", {"number": 1})
    ]


async def test_an_event_that_was_rolled_back_is_told_to_nobody(db: Database) -> None:
    one = await hook(db)

    async def op(connection: Any) -> None:
        await outbox.tell(connection, "case.created", {}, T0)
        raise NotStored("the change did not take place")

    with pytest.raises(NotStored):
        await db.writer.submit(op)
    await db.webhooks.spread(plan.wants, T0)
    assert await db.webhooks.deliveries(one.id) == ()


async def test_in_order_and_by_hand_first(db: Database) -> None:
    one = await hook(db)
    for n in range(3):
        await tell(db, "case.created", n=n)
    await db.webhooks.spread(plan.wants, T0)
    first = await db.webhooks.next_of(one.id, T0)
    assert first is not None
    await settle(db, first, "waiting", next_at=T0 + timedelta(hours=1))
    held = await db.webhooks.next_of(one.id, T0)
    assert held is not None
    assert (held.id, held.tries) == (first.id, 1), "those behind it wait for it"
    test = await db.webhooks.send_test(one.id, plan.TEST_EVENT, "root", T0)
    at_once = await db.webhooks.next_of(one.id, T0)
    assert at_once is not None
    assert (at_once.id, at_once.type) == (test, plan.TEST_EVENT)
    await settle(db, at_once, "waiting", next_at=T0 + timedelta(hours=2))
    held = await db.webhooks.next_of(one.id, T0)
    assert held is not None
    assert held.id == first.id, "a test that failed holds up nobody"


async def test_sending_again(db: Database) -> None:
    one = await hook(db)
    await tell(db, "case.created")
    await db.webhooks.spread(plan.wants, T0)
    delivery = await db.webhooks.next_of(one.id, T0)
    assert delivery is not None
    await settle(db, delivery, "failed", answer="no\x00" + "x" * 5000)
    failed = await db.webhooks.delivery(delivery.id)
    assert failed is not None
    assert (failed.state, failed.tries, len(failed.answer)) == ("failed", 1, 1000)
    assert await db.webhooks.next_of(one.id, T0) is None
    assert await db.webhooks.send_again(delivery.id, T0)
    again = await db.webhooks.next_of(one.id, T0)
    assert again is not None
    assert (again.event, again.tries, again.is_by_hand) == (delivery.event, 0, True)
    assert not await db.webhooks.send_again(99, T0)
    assert await db.webhooks.counts() == {one.id: {"waiting": 1}}


async def test_switched_off_and_on_again(db: Database) -> None:
    one = await hook(db)
    await tell(db, "case.created")
    await db.webhooks.spread(plan.wants, T0)
    delivery = await db.webhooks.next_of(one.id, T0)
    assert delivery is not None
    await settle(db, delivery, "waiting")
    failing = await db.webhooks.get(one.id)
    assert failing is not None
    assert failing.failing_since == T0
    await settle(db, delivery, "waiting", at=T0 + timedelta(days=5), disabled_why="failing")
    off = await db.webhooks.get(one.id)
    assert off is not None
    assert (off.is_on, off.disabled_why, off.failing_since) == (False, "failing", T0)
    other = await hook(db, "watcher", "webhook.*")
    await tell(db, "case.closed")
    await db.webhooks.spread(plan.wants, T0)
    assert len(await db.webhooks.deliveries(one.id)) == 1, "nothing is added while it is off"
    on = await db.webhooks.change(
        one.id, "root", T0, name="crm", url=one.url, patterns=("*",), is_active=True
    )
    assert on is not None
    assert on.is_on
    assert on.failing_since is None
    await db.webhooks.spread(plan.wants, T0)
    assert [each.type for each in await db.webhooks.deliveries(one.id)] == [
        "case.closed",
        "webhook.disabled",
        "case.created",
    ], "what came meanwhile is sent"
    assert await db.webhooks.deliveries(other.id) == ()


async def test_names_and_texts(db: Database) -> None:
    one = await hook(db)
    with pytest.raises(NotStored):
        await hook(db)
    with pytest.raises(TextRefused):
        await hook(db, "x" * 201)
    two = await hook(db, "two")
    with pytest.raises(NotStored):
        await db.webhooks.change(two.id, "root", T0, name="crm", url=two.url, patterns=("*",), is_active=True)
    same = await db.webhooks.change(one.id, "root", T0, name="crm", url=one.url, patterns=(), is_active=False)
    assert same is not None
    assert await db.webhooks.change(99, "root", T0, name="n", url="u", patterns=(), is_active=True) is None
    renewed = await db.webhooks.renew_secret(one.id, "whsec_new", "root", T0)
    assert renewed is not None
    assert renewed.secret == "whsec_new"
    assert "whsec_new" not in repr(renewed)
    assert await db.webhooks.remove(one.id, "root", T0)
    assert not await db.webhooks.remove(one.id, "root", T0)


async def test_what_is_old_goes_but_not_what_waits(db: Database) -> None:
    one = await hook(db)
    for _ in range(2):
        await tell(db, "case.created")
    await db.webhooks.spread(plan.wants, T0)
    delivery = await db.webhooks.next_of(one.id, T0)
    assert delivery is not None
    await settle(db, delivery)
    assert await db.webhooks.purge(T0) == 0
    assert await db.webhooks.purge(T0 + timedelta(seconds=1)) == 1
    (left,) = await db.webhooks.deliveries(one.id)
    assert left.state == "waiting"


async def test_removing_takes_deliveries_along(db: Database) -> None:
    one = await hook(db)
    await tell(db, "case.created")
    await db.webhooks.spread(plan.wants, T0)
    await db.webhooks.remove(one.id, "root", T0)
    assert await db.webhooks.deliveries() == ()

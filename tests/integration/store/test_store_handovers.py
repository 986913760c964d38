"""Calls that one operator handed to another: kept before anything is asked of the telephone system, settled
once, told to other programs and in the audit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from callcore.domain import CallId, QueueName, TopicCode
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, StoreUnavailable, TextRefused
from callcore.store.handovers import Handover, HandoverState, NewHandover
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events

from .store_samples import ANNA, BORIS, T0, locked

SECOND = timedelta(seconds=1)
NEW = NewHandover(
    call=CallId("c1"),
    by=ANNA,
    topic=TopicCode("expert.diagnosis"),
    number="+79161234567",
    comment="Нет связи с утра.\nПерезагрузили роутер.",
    mode="consult",
    to_kind="department",
    to_name="expert",
    queue=QueueName("expert"),
    from_topic="service.other",
)


async def told(db: Database) -> list[tuple[str, dict[str, object]]]:
    async with db.read() as connection:
        rows = await connection.execute(select(events.c.type, events.c.data).order_by(events.c.id))
        return [(row.type, row.data) for row in rows.all()]


async def acts(db: Database) -> list[tuple[str, str, str]]:
    async with db.read() as connection:
        rows = await connection.execute(select(audit.c.login, audit.c.act, audit.c.subject))
        return [(row.login, row.act, row.subject) for row in rows.all()]


async def test_the_words_are_kept_as_they_were_said(db: Database) -> None:
    asked = await db.handovers.ask(NEW, T0)
    assert asked == Handover(asked.id, T0, NEW, HandoverState.asked, None, None, "")
    assert await db.handovers.newest(CallId("c1")) == asked
    assert await db.handovers.asked() == (asked,) == await db.handovers.of_call(CallId("c1"))
    assert await db.handovers.newest(CallId("c2")) is None
    assert await told(db) == [
        (
            "call.handed",
            {
                "handover": asked.id,
                "call": "c1",
                "from_topic": "service.other",
                "topic": "expert.diagnosis",
                "number": "+79161234567",
                "customer": None,
                "mode": "consult",
                "means": "desk",
                "to_kind": "department",
                "to_name": "expert",
                "queue": "expert",
                "login": "anna",
            },
        )
    ]
    assert await acts(db) == [("anna", "handed", f"handover:{asked.id}")]


async def test_whoever_takes_it_settles_it_once(db: Database) -> None:
    asked = await db.handovers.ask(NEW, T0)
    both = await asyncio.gather(
        db.handovers.settle(asked.id, HandoverState.taken, T0 + SECOND, taken_by=BORIS),
        db.handovers.settle(asked.id, HandoverState.returned, T0 + SECOND, why="no_answer"),
    )
    assert both[0] == both[1], "whoever comes later gets it as it was settled"
    assert both[0].settled_at == T0 + SECOND
    assert await db.handovers.asked() == ()
    assert len(await acts(db)) == 2


async def test_a_return_is_told_with_the_reason(db: Database) -> None:
    asked = await db.handovers.ask(NEW, T0)
    back = await db.handovers.settle(asked.id, HandoverState.returned, T0 + SECOND, why="no_answer")
    assert (back.state, back.why, back.taken_by) == (HandoverState.returned, "no_answer", None)
    last = {"handover": asked.id, "call": "c1", "login": "anna", "to_name": "expert", "why": "no_answer"}
    assert (await told(db))[-1] == ("call.returned", last)
    assert (await acts(db))[-1] == ("anna", "handover_returned", f"handover:{asked.id}")


async def test_a_second_one_of_the_call_withdraws_the_first(db: Database) -> None:
    first = await db.handovers.ask(NEW, T0)
    other = await db.handovers.ask(replace(NEW, call=CallId("c2")), T0)
    second = await db.handovers.ask(replace(NEW, to_kind="person", to_name="boris", queue=None), T0 + SECOND)
    newest, before = await db.handovers.of_call(CallId("c1"))
    assert newest == second
    assert (before.id, before.state, before.why) == (first.id, HandoverState.withdrawn, "back")
    assert await db.handovers.asked() == (second, other)


async def test_what_cannot_be_kept_is_refused(db: Database) -> None:
    with pytest.raises(TextRefused):
        await db.handovers.ask(replace(NEW, comment="я" * 10_001), T0)
    with pytest.raises(TextRefused):
        await db.handovers.ask(replace(NEW, topic=TopicCode(" ")), T0)
    with pytest.raises(ValueError, match="settled"):
        await db.handovers.settle(1, HandoverState.asked, T0)
    with pytest.raises(NotStored):
        await db.handovers.settle(1, HandoverState.taken, T0)
    assert await told(db) == []


async def test_a_database_that_is_away_refuses_it(db: Database, url: str) -> None:
    with locked(url), pytest.raises(StoreUnavailable):
        await db.handovers.ask(NEW, T0)


async def test_an_erased_customer_leaves_neither_number_nor_words(db: Database) -> None:
    await db.customers.add_many([NewCustomer("К-1", "Пётр", numbers=("+79161234567",))], T0)
    found = await db.customers.by_contract("К-1")
    assert found is not None
    his = await db.handovers.ask(replace(NEW, customer=found.id), T0)
    nobodys = await db.handovers.ask(replace(NEW, call=CallId("c2")), T0)
    others = await db.handovers.ask(replace(NEW, call=CallId("c3"), number="+79990000000"), T0)
    dossier = await db.privacy.dossier(found.id, "admin", T0)
    assert [row["id"] for row in dossier.tables["handovers"]] == [his.id, nobodys.id]
    await db.privacy.erase(found.id, "admin", T0, reason="требование")
    for each in (his, nobodys):
        (kept,) = await db.handovers.of_call(each.what.call)
        assert (kept.what.number, kept.what.comment, kept.what.topic) == ("", "", NEW.topic)
    assert (await db.handovers.of_call(CallId("c3")))[0] == others

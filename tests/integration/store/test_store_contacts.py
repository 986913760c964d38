"""Calls, contacts, interactions: what the desk lives on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from callcore.calls.effects import Contact, Ring
from callcore.domain import (
    CallId,
    ChannelId,
    ChannelRef,
    CustomerId,
    EndReason,
    Interface,
    Login,
    PbxName,
    TopicCode,
)
from callcore.store.contacts import Figures, Saved
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import TextRefused

from .store_samples import ANNA, BORIS, T0

Make = Callable[..., Contact]
C1 = CallId("c1")
TOPIC = TopicCode("finance.refund")
CHANNEL = ChannelRef(PbxName("main"), ChannelId("1700000000.17"))
HOUR = timedelta(hours=1)


async def save(
    db: Database, at: datetime, comment: str = "", customer: int | None = None, call: str = "c1"
) -> int:
    record = await db.interactions.save(
        CallId(call), ANNA, TOPIC, comment, None if customer is None else CustomerId(customer), at
    )
    assert record is not None
    return record


async def test_calls_keep_their_first_id(db: Database) -> None:
    assert await db.calls.remember(C1, CHANNEL, T0) == C1
    assert await db.calls.remember(C1, CHANNEL, T0 + HOUR) == C1
    assert await db.calls.remember(CallId("c2"), CHANNEL, T0 + HOUR) == C1
    other = CHANNEL._replace(pbx=PbxName("branch"))
    assert await db.calls.remember(CallId("c3"), other, T0) == "c3"
    found = await db.calls.find(CHANNEL)
    assert found is not None
    assert (found.call, found.channel, found.first_seen_at, found.ended_at) == (C1, CHANNEL, T0, None)
    assert await db.calls.find(CHANNEL._replace(id=ChannelId("x"))) is None


async def test_open_calls_end_by_word_or_by_their_contact(db: Database, contact: Make) -> None:
    for n in range(3):
        await db.calls.remember(CallId(f"c{n}"), ChannelRef(PbxName("main"), ChannelId(f"{n}")), T0)
    await db.calls.ended(CallId("c0"), T0 + HOUR)
    await db.calls.ended(CallId("c0"), T0 + 2 * HOUR)
    await db.calls.ended(CallId("unknown"), T0)
    await db.contacts.save(contact("c1"))
    assert [call.call for call in await db.calls.open_calls(PbxName("main"))] == ["c2"]
    assert await db.calls.open_calls(PbxName("branch")) == ()
    ended = await db.calls.find(ChannelRef(PbxName("main"), ChannelId("0")))
    assert ended is not None
    assert ended.ended_at == T0 + HOUR
    assert await db.calls.purge_ended(T0 + 3 * HOUR) == 2


async def test_a_contact_comes_back_whole_and_is_written_once(db: Database, contact: Make) -> None:
    assert await db.contacts.save(contact()) is Saved.new
    assert await db.contacts.save(contact(talk_ms=1, operators=())) is Saved.repeat
    assert await db.contacts.get(C1) == contact()
    assert await db.contacts.get(CallId("c2")) is None
    assert await db.contacts.count() == 1


async def test_an_answered_contact_makes_one_unclassified_interaction(db: Database, contact: Make) -> None:
    for _ in range(2):
        await db.contacts.save(contact(customer=7))
    (made,) = await db.interactions.of_call(C1)
    assert (made.topic, made.login, made.customer, made.saved_at) == ("unclassified", ANNA, 7, None)
    assert made.created_at == contact().ended_at


async def test_an_unanswered_contact_makes_none(db: Database, missed: Make) -> None:
    await db.contacts.save(missed("c1"))
    assert await db.interactions.of_call(C1) == ()
    line = await db.contacts.line(C1)
    assert line is not None
    assert (line.topic, line.record, line.comment) == (None, None, "")


async def test_saving_after_the_contact_overwrites_and_chooses_the_customer(
    db: Database, contact: Make
) -> None:
    await db.contacts.save(contact(customer=1))
    record = await save(db, T0, "перерасчёт\r\nза май", 2)
    assert await save(db, T0 + HOUR, "готово", 3) == record
    (kept,) = await db.interactions.of_call(C1)
    assert (kept.topic, kept.comment, kept.customer, kept.saved_at) == (TOPIC, "готово", 3, T0 + HOUR)
    assert await db.interactions.get(record) == kept
    stored = await db.contacts.get(C1)
    assert stored is not None
    assert stored.customer == 3
    await save(db, T0 + 2 * HOUR, "без клиента")
    stored = await db.contacts.get(C1)
    assert stored is not None
    assert stored.customer == 3


async def test_saving_before_the_contact(db: Database, contact: Make) -> None:
    record = await save(db, T0, "ещё говорим", 5)
    assert await db.contacts.save(contact(customer=1)) is Saved.new
    (kept,) = await db.interactions.of_call(C1)
    assert (kept.id, kept.topic, kept.comment) == (record, TOPIC, "ещё говорим")
    stored = await db.contacts.get(C1)
    assert stored is not None
    assert stored.customer == 5


async def test_saving_without_a_card_leaves_the_interaction_its_customer(db: Database, contact: Make) -> None:
    """From today's list: the page there does not know whose contact it is."""
    await db.contacts.save(contact(customer=7))
    await save(db, T0 + HOUR, "позже")
    [kept] = await db.interactions.of_call(CallId("c1"))
    assert (kept.comment, kept.customer) == ("позже", 7)


async def test_without_a_choice_the_matched_customer_stays(db: Database, contact: Make) -> None:
    await save(db, T0, "ещё говорим")
    await db.contacts.save(contact(customer=1))
    stored = await db.contacts.get(C1)
    assert stored is not None
    assert stored.customer == 1


async def test_an_older_save_never_overwrites_a_newer_one(db: Database, contact: Make) -> None:
    await db.contacts.save(contact())
    record = await save(db, T0 + HOUR, "new", 2)
    assert await save(db, T0, "old", 1) == record
    (kept,) = await db.interactions.of_call(C1)
    assert (kept.comment, kept.customer) == ("new", 2)


async def test_texts_at_the_border(db: Database) -> None:
    hostile = "'); DROP TABLE contacts;-- <script>\0\ud83d\ttab\nline"
    record = await save(db, T0, hostile)
    kept = await db.interactions.get(record)
    assert kept is not None
    assert kept.comment == "'); DROP TABLE contacts;-- <script>\ufffd\ttab\nline"
    await save(db, T0, "я" * 10_000)
    with pytest.raises(TextRefused, match="10001 characters, at most 10000"):
        await save(db, T0, "я" * 10_001)
    with pytest.raises(TextRefused, match="topic"):
        await db.interactions.save(C1, ANNA, TopicCode(" "), "", None, T0)


async def test_a_naive_moment_is_refused_at_once(db: Database, contact: Make) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(TypeError, match="naive"):
        await db.contacts.save(contact(ended_at=naive))
    with pytest.raises(TypeError, match="naive"):
        await db.contacts.save(contact(operators=(Ring(ANNA, Interface("x"), naive),)))
    with pytest.raises(TypeError, match="naive"):
        await save(db, naive)


async def test_hostile_names_do_not_lose_the_contact(db: Database, contact: Make) -> None:
    await db.contacts.save(contact(caller_name="\0\ud800<b>" + "x" * 999, channel="a\nb" * 99))
    stored = await db.contacts.get(C1)
    assert stored is not None
    assert stored.caller_name is not None
    assert stored.caller_name.startswith("\ufffd<b>xxx")
    assert (len(stored.caller_name), len(stored.channel)) == (200, 128)


async def test_today_lists_what_the_operator_answered(db: Database, contact: Make, missed: Make) -> None:
    await db.customers.add_many([NewCustomer("1", "Лебедев")])
    passed_on = (
        Ring(ANNA, Interface("PJSIP/101"), T0, T0, EndReason.completed),
        Ring(BORIS, Interface("PJSIP/102"), T0, T0, EndReason.completed),
    )
    await db.contacts.save(contact("yesterday", ended_at=T0 - HOUR, started_at=T0 - HOUR))
    await db.contacts.save(contact("first", customer=1, ended_at=T0 + HOUR))
    await db.contacts.save(contact("passed", operators=passed_on, answered_by=BORIS, ended_at=T0 + 2 * HOUR))
    await db.contacts.save(contact("boris", answered_by=BORIS, operators=passed_on[1:], ended_at=T0 + HOUR))
    await db.contacts.save(missed("missed", ended_at=T0 + HOUR))
    record = await save(db, T0, "да", 1, "first")
    lines = await db.contacts.today(ANNA, T0)
    assert [line.call for line in lines] == ["passed", "first"]
    first = lines[1]
    assert (first.customer_name, first.topic, first.record, first.comment) == ("Лебедев", TOPIC, record, "да")
    assert (first.number, first.outcome, first.talk_ms) == ("+79000000001", "answered", 120_000)
    assert await db.contacts.figures(ANNA, T0) == Figures(answered=2, talk_ms=240_000, unclassified=1)
    assert await db.contacts.figures(Login("nobody"), T0) == Figures(0, 0, 0)
    assert [line.call for line in await db.contacts.unclassified(ANNA)] == ["passed", "yesterday"]
    assert len(await db.contacts.today(ANNA, T0, limit=1)) == 1


async def test_last_contacts_of_a_customer_or_a_number(db: Database, contact: Make, missed: Make) -> None:
    for n in range(4):
        await db.contacts.save(contact(f"n{n}", ended_at=T0 + n * HOUR))
    await db.contacts.save(missed("k", customer=9, caller_number="+79000000002", ended_at=T0))
    by_number = await db.contacts.last_for(None, "+79000000001", 3)
    assert [line.call for line in by_number] == ["n3", "n2", "n1"]
    assert [line.call for line in await db.contacts.last_for(CustomerId(9), "+79000000001")] == ["k"]
    assert await db.contacts.last_for(None, None) == ()
    assert await db.contacts.last_for(None, "") == ()

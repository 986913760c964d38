"""Contacts without a telephone: the queue of an office, papers, payments."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Direction, TopicCode
from callcore.store.attachments import AttachmentRefused, Owner, OwnerKind
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.schema.bus import events
from callcore.store.visit_rows import (
    Medium,
    Method,
    Money,
    NewContact,
    NewFile,
    Papers,
    Visitor,
    Written,
    keyed_id,
    new_id,
)

from .store_samples import ANNA, BORIS, T0

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def customer(db: Database) -> CustomerId:
    await db.customers.add_many([NewCustomer("К-1", "Анна Воробьёва")], T0)
    found = await db.customers.by_contract("К-1")
    assert found is not None
    return found.id


async def waiting(db: Database, office: str = "centre") -> list[tuple[str, bool]]:
    return [(each.ticket, each.is_waiting) for each in await db.visitors.present(office, T0)]


async def test_the_queue_of_an_office(db: Database) -> None:
    first = await db.visitors.arrive("centre", "А-001", "finance.refund", T0)
    second = await db.visitors.arrive("centre", "А-002", "", T0 + MINUTE)
    await db.visitors.arrive("north", "А-001", "", T0)
    assert await db.visitors.arrive("centre", "А-001", "finance.refund", T0) == first
    assert await waiting(db) == [("А-001", True), ("А-002", True)]
    called = await db.visitors.call(second.id, ANNA, T0 + 2 * MINUTE)
    assert (called.called_by, called.called_at) == (ANNA, T0 + 2 * MINUTE)
    assert await db.visitors.call(second.id, ANNA, T0 + 3 * MINUTE) == called
    assert await waiting(db) == [("А-002", False), ("А-001", True)]
    with pytest.raises(NotStored, match="called by anna"):
        await db.visitors.call(second.id, BORIS, T0)
    assert (await db.visitors.leave(first.id, T0 + MINUTE)).left_at == T0 + MINUTE
    with pytest.raises(NotStored, match="has left"):
        await db.visitors.call(first.id, ANNA, T0)
    with pytest.raises(NotStored, match="no visitor 999"):
        await db.visitors.leave(999, T0)


async def test_two_call_the_same_visitor_at_once(db: Database) -> None:
    found = await db.visitors.arrive("centre", "А-001", "", T0)
    answers = await asyncio.gather(
        *(db.visitors.call(found.id, who, T0) for who in (ANNA, BORIS)), return_exceptions=True
    )
    assert sum(isinstance(each, Visitor) for each in answers) == 1


async def test_a_visit_is_a_contact_like_any_other(db: Database, customer: CustomerId) -> None:
    visitor = await db.visitors.arrive("centre", "А-001", "finance.refund", T0)
    await db.visitors.call(visitor.id, ANNA, T0 + 5 * MINUTE)
    new = NewContact(new_id(), Medium.visit, Direction.inbound, "centre", customer, visitor.id)
    assert await db.visits.register(new, ANNA, T0 + 9 * MINUTE)
    assert not await db.visits.register(new, ANNA, T0 + 9 * MINUTE), "sent twice"
    assert await waiting(db) == []
    found = await db.visits.get(new.call)
    assert found is not None
    assert (found.medium, found.office, found.ticket, found.customer) == (
        "visit",
        "centre",
        "А-001",
        customer,
    )
    contact = await db.contacts.get(new.call)
    assert contact is not None
    assert (contact.wait_ms, contact.talk_ms, contact.topic) == (300_000, 240_000, "finance.refund")
    [line] = await db.timeline.of(customer)
    assert (line.call, line.medium, line.topic) == (new.call, "visit", UNCLASSIFIED)
    [mine] = await db.contacts.today(ANNA, T0)
    assert mine.call == new.call
    async with db.read() as connection:
        types = (await connection.execute(select(events.c.type).order_by(events.c.id))).scalars().all()
    assert types.count("contact.saved") == 1
    with pytest.raises(NotStored, match="served already"):
        await db.visits.register(
            NewContact(new_id(), Medium.visit, Direction.inbound, "centre", None, visitor.id), ANNA, T0
        )


async def test_a_letter_keeps_what_it_is(db: Database) -> None:
    papers = Papers("вх-17", date(2026, 11, 20), "ООО «Ромашка»", "курьер")
    new = NewContact(new_id(), Medium.letter, Direction.inbound, "centre", papers=papers)
    await db.visits.register(new, ANNA, T0)
    found = await db.visits.get(new.call)
    assert found is not None
    assert found.papers == papers
    assert [each.call for each in await db.visits.recent("centre", T0)] == [new.call]


async def test_payments_are_reversed_and_never_deleted(db: Database, customer: CustomerId) -> None:
    def paying(receipt: str) -> NewContact:
        money = Money(12_345, "RUB", Method.cash, "Интернет", receipt)
        return NewContact(new_id(), Medium.payment, Direction.inbound, "centre", customer, money=money)

    for receipt in ("Ч-1", "Ч-2"):
        await db.visits.register(paying(receipt), ANNA, T0)
    await db.visits.register(paying("Ч-3"), BORIS, T0)
    taken = await db.payments.taken(T0, T0 + MINUTE, ANNA)
    assert [(each.receipt, each.amount_minor) for each in taken] == [("Ч-2", 12_345), ("Ч-1", 12_345)]
    with pytest.raises(TextRefused, match="reason"):
        await db.payments.reverse(taken[0].id, ANNA, "  ", T0)
    gone = await db.payments.reverse(taken[0].id, ANNA, "не та сумма", T0 + MINUTE)
    assert (gone.is_reversed, gone.reversed_by, gone.reversed_why) == (True, ANNA, "не та сумма")
    with pytest.raises(NotStored, match="reversed already"):
        await db.payments.reverse(taken[0].id, ANNA, "ещё раз", T0)
    assert len(await db.payments.taken(T0, T0 + MINUTE)) == 3
    assert await db.payments.get(taken[0].id) == gone


async def test_what_is_refused_leaves_nothing(db: Database) -> None:
    money = Money(100, "RUB", Method.cash, "Свет", "1")
    wrong = [
        NewContact(new_id(), Medium.visit, Direction.inbound, customer=CustomerId(404)),
        NewContact(new_id(), Medium.visit, Direction.inbound, visitor=404),
        NewContact(CallId("mine"), Medium.visit, Direction.inbound),
        NewContact(new_id(), Medium.phone, Direction.inbound),
        NewContact(new_id(), Medium.payment, Direction.inbound),
        NewContact(new_id(), Medium.visit, Direction.inbound, money=money),
        NewContact(new_id(), Medium.payment, Direction.inbound, money=Money(0, "RUB", Method.cash, "a", "1")),
        NewContact(new_id(), Medium.letter, Direction.inbound, papers=Papers("x" * 200)),
    ]
    for each in wrong:
        with pytest.raises((NotStored, TextRefused)):
            await db.visits.register(each, ANNA, T0)
    assert await db.contacts.count() == 0
    assert await db.payments.taken(T0, T0 + MINUTE) == ()


FILE = NewFile("scan.pdf", "application/pdf", "statement", b"%PDF-1.4 scan")


async def test_topic_and_files_come_with_the_contact(db: Database, customer: CustomerId) -> None:
    written = Written(TopicCode("finance.claim"), "спорит", files=(FILE,))
    new = NewContact(new_id(), Medium.visit, Direction.inbound, "centre", customer, written=written)
    assert await db.visits.register(new, ANNA, T0)
    assert not await db.visits.register(new, ANNA, T0 + MINUTE)
    [entry] = await db.interactions.of_call(new.call)
    assert (entry.topic, entry.comment, entry.customer, entry.login) == (
        "finance.claim",
        "спорит",
        customer,
        ANNA,
    )
    [file] = await db.attachments.of(Owner(OwnerKind.contact, new.call))
    assert await db.attachments.body(file.id) == FILE.body
    more = Written(TopicCode("finance.payment"), "и оплата", 2, (FILE,))
    assert await db.visits.write(new.call, ANNA, more, T0 + MINUTE) == customer
    assert [each.topic for each in await db.interactions.of_call(new.call)] == [
        "finance.claim",
        "finance.payment",
    ]
    with pytest.raises(NotStored, match="no contact"):
        await db.visits.write(new_id(), ANNA, more, T0)


@pytest.mark.parametrize(
    "wrong",
    [
        Written(TopicCode("finance.claim"), "x" * 10_001, files=(FILE,)),
        Written(TopicCode("finance.claim"), "спорит", files=(FILE, replace(FILE, body=b""))),
        Written(TopicCode("finance.claim"), "спорит", files=(FILE, replace(FILE, kind="spell"))),
        Written(TopicCode("finance.claim"), "спорит", files=(FILE,) * 101),
    ],
)
async def test_a_part_that_is_refused_leaves_nothing_of_the_rest(db: Database, wrong: Written) -> None:
    visitor = await db.visitors.arrive("centre", "А-001", "", T0)
    new = NewContact(new_id(), Medium.visit, Direction.inbound, "centre", None, visitor.id)
    with pytest.raises((TextRefused, AttachmentRefused)):
        await db.visits.register(replace(new, written=wrong), ANNA, T0)
    assert await db.visits.get(new.call) is None
    assert await db.interactions.of_call(new.call) == ()
    assert await db.attachments.of(Owner(OwnerKind.contact, new.call)) == ()
    assert await waiting(db) == [("А-001", True)], "he is not served"
    assert await db.visits.register(new, ANNA, T0)
    with pytest.raises((TextRefused, AttachmentRefused)):
        await db.visits.write(new.call, ANNA, wrong, T0)
    [entry] = await db.interactions.of_call(new.call)
    assert entry.topic == UNCLASSIFIED
    assert await db.attachments.of(Owner(OwnerKind.contact, new.call)) == ()


async def test_a_key_sent_again_is_the_same_ticket(db: Database) -> None:
    key = keyed_id(ANNA, "machine-17")
    assert key == keyed_id(ANNA, "machine-17")
    assert len({key, keyed_id(BORIS, "machine-17"), keyed_id(ANNA, "machine-18")}) == 3
    first = await db.visitors.arrive("centre", "А-001", "", T0, key=key)
    assert await db.visitors.arrive("centre", "А-001", "", T0 + MINUTE, key=key) == first
    assert await waiting(db) == [("А-001", True)]
    with pytest.raises(NotStored, match="with ticket А-001"):
        await db.visitors.arrive("centre", "А-002", "", T0, key=key)
    assert await waiting(db) == [("А-001", True)]
    again = await db.visitors.arrive("centre", "А-001", "", T0, key=keyed_id(ANNA, "another"))
    assert again == first, "the same moment, too"


async def test_who_was_sent_away_by_mistake_comes_back(db: Database) -> None:
    found = await db.visitors.arrive("centre", "А-001", "", T0)
    await db.visitors.leave(found.id, T0 + MINUTE)
    assert await waiting(db) == []
    assert [each.ticket for each in await db.visitors.left("centre", T0 + MINUTE)] == ["А-001"]
    assert await db.visitors.left("centre", T0 + 2 * MINUTE) == ()
    assert await db.visitors.come_back(found.id) == found
    assert await db.visitors.left("centre", T0) == ()
    assert await waiting(db) == [("А-001", True)]
    with pytest.raises(NotStored, match="no visitor 999"):
        await db.visitors.come_back(999)

"""Several interactions of one contact, a customer's timeline, registering again, drafts and favourites."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callcore.calls.effects import Contact
from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Direction, Login, QueueName, TopicCode
from callcore.store import favourites
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.drafts import KeptDraft
from callcore.store.errors import NotStored, TextRefused
from callcore.store.schema.bus import events

from .store_samples import ANNA, BORIS, T0

Make = Callable[..., Contact]
C1, C2 = CallId("c1"), CallId("c2")
REFUND, TARIFF = TopicCode("finance.refund"), TopicCode("sales.tariff")
MINUTE = timedelta(minutes=1)


async def customers(db: Database, *names: str) -> list[CustomerId]:
    await db.customers.add_many(NewCustomer(f"K-{name}", name) for name in names)
    found = [await db.customers.by_contract(f"K-{name}") for name in names]
    return [customer.id for customer in found if customer]


async def save(
    db: Database, entry: int, topic: TopicCode, minutes: int, customer: int | None = None, **more: Any
) -> int:
    whose = None if customer is None else CustomerId(customer)
    call = more.pop("call", C1)
    login = more.pop("login", ANNA)
    record = await db.interactions.save(
        call, login, topic, "", whose, T0 + minutes * MINUTE, entry=entry, **more
    )
    assert record is not None
    return record


# --- several topics


async def test_each_topic_is_an_interaction_of_its_own(db: Database, contact: Make) -> None:
    first, second = await save(db, 1, REFUND, 1), await save(db, 2, TARIFF, 2)
    assert first != second
    assert await save(db, 2, REFUND, 3) == second
    await db.contacts.save(contact())
    found = [(i.id, i.n, i.entry, i.topic) for i in await db.interactions.of_call(C1)]
    assert found == [(first, 1, 1, REFUND), (second, 2, 2, REFUND)]


async def test_a_contact_counts_once_however_many_topics_it_has(db: Database, contact: Make) -> None:
    await db.contacts.save(contact())
    await save(db, 1, REFUND, 1)
    await save(db, 2, TARIFF, 2)
    (line,) = await db.contacts.today(ANNA, T0)
    assert line.topic == REFUND
    day = await db.contacts.figures(ANNA, T0)
    assert (day.answered, day.talk_ms, day.unclassified) == (1, 120_000, 0)


async def test_a_contact_whose_first_topic_was_never_saved(db: Database, contact: Make) -> None:
    await save(db, 2, TARIFF, 2)
    await db.contacts.save(contact())
    (line,) = await db.contacts.today(ANNA, T0)
    assert line.topic == TARIFF
    assert await db.contacts.unclassified(ANNA) == ()


async def test_the_card_is_kept_as_it_stood_at_first(db: Database) -> None:
    record = await save(db, 1, REFUND, 1, 7, number="+7916", card={"name": "Anna"}, opened_ms=10)
    await save(db, 1, TARIFF, 2, 7, number="+7999", card={"name": "Renamed"}, opened_ms=20)
    found = await db.interactions.get(record)
    assert found is not None
    assert (found.card, found.number, found.opened_ms) == ({"name": "Anna"}, "+7916", 20)
    assert await db.interactions.changes(record) == ()
    await save(db, 1, TARIFF, 3, 8, number=None, card={"name": "Ivan"})
    found = await db.interactions.get(record)
    assert found is not None
    assert (found.customer, found.card, found.number) == (8, {"name": "Ivan"}, None)
    (change,) = await db.interactions.changes(record)
    assert (change.from_customer, change.to_customer, change.login) == (7, 8, ANNA)


async def test_a_save_is_told(db: Database) -> None:
    record = await save(db, 1, REFUND, 1, 7)
    async with db.read() as connection:
        rows = (await connection.execute(select(events.c.type, events.c.data))).all()
    told = [row.data for row in rows if row.type == "interaction.saved"]
    assert told == [{"record": record, "call": C1, "customer": 7, "login": ANNA, "topic": REFUND}]


# --- registered again


async def test_registered_again(db: Database, contact: Make) -> None:
    anna, ivan = await customers(db, "anna", "ivan")
    await db.contacts.save(contact(customer=anna))
    record = await save(db, 1, REFUND, 1, anna, number="+7916")
    moved = await db.interactions.register_again(record, ivan, None, BORIS, T0 + 9 * MINUTE, why="не тот")
    assert (moved.customer, moved.number, moved.login) == (ivan, None, ANNA)
    (change,) = await db.interactions.changes(record)
    assert (change.from_number, change.to_number, change.login, change.why) == (
        "+7916",
        None,
        BORIS,
        "не тот",
    )
    of_contact = await db.contacts.get(C1)
    assert of_contact is not None
    assert of_contact.customer == ivan
    # The same once more changes nothing.
    await db.interactions.register_again(record, ivan, None, BORIS, T0 + 10 * MINUTE)
    assert len(await db.interactions.changes(record)) == 1
    assert [line.record for line in await db.timeline.of(ivan)] == [record]
    assert await db.timeline.of(anna) == ()


async def test_what_cannot_be_registered_again(db: Database) -> None:
    (anna,) = await customers(db, "anna")
    record = await save(db, 1, REFUND, 1, anna)
    with pytest.raises(NotStored, match="interaction 99"):
        await db.interactions.register_again(99, anna, None, ANNA, T0)
    with pytest.raises(NotStored, match="customer 99"):
        await db.interactions.register_again(record, CustomerId(99), None, ANNA, T0)
    with pytest.raises(TextRefused):
        await db.interactions.register_again(record, anna, "+7", ANNA, T0, why="x" * 600)
    assert await db.interactions.changes(record) == ()


# --- the timeline


async def test_a_timeline_page_by_page(db: Database, contact: Make) -> None:
    """Written, not written of, written without saying whose; one line each, newest first."""
    for n in range(6):
        at = T0 + n * 10 * MINUTE
        await db.contacts.save(contact(f"c{n}", channel=f"{n}.1", customer=7, ended_at=at, operators=()))
    await save(db, 1, REFUND, 500, 7, call=CallId("c0"))
    await save(db, 2, TARIFF, 501, 7, call=CallId("c0"))
    await save(db, 1, TARIFF, 502, None, call=CallId("c5"))
    await save(db, 1, TARIFF, 503, 8, call=CallId("c1"))
    everything = await db.timeline.of(CustomerId(7))
    calls = [(line.call, line.topic) for line in everything]
    assert calls[0] == ("c0", TARIFF)
    assert {("c0", REFUND), ("c5", TARIFF), ("c2", UNCLASSIFIED)} < set(calls)
    assert "c1" not in {call for call, _ in calls}, "it is registered on somebody else"
    assert [line.place for line in everything] == sorted((line.place for line in everything), reverse=True)
    paged: list[Any] = []
    while page := await db.timeline.of(CustomerId(7), limit=2, before=paged[-1].place if paged else None):
        paged += page
    assert tuple(paged) == everything


async def test_a_chosen_period(db: Database) -> None:
    records = [await save(db, 1, REFUND, minutes, 7, call=CallId(f"c{minutes}")) for minutes in (1, 2, 3)]
    found = await db.timeline.of(CustomerId(7), T0 + 2 * MINUTE, T0 + 3 * MINUTE)
    assert [line.record for line in found] == [records[1]]
    others = await db.timeline.of(CustomerId(7), without=CallId("c3"))
    assert [line.record for line in others] == [records[1], records[0]]


async def test_what_is_written_while_the_call_goes_on_is_there(db: Database) -> None:
    record = await save(db, 1, REFUND, 1, 7)
    (line,) = await db.timeline.of(CustomerId(7))
    assert (line.record, line.ended_at, line.direction, line.login) == (record, None, Direction.inbound, ANNA)


# --- drafts


def draft(comment: str, minutes: int = 0, entry: int = 1, topic: str = "", call: str = "c1") -> KeptDraft:
    return KeptDraft(ANNA, CallId(call), entry, topic, comment, T0 + minutes * MINUTE)


async def test_the_newest_words_are_kept_until_they_are_saved(db: Database) -> None:
    await db.drafts.keep(draft("half"))
    await db.drafts.keep(draft("half a sen", 1))
    await db.drafts.keep(draft("other topic", 1, entry=2))
    assert [d.comment for d in await db.drafts.of_login(ANNA)] == ["half a sen", "other topic"]
    assert await db.drafts.of_login(BORIS) == ()
    await save(db, 1, REFUND, 2)
    assert [d.comment for d in await db.drafts.of_login(ANNA)] == ["other topic"]
    await db.drafts.keep(draft("", 3, entry=2))
    assert await db.drafts.of_login(ANNA) == ()


async def test_an_older_save_leaves_newer_words(db: Database) -> None:
    await db.drafts.keep(draft("typed on", 5))
    await save(db, 1, REFUND, 2)
    assert [d.comment for d in await db.drafts.of_login(ANNA)] == ["typed on"]


async def test_a_hundred_drafts_are_enough(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcore.store.drafts.MOST", 3)
    for n in range(5):
        await db.drafts.keep(draft(f"text {n}", n, call=f"c{n}"))
    assert [d.comment for d in await db.drafts.of_login(ANNA)] == ["text 2", "text 3", "text 4"]


# --- favourites


async def test_favourites(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await db.favourites.put(ANNA, REFUND, T0)
    await db.favourites.put(ANNA, TARIFF, T0 + MINUTE)
    await db.favourites.put(ANNA, REFUND, T0 + 2 * MINUTE)
    assert await db.favourites.of(ANNA) == (REFUND, TARIFF)
    monkeypatch.setattr(favourites, "MOST", 2)
    with pytest.raises(NotStored):
        await db.favourites.put(ANNA, TopicCode("a.b"), T0)
    await db.favourites.drop(ANNA, REFUND)
    assert await db.favourites.of(ANNA) == (TARIFF,)
    assert await db.favourites.of(Login("nobody")) == ()


async def test_what_is_usual_in_a_queue(db: Database, contact: Make) -> None:
    for n, (queue, topic) in enumerate(
        [("finance", REFUND), ("finance", REFUND), ("finance", TARIFF), ("expert", TARIFF)]
    ):
        await db.contacts.save(contact(f"c{n}", channel=f"{n}.1", queue=QueueName(queue)))
        await save(db, 1, topic, n, call=CallId(f"c{n}"))
    await db.contacts.save(contact("c9", channel="9.1"))
    assert await db.favourites.usual(QueueName("finance"), T0) == (REFUND, TARIFF)
    assert await db.favourites.usual(QueueName("finance"), T0, limit=1) == (REFUND,)
    assert await db.favourites.usual(QueueName("finance"), T0 + timedelta(days=1)) == ()

"""A call that several operators had: each writes for himself, and nobody into another's words."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest

from callcore.calls.effects import Contact, Ring
from callcore.domain import UNCLASSIFIED, CallId, CustomerId, EndReason, Interface, Login, TopicCode
from callcore.store import engine
from callcore.store.contacts import Figures
from callcore.store.database import Database
from callcore.store.interactions import Interaction
from callcore.store.schema.core import interactions
from callcore.store.writer import WriterLimits

from .store_samples import ANNA, BORIS, T0, locked, until

Make = Callable[..., Contact]
C1 = CallId("c1")
VERA = Login("vera")
REFUND, TARIFF = TopicCode("finance.refund"), TopicCode("sales.tariff")
MINUTE = timedelta(minutes=1)
HASTY = WriterLimits(
    patience_seconds=0.3, spool_after_seconds=0.05, first_pause_seconds=0.01, longest_pause_seconds=0.05
)


@pytest.fixture
async def hasty(url: str, spool: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """A database whose writer loses patience soon."""
    monkeypatch.setattr(engine, "WRITER_BUSY_SECONDS", 0.02)
    async with await Database.open(url, create=True, spool=spool, limits=HASTY) as database:
        yield database


def talked(login: Login | None, phone: str) -> Ring:
    return Ring(login, Interface(f"PJSIP/{phone}"), T0, T0, EndReason.completed)


@pytest.fixture
def passed_on(contact: Make) -> Contact:
    """Anna answered, and put the caller through to Boris; Vera's phone only rang."""
    vera = Ring(VERA, Interface("PJSIP/103"), T0, T0, EndReason.no_answer)
    return contact(operators=(vera, talked(ANNA, "101"), talked(BORIS, "102")), answered_by=ANNA, customer=1)


async def save(
    db: Database, login: Login, minutes: int, comment: str = "", customer: int | None = None
) -> int | None:
    topic = REFUND if login == ANNA else TARIFF
    chosen = None if customer is None else CustomerId(customer)
    return await db.interactions.save(C1, login, topic, comment, chosen, T0 + minutes * MINUTE)


async def words(db: Database) -> dict[Login | None, tuple[TopicCode, str]]:
    return {i.login: (i.topic, i.comment) for i in await db.interactions.of_call(C1)}


async def customer_of(db: Database) -> CustomerId | None:
    stored = await db.contacts.get(C1)
    assert stored is not None
    return None if stored.customer is None else CustomerId(stored.customer)


async def settled(db: Database) -> tuple[Interaction, ...]:
    """All that was written, once it is in the database."""
    await until(lambda: db.writer.spool_length == 0)
    await db.writer.drain()
    return await db.interactions.of_call(C1)


async def test_nobody_has_written_yet(db: Database, passed_on: Contact) -> None:
    """Both talked with the caller, so both have to write; whose phone only rang has not."""
    await db.contacts.save(passed_on)
    assert await words(db) == {ANNA: (UNCLASSIFIED, ""), BORIS: (UNCLASSIFIED, "")}
    assert [(i.n, i.customer, i.saved_at) for i in await db.interactions.of_call(C1)] == [
        (1, 1, None),
        (2, 1, None),
    ]
    for login in (ANNA, BORIS):
        assert [line.call for line in await db.contacts.unclassified(login)] == [C1]
        assert (await db.contacts.figures(login, T0)).unclassified == 1
    assert await db.contacts.today(VERA, T0) == ()


@pytest.mark.parametrize("database", ["usable", "locked"])
@pytest.mark.parametrize("order", list(permutations(["anna", "boris", "contact"])), ids="-".join)
async def test_each_has_his_own(
    url: str,
    spool: Path,
    tmp_path: Path,
    hasty: Database,
    passed_on: Contact,
    order: tuple[str, ...],
    database: str,
) -> None:
    """In whatever order they and the call's end come, straight into the database or through the spool."""
    with ExitStack() as outage:
        if database == "locked":
            outage.enter_context(locked(url))
        for minutes, what in enumerate(order):
            if what == "contact":
                await hasty.contacts.save(passed_on)
            else:
                customer = 7 if what == "anna" else 8
                record = await save(hasty, Login(what), minutes, f"{what} says", customer)
                assert (record is None) == (database == "locked")
        kept = tmp_path / "kept"
        if database == "locked":
            shutil.copy(spool, kept)
    rows = await settled(hasty)
    assert {i.login: (i.topic, i.comment, i.customer) for i in rows} == {
        ANNA: (REFUND, "anna says", 7),
        BORIS: (TARIFF, "boris says", 8),
    }
    assert sorted(i.n for i in rows) == [1, 2]
    assert await customer_of(hasty) == (7 if order.index("anna") > order.index("boris") else 8)
    before = (rows, await hasty.contacts.get(C1))
    for login, topic in ((ANNA, REFUND), (BORIS, TARIFF)):
        (line,) = await hasty.contacts.today(login, T0)
        assert (line.written_by, line.topic, line.comment) == (login, topic, f"{login} says")
        assert await hasty.contacts.line(C1, login) == line
        assert await hasty.interactions.get(line.record or 0) in rows
    if database == "locked":
        await hasty.close()
        shutil.copy(kept, spool)  # as if killed between the commit and the emptying of the spool
        async with await Database.open(url, spool=spool) as second:
            assert (await settled(second), await second.contacts.get(C1)) == before
            assert second.writer.replayed == 3


async def test_one_has_written_and_the_other_has_not(db: Database, passed_on: Contact) -> None:
    await db.contacts.save(passed_on)
    await save(db, BORIS, 1, "тариф сменён")
    assert await words(db) == {ANNA: (UNCLASSIFIED, ""), BORIS: (TARIFF, "тариф сменён")}
    assert [line.topic for line in await db.contacts.today(ANNA, T0)] == [UNCLASSIFIED]
    assert [line.topic for line in await db.contacts.today(BORIS, T0)] == [TARIFF]
    assert await db.contacts.figures(ANNA, T0) == Figures(answered=1, talk_ms=120_000, unclassified=1)
    assert await db.contacts.figures(BORIS, T0) == Figures(answered=1, talk_ms=120_000, unclassified=0)


async def test_the_history_has_what_each_of_them_wrote(
    db: Database, passed_on: Contact, contact: Make
) -> None:
    await db.contacts.save(contact("before", ended_at=T0 - MINUTE, customer=1))
    await db.contacts.save(passed_on)
    await save(db, ANNA, 1, "первая")
    await save(db, BORIS, 2, "второй")
    lines = await db.contacts.last_for(CustomerId(1), None)
    assert [(line.call, line.written_by, line.comment) for line in lines] == [
        ("c1", BORIS, "второй"),
        ("c1", ANNA, "первая"),
        ("before", ANNA, ""),
    ]
    others = await db.contacts.last_for(CustomerId(1), None, 1, without=C1)
    assert [line.call for line in others] == ["before"]
    first = await db.contacts.line(C1)
    assert first is not None
    assert first.written_by == ANNA


async def test_a_repeated_save_stays_with_its_writer(db: Database, passed_on: Contact) -> None:
    await db.contacts.save(passed_on)
    anna, boris = await save(db, ANNA, 1, "раз"), await save(db, BORIS, 2, "два")
    assert anna != boris
    assert await save(db, ANNA, 3, "раз, точнее") == anna
    assert await save(db, BORIS, 1, "старое") == boris
    assert await words(db) == {ANNA: (REFUND, "раз, точнее"), BORIS: (TARIFF, "два")}


async def test_writing_while_the_caller_is_still_there(db: Database, passed_on: Contact) -> None:
    """Boris saves before the end: the record number that he read out is his for ever."""
    boris = await save(db, BORIS, 0, "ещё говорим", 5)
    await db.contacts.save(passed_on)
    assert await save(db, BORIS, 5, "договорили") == boris
    anna = await save(db, ANNA, 6, "передала")
    assert [(i.id, i.n, i.login, i.customer) for i in await db.interactions.of_call(C1)] == [
        (boris, 1, BORIS, 5),
        (anna, 2, ANNA, 5),
    ]


async def test_somebody_who_is_not_known_to_have_talked(db: Database, contact: Make) -> None:
    """His phone was nobody's when he answered; Anna's interaction is not his to take."""
    await db.contacts.save(contact(operators=(talked(ANNA, "101"), talked(None, "104"))))
    await save(db, VERA, 1, "от меня")
    assert await words(db) == {ANNA: (UNCLASSIFIED, ""), VERA: (TARIFF, "от меня")}


async def test_what_callcore_made_for_nobody_by_name_is_the_first_ones(
    db: Database, passed_on: Contact
) -> None:
    made = {"call": C1, "n": 1, "topic": UNCLASSIFIED, "comment": "", "created_at": T0}

    async def make(connection: object) -> None:
        await connection.execute(interactions.insert().values(**made))  # type: ignore[attr-defined]

    await db.writer.submit(make)
    anna, boris = await save(db, ANNA, 1), await save(db, BORIS, 2)
    assert [(i.id, i.n, i.login) for i in await db.interactions.of_call(C1)] == [
        (anna, 1, ANNA),
        (boris, 2, BORIS),
    ]


async def test_back_and_forth(db: Database, contact: Make) -> None:
    """Anna took the call twice: she has one contact to write about, not two."""
    rings = (talked(ANNA, "101"), talked(BORIS, "102"), talked(ANNA, "101"))
    await db.contacts.save(contact(operators=rings, answered_by=ANNA))
    assert [(i.n, i.login) for i in await db.interactions.of_call(C1)] == [(1, ANNA), (2, BORIS)]
    assert len(await db.contacts.today(ANNA, T0)) == 1
    assert (await db.contacts.figures(ANNA, T0)).answered == 1


async def test_whose_contact_it_is_says_who_chose_last(db: Database, passed_on: Contact) -> None:
    await db.contacts.save(passed_on)
    assert await customer_of(db) == 1
    await save(db, BORIS, 5, "", 8)
    await save(db, ANNA, 3, "", 7)  # it had waited in the spool
    assert await customer_of(db) == 8
    await save(db, ANNA, 6)
    assert await customer_of(db) == 8, "she did not say whose it is"
    await save(db, ANNA, 9, "", 9)
    assert await customer_of(db) == 9
    assert {i.login: i.customer for i in await db.interactions.of_call(C1)} == {ANNA: 9, BORIS: 8}


async def test_of_a_call_before_this_rule_the_other_one_can_still_write(
    db: Database, passed_on: Contact
) -> None:
    """Then there was one interaction for all: its last writer has it, and the other's list asks for hers."""
    await db.contacts.save(passed_on)
    await save(db, BORIS, 1, "за двоих")

    async def forget(connection: object) -> None:
        await connection.execute(interactions.delete().where(interactions.c.login == ANNA))  # type: ignore[attr-defined]

    await db.writer.submit(forget)
    (line,) = await db.contacts.today(ANNA, T0)
    assert (line.topic, line.record, line.comment) == (UNCLASSIFIED, None, "")
    assert (await db.contacts.figures(ANNA, T0)).unclassified == 1
    await save(db, ANNA, 2, "моё")
    assert await words(db) == {ANNA: (REFUND, "моё"), BORIS: (TARIFF, "за двоих")}

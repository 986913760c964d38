"""A database that callcore 0.3 filled, as this callcore reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.calls.attempt import Attempt, AttemptId, Medium, Purpose, TargetId
from callcore.calls.effects import Contact
from callcore.domain import NULL_CUSTOMER, CallId, CustomerId, Login, NodeCode
from callcore.rights import Permission
from callcore.store import contact_codec, contacts, interactions, migrate
from callcore.store.attempts import NotClaimed
from callcore.store.database import Database
from callcore.store.schema import metadata
from callcore.store.spool import Record, Spool

from .store_older import SCHEMA_0_3, a_customer, as_of, on_database, rows_of
from .store_samples import ANNA, T0, until

PETER = CustomerId(7)
DAY = timedelta(days=1)


@pytest.fixture
async def upgraded(empty: str) -> str:
    await as_of(empty, SCHEMA_0_3)
    fyodorov = metadata.tables["customers"].insert().values(**a_customer(8, "0", "Фёдоров"))
    await on_database(empty, lambda connection: connection.execute(fyodorov))
    await migrate.upgrade(empty)
    return empty


async def test_no_table_of_0_3_is_left_out(empty: str) -> None:
    await as_of(empty, SCHEMA_0_3)

    async def tables(connection: AsyncConnection) -> list[str]:
        return await connection.run_sync(lambda c: inspect(c).get_table_names())

    assert set(await on_database(empty, tables)) == {*rows_of(SCHEMA_0_3), "alembic_version"}


async def test_who_called_and_what_was_written(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        line = await db.contacts.line(CallId("c1"), ANNA)
        assert line is not None
        assert (line.topic, line.customer) == ("finance.charges", PETER)
        first, second = await db.interactions.of_call(CallId("c1"))
        assert (first.comment, first.entry, first.login, first.card) == ("две\nстроки", 1, ANNA, None)
        assert (second.topic, second.saved_at) == ("unclassified", None)
        record = await db.interactions.save(CallId("c1"), ANNA, first.topic, "дописано", PETER, T0 + DAY)
        assert record == first.id, "she goes on with what she wrote before"


async def test_customers_are_found_as_one_types(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        for typed in ("петр", "Петра", "c7", "900 000-00-07"):
            assert [hit.customer.id for hit in await db.customers.search(typed)] == [PETER], typed
        theirs = await db.customers.by_contract("0")
        assert theirs is not None
        assert theirs.name == "Фёдоров", "a real contract keeps its number"
        nobody = await db.customers.get(NULL_CUSTOMER)
        assert nobody is not None
        assert nobody.contract == "0*"


async def test_a_token_opens_what_it_opened_and_no_more(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        adms, old = await db.tokens.find("t1"), await db.tokens.find("t2")
    assert adms is not None
    assert old is not None
    assert Permission("outages.publish") in adms.scopes
    assert not any(scope.startswith(("customers.", "cases.")) for scope in adms.scopes)
    assert old.scopes == frozenset(), "an operator's token opened nothing"


async def test_a_notice_under_way_goes_on(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        (outage,) = await db.outages.affecting([PETER])
        (campaign,) = await db.campaigns.living()
        assert (outage.number, campaign.outage) == ("A-1", outage.id)
        target = await db.campaigns.target(TargetId(6))
        assert target is not None
        assert target.others == ("+79000000008",)
        assert [one.id for one in await db.attempts.open(None, Medium.sms)] == [AttemptId("m1")]
        assert await db.network.known([NodeCode("H-1")]) == {"H-1"}
        assert [entry.number for entry in await db.attempts.dnc()] == ["+79000000777"]


async def test_people_phones_and_stories(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        anna = await db.users.get("anna")
        assert anna is not None
        assert (anna.interfaces, anna.queues, anna.department) == (("PJSIP/101",), ("finance",), "")
        assert not anna.must_change_password
        assert [shift.login for shift in await db.shifts.all()] == [ANNA]
        story = await db.stories.get("c1")
        assert story is not None
        assert story.body == b"\x00story"
        assert await db.stories.known_key() == b"k" * 32
        assert [each.call for each in await db.missed_pops.since(ANNA, T0 - DAY)] == ["c1"]


async def test_what_waited_in_the_spool_of_0_3(
    upgraded: str, tmp_path: Path, contact: Callable[..., Contact]
) -> None:
    spool = tmp_path / "callcore.db.spool"
    waiting = Spool(spool)
    waiting.append([_contact(contact("c2")), _text("c2", "из очереди"), _text("c1", "новее")])
    waiting.close()
    async with await Database.open(upgraded, spool=spool) as db:
        await until(lambda: db.writer.spool_length == 0)
        assert await db.contacts.get(CallId("c2")) == contact("c2")
        (waited,) = [each for each in await db.interactions.of_call(CallId("c2")) if each.login == ANNA]
        assert (waited.comment, waited.entry) == ("из очереди", 1)
        assert [each.comment for each in await db.interactions.of_call(CallId("c1"))] == ["новее", ""]
    assert not spool.with_name(spool.name + ".rejected").exists()


def _contact(one: Contact) -> Record:
    return Record(contacts.KIND, one.call, contact_codec.to_json(one))


def _text(call: str, comment: str) -> Record:
    """As 0.3 wrote it: without ``entry``, ``number``, ``card``."""
    data: dict[str, Any] = {
        "call": call,
        "login": Login("anna"),
        "topic": "finance.charges",
        "comment": comment,
        "customer": None,
        "at": (T0 + DAY).isoformat(),
    }
    return Record(interactions.KIND, f"{call}/anna/{data['at']}", data)


async def test_attempts_of_campaigns_are_notices(upgraded: str) -> None:
    async with await Database.open(upgraded) as db:
        call = await db.attempts.get(AttemptId("v1"))
        assert call is not None
        assert call.outcome is not None
        assert (call.purpose, call.login, call.plan, call.phone) == ("notice", "", "number_first", None)
        assert call.target is not None
        assert (call.outcome.result, call.outcome.cause) == ("busy", 17)


async def test_the_rebuilt_ledger_still_guards_a_number(upgraded: str) -> None:
    """Its partial indexes came along."""

    async def indexes(connection: AsyncConnection) -> dict[str, bool]:
        found = await connection.run_sync(lambda c: inspect(c).get_indexes("attempts"))
        return {str(one["name"]): bool(one["unique"]) for one in found}

    there = await on_database(upgraded, indexes)
    assert there == {
        "ix_attempts_campaign_medium": False,
        "ix_attempts_number_intended_at": False,
        "ix_attempts_open": False,
        "ix_attempts_placed": False,
        "ix_attempts_target": False,
        "ix_attempts_unknown": False,
        "uq_attempts_open_call": True,
    }
    async with await Database.open(upgraded) as db:
        for nth, number in enumerate(("+79160000001", "+79160000002")):
            await db.attempts.intend(_a_call(f"p{nth}", f"l{nth}", number))
        with pytest.raises(NotClaimed):
            await db.attempts.intend(_a_call("p9", "l9", "+79160000001"))


def _a_call(id: str, login: str, number: str) -> Attempt:
    return Attempt(
        AttemptId(id),
        None,
        None,
        Medium.voice,
        number,
        "main",
        "person",
        T0,
        purpose=Purpose.own_call,
        login=login,
    )

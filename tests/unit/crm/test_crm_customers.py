"""The base: who has this number; the seeds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from callcore.crm import customers, seeds
from callcore.crm.customers import CustomerBase, CustomerBaseUnavailable
from callcore.domain import Customer, CustomerId
from callcore.numbers import normalise
from callcore.store.customers import Added, NewCustomer
from callcore.store.database import Database
from callcore.store.errors import TextRefused


def test_the_seeds_are_what_they_promise() -> None:
    people = seeds.customers()
    assert people == seeds.customers()
    assert len(people) == len({customer.contract for customer in people}) == 60
    numbers = [number for customer in people for number in customer.numbers]
    assert sorted(set(numbers)) == sorted(numbers[:1] + numbers[2:])  # one number is shared
    for number in (*numbers, *seeds.UNKNOWN_NUMBERS):
        assert number.startswith("+7900000")
        assert str(normalise(number, "RU")) == number
    assert not set(numbers) & set(seeds.UNKNOWN_NUMBERS)
    assert len(seeds.LONG_NAME) == 80
    balances = [customer.balance_minor for customer in people if customer.balance_minor is not None]
    assert min(balances) < 0 < max(balances)
    assert any(customer.legal_form for customer in people)
    assert any(customer.language == "en" for customer in people)


async def test_lookup(db: Database) -> None:
    assert await db.customers.add_many(seeds.customers()) == Added(60, 0, 0)
    assert await db.customers.add_many(seeds.customers()) == Added(0, 0, 60)
    base = CustomerBase(db.customers)
    assert [c.name for c in await base.lookup(seeds.SHARED_NUMBER)] == [
        "Воробьёва Анна Сергеевна",
        "Воробьёв Пётр Ильич",
    ]
    (lebedev,) = await base.lookup(seeds.THREE_NUMBERS[2])
    assert lebedev.numbers == seeds.THREE_NUMBERS
    assert await base.get(lebedev.id) == lebedev
    assert await base.get(CustomerId(10**6)) is None
    (script,) = await base.lookup(seeds.SCRIPT_NUMBER)
    assert "<script>" in script.name
    for number in (*seeds.UNKNOWN_NUMBERS, "", "%", "' OR '1'='1"):
        assert await base.lookup(number) == ()


async def test_who_asks_about_the_same_number_gets_the_same_answer(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card and the menu ask within a moment; who goes away meanwhile takes nothing from the other."""
    await db.customers.add_many(seeds.customers())
    asked: list[str] = []
    find = db.customers.find_by_number

    async def counted(number: str) -> tuple[Customer, ...]:
        asked.append(number)
        return await find(number)

    monkeypatch.setattr(db.customers, "find_by_number", counted)
    monkeypatch.setattr(customers, "FRESH_SECONDS", 60.0)  # however long the machine takes
    base = CustomerBase(db.customers)
    first, second = (asyncio.create_task(base.lookup(seeds.SHARED_NUMBER)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 2
    assert await base.lookup(seeds.SHARED_NUMBER) == await second
    assert await base.lookup(seeds.SCRIPT_NUMBER) != ()
    assert asked == [seeds.SHARED_NUMBER, seeds.SCRIPT_NUMBER]
    await CustomerBase(db.customers).lookup(seeds.SCRIPT_NUMBER)
    assert len(asked) == 3


async def test_a_fault_is_not_the_answer_for_the_next_one(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await db.customers.add_many(seeds.customers())
    base = CustomerBase(db.customers)

    async def away(_number: str) -> tuple[Customer, ...]:
        raise OSError("the disk is away")

    with monkeypatch.context() as patch:
        patch.setattr(db.customers, "find_by_number", away)
        with pytest.raises(CustomerBaseUnavailable):
            await base.lookup(seeds.SHARED_NUMBER)
    assert len(await base.lookup(seeds.SHARED_NUMBER)) == 2


async def test_a_base_that_does_not_answer_in_time(db: Database) -> None:
    with pytest.raises(CustomerBaseUnavailable):
        await CustomerBase(db.customers).lookup(seeds.SHARED_NUMBER, seconds=0)
    with pytest.raises(CustomerBaseUnavailable):
        await CustomerBase(db.customers).get(CustomerId(1), seconds=0)
    assert await CustomerBase(db.customers).lookup(seeds.SHARED_NUMBER) == ()


async def test_a_base_that_cannot_be_read(db: Database) -> None:
    async def drop(connection: Any) -> None:
        await connection.execute(text("DROP TABLE customer_numbers"))

    await db.writer.submit(drop)
    with pytest.raises(CustomerBaseUnavailable):
        await CustomerBase(db.customers).lookup(seeds.SHARED_NUMBER)


async def test_search(db: Database) -> None:
    await db.customers.add_many(seeds.customers())

    async def names(words: str) -> list[str]:
        return [hit.customer.name for hit in await db.customers.search(words)]

    assert await names("воробьева АННА") == ["Воробьёва Анна Сергеевна"]
    assert await names("0000130") == ["Петров <script>alert(1)</script>"]
    assert await names("берёзка мира") == ['ООО «Торговый дом "Берёзка & сыновья"»']
    assert await names(seeds.customers()[4].contract.lower()) == ["Петров <script>alert(1)</script>"]
    assert await names(" ") == []
    assert await names("%") == []
    assert len(await db.customers.search("ул л", limit=7)) == 7


async def test_changes_and_refusals(db: Database) -> None:
    await db.customers.add_many([NewCustomer("1", "Анна", numbers=("+1", "+2", "+1"))])
    assert await db.customers.add_many([NewCustomer("1", "Анна", numbers=("+3",))]) == Added(0, 1, 0)
    (found,) = await db.customers.find_by_number("+3")
    assert found.numbers == ("+3",)
    assert await db.customers.find_by_number("+1") == ()
    for bad in (
        [NewCustomer("2", "x"), NewCustomer("2", "y")],
        [NewCustomer("2", "x"), NewCustomer("3", "")],
        [NewCustomer("0", "x")],
        [NewCustomer("2", "x", balance_minor=2**63)],
        [NewCustomer("2", "x", language="de")],  # type: ignore[arg-type]
    ):
        with pytest.raises(TextRefused):
            await db.customers.add_many(bad)
    assert await db.customers.count() == 1


async def test_many_at_once(db: Database) -> None:
    many = [NewCustomer(f"{n}", f"Клиент {n}", numbers=(f"+7{n:010}",)) for n in range(1, 2_501)]
    assert await db.customers.add_many(many) == Added(2_500, 0, 0)
    many[6] = NewCustomer("7", "Другой")
    assert await db.customers.add_many(many) == Added(0, 1, 2_499)

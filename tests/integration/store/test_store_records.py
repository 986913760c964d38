"""Records in full: read, put right, proven by audit and outbox; nobody unknown and no nonsense gets in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from callcore.crm import seeds, seeds_records
from callcore.domain import NULL_CUSTOMER, CustomerId, Login
from callcore.store.customers import Matched, NewCustomer
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.prospects import Prospect, Prospects
from callcore.store.record import CustomerRecord, MoneyKind
from callcore.store.schema.access import audit
from callcore.store.schema.bus import events
from callcore.store.schema.core import customers

from .store_samples import ANNA, T0

NUMBER = "+79000000001"
HOSTILE = ("<script>alert(1)</script>", "\u202eнаоборот\u200f", "'; DROP TABLE customers; --", "=1+1", "a%_b")


async def add(db: Database, name: str = "Анна Ким", contract: str = "К-1", **more: Any) -> CustomerId:
    await db.customers.add_many([NewCustomer(contract, name, numbers=(NUMBER,), **more)], T0)
    found = await db.customers.by_contract(contract)
    assert found is not None
    return found.id


async def full(db: Database, id: CustomerId) -> CustomerRecord:
    record = await db.records.get(id)
    assert record is not None
    return record


async def found(db: Database, typed: str) -> list[tuple[str, Matched]]:
    return [(hit.customer.contract, hit.matched) for hit in await db.customers.search(typed)]


async def told(db: Database) -> tuple[list[Any], list[Any]]:
    """Acts in the audit, events in the outbox."""
    async with db.read() as connection:
        acts = (await connection.execute(select(audit.c.act, audit.c.subject, audit.c.customer))).all()
        said = (await connection.execute(select(events.c.type, events.c.data))).all()
    return [tuple(row) for row in acts], [tuple(row) for row in said]


async def test_the_seeds_in_full(db: Database) -> None:
    for _ in range(2):
        await seeds_records.add_records(db, T0)
    assert await db.customers.count() == 60
    (anna, _) = await db.customers.find_by_number(seeds.SHARED_NUMBER)
    record = await full(db, anna.id)
    assert record.brief == anna
    assert record.loyalty.points == 1_240
    assert [person.role for person in record.persons] == ["муж"]
    assert [consent.clause[:3] for consent in record.consents] == ["4.2", "6.1"]
    assert record.operators == (ANNA,)
    assert await db.records.of_operator(ANNA) == (
        anna.id,
        (await db.customers.search("берёзка"))[0].customer.id,
    )
    assert record.points[0].characteristics["порт"] == "1"
    assert [entry.at for entry in record.money] == sorted((e.at for e in record.money), reverse=True)
    assert {entry.kind for entry in record.money} == {MoneyKind.invoice, MoneyKind.payment}
    (lebedev,) = await db.customers.find_by_number(seeds.THREE_NUMBERS[1])
    assert [n.status for n in (await full(db, lebedev.id)).numbers] == ["активен", "заблокирован", "отключён"]
    assert await found(db, "бухгалтер") == []
    assert [m for _, m in await found(db, "Берёзкина Вера")] == [Matched.person]
    assert [m for _, m in await found(db, "ТП-1905")] == [Matched.point]


async def test_nobody_unknown(db: Database) -> None:
    assert await db.records.get(CustomerId(10**6)) is None
    calls: tuple[Callable[[CustomerId], Awaitable[object]], ...] = (
        lambda id: db.records.correct(id, {"name": "x"}, ANNA, T0),
        lambda id: db.records.add_number(id, NUMBER, ANNA, T0),
        lambda id: db.records.confirm_number(id, NUMBER, ANNA, T0),
        lambda id: db.records.flag_number(id, NUMBER, "x", ANNA, T0),
        lambda id: db.records.grant(id, "1", "x", ANNA, T0),
        lambda id: db.records.withdraw(id, "1", "x", ANNA, T0),
        lambda id: db.records.set_operators(id, [ANNA], ANNA, T0),
        lambda id: db.records.set_password_hash(id, NUMBER, "h", ANNA, T0),
    )
    for call in calls:
        for id in (CustomerId(10**6), NULL_CUSTOMER):
            with pytest.raises(NotStored):
                await call(id)
    assert await told(db) == ([], [])


async def test_contact_data_are_put_right_once(db: Database) -> None:
    id = await add(db, address="ул. Садовая, 1")
    fields = {"name": "Анна Ли", "address": "пр. Мира, 2", "language": "en", "urgent": "две\nстроки"}
    done = await db.records.correct(id, fields, ANNA, T0)
    assert done.fields == ("address", "language", "name", "urgent")
    assert (await db.records.correct(id, fields, ANNA, T0)).fields == ()
    record = await full(db, id)
    assert (record.name, record.language, record.urgent, record.changed_at) == (
        "Анна Ли",
        "en",
        "две\nстроки",
        T0,
    )
    assert await found(db, "ли мира") == [("К-1", Matched.name)]
    assert await found(db, "садовая") == []
    acts, said = await told(db)
    assert acts == [("changed", "", id)]
    assert said == [
        ("customer.changed", {"customer": id, "fields": list(done.fields), "by": "anna", "why": "corrected"})
    ]


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 10_000}, {"contract": "2"}, {"language": "de"}, {"urgent": "x" * 10_001}],
)
async def test_what_does_not_fit_changes_nothing(db: Database, fields: dict[str, str]) -> None:
    id = await add(db)
    before = await full(db, id)
    with pytest.raises(TextRefused):
        await db.records.correct(id, {"email": "new@example.ru", **fields}, ANNA, T0)
    assert await full(db, id) == before


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_stay_what_they_are(db: Database, name: str) -> None:
    id = await add(db, name)
    assert (await full(db, id)).name == name
    await db.customers.search(name)
    await db.records.grant(id, name, name, ANNA, T0)
    assert (await full(db, id)).consents[0].evidence == name


async def test_numbers_flagged_confirmed_added(db: Database) -> None:
    id = await add(db)
    await db.records.flag_number(id, NUMBER, "чужой человек", ANNA, T0)
    (number,) = (await full(db, id)).numbers
    assert (number.is_bad, number.bad_reason, number.checked_by, number.checked_at) == (
        True,
        "чужой человек",
        "anna",
        T0,
    )
    later = T0 + timedelta(hours=1)
    await db.records.confirm_number(id, NUMBER, ANNA, later)
    (number,) = (await full(db, id)).numbers
    assert (number.is_bad, number.bad_reason, number.checked_at) == (False, "", later)
    assert await db.records.add_number(id, "+79000000777", ANNA, T0, kind="голос")
    assert not await db.records.add_number(id, "+79000000777", ANNA, T0)
    assert [c.id for c in await db.customers.find_by_number("+79000000777")] == [id]
    assert await found(db, "777") == [("К-1", Matched.number)]
    with pytest.raises(TextRefused):
        await db.records.flag_number(id, NUMBER, "", ANNA, T0)
    assert [act[1] for act in (await told(db))[0]] == ["number_flagged", "number_confirmed", "number_added"]


async def test_a_password_is_kept_as_a_hash_and_never_told(db: Database) -> None:
    id = await add(db)
    assert await db.records.password_hash(id, NUMBER) is None
    await db.records.set_password_hash(id, NUMBER, "$argon2id$secret", ANNA, T0)
    assert await db.records.password_hash(id, NUMBER) == "$argon2id$secret"
    record = await full(db, id)
    assert record.numbers[0].has_password
    assert "argon2" not in repr(record)
    await db.records.note_password_check(id, ANNA, T0, is_right=False)
    acts, said = await told(db)
    assert [act[1] for act in acts] == ["password_set", "password_wrong"]
    assert "argon2" not in repr((acts, said))
    await db.records.set_password_hash(id, NUMBER, None, ANNA, T0)
    assert not (await full(db, id)).numbers[0].has_password


async def test_consents(db: Database) -> None:
    id = await add(db)
    first = await db.records.grant(id, "4.2", "запись 17", ANNA, T0)
    assert await db.records.grant(id, "4.2", "другое", Login("boris"), T0) == first
    await db.records.withdraw(id, "4.2", "письмо", ANNA, T0 + timedelta(days=1))
    with pytest.raises(NotStored):
        await db.records.withdraw(id, "4.2", "письмо", ANNA, T0)
    again = await db.records.grant(id, "4.2", "запись 18", ANNA, T0 + timedelta(days=2))
    consents = (await full(db, id)).consents
    assert [one.withdrawn_at for one in consents] == [T0 + timedelta(days=1), None]
    assert (consents[0].withdrawal_evidence, consents[1]) == ("письмо", again)


async def test_prospects(db: Database) -> None:
    id = await Prospects(db).add(
        Prospect("ООО «Заря»", "+79001112233", person="Олег Зорин", address="ул. Новая, 5"), ANNA, T0
    )
    record = await full(db, id)
    assert (record.contract, record.is_prospective, record.persons[0].name) == (
        f"P-{id:06}",
        True,
        "Олег Зорин",
    )
    for typed in ("заря", "зорин", "новая 5", "111 22 33", record.contract.lower(), f"{id:06}"):
        assert [contract for contract, _ in await found(db, typed)] == [record.contract], typed
    for bad in (Prospect(""), Prospect("--"), Prospect("x" * 201)):
        with pytest.raises(TextRefused):
            await Prospects(db).add(bad, ANNA, T0)
    assert await db.customers.count() == 1


async def test_the_null_customer_turns_up_for_zero_alone(db: Database) -> None:
    await add(db, contract="Б-10")
    assert [hit.customer.id for hit in await db.customers.search("0")] == [NULL_CUSTOMER]
    for typed in ("00", "нулевой", "клиент", "Б-10", "000", " ", "н"):
        assert all(hit.customer.id for hit in await db.customers.search(typed)), typed
    assert (await full(db, NULL_CUSTOMER)).is_null
    assert await db.customers.count() == 1


async def test_who_is_erased_is_not_found(db: Database) -> None:
    id = await add(db)

    async def erase(connection: Any) -> None:
        await connection.execute(customers.delete().where(customers.c.id == id))

    await db.writer.submit(erase)
    for typed in ("анна", "К-1", "0001"):
        assert await found(db, typed) == []
    assert await db.records.get(id) is None

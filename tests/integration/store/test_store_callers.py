"""Who calls, as routing asks it: standing, words, marks, when he called last (D-23, D-29, D-70)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from callcore.assembly.backoffice import profile_of
from callcore.calls.effects import Contact
from callcore.domain import NULL_CUSTOMER, CustomerId, Direction, Login
from callcore.routing.situation import CallerFacts, Mark, Standing
from callcore.store.callers import Callers, find_callers
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.schema import metadata
from callcore.store.schema.core import customers

from .store_samples import T0, on_files

HOUR = timedelta(hours=1)
NUMBER, OTHER = "+79000000001", "+79000000002"


async def add(db: Database, contract: str, number: str, **values: Any) -> CustomerId:
    operators = values.pop("operators", ())
    await db.customers.add_many([NewCustomer(contract, "Пётр", numbers=(number,))])
    found = await db.customers.by_contract(contract)
    assert found is not None
    id = found.id

    async def op(connection: Any) -> None:
        if values:
            await connection.execute(update(customers).where(customers.c.id == id).values(**values))
        table = metadata.tables["customer_operators"]
        for position, login in enumerate(operators):
            await connection.execute(table.insert().values(customer=id, position=position, login=login))

    await db.writer.submit(op)
    return id


async def facts(db: Database, number: str | None, customer: CustomerId | None = None) -> CallerFacts:
    return (await profile_of(db.customers, number, customer, T0)).facts


async def test_nobody_is_unknown(db: Database) -> None:
    assert await facts(db, NUMBER) == CallerFacts(standing=Standing.unknown)
    assert await facts(db, None) == CallerFacts()
    assert await db.customers.callers(None, None, T0) == Callers()


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ({}, Standing.existing),
        ({"status": "активен"}, Standing.existing),
        ({"status": "blocked"}, Standing.existing),
        ({"status": "расторгнут"}, Standing.prospective),
        ({"is_prospective": True}, Standing.prospective),
    ],
)
async def test_standing(db: Database, values: dict[str, Any], standing: Standing) -> None:
    await add(db, "К-1", NUMBER, **values)
    assert (await facts(db, NUMBER)).standing is standing


async def test_words_and_marks(db: Database) -> None:
    words = {"segment": "VIP-3", "legal_form": "ПБОЮЛ", "region": "Тверская область"}
    values = {**words, "balance_minor": -1, "status": "приостановлен", "operators": ["anna"]}
    await add(db, "К-1", NUMBER, **values)
    assert await facts(db, NUMBER) == CallerFacts(
        standing=Standing.existing,
        **words,
        marks=frozenset((Mark.debt, Mark.blocked, Mark.personal_operator)),
    )
    await add(db, "К-2", OTHER, balance_minor=0)
    assert (await facts(db, OTHER)).marks == frozenset()


async def test_of_several_only_what_is_true_of_all(db: Database) -> None:
    him = await add(db, "К-1", NUMBER, segment="KEY", region="Тверь", balance_minor=-5)
    await add(db, "К-2", NUMBER, segment="key", region="Москва", is_prospective=True)
    both = await facts(db, NUMBER)
    assert both.standing is Standing.existing
    assert both.segment.casefold() == "key"
    assert (both.region, both.marks) == ("", frozenset())
    assert (await facts(db, NUMBER, him)).region == "Тверь"  # he is known: nobody else is asked about
    assert (await facts(db, NUMBER, NULL_CUSTOMER)) == both


async def test_the_last_contact_of_number_or_customer(db: Database, contact: Callable[..., Contact]) -> None:
    him = await add(db, "К-1", NUMBER)

    async def last() -> Any:
        return (await profile_of(db.customers, NUMBER, None, T0)).last_contact_at

    assert await last() is None
    none_of_his = [
        {"caller_number": OTHER, "ended_at": T0 - HOUR},
        {"direction": Direction.outbound, "ended_at": T0 - HOUR},
        {"ended_at": T0},  # not before now
    ]
    for n, values in enumerate(none_of_his):
        await db.contacts.save(contact(f"n{n}", started_at=T0 - 9 * HOUR, **values))
    assert await last() is None
    past = {"started_at": T0 - 9 * HOUR}
    await db.contacts.save(contact("c1", ended_at=T0 - 3 * HOUR, **past))
    assert await last() == T0 - 3 * HOUR
    await db.contacts.save(contact("c2", caller_number=OTHER, customer=him, ended_at=T0 - 2 * HOUR, **past))
    assert await last() == T0 - 2 * HOUR
    by_number_alone = await profile_of(db.customers, "+79000000009", None, T0)
    assert by_number_alone.last_contact_at is None
    withheld = await profile_of(db.customers, None, him, T0)
    assert withheld.last_contact_at == T0 - 2 * HOUR


async def asked(db: Database, customer: CustomerId | None = None) -> list[tuple[str, Any]]:
    """The statements, and what was given to them."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        found.append((statement, given))

    async with db.read() as connection:
        engine = connection.engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            await connection.run_sync(find_callers, NUMBER, customer, T0)
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return found


async def test_one_query(db: Database) -> None:
    await add(db, "К-1", NUMBER)
    assert len(await asked(db)) == 1


@on_files
@pytest.mark.parametrize("is_known", [False, True])
async def test_indexes_lead_to_all_of_it(db: Database, is_known: bool) -> None:
    him = await add(db, "К-1", NUMBER)
    ((statement, given),) = await asked(db, him if is_known else None)
    async with db.read() as connection:
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        steps = [row.detail for row in plan.all()]
    read = [step for step in steps if step.startswith("SCAN") and "CONSTANT ROW" not in step]
    assert [step for step in read if "customer" in step or "contacts" in step] == []
    assert any("ix_contacts_caller_number_ended_at" in step for step in steps)
    assert any("ix_contacts_customer_ended_at" in step for step in steps)


async def test_personal_operators_in_their_order(db: Database) -> None:
    him = await add(db, "К-1", NUMBER, operators=["boris", "anna"])
    assert await db.customers.operators(him) == (Login("boris"), Login("anna"))
    assert await db.customers.operators(CustomerId(999)) == ()

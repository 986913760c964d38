"""The databases that these tests share: what one test leaves, the next one does not find."""

from __future__ import annotations

import asyncpg
import pytest

from callcore.domain import NULL_CUSTOMER
from callcore.store.customers import NewCustomer
from callcore.store.database import Database

from .store_postgres import FreshDatabases
from .store_samples import T0


async def test_rows_and_numbers_are_gone_and_seeds_are_back(fresh_databases: FreshDatabases) -> None:
    address = await fresh_databases.take()
    ids = []
    for _ in range(2):
        async with await Database.open(address) as database:
            await database.customers.add_many([NewCustomer("К-1", "Анна")], T0)
            found = await database.customers.by_contract("К-1")
            assert found is not None
            ids.append(found.id)
            assert await database.customers.get(NULL_CUSTOMER) is not None
        await fresh_databases.give_back(address)
        assert await fresh_databases.take() == address
        async with await Database.open(address) as database:
            assert await database.customers.by_contract("К-1") is None
    assert ids[0] == ids[1]
    await fresh_databases.give_back(address)


@pytest.mark.parametrize(
    "mischief",
    [
        "CREATE TABLE left_over (a int)",
        "ALTER TABLE customers DROP COLUMN urgent",
        "ALTER TABLE customers ADD CHECK (id >= 0)",
        "CREATE SCHEMA elsewhere",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 7', current_database()); END $$",
    ],
)
async def test_a_changed_database_is_not_used_again(fresh_databases: FreshDatabases, mischief: str) -> None:
    address = await fresh_databases.take()
    connection = await asyncpg.connect(address)
    await connection.execute(mischief)
    await fresh_databases.give_back(address)
    assert connection.is_closed() or await _is_cut(connection)
    another = await fresh_databases.take()
    assert another != address
    await fresh_databases.give_back(another)


async def _is_cut(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    try:
        await connection.execute("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return True
    return False

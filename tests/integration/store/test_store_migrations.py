"""From one schema to the next, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.domain import NULL_CUSTOMER
from callcore.store import migrate
from callcore.store.database import Database
from callcore.store.errors import SchemaOutdated
from callcore.store.schema import metadata

from .store_older import as_of, on_database, rows
from .store_samples import NEWEST, SCHEMAS


@pytest.mark.parametrize("schema", SCHEMAS[:-1])
async def test_a_filled_database_of_every_schema(empty: str, schema: str) -> None:
    url = empty
    await as_of(url, schema)
    before = await on_database(url, lambda c: rows(c, schema))
    demand = rf"schema {schema}.*needs {NEWEST}.*callcore db upgrade -c FILE"
    with pytest.raises(SchemaOutdated, match=demand):
        await Database.open(url, create=True)
    assert await migrate.upgrade(url) == (schema, NEWEST)
    assert await on_database(url, lambda c: rows(c, schema)) == before
    async with await Database.open(url) as db:
        (customer,) = await db.customers.find_by_number("+79000000007")
        assert customer.name == "Пётр"
        assert await db.customers.get(NULL_CUSTOMER) is not None


async def test_a_failed_upgrade_changes_nothing(empty: str) -> None:
    url = empty
    await as_of(url, "0001")
    await on_database(url, lambda c: c.execute(text("CREATE TABLE tokens (theirs TEXT)")))
    with pytest.raises(migrate.StoreError, match="was not upgraded"):
        await migrate.upgrade(url)

    async def tables(connection: AsyncConnection) -> set[str]:
        return set(await connection.run_sync(lambda c: inspect(c).get_table_names()))

    assert "network_nodes" not in await on_database(url, tables)


async def test_migrations_build_exactly_the_tables(empty: str, another_empty: str) -> None:
    await migrate.upgrade(empty)

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_ours})
        return list(compare_metadata(context, metadata))

    assert await on_database(empty, lambda c: c.run_sync(differences)) == []
    await on_database(another_empty, lambda c: c.run_sync(metadata.create_all))
    built = await on_database(empty, details)
    expected = await on_database(another_empty, details)
    assert {table: built[table] - expected[table] for table in expected} == {t: set() for t in expected}
    assert {table: expected[table] - built[table] for table in expected} == {t: set() for t in expected}


def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """What migrations build beside the tables, indexes for words, has no place in the metadata."""
    return not str(name).startswith("gin_") and (kind != "table" or name in metadata.tables)


async def details(connection: AsyncConnection) -> dict[str, Any]:
    """What alembic does not compare, of each table: partial indexes, deeds of foreign keys, counters."""
    read = _on_sqlite if connection.dialect.name == "sqlite" else _on_postgresql
    built: dict[str, set[Any]] = {name: set() for name in metadata.tables}
    async for table, detail in read(connection):
        if table in built and "INDEX gin_" not in str(detail):
            built[table].add(detail)
    return built


async def _on_sqlite(connection: AsyncConnection) -> AsyncIterator[tuple[str, Any]]:
    found = await connection.execute(text("SELECT name, type, tbl_name, sql FROM sqlite_master"))
    for name, kind, table, sql in found.all():
        if kind == "index" and sql:
            yield table, " ".join(sql.split())
        if kind == "table" and name in metadata.tables:
            keys = await connection.execute(text(f"PRAGMA foreign_key_list({name})"))
            for key in keys.all():
                yield table, tuple(key[2:])
            yield table, "AUTOINCREMENT" in sql


async def _on_postgresql(connection: AsyncConnection) -> AsyncIterator[tuple[str, Any]]:
    for query in (
        "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "SELECT table_name, column_name || ' ' || data_type || ' ' || is_nullable"
        " || coalesce(column_default LIKE 'nextval%', false)::text"
        " FROM information_schema.columns WHERE table_schema = 'public'",
    ):
        for table, detail in (await connection.execute(text(query))).all():
            yield str(table), " ".join(str(detail).split())

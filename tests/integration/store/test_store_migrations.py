"""From one schema to the next, on a real file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store import migrate
from callcore.store.database import Database
from callcore.store.engine import parse_url, writer_engine
from callcore.store.errors import SchemaOutdated
from callcore.store.schema import metadata

from .store_samples import NEWEST, SCHEMAS, T0

FIRST: dict[str, dict[str, Any]] = {
    "users": {
        "login": "anna",
        "name": "Анна",
        "role": "operator",
        "password_hash": "x",
        "language": "ru",
        "interfaces": ["PJSIP/101"],
        "queues": ["finance"],
        "created_at": T0,
    },
    "sessions": {
        "token_hash": "h",
        "login": "anna",
        "csrf": "c",
        "created_at": T0,
        "last_seen_at": T0,
        "expires_at": T0,
        "ip": "",
        "user_agent": "",
    },
    "shifts": {"login": "anna", "interface": "PJSIP/101", "is_ready": True},
    "customers": {
        "id": 7,
        "contract": "c7",
        "name": "Пётр",
        "address": "",
        "tariff": "",
        "currency": "RUB",
        "segment": "",
        "legal_form": "",
        "haystack": "петр",
    },
    "customer_numbers": {"customer": 7, "position": 0, "number": "+79000000007"},
    "calls": {"call": "c1", "pbx": "main", "channel": "1.1", "first_seen_at": T0},
    "contacts": {
        "call": "c1",
        "pbx": "main",
        "channel": "1.1",
        "direction": "inbound",
        "source": "live",
        "caller_number_raw": "",
        "started_at": T0,
        "ended_at": T0,
        "wait_ms": 1,
        "ring_ms": 2,
        "talk_ms": 3,
        "end_reason": "completed",
        "outcome": "answered",
    },
    "contact_rings": {"call": "c1", "position": 0, "interface": "PJSIP/101", "began_at": T0},
    "interactions": {
        "id": 9,
        "call": "c1",
        "n": 1,
        "topic": "unclassified",
        "comment": "две\nстроки",
        "created_at": T0,
    },
}
"""A row for each table of the first schema."""


async def on_database(url: str, work: Any) -> Any:
    engine = writer_engine(parse_url(url))
    try:
        async with engine.begin() as connection:
            return await work(connection)
    finally:
        await engine.dispose()


async def as_of(url: str, revision: str, tmp_path: Path) -> None:
    """A database as the callcore of that schema made it, with a row in each table."""
    (tmp_path / "callcore.db").touch()
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async def make(connection: AsyncConnection) -> None:
        await connection.run_sync(upgrade)
        for table, values in FIRST.items():
            await connection.execute(metadata.tables[table].insert().values(**values))

    await on_database(url, make)


async def rows(connection: AsyncConnection) -> dict[str, list[Any]]:
    return {name: (await connection.execute(select(metadata.tables[name]))).all() for name in FIRST}


@pytest.mark.parametrize("schema", SCHEMAS[:-1])
async def test_a_filled_database_of_every_schema(url: str, tmp_path: Path, schema: str) -> None:
    await as_of(url, schema, tmp_path)
    before = await on_database(url, rows)
    demand = rf"schema {schema}.*needs {NEWEST}.*callcore db upgrade -c FILE"
    with pytest.raises(SchemaOutdated, match=demand):
        await Database.open(url, create=True)
    assert await migrate.upgrade(url) == (schema, NEWEST)
    assert await on_database(url, rows) == before
    async with await Database.open(url) as db:
        (customer,) = await db.customers.find_by_number("+79000000007")
        assert customer.name == "Пётр"
        assert await db.network.count() == 0
        assert await db.gaps.latest() == ()


async def test_a_failed_upgrade_changes_nothing(url: str, tmp_path: Path) -> None:
    await as_of(url, "0001", tmp_path)
    await on_database(url, lambda c: c.execute(text("CREATE TABLE tokens (theirs TEXT)")))
    with pytest.raises(migrate.StoreError, match="was not upgraded"):
        await migrate.upgrade(url)

    async def tables(connection: AsyncConnection) -> set[str]:
        found = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        return set(found.scalars())

    assert "network_nodes" not in await on_database(url, tables)


async def test_migrations_build_exactly_the_tables(url: str, tmp_path: Path) -> None:
    await migrate.upgrade(url)
    fresh = tmp_path / "fresh.db"
    fresh.touch()

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    assert await on_database(url, lambda c: c.run_sync(differences)) == []
    await on_database(f"sqlite:///{fresh}", lambda c: c.run_sync(metadata.create_all))
    built = await on_database(url, details)
    del built["alembic_version"]
    assert built == await on_database(f"sqlite:///{fresh}", details)


async def details(connection: AsyncConnection) -> dict[str, Any]:
    """What alembic does not compare: partial indexes, deeds of foreign keys, autoincrement."""
    found = await connection.execute(text("SELECT name, type, tbl_name, sql FROM sqlite_master"))
    built: dict[str, Any] = {}
    for name, kind, table, sql in found.all():
        if kind == "index" and sql:
            built.setdefault(table, set()).add(" ".join(sql.split()))
        if kind == "table" and not name.startswith("sqlite_"):
            keys = await connection.execute(text(f"PRAGMA foreign_key_list({name})"))
            deeds = {tuple(key[2:]) for key in keys.all()}
            built.setdefault(table, set()).update({*deeds, "AUTOINCREMENT" in sql})
    return built

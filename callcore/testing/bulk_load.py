"""Many rows into a database at once, past SQLAlchemy: one transaction, COPY where there is one.

Values are what the driver takes: moments as microseconds, JSON as text. Nothing is checked.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from typing import Any, Protocol

import asyncpg
from sqlalchemy import URL, Table

from callcore.store.engine import is_sqlite
from callcore.store.sqlite import database_file


class Load(Protocol):
    """An open transaction. ``dialect``: ``sqlite`` or ``postgresql``."""

    dialect: str

    async def run(self, *statements: str) -> None: ...

    async def rows(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None: ...

    async def indexes(self, *tables: str) -> tuple[str, ...]:
        """Drop all that are not constraints; the statements that make them again."""

    async def count_on(self, *tables: str) -> None:
        """The next id comes after those that were given here."""


@asynccontextmanager
async def loading(url: URL) -> AsyncIterator[Load]:
    """Committed at the end; after an error nothing is there."""
    if is_sqlite(url):
        with closing(sqlite3.connect(_file(url), isolation_level=None, check_same_thread=False)) as driver:
            with suppress(sqlite3.OperationalError):  # somebody else has it open
                driver.execute("PRAGMA journal_mode=MEMORY")  # else each page is written twice
            driver.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN IMMEDIATE")
            yield _Sqlite(driver)
            driver.execute("COMMIT")
        return
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, server_settings={"maintenance_work_mem": "256MB", "jit": "off"})
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys
            yield _Postgresql(connection)
    finally:
        await connection.close()


def _file(url: URL) -> str:
    return str(database_file(url))


class _Sqlite:
    dialect = "sqlite"

    def __init__(self, driver: sqlite3.Connection) -> None:
        self._driver = driver

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await asyncio.to_thread(self._driver.execute, statement)

    async def rows(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"
        await asyncio.to_thread(self._driver.executemany, statement, rows)

    async def indexes(self, *tables: str) -> tuple[str, ...]:
        found = self._driver.execute(
            "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        )
        mine = [(name, sql) for name, sql, table in found.fetchall() if table in tables]
        await self.run(*(f"DROP INDEX {name}" for name, _ in mine))
        return tuple(sql for _, sql in mine)

    async def count_on(self, *tables: str) -> None:
        """SQLite does by itself."""


class _Postgresql:
    dialect = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self._connection.execute(statement)

    async def rows(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        await self._connection.copy_records_to_table(table.name, records=rows, columns=list(columns))

    async def indexes(self, *tables: str) -> tuple[str, ...]:
        mine = await self._connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1)"
            " AND schemaname = current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)",
            tables,
        )
        await self.run(*(f"DROP INDEX {row['indexname']}" for row in mine))
        return tuple(row["indexdef"] for row in mine)

    async def count_on(self, *tables: str) -> None:
        for table in tables:
            await self._connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )

"""Values that the tests of the store share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import URL

from callcore.domain import Login
from callcore.store import migrations
from callcore.store.engine import is_sqlite, parse_url
from callcore.store.schema import metadata
from callcore.store.sqlite import database_file
from callcore.testing.patience import PATIENCE_SECONDS

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA, BORIS = Login("anna"), Login("boris")
_FILES = (Path(migrations.__file__).parent / "versions").glob("r[0-9]*.py")
SCHEMAS = tuple(sorted(file.name[1:5] for file in _FILES))
"""Every schema there was, oldest first, by the names of the migrations' files."""
NEWEST = SCHEMAS[-1]


on_files = pytest.mark.parametrize("kind", ["sqlite"])
"""For a test of what only SQLite has: a file, its lock, its pragmas."""


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition; the time limit only ends a test that has failed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


@contextmanager
def locked(url: str | URL) -> Iterator[None]:
    """Another program lets nobody write into the database."""
    parsed = parse_url(url)
    if not is_sqlite(parsed):
        with _locked_tables(parsed):
            yield
        return
    other = sqlite3.connect(database_file(parsed), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def _locked_tables(url: URL) -> Iterator[None]:
    """Readers go on, every write waits."""
    names = ", ".join(["alembic_version", *(f'"{name}"' for name in metadata.tables)])
    with ThreadPoolExecutor(1) as thread:  # our own thread has a loop running already
        runner = asyncio.Runner()
        connection = thread.submit(runner.run, _connected(url)).result()
        try:
            thread.submit(runner.run, connection.execute("BEGIN")).result()
            thread.submit(runner.run, connection.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")).result()
            yield
        finally:
            thread.submit(runner.run, connection.close()).result()
            thread.submit(runner.close).result()


async def _connected(url: URL) -> Any:
    return await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))


def look(url: str | URL, query: str) -> list[Any]:
    """The rows of a query, by a connection of its own."""
    parsed = parse_url(url)
    if is_sqlite(parsed):
        with closing(sqlite3.connect(database_file(parsed))) as other:
            return other.execute(query).fetchall()

    async def ask() -> list[Any]:
        connection = await _connected(parsed)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, ask()).result()


def in_order_of_writing(url: str | URL) -> list[str]:
    """The contacts' calls as they were written."""
    column = "rowid" if is_sqlite(parse_url(url)) else "ctid"
    return [row[0] for row in look(url, f"SELECT call FROM contacts ORDER BY {column}")]

"""Engines for a URL, and the few places where databases differ. PostgreSQL needs only another URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import URL, Table, make_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callcore.store import sqlite
from callcore.store.errors import StoreError

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}

WRITER_BUSY_SECONDS = 1.0
"""How long one attempt of a write waits for another process's lock."""
READER_BUSY_SECONDS = 5.0
READERS = 4
IN_LIST = 400
"""Parameters in one IN list, and rows in one statement: below every database's limit."""
T = TypeVar("T")


def parse_url(text: str | URL) -> URL:
    """``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``, with our driver put in.

    A password goes in by ``make_url(text).set(password=…)``. Raises ``StoreError`` for anything else.
    """
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError("not a database URL; e.g. sqlite:////var/lib/callcore/callcore.db") from error
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise StoreError(f"databases are sqlite and postgresql, not {url.get_backend_name()}")
    return url.set(drivername=driver)


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def writer_engine(url: URL, *, foreign_keys: bool = True, busy_seconds: float | None = None) -> AsyncEngine:
    """An engine with one connection, for the writer or for migrations (those without foreign keys, and with
    more patience for somebody else who writes)."""
    engine = _engine(
        url, pool_size=1, max_overflow=0, pool_reset_on_return=None
    )  # each use ends its transaction
    if is_sqlite(url):
        sqlite.attach(
            engine, writer=True, busy_seconds=busy_seconds or WRITER_BUSY_SECONDS, foreign_keys=foreign_keys
        )
    return engine


def reader_engine(url: URL) -> AsyncEngine:
    """An engine whose connections cannot write; in WAL they never wait for the writer.

    Without transactions: each statement sees the database as it is then, and costs one trip instead of three.
    """
    engine = _engine(
        url,
        pool_size=READERS,
        max_overflow=READERS,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
    if is_sqlite(url):
        sqlite.attach(engine, writer=False, busy_seconds=READER_BUSY_SECONDS)
    return engine


def _engine(url: URL, **settings: Any) -> AsyncEngine:
    if is_sqlite(url):
        url = sqlite.never_creating(url)
    try:
        return create_async_engine(url, hide_parameters=True, **settings)
    except ModuleNotFoundError as error:
        raise StoreError(f"the driver for {url.get_backend_name()} is not installed: {error.name}") from error


def insert(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update`` (both databases do)."""
    dialect = sqlite_dialect if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def chunks(items: Iterable[T], size: int = IN_LIST) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def is_outage(error: BaseException) -> bool:
    """True if the database cannot be used now (locked, full, gone); False if one statement was wrong."""
    if isinstance(error, PoolTimeout | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        return sqlite.is_outage(error.orig)
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)

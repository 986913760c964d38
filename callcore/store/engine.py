"""Engines for a URL, and the few places where databases differ."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import URL, ColumnElement, Engine, Select, Table, any_, create_engine, func, make_url
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from callcore.store import postgresql, sqlite
from callcore.store.errors import StoreError
from callcore.store.threaded import ThreadedEngine

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


def writer_engine(
    url: URL, *, foreign_keys: bool = True, busy_seconds: float | None = None, daemon: bool = False
) -> AsyncEngine:
    """An engine with one connection, for PostgreSQL's writer or for migrations (those without foreign keys,
    and with more patience for somebody else who writes). ``daemon``: it is the only one that serves calls;
    PostgreSQL then gives a second one no connection (``postgresql.OtherDaemon``)."""
    patience = busy_seconds or WRITER_BUSY_SECONDS
    pool = {"pool_size": 1, "max_overflow": 0, "pool_reset_on_return": None}  # each use ends its transaction
    if not is_sqlite(url):
        return _postgresql(
            url, postgresql.connector(url, writer=True, busy_seconds=patience, daemon=daemon), pool
        )
    engine = _engine(url, **pool)
    sqlite.attach(engine, writer=True, busy_seconds=patience, foreign_keys=foreign_keys)
    return engine


def reader_engine(url: URL, connections: int = READERS) -> AsyncEngine:
    """An engine whose connections cannot write and never wait for the writer: ``connections`` are kept, as
    many more are opened for a rush.

    Without transactions: each statement sees the database as it is then, and costs one trip instead of three.
    """
    pool = {
        "pool_size": connections,
        "max_overflow": connections,
        "pool_reset_on_return": None,
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
    }
    if not is_sqlite(url):
        return _postgresql(
            url, postgresql.connector(url, writer=False, busy_seconds=READER_BUSY_SECONDS), pool
        )
    engine = _engine(url, **pool)
    sqlite.attach(engine, writer=False, busy_seconds=READER_BUSY_SECONDS)
    return engine


def asking_engine(url: URL, connections: int) -> Engine:
    """As ``reader_engine``, for threads, SQLite only."""
    engine = _in_threads(
        url,
        pool_size=connections,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
    sqlite.attach(engine, writer=False, busy_seconds=READER_BUSY_SECONDS)
    return engine


def threaded_engine(url: URL) -> ThreadedEngine:
    """As ``writer_engine``, for the writer of SQLite."""
    engine = _in_threads(url, pool_size=1, max_overflow=0)
    sqlite.attach(engine, writer=True, busy_seconds=WRITER_BUSY_SECONDS)
    return ThreadedEngine(engine)


def _in_threads(url: URL, **settings: Any) -> Engine:
    file = sqlite.never_creating(url).set(drivername="sqlite+pysqlite")
    return create_engine(file, hide_parameters=True, pool_reset_on_return=None, **settings)


def _postgresql(url: URL, connect: postgresql.Connect, settings: dict[str, Any]) -> AsyncEngine:
    engine = _engine(url, async_creator=connect, **settings)
    postgresql.attach(engine)
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
    return inserting(connection.dialect.name, table)


def inserting(dialect: str, table: Table) -> Any:
    """The same, for a statement that is made once: making it costs as much as carrying it out."""
    return (sqlite_dialect if dialect == "sqlite" else postgresql_dialect).insert(table)


def among(dialect: str, column: ColumnElement[Any], query: Select[Any]) -> ColumnElement[bool]:
    """``column`` is one of what ``query`` gives.

    PostgreSQL is made to read that first, as an array: of a subquery it guesses many rows, and reads whole
    tables for their sake.
    """
    if dialect == "sqlite":
        return column.in_(query)
    return column == any_(func.array(query.scalar_subquery()))


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
    return postgresql.is_outage(error)

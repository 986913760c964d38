"""A directory in any database that SQLAlchemy knows: queries with bound parameters, columns by mapping.

An address with an asynchronous driver is used as such, any other in threads. Only what the queries say is
sent; nothing typed ever becomes part of a statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, TextClause, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callcore.crm.directory import MOST_ROWS, DirectoryFailed, Row

POOL = 4
_ASYNC = {"sqlite+aiosqlite", "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True)
class SqlSource:
    """Queries with ``:number`` (+79161234567), ``:digits`` (79161234567), ``:text``; an empty one finds
    nobody. ``columns``: field of ours to column of theirs; without it the columns bear our names."""

    name: str
    url: str
    by_number: str
    search: str = ""
    columns: Mapping[str, str] | None = None


class SqlDirectory:
    def __init__(self, source: SqlSource) -> None:
        """Raises DirectoryFailed for an address that is none, or whose driver is not installed."""
        self._source = source
        self._threads: ThreadPoolExecutor | None = None
        self._engine: AsyncEngine | None = None
        self._plain: Engine | None = None
        try:
            url = make_url(source.url)
            if url.drivername in _ASYNC:
                self._engine = create_async_engine(
                    url, hide_parameters=True, pool_size=POOL, max_overflow=0, pool_pre_ping=True
                )
            else:
                self._plain = create_engine(url, hide_parameters=True, pool_pre_ping=True)
                self._threads = ThreadPoolExecutor(POOL, thread_name_prefix=f"directory-{source.name}")
        except (ArgumentError, ModuleNotFoundError, SQLAlchemyError, ValueError) as error:
            raise DirectoryFailed(f"the address of {source.name} cannot be used") from error

    @property
    def name(self) -> str:
        return self._source.name

    async def find_by_number(self, number: str) -> Sequence[Row]:
        digits = "".join(filter(str.isdigit, number))
        return await self._ask(self._source.by_number, {"number": number, "digits": digits})

    async def search(self, text: str) -> Sequence[Row]:
        return await self._ask(self._source.search, {"text": text})

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.dispose()
        if self._plain is not None and self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._plain.dispose()

    async def _ask(self, query: str, values: Mapping[str, str]) -> Sequence[Row]:
        if not query:
            return ()
        statement = text(query)
        wanted = {name: value for name, value in values.items() if name in statement._bindparams}
        try:
            rows = await self._run(statement, wanted)
        except SQLAlchemyError as error:
            # The driver's words may hold what was asked for; the type says enough for the log.
            raise DirectoryFailed(type(getattr(error, "orig", None) or error).__name__) from error
        return [self._row(row) for row in rows]

    async def _run(self, statement: TextClause, values: Mapping[str, str]) -> Sequence[RowMapping]:
        if self._engine is not None:
            async with self._engine.connect() as connection:
                return (await connection.execute(statement, values)).mappings().fetchmany(MOST_ROWS)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._run_plain, statement, values)

    def _run_plain(self, statement: TextClause, values: Mapping[str, str]) -> Sequence[RowMapping]:
        assert self._plain is not None
        with self._plain.connect() as connection:
            return connection.execute(statement, values).mappings().fetchmany(MOST_ROWS)

    def _row(self, row: RowMapping) -> dict[str, Any]:
        columns = self._source.columns
        if columns is None:
            return dict(row)
        missing = [column for column in columns.values() if column not in row]
        if missing:
            raise DirectoryFailed(f"the answer has no column {missing[0]}")
        return {field: row[column] for field, column in columns.items()}

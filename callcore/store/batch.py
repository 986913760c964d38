"""Writes in one transaction, and what became of one whose COMMIT was never answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import column, table, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcore.store import postgresql
from callcore.store.engine import is_outage
from callcore.store.threaded import ThreadedEngine

T = TypeVar("T")
Op = Callable[[AsyncConnection], Awaitable[T]]
Writing = AsyncEngine | ThreadedEngine
_Run = Callable[[AsyncConnection, Op[Any]], Awaitable[Any]]
_version = table("alembic_version", column("version_num"))


class Unanswered(OSError):
    """The answer to the COMMIT was lost: ``transaction`` may be stored or not. ``outcomes``: if it is."""

    def __init__(self, transaction: str, outcomes: list[Any]) -> None:
        super().__init__("the connection was lost at the COMMIT")
        self.transaction = transaction
        self.outcomes = outcomes


@dataclass(frozen=True, slots=True)
class Refused:
    """The outcome of a write that is wrong in itself."""

    error: Exception


async def commit(engine: Writing, ops: list[Op[Any]]) -> list[Any]:
    """All in one transaction; the outcome of each. Savepoints would double the work and wrong writes are
    rare, so they are only used where the plain way has failed.

    Raises ``Unanswered``, or what ``is_outage`` knows.
    """
    try:
        return await _transaction(engine, ops, _run)
    except Exception as error:
        if is_outage(error):
            raise
    return await _transaction(engine, ops, _run_in_savepoint)


async def probe(connection: AsyncConnection) -> None:
    """A write that changes nothing: fails as any other would while the database is unusable."""
    await connection.execute(update(_version).values(version_num=_version.c.version_num))


async def was_committed(engine: Writing, transaction: str) -> bool:
    """Raises what ``is_outage`` knows while that cannot be told."""
    assert isinstance(engine, AsyncEngine), "SQLite answers every COMMIT"
    async with engine.begin() as connection:
        return await postgresql.was_committed(connection, transaction)


async def _transaction(engine: Writing, ops: list[Op[Any]], run: _Run) -> list[Any]:
    async def work(connection: AsyncConnection) -> list[Any]:
        return [await run(connection, op) for op in ops]

    if isinstance(engine, ThreadedEngine):
        return await engine.transaction(work)
    transaction: str | None = None
    outcomes: list[Any] = []
    try:
        async with engine.begin() as connection:
            outcomes = await work(connection)
            transaction = await postgresql.transaction_id(connection)
    except Exception as error:
        if transaction is None or not is_outage(error):
            raise
        raise Unanswered(transaction, outcomes) from error  # only the COMMIT was left
    return outcomes


async def _run(connection: AsyncConnection, op: Op[Any]) -> Any:
    return await op(connection)


async def _run_in_savepoint(connection: AsyncConnection, op: Op[Any]) -> Any:
    """The op's result, or ``Refused``; raises if the database itself cannot be used."""
    try:
        async with connection.begin_nested():
            return await op(connection)
    except Exception as error:
        if is_outage(error):
            raise
        return Refused(error)

"""The writer's way to SQLite: a transaction goes to a thread as a whole.

The reason is that of ``asking``, and weighs more here: a call's records are half a dozen statements. What is
written is said to a connection as any other write is; only nothing of it is waited for, since all of it runs
in the thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Dialect, Engine, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class ThreadedEngine:
    """One connection, used by one thread."""

    def __init__(self, engine: Engine) -> None:
        self.sync_engine = engine
        """Called as AsyncEngine calls it."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="callcore-write")

    async def transaction(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """What ``work`` returns, once it is committed. ``work`` awaits nothing but its connection."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _transact(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        with self.sync_engine.begin() as connection:
            return _at_once(work(cast(AsyncConnection, _Direct(connection))))

    async def dispose(self) -> None:
        """The next transaction begins with a fresh connection."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.sync_engine.dispose)

    async def close(self) -> None:
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._thread.shutdown()
        self.sync_engine.dispose()


class _Direct:
    """What writes use of an AsyncConnection, done before it returns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)

    async def exec_driver_sql(self, statement: str) -> CursorResult[Any]:
        return self._connection.exec_driver_sql(statement)

    async def run_sync(self, work: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return work(self._connection, *arguments, **named)

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        with self._connection.begin_nested():
            yield


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
        while True:  # what waits for something else fails there: alone, if it is one of several writes
            work.throw(RuntimeError("a write waits for something else than its connection"))
    except StopIteration as done:
        return cast(T, done.value)

"""Questions of several statements, each question in one go.

A statement of an asynchronous SQLite connection goes to a thread and back four times, and waits for the
interpreter each time: that costs several times what SQLite needs. So a question to SQLite goes to a thread as
a whole. PostgreSQL answers over a socket; there it runs on an ordinary connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import SQLAlchemyError

from callcore.store.engine import asking_engine, is_outage
from callcore.store.errors import StoreUnavailable

T = TypeVar("T")


class Asker:
    """Connections to a SQLite file for reading, each used by one thread at a time."""

    def __init__(self, url: URL, connections: int) -> None:
        self._engine = asking_engine(url, connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="callcore-ask")

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """May be cancelled at any point: the question is then answered unattended."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, question)

    def _answer(self, question: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            return question(connection)

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


def unreadable(error: SQLAlchemyError | OSError) -> StoreUnavailable | None:
    """What callers are told of it; None if the statement itself was wrong."""
    if not is_outage(error):
        return None
    return StoreUnavailable(f"the database cannot be read: {getattr(error, 'orig', error)}")

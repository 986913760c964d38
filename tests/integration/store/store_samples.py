"""Values that the tests of the store share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from callcore.domain import Login

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA = Login("anna")


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition; the time limit only ends a test that has failed."""
    async with asyncio.timeout(20):
        while True:
            found = holds()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.005)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the database's write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()

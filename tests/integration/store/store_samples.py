"""Values that the tests of the store share."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from callcore.domain import Login
from callcore.store import migrations

T0 = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANNA, BORIS = Login("anna"), Login("boris")
_FILES = (Path(migrations.__file__).parent / "versions").glob("r[0-9]*.py")
SCHEMAS = tuple(sorted(file.name[1:5] for file in _FILES))
"""Every schema there was, oldest first, by the names of the migrations' files."""
NEWEST = SCHEMAS[-1]


async def until(holds: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait for a condition; the time limit only ends a test that has failed."""
    async with asyncio.timeout(90):
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

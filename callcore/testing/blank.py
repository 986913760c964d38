"""An empty database, made once by the migrations and copied for whoever wants one: a tenth of the time."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from callcore.store.database import Database


def blank_database(path: Path) -> Path:
    """Put a SQLite database with our tables and no rows at ``path``, where nothing is yet."""
    shutil.copyfile(_template(), path)
    path.chmod(0o600)
    return path


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="callcore-blank-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, beside the one that may run here
        thread.submit(lambda: asyncio.run(_make(folder / "blank.db"))).result()
    return folder / "blank.db"


async def _make(path: Path) -> None:
    database = await Database.open(f"sqlite:///{path}", create=True)
    await database.close()

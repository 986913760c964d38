"""The folder of recordings as the record sees it: which file is whose sound, and how a sound goes for good.

The row is marked first (``deleted_at``), in the transaction that erases or lets its time be over; then the
file goes, and last the row forgets its name. Whatever dies in between, the next round finds the mark.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store.audit import note
from callcore.store.ports import Store

GONE = "sounds_gone"
"""In the audit: their time was over."""
log = structlog.get_logger("callcore.recordings")


class Sounds(Protocol):
    """Rows of one kind, each with a sound in the folder."""

    async def delete_sounds(self, before: datetime, at: datetime) -> int:
        """Of what was made before that moment and is over; gives how many, and notes it in the audit. The
        files follow: ``to_remove``."""

    async def to_remove(self, after: int = 0, limit: int = 500) -> tuple[tuple[int, str], ...]:
        """Id and file of rows whose sound has to go and is still in the folder, after that id."""

    async def removed(self, ids: Collection[int]) -> None:
        """Their files are gone from the folder."""


async def expire(
    store: Store, table: Table, where: ColumnElement[bool], before: datetime, at: datetime
) -> int:
    """``Sounds.delete_sounds`` of such rows; what goes is in the audit."""
    old = update(table).where(where, table.c.deleted_at.is_(None)).values(deleted_at=at)

    async def op(connection: AsyncConnection) -> int:
        count = (await connection.execute(old)).rowcount
        if count:
            detail = {"rows": {table.name: count}, "before": before.isoformat()}
            await note(connection, "callcore", GONE, None, at, detail=detail)
        return count

    return await store.writer.submit(op)


async def marked(store: Store, table: Table, after: int, limit: int) -> tuple[tuple[int, str], ...]:
    """``Sounds.to_remove`` of a table with ``id``, ``file`` and ``deleted_at``."""
    c = table.c
    query = select(c.id, c.file).where(c.deleted_at.is_not(None), c.file.is_not(None), c.id > after)
    async with store.read() as connection:
        rows = (await connection.execute(query.order_by(c.id).limit(limit))).all()
    return tuple((row.id, row.file) for row in rows)


async def forget(store: Store, table: Table, ids: Collection[int]) -> None:
    """``Sounds.removed`` of such a table."""

    async def op(connection: AsyncConnection) -> None:
        await connection.execute(update(table).where(table.c.id.in_(ids)).values(file=None))

    await store.writer.submit(op)


def sound_of(folder: Path | None, file: str | None) -> Path | None:
    """Where it lies; None: there is nothing to hear. Only a plain name leads into the folder."""
    if folder is None or not file or Path(file).name != file:
        return None
    path = folder / file
    return path if path.is_file() else None


async def remove_sounds(sounds: Sounds, folder: Path) -> int:
    """The files of rows whose sound has to go; gives how many went. One that cannot be deleted is tried
    again the next time. Raises ``StoreError``."""
    count, after = 0, 0
    while found := await sounds.to_remove(after):
        gone = [id for id, file in found if await asyncio.to_thread(_is_deleted, folder, file)]
        if gone:
            await sounds.removed(gone)
            log.info("recordings_deleted", count=len(gone))
        count, after = count + len(gone), found[-1][0]
    return count


def _is_deleted(folder: Path, file: str) -> bool:
    """A name that is more than a name leads nowhere: nothing is deleted outside the folder."""
    try:
        if Path(file).name == file:
            (folder / file).unlink(missing_ok=True)
    except OSError as error:
        log.error("recording_not_deleted", file=file, why=str(error))
        return False
    return True

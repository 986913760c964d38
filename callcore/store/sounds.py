"""The folder of recordings as the record sees it: which file is whose sound, and how a sound goes for good.

The row is marked first (``deleted_at``), in the transaction that erases or lets its time be over; then the
file goes, and last the row forgets its name. Whatever dies in between, the next round finds the mark.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog

from callcore.store.voicemails import Voicemails

log = structlog.get_logger("callcore.recordings")


def sound_of(folder: Path | None, file: str | None) -> Path | None:
    """Where it lies; None: there is nothing to hear. Only a plain name leads into the folder."""
    if folder is None or not file or Path(file).name != file:
        return None
    path = folder / file
    return path if path.is_file() else None


async def remove_sounds(voicemails: Voicemails, folder: Path) -> int:
    """The files of messages whose sound has to go; gives how many went. One that cannot be deleted is tried
    again the next time. Raises ``StoreError``."""
    count, after = 0, 0
    while found := await voicemails.to_remove(after):
        gone = [id for id, file in found if await asyncio.to_thread(_is_deleted, folder, file)]
        if gone:
            await voicemails.removed(gone)
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

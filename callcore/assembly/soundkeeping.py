"""How long what callers said is kept: after its time, or with the person it tells of, the sound goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callcore.store.errors import StoreError
from callcore.store.voicemails import Voicemails

log = structlog.get_logger("callcore.recordings")

ROUND_SECONDS = 600.0


async def keep_sounds(
    voicemails: Voicemails, folder: Path, keep: timedelta, now: Callable[[], datetime]
) -> None:
    """For ever."""
    while True:
        try:
            await let_go(voicemails, folder, now() - keep, now())
        except StoreError as fault:
            log.warning("recordings_not_purged", why=str(fault))
        await asyncio.sleep(ROUND_SECONDS)


async def let_go(voicemails: Voicemails, folder: Path, before: datetime, now: datetime) -> int:
    """Sounds of messages made earlier, and those of erased persons; gives how many files went. One that
    cannot be deleted is tried again the next time. Raises ``StoreError``."""
    await voicemails.delete_sounds(before, now)
    found = await voicemails.to_remove()
    gone = [id for id, file in found if await asyncio.to_thread(_is_deleted, folder, file)]
    if gone:
        await voicemails.removed(gone)
        log.info("recordings_deleted", count=len(gone))
    return len(gone)


def _is_deleted(folder: Path, file: str) -> bool:
    """A name that is more than a name leads nowhere: nothing is deleted outside the folder."""
    try:
        if Path(file).name == file:
            (folder / file).unlink(missing_ok=True)
    except OSError as error:
        log.error("recording_not_deleted", file=file, why=str(error))
        return False
    return True

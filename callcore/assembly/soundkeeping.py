"""How long what callers said is kept: after its time, or with the person it tells of, the sound goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callcore.store.errors import StoreError
from callcore.store.sounds import remove_sounds
from callcore.store.voicemails import Voicemails

log = structlog.get_logger("callcore.recordings")

ROUND_SECONDS = 600.0


async def keep_sounds(
    voicemails: Voicemails, folder: Path, keep: timedelta, now: Callable[[], datetime]
) -> None:
    """For ever, and at once: an erasure that an earlier life did not finish is finished at the start."""
    while True:
        try:
            await let_go(voicemails, folder, now() - keep, now())
        except StoreError as fault:
            log.warning("recordings_not_purged", why=str(fault))
        await asyncio.sleep(ROUND_SECONDS)


async def let_go(voicemails: Voicemails, folder: Path, before: datetime, now: datetime) -> int:
    """Sounds of messages made earlier, and those of erased persons; gives how many files went. Raises
    ``StoreError``."""
    await voicemails.delete_sounds(before, now)
    return await remove_sounds(voicemails, folder)

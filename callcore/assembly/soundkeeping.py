"""How recordings are made, and how long they are kept: after its time, or with the person it tells of, the
sound goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from callcore.config import Settings
from callcore.domain import QueueName
from callcore.floor.talks import Rules
from callcore.store.errors import StoreError
from callcore.store.sounds import Sounds, remove_sounds

log = structlog.get_logger("callcore.recordings")

ROUND_SECONDS = 600.0


async def keep_sounds(kept: Mapping[Sounds, timedelta], folder: Path, now: Callable[[], datetime]) -> None:
    """``kept``: how long those of each kind are. For ever, and at once: an erasure that an earlier life did
    not finish is finished at the start."""
    while True:
        for sounds, keep in kept.items():
            try:
                await let_go(sounds, folder, now() - keep, now())
            except StoreError as fault:
                log.warning("recordings_not_purged", why=str(fault))
        await asyncio.sleep(ROUND_SECONDS)


async def let_go(sounds: Sounds, folder: Path, before: datetime, now: datetime) -> int:
    """What was made earlier, and sounds of erased persons; gives how many files went. Raises
    ``StoreError``."""
    await sounds.delete_sounds(before, now)
    return await remove_sounds(sounds, folder)


def talk_rules(settings: Settings) -> Rules:
    """Which queues record, and how."""
    asked = settings.recordings
    modes = {QueueName(queue): one.record for queue, one in settings.queues.items()}
    return Rules(modes, asked.may_refuse, timedelta(seconds=asked.pause_seconds), asked.placed)

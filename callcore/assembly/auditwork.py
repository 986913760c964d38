"""What goes on with the audit by itself: sealing it, and letting go of what is too old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.seals import LINES_A_SEAL

log = structlog.get_logger("callcore.audit")

SEAL_SECONDS = 60.0
PURGE_EVERY = 60
"""Rounds."""


async def keep_audit(database: Database, keep: timedelta, now: Callable[[], datetime]) -> None:
    """For ever."""
    round_ = 0
    while True:
        await asyncio.sleep(SEAL_SECONDS)  # one seal for all lines of that time
        round_ += 1
        try:
            while await database.seals.seal(now()) == LINES_A_SEAL:
                pass
            if round_ % PURGE_EVERY == 1:
                moment = now()
                await database.seals.purge(moment - keep, moment)
        except StoreError as fault:
            log.warning("audit_not_sealed", fault=str(fault))

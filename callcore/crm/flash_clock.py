"""The clock of flash notes: an open card shows a note from its beginning to its end (D-45)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from callcore.crm.nap import tick_for_ever
from callcore.store.errors import StoreError
from callcore.store.flashes import Flash, Flashes

log = structlog.get_logger("callcore.flashes")


class FlashClock:
    """``run`` it; ``tick`` tells what has begun or ended, and when to come again."""

    def __init__(self, flashes: Flashes, tell: Callable[[Flash], None], now: Callable[[], datetime]) -> None:
        self._flashes = flashes
        self._tell = tell
        self._now = now
        self._told_to = now()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A note was written or withdrawn."""
        self._woken.set()

    async def run(self) -> None:
        """For ever."""

        def waits(error: StoreError) -> None:
            log.warning("flash_clock_waits_for_database", error=str(error))

        await tick_for_ever(self.tick, self._woken, self._now, waits)

    async def tick(self) -> datetime | None:
        """Tell every note that turned since the last time; when the next does. Raises ``StoreError``."""
        now = self._now()
        for flash in await self._flashes.turned(self._told_to, now):
            self._tell(flash)
        self._told_to = now
        return await self._flashes.next_turn_at(now)

"""What the daemon does beside the calls: it forgets what is over, learns new phones, says that it is well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

import structlog

from callcore.calls.facts import PenaltiesKnown, PhonesKnown
from callcore.floor.clock import SteadyClock
from callcore.floor.floor import Floor
from callcore.floor.people import People
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.systemd import notify, watchdog_seconds

log = structlog.get_logger("callcore.upkeep")

HOUSEKEEPING_SECONDS = 600.0
RETIRE_FIRST_SECONDS = 3600.0
RETIRE_SECONDS = 86_400.0
"""How often old editions and prompts are looked for."""
CALLS_KEPT = timedelta(days=30)
"""How long an ended call's channel is remembered; its contact stays."""
MISSED_KEPT = timedelta(days=2)
"""Cards that nobody saw are shown for their day, wherever on earth that ends."""
CLOCK_SECONDS = 10.0
"""How often the system's clock is looked at."""
PHONES_SECONDS = 30.0
"""How soon a phone that was given to somebody is known as an operator's, and a skill in the queues."""


class Upkeep:
    """``health``: what is wrong now; systemd restarts a daemon that has not been well for long. ``retire``:
    one round of ``retention``."""

    def __init__(
        self,
        database: Database,
        clock: SteadyClock,
        people: People,
        floor: Floor,
        health: Callable[[], Sequence[str]],
        stories_kept: timedelta,
        retire: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._people = people
        self._floor = floor
        self._health = health
        self._stories_kept = stories_kept
        self._retire = retire

    def work(self) -> tuple[Coroutine[Any, Any, None], ...]:
        return (
            self._keep_house(),
            self._keep_voice(),
            self._know_phones(),
            self._follow_clock(),
            self._feed_watchdog(),
        )

    async def tell_phones(self) -> None:
        try:
            self._floor.take(PhonesKnown(await self._people.phones()))
        except StoreError as error:
            log.warning("phones_not_read", why=str(error))

    async def tell_penalties(self) -> None:
        """To the queues of everybody on shift, where his skills have changed or the topic tables."""
        try:
            self._floor.take(PenaltiesKnown(await self._people.penalties()))
        except StoreError as error:
            log.warning("skills_not_read", why=str(error))

    async def _keep_house(self) -> None:
        """What nobody waits for: forget channels, receipts, cards and stories of long ago."""
        while True:
            now = self._clock.now()
            try:
                await self._database.calls.purge_ended(now - CALLS_KEPT)
                await self._database.attempts.purge_receipts(now - CALLS_KEPT)
                await self._database.attempts.purge_usage(now - CALLS_KEPT)
                await self._database.missed_pops.purge(now - MISSED_KEPT)
                await self._database.stories.purge(now - self._stories_kept)
            except StoreError as error:
                log.warning("not_purged", why=str(error))
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def _keep_voice(self) -> None:
        """What callers heard long ago; not at the start, when there is more urgent work."""
        await asyncio.sleep(RETIRE_FIRST_SECONDS)
        while True:
            try:
                await self._retire()
            except Exception as error:  # it reads editions of any age; the calls go on whatever they hold
                log.warning("not_purged", why=str(error) or type(error).__name__)
            await asyncio.sleep(RETIRE_SECONDS)

    async def _know_phones(self) -> None:
        while True:
            await asyncio.sleep(PHONES_SECONDS)
            await self.tell_phones()
            await self.tell_penalties()

    async def _follow_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_SECONDS)
            self._clock.follow(is_idle=self._floor.is_idle)

    async def _feed_watchdog(self) -> None:
        interval = watchdog_seconds()
        while interval is not None:
            if not self._health():
                notify("WATCHDOG=1")
            await asyncio.sleep(interval)

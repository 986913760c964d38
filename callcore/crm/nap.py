"""How a clock of the record ticks, and sleeps until the next moment that it knows of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from callcore.store.errors import StoreError

LONGEST_NAP_SECONDS = 60.0
"""A clock that was set, or another process that changed something, is noticed within this."""
RETRY_SECONDS = 5.0


async def tick_for_ever(
    tick: Callable[[], Awaitable[datetime | None]],
    woken: asyncio.Event,
    now: Callable[[], datetime],
    waits: Callable[[StoreError], None],
) -> None:
    """``tick`` does what is due and says when to come again. A database that does not answer is asked again,
    and ``waits`` hears why."""
    while True:
        woken.clear()
        try:
            next_at = await tick()
        except StoreError as error:
            waits(error)
            await asyncio.sleep(RETRY_SECONDS)  # nobody tells when the database is back
            continue
        await nap(woken, next_at, now())


async def nap(woken: asyncio.Event, until: datetime | None, now: datetime) -> None:
    """Until then, until ``woken`` is set, or for the longest nap. A moment already past is tried again a
    little later."""
    seconds = LONGEST_NAP_SECONDS
    if until is not None:
        left = (until - now).total_seconds()
        seconds = min(seconds, left if left > 0 else RETRY_SECONDS)
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        pass

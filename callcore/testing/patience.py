"""How long whoever tests waits for something that must come.

No test measures by it: on a busy machine everything comes later, and a wait that ends early tells nothing.
What never comes is told after this time, in the words of who waited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 120.0
PATIENCE_MS = PATIENCE_SECONDS * 1000


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS) -> None:
    """Looks again and again: for what happens in another process, which cannot set an Event of ours.
    Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - it sets no Event of ours
            await asyncio.sleep(0.05)

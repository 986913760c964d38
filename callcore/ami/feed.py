"""Facts into the bounded inbox, in order, with back-pressure on the socket."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from callcore.ami.postmarks import Postmarks
from callcore.calls.facts import Fact
from callcore.domain import PbxName

Inbox = asyncio.Queue[tuple[float, Fact]]
"""Facts of all PBXs for the one consumer, each with the moment it happened at, of the monotonic clock; its
maxsize is the high-water mark."""


class FactFeed:
    """Puts facts into an inbox without waiting.

    When the inbox is full, facts that still come (at most those of one chunk of the socket) are kept aside
    in order, ``on_full`` is called, and ``on_room`` once all of them have gone in.
    """

    def __init__(
        self, pbx: PbxName, inbox: Inbox, on_full: Callable[[], None], on_room: Callable[[], None]
    ) -> None:
        self._pbx = pbx
        self._inbox = inbox
        self._on_full = on_full
        self._on_room = on_room
        self._postmarks = Postmarks()
        self._aside: deque[tuple[float, Fact]] = deque()
        self._pump: asyncio.Task[None] | None = None
        self.has_room = asyncio.Event()
        self.has_room.set()

    @property
    def is_full(self) -> bool:
        return not self.has_room.is_set()

    def push(self, fact: Fact, stamp: object = None) -> None:
        """``stamp``: when Asterisk says that it sent the event."""
        item = (self._postmarks.sent_at(stamp, time.monotonic()), fact)
        if not self._aside:
            try:
                self._inbox.put_nowait(item)
            except asyncio.QueueFull:
                self._aside.append(item)
                self.has_room.clear()
                self._on_full()
                self._pump = asyncio.create_task(self._drain(), name=f"ami-feed-{self._pbx}")
            return
        self._aside.append(item)

    async def _drain(self) -> None:
        while self._aside:
            await self._inbox.put(self._aside[0])
            self._aside.popleft()
        self.has_room.set()
        self._on_room()

    def close(self) -> None:
        """Gives up what is still kept aside; for the end of the process."""
        if self._pump is not None:
            self._pump.cancel()
        self._aside.clear()
        self.has_room.set()

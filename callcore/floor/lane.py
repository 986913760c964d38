"""A bounded queue with a few workers: the way on which effects leave the floor for one adapter.

``offer`` never waits, so a slow adapter never holds up the reading of events. What is to happen with an item
that finds the lane full its owner decides; the lane counts it. There is no task while nothing waits: workers
come with the first item and go with the last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger("callcore.floor")

T = TypeVar("T")


class Lane(Generic[T]):
    """``waiting``, ``under_way``, ``refused``: for the metrics, under ``name``."""

    def __init__(self, name: str, work: Callable[[T], Awaitable[None]], *, size: int, workers: int) -> None:
        """At most ``size`` items wait and ``workers`` are under way. Items begin in the order in which they
        came, up to the first thing that ``work`` waits for; with several workers they may end in another."""
        self.name = name
        self.refused = 0
        self._work = work
        self._size = size
        self._limit = workers
        self._waiting: deque[T] = deque()
        self._workers: set[asyncio.Task[None]] = set()
        self._is_full = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def under_way(self) -> int:
        """Workers that have an item or are about to take one."""
        return len(self._workers)

    def offer(self, item: T, *, size: int | None = None) -> bool:
        """True if the item will have its turn; False if ``size`` items wait already (the lane's own bound
        unless a smaller one is given, for what is worth less)."""
        if len(self._waiting) >= (self._size if size is None else size):
            self._refuse()
            return False
        self._waiting.append(item)
        if len(self._workers) < self._limit:
            worker = asyncio.create_task(self._run(), name=f"lane-{self.name}")
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return True

    async def drain(self) -> None:
        """Return when everything taken so far, and since, has had its turn."""
        while self._workers:
            await asyncio.wait(set(self._workers))

    async def _run(self) -> None:
        while self._waiting:
            item = self._waiting.popleft()
            try:
                await self._work(item)
            except Exception:
                log.exception("lane_work_failed", lane=self.name)
        self._is_full = False

    def _refuse(self) -> None:
        """Told once until the lane has been empty again: a line for each would fill the disk."""
        self.refused += 1
        if not self._is_full:
            self._is_full = True
            log.error("lane_full", lane=self.name, waiting=len(self._waiting))

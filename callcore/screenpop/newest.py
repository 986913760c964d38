"""Rows that must reach the database: the newest value of each key, written until it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Generic, TypeVar

import structlog

from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.desks")

RETRY_SECONDS = 5.0
STOP_SECONDS = 2.0
K = TypeVar("K")
V = TypeVar("V")


class Newest(Generic[K, V]):
    """Only the newest word on each key is written; nothing is held of those whose word is stored."""

    def __init__(
        self, what: str, write: Callable[[K, V], Awaitable[None]], retry_seconds: float = RETRY_SECONDS
    ) -> None:
        """``what`` names the rows in the log. ``write`` raises ``StoreError``."""
        self._what = what
        self._write = write
        self._retry_seconds = retry_seconds
        self._unwritten: dict[K, V] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def unwritten(self) -> Mapping[K, V]:
        return self._unwritten

    def put(self, key: K, value: V) -> None:
        self._unwritten[key] = value
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """What is on its way gets ``STOP_SECONDS``; what could not be written then is given up."""
        if self._task is None or self._task.done():
            return
        await asyncio.wait([self._task], timeout=STOP_SECONDS)
        if self._unwritten:
            log.warning("not_stored", what=self._what, rows=len(self._unwritten))
        self._task.cancel()

    async def _write_all(self) -> None:
        has_complained = False
        while self._unwritten:
            key, value = next(iter(self._unwritten.items()))
            try:
                await self._write(key, value)
            except StoreError as error:
                if not has_complained:
                    log.warning("not_stored_yet", what=self._what, why=str(error))
                has_complained = True
                await asyncio.sleep(self._retry_seconds)
                continue
            if self._unwritten.get(key) is value:  # there may be a newer word meanwhile
                del self._unwritten[key]

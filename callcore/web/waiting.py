"""How many callers wait in each queue and since when, on every desk: each page shows its own queues."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callcore.domain import Language, QueueName
from callcore.web.boards import Part, template
from callcore.web.deskview import LATE_SECONDS
from callcore.web.render import texts_of

EACH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class QueueNow:
    waiting: int
    since: datetime | None
    """The longest wait began then."""


class WaitingBoard:
    """See ``boards.Board``. It looks by itself: nothing tells of every caller who comes or goes."""

    name = "queues"

    def __init__(self, queues: Callable[[], Mapping[QueueName, QueueNow]]) -> None:
        self.version = 0
        self._queues = queues
        self._now: Mapping[QueueName, QueueNow] = {}
        self._told: dict[QueueName, int] = {}
        self._turned = asyncio.Event()
        self._parts: dict[tuple[int, Language], Part] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            self.look()
            await asyncio.sleep(EACH_SECONDS)

    def look(self) -> None:
        found = self._queues()
        changed = [queue for queue in {**self._now, **found} if found.get(queue) != self._now.get(queue)]
        if not changed:
            return
        self._now = found
        self.version += 1
        self._told.update(dict.fromkeys(changed, self.version))
        self._parts.clear()
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def changed(self, since: int) -> None:
        while self.version <= since:
            await self._turned.wait()

    def part(self, since: int, language: Language) -> Part:
        known = self._parts.get((since, language))
        if known is None:
            t, line = texts_of(language), template("parts/queue.html")
            rows = {
                f"waits-{queue}": line.render(t=t, queue=queue, now=self._now.get(queue), late=LATE_SECONDS)
                for queue, version in self._told.items()
                if version > since
            }
            known = self._parts[since, language] = {"rows": rows}
        return known

"""What is due when: one moment per key, however often it is set anew."""

from __future__ import annotations

import heapq
from datetime import datetime

Key = tuple[str, str]
"""Kind and name of what waits, e.g. ``("call", call id)``."""

_SLACK = 64
"""Outdated heap entries that are tolerated before the heap is made anew."""


class Deadlines:
    """A heap beside the truth: an entry of the heap that the truth no longer knows is passed over."""

    def __init__(self) -> None:
        self._at: dict[Key, datetime] = {}
        self._heap: list[tuple[datetime, Key]] = []

    def __len__(self) -> int:
        """Entries held in memory, outdated ones included."""
        return len(self._heap)

    def set(self, key: Key, at: datetime | None) -> None:
        """``key`` is due at ``at``, and no longer at any other moment; None: not at all."""
        if at is None:
            if self._at.pop(key, None) is None:
                return
        elif self._at.get(key) != at:
            self._at[key] = at
            heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [(moment, name) for name, moment in self._at.items()]
            heapq.heapify(self._heap)

    def next(self) -> datetime | None:
        """The earliest moment."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, now: datetime) -> Key | None:
        """Something that is due by ``now``; it is forgotten with that."""
        earliest = self.next()
        if earliest is None or earliest > now:
            return None
        _at, key = heapq.heappop(self._heap)
        del self._at[key]
        return key

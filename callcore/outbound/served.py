"""Calls whose rows in the journal (AstDB) have served: whoever next talks to that PBX deletes them. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

KEPT: Final = 20_000
"""For each PBX; the oldest are forgotten, their rows stay."""


class Served:
    def __init__(self) -> None:
        self._kept: dict[str, deque[str]] = {}

    def add(self, pbx: str, attempt: str) -> None:
        self._kept.setdefault(pbx, deque(maxlen=KEPT)).append(attempt)

    def take(self, pbx: str, limit: int) -> list[str]:
        """The oldest, at most ``limit``; each once."""
        kept = self._kept.get(pbx, deque())
        return [kept.popleft() for _ in range(min(limit, len(kept)))]

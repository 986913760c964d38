"""One clock for the model: aware UTC that never goes back, so that durations taken from it are true."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class SteadyClock:
    """Wall time at the start plus monotonic time since then: a step of the system's clock changes nothing
    within a call. ``adjust`` takes the wall clock over again, for a moment when no call lives."""

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._mono = time.monotonic()

    def now(self) -> datetime:
        return self._wall + timedelta(seconds=time.monotonic() - self._mono)

    def drift_seconds(self) -> float:
        """How far the wall clock has stepped away since the start or the last ``adjust``."""
        return (datetime.now(UTC) - self.now()).total_seconds()

    def adjust(self) -> None:
        self._wall = datetime.now(UTC)
        self._mono = time.monotonic()

"""One clock for the model: aware UTC that never goes back, so that durations taken from it are true."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

log = structlog.get_logger("callcore.floor")

STEP_SECONDS = 2.0
"""A clock that is set by more was wrong before; less is nobody's trouble."""


def _wall() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """Wall time at the start plus monotonic time since then: a step of the system's clock changes nothing
    within a call. ``adjust`` takes the wall clock over again, for a moment when no call lives."""

    def __init__(
        self, wall: Callable[[], datetime] = _wall, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._read_wall = wall
        self._monotonic = monotonic
        self._has_told = False
        self.adjust()

    def now(self) -> datetime:
        return self.at(self.moment())

    def moment(self) -> float:
        """Seconds of the monotonic clock."""
        return self._monotonic()

    def at(self, moment: float) -> datetime:
        """The time of a moment of the monotonic clock."""
        return self._wall + timedelta(seconds=moment - self._mono)

    def drift_seconds(self) -> float:
        """How far the wall clock has stepped away since the start or the last ``adjust``."""
        return (self._read_wall() - self.now()).total_seconds()

    def adjust(self) -> None:
        self._wall = self._read_wall()
        self._mono = self._monotonic()

    def follow(self, *, is_idle: bool) -> None:
        """To be asked now and then: takes over a wall clock that was set, or says that it waits to.

        A machine that began with a wrong time, or slept, would else date its contacts wrongly for ever.
        """
        drift = self.drift_seconds()
        if abs(drift) < STEP_SECONDS:
            self._has_told = False
        elif is_idle:
            self.adjust()
            self._has_told = False
            log.warning("clock_followed", seconds=round(drift, 1))
        elif not self._has_told:
            self._has_told = True
            log.warning("clock_waits_for_calls_to_end", seconds=round(drift, 1))

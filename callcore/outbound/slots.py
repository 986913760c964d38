"""Who may leave next through one route: its lines and its pace, in the order in which they asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from callcore.outbound.pace import Pace

LEAD_SECONDS = 0.2
"""A slot is given so long before its turn, for gate and intent to be done when that comes."""
FIGURE_SECONDS = 10

Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Figures:
    """``per_second`` is the mean of the last ten seconds; ``lines`` None: the route knows no lines."""

    per_second: float
    cap: int
    lines_busy: int
    lines: int | None


class Slots:
    """A slot is taken, then either used by ``turn`` or given back. Used, its line is busy until
    ``free_line``."""

    def __init__(
        self, per_second: int, lines: int | None, monotonic: Callable[[], float], sleep: Sleep
    ) -> None:
        self._pace = Pace(per_second, monotonic())
        self._lines = lines
        self._monotonic = monotonic
        self._sleep = sleep
        self._busy = 0
        self._granted = 0
        """Slots given whose turn has not come."""
        self._door = asyncio.Lock()
        self._turnstile = asyncio.Lock()
        self._freed = asyncio.Event()
        self._left: deque[float] = deque(maxlen=per_second * FIGURE_SECONDS)

    async def take(self) -> None:
        async with self._door:
            while (seconds := self._seconds_to_slot()) != 0:
                if seconds is None:
                    self._freed.clear()
                    await self._freed.wait()
                else:
                    await self._sleep(seconds)
            self._granted += 1
            self._busy += 1

    def _seconds_to_slot(self) -> float | None:
        """None: until a line is free."""
        if self._lines is not None and self._busy >= self._lines:
            return None
        return max(0.0, self._pace.forecast_seconds(self._monotonic(), self._granted) - LEAD_SECONDS)

    def give_back(self) -> None:
        if not self._granted:
            raise RuntimeError("a slot is given back that nobody took")
        self._granted -= 1
        self.free_line()

    async def turn(self, *, is_repeat: bool = False) -> None:
        """Returns when the moment has come: what leaves does so before anything else is awaited.

        ``is_repeat``: the slot was used, and what was sent has not been taken.
        """
        async with self._turnstile:
            while (seconds := self._pace.wait_seconds(self._monotonic())) > 0:
                await self._sleep(seconds)
            now = self._monotonic()
            self._pace.take(now)
            self._left.append(now)
            if not is_repeat:
                self._granted -= 1

    def hold(self, seconds: float) -> None:
        """Nothing leaves for so long."""
        self._pace.hold(self._monotonic() + seconds)

    def hold_line(self) -> None:
        """A call of an earlier run is on it."""
        self._busy += 1

    def free_line(self) -> None:
        self._busy -= 1
        self._freed.set()

    def figures(self) -> Figures:
        since = self._monotonic() - FIGURE_SECONDS
        recent = sum(1 for at in self._left if at > since)
        return Figures(recent / FIGURE_SECONDS, self._pace.per_second, self._busy, self._lines)

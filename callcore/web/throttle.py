"""Slowing down those who guess passwords. Pure: moments come in as monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    free: int
    """Wrong tries before any delay."""
    first_seconds: float
    longest_seconds: float
    forget_seconds: float
    """After so long without a wrong try everything is forgiven."""


LOGIN_PACE = Pace(free=5, first_seconds=1.0, longest_seconds=60.0, forget_seconds=900.0)
"""Never longer than a minute: whoever guesses at a colleague's password must not keep him out for long."""
ADDRESS_PACE = Pace(free=20, first_seconds=1.0, longest_seconds=60.0, forget_seconds=3600.0)
"""Later: a whole office may share one address, and must not be kept out for long by one of its machines."""


@dataclass(slots=True)
class _Record:
    wrong: int
    last: float


class Throttle:
    """Counts wrong tries per key; each one past the free ones doubles the delay.

    Holds at most ``room`` keys, the least recently wrong one goes first.
    """

    def __init__(self, pace: Pace, room: int = 10_000) -> None:
        self._pace = pace
        self._room = room
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def delay(self, key: str, now: float) -> float:
        """Seconds until the next try is listened to; 0 at once."""
        record = self._records.get(key)
        if record is None or now - record.last >= self._pace.forget_seconds:
            return 0.0
        over = record.wrong - self._pace.free
        if over <= 0:
            return 0.0
        # The exponent is capped so that a long attack does not overflow a float.
        pause = min(self._pace.longest_seconds, self._pace.first_seconds * 2.0 ** min(over - 1, 30))
        return max(0.0, record.last + pause - now)

    def wrong(self, key: str, now: float) -> None:
        """A try failed. Count it before the answer is known, so that tries at once are counted too."""
        record = self._records.pop(key, None)
        if record is None or now - record.last >= self._pace.forget_seconds:
            record = _Record(0, now)
        record.wrong += 1
        record.last = now
        self._records[key] = record
        while len(self._records) > self._room:
            self._records.popitem(last=False)

    def take_back(self, key: str) -> None:
        """The try that was counted last turned out to be right."""
        record = self._records.get(key)
        if record is not None:
            record.wrong -= 1
            if record.wrong <= 0:
                del self._records[key]

    def forgive(self, key: str) -> None:
        """Forget everything about the key."""
        self._records.pop(key, None)

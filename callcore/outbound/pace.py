"""So many in every rolling second, and not one more. Pure: time is an argument, in monotonic seconds.

The k-th send leaves at least a second and a guard after the (k-N)-th *really* left. Nothing else is needed
for the cap to hold in every window of a second, wherever it begins; the guard is for those who count at the
other end of a wire. A send that was late delays only the one N places after it, and those between may
follow closely: that is how lost time is caught up. They keep half the regular distance, so that no burst of
N comes at once.
"""

from __future__ import annotations

from collections import deque

GUARD_SECONDS = 0.012
"""Between the second and the time to the N-th send before: jitter on the way to whom the cap is promised.
With it 98.8 % of the cap can be used, which leaves 0.8 % for late wake-ups."""
_PERIOD = 1.0 + GUARD_SECONDS
_SMOOTH_UP_TO = 50
"""Beyond that the distance between two sends is less than a timer can tell."""


class Pace:
    """One for each route, shared by all that goes through it."""

    def __init__(self, per_second: int, started: float) -> None:
        """The second before ``started`` counts as full: another process may have sent in it."""
        if per_second < 1:
            raise ValueError("a pace needs at least one per second")
        self.per_second = per_second
        self._sent = deque((started + i / per_second for i in range(per_second)), maxlen=per_second)
        self._distance = 0.5 / per_second if per_second <= _SMOOTH_UP_TO else 0.0
        self._held_until = started

    def wait_seconds(self, now: float) -> float:
        """How long until the next may leave; 0: now."""
        return max(0.0, self._next_at(self._sent[0], self._sent[-1]) - now)

    def forecast_seconds(self, now: float, ahead: int) -> float:
        """How long until one may leave that has ``ahead`` others before it."""
        sent = list(self._sent)
        at = now
        for i in range(ahead + 1):
            at = max(now, self._next_at(sent[i], sent[-1]))
            sent.append(at)
        return at - now

    def take(self, now: float) -> None:
        """One leaves at this very moment; ``wait_seconds`` was 0."""
        self._sent.append(now)

    def hold(self, until: float) -> None:
        """Nothing leaves before that: the other side said it is too fast."""
        self._held_until = max(self._held_until, until)

    def _next_at(self, nth_before: float, last: float) -> float:
        return max(nth_before + _PERIOD, last + self._distance, self._held_until)

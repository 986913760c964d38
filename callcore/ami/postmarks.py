"""When Asterisk sent what was read: its own word for it, on our clock.

An event is read late when this process, or the machine, has much to do; talk time taken at the reading would
be wrong by as much. With ``timestampevents=yes`` each event bears Asterisk's time. Its clock may be set
otherwise than ours: the smallest difference of late stands for that, and what an event has above it is its
delay.
"""

from __future__ import annotations

import math
from typing import Final

WINDOW_SECONDS: Final = 60.0
"""A difference that only an older event had is no longer believed: clocks are set, and drift."""
MOST_SECONDS: Final = 30.0
"""No event is dated back by more, whatever its clock says."""


class Postmarks:
    """Of one link. Seconds of our own side are those of the monotonic clock."""

    def __init__(self) -> None:
        self._since = -math.inf
        self._least = self._least_before = math.inf

    def sent_at(self, stamp: object, read_at: float) -> float:
        """``stamp``: the header ``Timestamp``, seconds since 1970. Without one: the moment of the reading."""
        seconds = _seconds(stamp)
        if seconds is None:
            return read_at
        difference = read_at - seconds
        if read_at - self._since >= WINDOW_SECONDS:
            self._since, self._least_before, self._least = read_at, self._least, math.inf
        self._least = min(self._least, difference)
        late = difference - min(self._least, self._least_before)
        return read_at - min(late, MOST_SECONDS)


def _seconds(stamp: object) -> float | None:
    try:
        seconds = float(stamp) if isinstance(stamp, str) else math.nan
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None

"""The house's own PIN, by which callers switch emergency announcements (``ivr.staff_pin_env``)."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

import structlog

from callcore.web.throttle import Pace, Throttle

log = structlog.get_logger("callcore.ivr")

PACE = Pace(free=10, first_seconds=1.0, longest_seconds=60.0, forget_seconds=900.0)
"""Of all callers together: whoever guesses calls again and again, and a number is easily changed."""
_ALL = "all callers"


class StaffPin:
    """``pin``: the one that holds now, "" where nobody has one."""

    def __init__(self, pin: Callable[[], str], monotonic: Callable[[], float]) -> None:
        self._pin = pin
        self._monotonic = monotonic
        self._tries = Throttle(PACE)

    def is_right(self, typed: str) -> bool:
        """Too soon after too many wrong ones no PIN is right; each wrong one is told in the log."""
        now = self._monotonic()
        if self._tries.delay(_ALL, now) > 0:
            log.warning("staff_pin_refused", why="too many wrong ones")
            return False
        pin = self._pin()
        if pin and compare_digest(typed.encode(), pin.encode()):
            self._tries.forgive(_ALL)
            return True
        self._tries.wrong(_ALL, now)
        log.warning("staff_pin_refused", why="wrong")
        return False

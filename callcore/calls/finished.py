"""Memory of calls that are over."""

from __future__ import annotations

from datetime import datetime, timedelta

from callcore.domain import CallId, ChannelRef

FINISHED = timedelta(minutes=10)
"""How long a finished call is remembered: operators' channels that carry its id may outlive it."""


class Finished(dict[CallId | ChannelRef, datetime]):
    """Calls that are over and their callers' channels, the oldest first."""

    def add(self, call: CallId, channel: ChannelRef, now: datetime) -> None:
        for name in (call, channel):
            self.pop(name, None)
            self[name] = now
        self.forget_old(now)

    def forget_old(self, now: datetime) -> None:
        while self:
            oldest = next(iter(self))
            if now - self[oldest] <= FINISHED:
                return
            del self[oldest]

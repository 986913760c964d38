"""Quiet hours by the wall clock of the recipient. Pure.

The wall clock decides: where a clock is put back, a time of day that happens twice is quiet both times or
neither; an end of the quiet hours that a spring night skips counts from the first moment after the gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = 4
"""A zone may skip a whole day (Samoa 2011), and the first day looked at is yesterday."""
_ONE_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


class UnknownZone(ValueError):
    """There is no such time zone."""


def zone_of(name: str) -> ZoneInfo:
    """Raises UnknownZone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begins`` until before ``ends``, over midnight if ``ends`` is earlier, always if they are
    equal."""

    begins: time
    ends: time
    zone: ZoneInfo

    def at(self, moment: datetime) -> bool:
        """Is it quiet at this (aware) moment?"""
        clock = moment.astimezone(self.zone).time()
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def next_change(self, since: datetime) -> datetime | None:
        """The first moment from ``since`` on at which it is not as at ``since`` (UTC); None: it never
        changes."""
        now = self.at(since)
        first = since.astimezone(self.zone).date() - _ONE_DAY
        moments = sorted(m for n in range(_DAYS + 1) for m in self._candidates(first + n * _ONE_DAY))
        return next((moment for moment in moments if moment > since and self.at(moment) != now), None)

    def _candidates(self, day: date) -> Iterator[datetime]:
        """Every moment of a local date at which it may change."""
        for clock in (self.begins, self.ends):
            for fold in (0, 1):
                yield datetime.combine(day, clock, self.zone).replace(fold=fold).astimezone(UTC)
        start = datetime.combine(day, time.min, self.zone).astimezone(UTC)
        end = datetime.combine(day + _ONE_DAY, time.min, self.zone).astimezone(UTC)
        if self._offset(start) != self._offset(end):
            yield self._transition(start, end)

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self.zone).utcoffset()

    def _transition(self, low: datetime, high: datetime) -> datetime:
        """The second at which the zone's offset changes between two moments."""
        before = self._offset(low)
        while high - low > _SECOND:
            middle = low + (high - low) // 2
            middle -= timedelta(microseconds=middle.microsecond)
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        return high

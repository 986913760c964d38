"""Quiet hours by the wall clock and the calendar of the recipient. Pure.

The wall clock decides: where a clock is put back, a time of day that happens twice is quiet both times or
neither; an end of the quiet hours that a spring night skips counts from the first moment after the gap.
The date decides, too: a day off has its own hours from its midnight to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = 4
"""A zone may skip a whole day (Samoa 2011), and the first day looked at is yesterday."""
_MONTH, _YEAR = 35, 370
"""Days looked at where nothing changes so soon."""
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
class Span:
    """From ``begins`` until before ``ends``; both its morning and its evening if ``ends`` is earlier, the
    whole day if they are equal."""

    begins: time
    ends: time

    def holds(self, clock: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}–{self.ends:%H:%M}"


@dataclass(frozen=True, slots=True)
class DaysOff:
    """Hours of their own on days off, None: not quiet. ``holidays``: public holidays and days off moved;
    ``workdays``: days of a weekend on which people work."""

    on_weekend: Span | None
    on_holiday: Span | None
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset((5, 6))
    """Weekdays, Monday 0."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """``usual``: on every day without hours of its own; None: not quiet then."""

    usual: Span | None
    zone: ZoneInfo
    days_off: DaysOff | None = None

    def span_on(self, day: date) -> Span | None:
        off = self.days_off
        if off is None or day in off.workdays:
            return self.usual
        if day in off.holidays:
            return off.on_holiday
        return off.on_weekend if day.weekday() in off.weekend else self.usual

    def at(self, moment: datetime) -> bool:
        """Is it quiet at this (aware) moment?"""
        local = moment.astimezone(self.zone)
        span = self.span_on(local.date())
        return span is not None and span.holds(local.time())

    def next_change(self, since: datetime) -> datetime | None:
        """The first moment from ``since`` on at which it is not as at ``since`` (UTC); None: not within a
        year."""
        if self._never_changes:
            return None
        now = self.at(since)
        first = since.astimezone(self.zone).date() - _ONE_DAY
        for days in (_DAYS,) if self.days_off is None else (_DAYS, _MONTH, _YEAR):
            dates = (first + n * _ONE_DAY for n in range(days + 1))
            moments = sorted(moment for day in dates for moment in self._candidates(day))
            # the last day's own may not be in order with those of the day after it
            horizon = moments[-1] - _ONE_DAY
            for moment in moments:
                if since < moment <= horizon and self.at(moment) != now:
                    return moment
        return None

    @property
    def _never_changes(self) -> bool:
        off = self.days_off
        spans = {self.usual, *((off.on_weekend, off.on_holiday) if off else ())}
        is_whole = {span is not None and span.begins == span.ends for span in spans}
        return spans == {None} or is_whole == {True}

    def _candidates(self, day: date) -> Iterator[datetime]:
        """Every moment of a local date at which it may change."""
        span = self.span_on(day)
        clocks = {time.min} if span is None else {time.min, span.begins, span.ends}
        for clock in clocks:
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


def first_quiet(several: Iterable[QuietHours], moment: datetime) -> QuietHours | None:
    """Quiet in one place is quiet."""
    return next((hours for hours in several if hours.at(moment)), None)


def free_from(several: Iterable[QuietHours], since: datetime) -> datetime | None:
    """The first moment from ``since`` on at which none of them is quiet; None: not within a month."""
    places, moment = tuple(several), since
    limit = since + _MONTH * _ONE_DAY
    while (quiet := first_quiet(places, moment)) is not None:
        change = quiet.next_change(moment)
        if change is None or change > limit:
            return None
        moment = change
    return moment

"""Is somebody there at this moment, and if not, when again.

Wall time decides: a clock that is put back makes an hour happen twice, and what is open at 01:30 is open at
both; an opening time that a spring night skips counts from the first minute after the gap.
Public holidays and moved working days come from the ``holidays`` package: pure data for a year and country.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from callcore.domain import Text
from callcore.routing.timetable import MINUTES_A_DAY, Hours, Spans

if TYPE_CHECKING:
    from holidays import HolidayBase

SEARCH_DAYS = 370
ONE_DAY = timedelta(days=1)


class DayKind(StrEnum):
    """Why a day has the hours it has."""

    weekly = "weekly"
    special = "special"
    holiday = "holiday"
    moved_workday = "moved_workday"


@dataclass(frozen=True, slots=True)
class Day:
    """The hours of one date, and why."""

    date: date
    kind: DayKind
    spans: Spans
    why: Text
    """The holiday's name or the file's reason; empty for an ordinary day."""


@lru_cache(maxsize=512)
def _calendar(country: str, year: int, language: str | None) -> HolidayBase:
    import holidays  # slow to import (0.2 s), and not needed where no table names a country

    return holidays.country_holidays(country, years=year, language=language)


def _speaks(country: str, language: str) -> str | None:
    """The name under which the package has a country's holidays in our language."""
    known = _calendar(country, 2026, None).supported_languages
    return next((name for name in known if name.split("_")[0] == language), None)


@lru_cache(maxsize=4096)
def _national(country: str, day: date) -> tuple[DayKind, Text]:
    """What a country's calendar says of a date."""
    calendar = _calendar(country, day.year, None)
    if day in calendar:
        names = [
            _calendar(country, day.year, _speaks(country, language)).get(day, "") for language in ("ru", "en")
        ]
        return DayKind.holiday, Text(*names)
    if calendar.is_weekend(day) and calendar.is_working_day(day):
        return DayKind.moved_workday, Text("", "")
    return DayKind.weekly, Text("", "")


def national_days(
    country: str, years: Iterable[int]
) -> tuple[frozenset[date], frozenset[date], frozenset[int]]:
    """A country's public holidays and days off moved, the days of weekends on which people work, and its
    weekend (Monday 0)."""
    off: set[date] = set()
    working: set[date] = set()
    weekend: frozenset[int] = frozenset()
    for year in years:
        calendar = _calendar(country, year, None)
        weekend = frozenset(calendar.weekend)
        off.update(calendar)
        first = date(year, 1, 1)
        days = (first + n * ONE_DAY for n in range((date(year + 1, 1, 1) - first).days))
        working.update(day for day in days if day.weekday() in weekend and calendar.is_working_day(day))
    return frozenset(off), frozenset(working), weekend


def day_of(hours: Hours, day: date) -> Day:
    """Which hours hold on a date: the file's own exceptions first, then public holidays, then the week."""
    usual = hours.weekly[day.weekday()]
    for special in hours.special:
        if special.day == day:
            return Day(day, DayKind.special, usual if special.spans is None else special.spans, special.why)
    kind, why = _national(hours.country, day) if hours.country else (DayKind.weekly, Text("", ""))
    match kind:
        case DayKind.holiday:
            return Day(day, kind, usual if hours.on_holiday is None else hours.on_holiday, why)
        case DayKind.moved_workday:
            return Day(day, kind, usual if hours.on_moved_workday is None else hours.on_moved_workday, why)
        case DayKind.weekly:
            return Day(day, kind, usual, why)
        case DayKind.special:  # pragma: no cover - a country's calendar has none
            raise AssertionError(kind)
        case _:  # pragma: no cover
            assert_never(kind)


def is_open(hours: Hours, at: datetime) -> bool:
    """Is somebody there at ``at`` (aware)?"""
    return open_day(hours, at) is not None


def open_day(hours: Hours, at: datetime) -> Day | None:
    """The day whose hours hold ``at`` open: its own, or the one before if that runs past midnight."""
    local = at.astimezone(hours.zone)
    minute = local.hour * 60 + local.minute
    today = day_of(hours, local.date())
    if any(span.opens <= minute < span.closes for span in today.spans):
        return today
    if local.date() == date.min:
        return None
    before = day_of(hours, local.date() - ONE_DAY)
    if any(minute + MINUTES_A_DAY < span.closes for span in before.spans):
        return before
    return None


def next_open_at(hours: Hours, at: datetime) -> datetime | None:
    """The first moment from ``at`` on at which somebody is there (UTC).

    ``at`` itself if it is open then; None if nobody comes within 370 days.
    """
    if is_open(hours, at):
        return at.astimezone(UTC)
    first = at.astimezone(hours.zone).date()
    for offset in range(SEARCH_DAYS):
        try:
            moments = sorted(_candidates(hours, first + timedelta(days=offset)))
        except OverflowError:  # the end of the calendar, year 9999
            return None
        for moment in moments:
            if moment >= at and is_open(hours, moment):
                return moment
    return None


def _candidates(hours: Hours, day: date) -> Iterator[datetime]:
    """Every moment of a local date at which closed may become open, in UTC."""
    midnight = datetime.combine(day, time.min, hours.zone)
    for span in day_of(hours, day).spans:
        for fold in (0, 1):
            opens = midnight + timedelta(minutes=span.opens)
            yield opens.replace(fold=fold).astimezone(UTC)
    start, end = midnight.astimezone(UTC), (midnight + ONE_DAY).astimezone(UTC)
    if _offset(hours, start) != _offset(hours, end):
        yield _transition(hours, start, end)


def _offset(hours: Hours, moment: datetime) -> timedelta | None:
    return moment.astimezone(hours.zone).utcoffset()


def _transition(hours: Hours, low: datetime, high: datetime) -> datetime:
    """The second at which the zone's offset changes between two moments."""
    before = _offset(hours, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if _offset(hours, middle) == before:
            low = middle
        else:
            high = middle
    return high

"""Opening times as values (wall time of a zone), for tables, departments and rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from callcore.domain import Text

MINUTES_A_DAY = 1440


@dataclass(frozen=True, slots=True)
class Span:
    """Open from ``opens`` until just before ``closes``, in minutes of wall time since the day's midnight.

    ``closes`` may lie past midnight (over 1440), at most one day after ``opens``. A span belongs to the day
    on which it opens: a holiday does not cut off the evening before it.
    """

    opens: int
    closes: int

    def __str__(self) -> str:
        over = "+1" if self.closes > MINUTES_A_DAY else ""
        closes = self.closes - MINUTES_A_DAY if over else self.closes
        return f"{clock(self.opens)}–{clock(closes)}{over}"


Spans = tuple[Span, ...]
"""Opening times of one day in order; empty: closed."""

ALL_DAY: Spans = (Span(0, MINUTES_A_DAY),)


def clock(minutes: int) -> str:
    """``545`` as ``09:05``."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date on which other hours hold; ``spans`` None: the usual ones, even on a public holiday."""

    day: date
    spans: Spans | None
    why: Text


@dataclass(frozen=True, slots=True)
class Hours:
    """When a table's people are there; all times are wall time in ``zone``."""

    zone: ZoneInfo
    weekly: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    """Monday first."""
    country: str | None = None
    """Whose public holidays count (ISO 3166, e.g. ``RU``); None: nobody's."""
    on_holiday: Spans | None = ()
    """Hours on a public holiday; None: the usual ones of that weekday."""
    on_moved_workday: Spans | None = None
    """Hours on a weekend day that was made a working day; None: the usual ones of that weekday."""
    special: tuple[SpecialDay, ...] = ()

    @property
    def is_always_open(self) -> bool:
        """Round the clock, every day of the year."""
        return all(spans == ALL_DAY for spans in self.weekly) and self.country is None and not self.special

    @property
    def is_never_open(self) -> bool:
        """No week and no special day has an hour."""
        days = [*self.weekly, self.on_holiday, self.on_moved_workday, *(each.spans for each in self.special)]
        return not any(days)

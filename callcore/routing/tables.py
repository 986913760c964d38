"""The switching table as values: which topics a department takes, when, and in which queue (D-14, D-20)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from callcore.domain import QueueName, Text, TopicCode

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


@dataclass(frozen=True, slots=True)
class Topic:
    code: TopicCode
    title: Text
    queue: QueueName
    key: str | None = None
    """Digit in the table's menu; None: not offered to callers."""
    say: Text | None = None
    """What the menu says before "press …"."""


@dataclass(frozen=True, slots=True)
class TopicTable:
    """One department's row of the switching table."""

    code: str
    title: Text
    hours: Hours
    closed: Text
    """Said when nobody is there."""
    topics: tuple[Topic, ...]
    key: str | None = None
    say: Text | None = None

    @property
    def keyed_topics(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in self.topics if topic.key is not None)


class UnknownTopic(LookupError):
    """No table has a topic of this code."""


@dataclass(frozen=True, slots=True)
class TopicTables:
    """All tables, in the order of their files' names."""

    tables: tuple[TopicTable, ...]
    default_topic: TopicCode
    """Where a caller goes who chooses nothing."""

    def __iter__(self) -> Iterator[TopicTable]:
        return iter(self.tables)

    def find(self, code: str) -> tuple[TopicTable, Topic]:
        """The topic and its table; raises UnknownTopic."""
        for table in self.tables:
            for topic in table.topics:
                if topic.code == code:
                    return table, topic
        raise UnknownTopic(code)

    @property
    def topics(self) -> tuple[Topic, ...]:
        return tuple(topic for table in self.tables for topic in table.topics)

    @property
    def queues(self) -> tuple[QueueName, ...]:
        """Every queue that a topic leads to, once, in order."""
        return tuple(dict.fromkeys(topic.queue for topic in self.topics))

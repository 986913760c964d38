"""Where a call goes, and why: topic + customer + moment -> Route."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, assert_never

from callcore.domain import Customer, QueueName, Text, TopicCode
from callcore.routing.hours import Day, DayKind, day_of, next_open_at, open_day
from callcore.routing.tables import Hours, Topic, TopicTable, TopicTables

WEEKDAYS = (
    Text("понедельник", "Monday"),
    Text("вторник", "Tuesday"),
    Text("среда", "Wednesday"),
    Text("четверг", "Thursday"),
    Text("пятница", "Friday"),
    Text("суббота", "Saturday"),
    Text("воскресенье", "Sunday"),
)


@dataclass(frozen=True, slots=True)
class ToQueue:
    queue: QueueName


@dataclass(frozen=True, slots=True)
class Closed:
    announcement: Text
    next_open_at: datetime | None
    """Aware UTC; None if nobody comes within a year."""


Target = ToQueue | Closed


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that was looked at: which, with which values, and whether it held."""

    rule: Literal["topic", "day", "hours", "target"]
    text: Text
    matched: bool


@dataclass(frozen=True, slots=True)
class Route:
    topic: TopicCode
    table: str
    target: Target
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """Stable short name for logs and records, e.g. ``finance.recalculation/queue``."""
        return f"{self.topic}/{'queue' if isinstance(self.target, ToQueue) else 'closed'}"

    @property
    def reason(self) -> Text:
        """All steps as one paragraph."""
        return Text(
            " ".join(step.text.ru for step in self.steps), " ".join(step.text.en for step in self.steps)
        )


def decide(tables: TopicTables, topic: TopicCode, at: datetime, customer: Customer | None) -> Route:
    """Where a caller with this topic goes at ``at`` (aware).

    ``customer`` is None for an unknown caller; no rule of today's tables asks for him yet.
    Raises UnknownTopic: topics are our own words, a caller can only choose among them.
    """
    table, row = tables.find(topic)
    steps = [_topic_step(table, row)]
    hours = table.hours
    day = open_day(hours, at)
    today = day_of(hours, at.astimezone(hours.zone).date())
    if today.kind is not DayKind.weekly:
        steps.append(_day_step(today))
    steps.append(_hours_step(hours, at, today, day))
    target: Target = ToQueue(row.queue) if day else Closed(table.closed, next_open_at(hours, at))
    steps.append(_target_step(hours, target))
    return Route(row.code, table.code, target, tuple(steps))


def _topic_step(table: TopicTable, topic: Topic) -> Step:
    return Step(
        "topic",
        Text(
            f"Тема {topic.code} («{topic.title.ru}») — в таблице {table.code} («{table.title.ru}»).",
            f'Topic {topic.code} ("{topic.title.en}") is in table {table.code} ("{table.title.en}").',
        ),
        matched=True,
    )


def _day_step(day: Day) -> Step:
    match day.kind:
        case DayKind.holiday:
            kind = Text("нерабочий праздничный день", "a public holiday")
        case DayKind.moved_workday:
            kind = Text("выходной, ставший рабочим", "a weekend day made a working day")
        case DayKind.special:
            kind = Text("особый день", "a special day")
        case DayKind.weekly:  # pragma: no cover - not a step
            kind = Text("обычный день", "an ordinary day")
        case _:  # pragma: no cover
            assert_never(day.kind)
    return Step(
        "day",
        Text(
            f"{day.date:%d.%m.%Y} — {kind.ru}{_why(day.why.ru)}: {shown_spans(day).ru}.",
            f"{day.date} is {kind.en}{_why(day.why.en)}: {shown_spans(day).en}.",
        ),
        matched=True,
    )


def _why(text: str) -> str:
    return f" ({text})" if text else ""


def _hours_step(hours: Hours, at: datetime, today: Day, opened_by: Day | None) -> Step:
    local = at.astimezone(hours.zone)
    weekday = WEEKDAYS[local.weekday()]
    day, since = opened_by or today, Text("", "")
    if opened_by is not None and opened_by.date != today.date:
        since = Text(" со вчерашнего дня", " since the day before")
    verdict = Text("открыто", "open") if opened_by else Text("закрыто", "closed")
    return Step(
        "hours",
        Text(
            f"Сейчас {local:%d.%m.%Y %H:%M}, {weekday.ru}, {hours.zone.key}; "
            f"часы{since.ru}: {shown_spans(day).ru} — {verdict.ru}.",
            f"It is {weekday.en} {local:%Y-%m-%d %H:%M} in {hours.zone.key}; "
            f"hours{since.en}: {shown_spans(day).en}: {verdict.en}.",
        ),
        matched=opened_by is not None,
    )


def shown_spans(day: Day) -> Text:
    """Hours of a day in words: ``09:00–21:00``, ``closed``, ``round the clock``."""
    if not day.spans:
        return Text("закрыто", "closed")
    if sum(span.closes - span.opens for span in day.spans) == 1440:
        return Text("круглосуточно", "round the clock")
    spans = ", ".join(map(str, day.spans))
    return Text(spans, spans)


def _target_step(hours: Hours, target: Target) -> Step:
    match target:
        case ToQueue(queue):
            text = Text(f"В очередь {queue}.", f"To queue {queue}.")
        case Closed(next_open_at=None):
            text = Text(
                "Объявление «закрыто»; в ближайший год никто не ответит.",
                "The closed announcement; nobody is there within a year.",
            )
        case Closed(next_open_at=moment):
            assert moment is not None
            local = moment.astimezone(hours.zone)
            text = Text(
                f"Объявление «закрыто»; снова открыто {local:%d.%m.%Y %H:%M}.",
                f"The closed announcement; open again {local:%Y-%m-%d %H:%M}.",
            )
        case _:  # pragma: no cover
            assert_never(target)
    return Step("target", text, matched=True)

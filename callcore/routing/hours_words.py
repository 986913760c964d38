"""Opening times in words, for explanations."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from callcore.domain import Text
from callcore.routing.hours import Day, DayKind
from callcore.routing.timetable import Hours

WEEKDAYS = (
    Text("понедельник", "Monday"),
    Text("вторник", "Tuesday"),
    Text("среда", "Wednesday"),
    Text("четверг", "Thursday"),
    Text("пятница", "Friday"),
    Text("суббота", "Saturday"),
    Text("воскресенье", "Sunday"),
)


def day_words(day: Day) -> Text:
    """Why a day is not an ordinary one, and its hours."""
    match day.kind:
        case DayKind.holiday:
            kind = Text("нерабочий праздничный день", "a public holiday")
        case DayKind.moved_workday:
            kind = Text("выходной, ставший рабочим", "a weekend day made a working day")
        case DayKind.special:
            kind = Text("особый день", "a special day")
        case DayKind.weekly:
            kind = Text("обычный день", "an ordinary day")
        case _:  # pragma: no cover
            assert_never(day.kind)
    return Text(
        f"{day.date:%d.%m.%Y} — {kind.ru}{_why(day.why.ru)}: {spans_words(day).ru}.",
        f"{day.date} is {kind.en}{_why(day.why.en)}: {spans_words(day).en}.",
    )


def _why(text: str) -> str:
    return f" ({text})" if text else ""


def hours_words(hours: Hours, at: datetime, today: Day, opened_by: Day | None) -> Text:
    """What time it is there, and whether that is within the hours. ``opened_by``: whose hours hold."""
    local = at.astimezone(hours.zone)
    weekday = WEEKDAYS[local.weekday()]
    day, since = opened_by or today, Text("", "")
    if opened_by is not None and opened_by.date != today.date:
        since = Text(" со вчерашнего дня", " since the day before")
    verdict = Text("открыто", "open") if opened_by else Text("закрыто", "closed")
    if not day.spans:  # "hours: closed: closed" would tell nobody anything
        return Text(
            f"Сейчас {local:%d.%m.%Y %H:%M}, {weekday.ru}, {hours.zone.key}: закрыто весь день.",
            f"It is {weekday.en} {local:%Y-%m-%d %H:%M} in {hours.zone.key}: closed all day.",
        )
    return Text(
        f"Сейчас {local:%d.%m.%Y %H:%M}, {weekday.ru}, {hours.zone.key}; "
        f"часы{since.ru}: {spans_words(day).ru} — {verdict.ru}.",
        f"It is {weekday.en} {local:%Y-%m-%d %H:%M} in {hours.zone.key}; "
        f"hours{since.en}: {spans_words(day).en}: {verdict.en}.",
    )


def spans_words(day: Day) -> Text:
    """Hours of a day in words: ``09:00–21:00``, ``closed``, ``round the clock``."""
    if not day.spans:
        return Text("закрыто", "closed")
    if sum(span.closes - span.opens for span in day.spans) == 1440:
        return Text("круглосуточно", "round the clock")
    spans = ", ".join(map(str, day.spans))
    return Text(spans, spans)


def reopening_words(hours: Hours, moment: datetime | None) -> Text:
    if moment is None:
        return Text("В ближайший год никто не ответит.", "Nobody is there within a year.")
    local = moment.astimezone(hours.zone)
    return Text(f"Снова открыто {local:%d.%m.%Y %H:%M}.", f"Open again {local:%Y-%m-%d %H:%M}.")

"""Opening times in a file: their shape, and how they become ``Hours``.

Hours of a day are written ``09:00-18:00``, a list of such, ``20:00-02:00+1`` where they end on the next day,
``closed``, ``always`` (the whole day), or the name of a weekday whose hours hold.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator

from callcore.domain import Text
from callcore.routing.timetable import ALL_DAY, MINUTES_A_DAY, Hours, Span, Spans, SpecialDay
from callcore.strictyaml.fields import Bilingual, Model, shown, wrong

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

HOURS_REMEDY = Text(
    "Напишите, например, 09:00-18:00, [09:00-13:00, 14:00-18:00], 20:00-02:00+1 (до 2 часов следующего дня), "
    "closed или always.",
    "Write for example 09:00-18:00, [09:00-13:00, 14:00-18:00], 20:00-02:00+1 (until 2 on the next day), "
    "closed or always.",
)


def _span(text: object) -> Span:
    match = (
        re.fullmatch(r"(\d\d?):(\d\d) ?[-–] ?(\d\d?):(\d\d)( ?\+1)?", text, re.ASCII)
        if isinstance(text, str)
        else None
    )
    if match is None:
        raise wrong(
            Text(f"{shown(text, 'ru')} — не часы работы.", f"{shown(text)} are not hours."), HOURS_REMEDY
        )
    h1, m1, h2, m2 = (int(part) for part in match.groups()[:4])
    opens, closes = h1 * 60 + m1, h2 * 60 + m2
    if m1 > 59 or m2 > 59 or opens >= MINUTES_A_DAY or closes > MINUTES_A_DAY:
        raise wrong(
            Text(f"Такого времени нет: {shown(text, 'ru')}.", f"There is no such time: {shown(text)}."),
            Text("Часы от 00:00 до 24:00.", "Times run from 00:00 to 24:00."),
        )
    if match[5]:
        closes += MINUTES_A_DAY
        if closes > opens + MINUTES_A_DAY:
            raise wrong(
                Text(f"{shown(text, 'ru')} длиннее суток.", f"{shown(text)} is longer than a day."),
                Text("Уберите +1.", "Leave out the +1."),
            )
    elif closes <= opens:
        raise wrong(
            Text(f"{shown(text, 'ru')}: конец раньше начала.", f"{shown(text)} ends before it begins."),
            Text(
                "Поменяйте местами или, если это за полночь, допишите +1 (например 20:00-02:00+1).",
                "Swap them, or if it runs past midnight append +1 (such as 20:00-02:00+1).",
            ),
        )
    return Span(opens, closes)


def _day_hours(value: object) -> Spans | str:
    """Spans, or the name of a weekday, or ``open`` (the usual hours)."""
    if value == "closed":
        return ()
    if value == "always":
        return ALL_DAY
    if isinstance(value, str) and value in (*WEEKDAYS, "open"):
        return value
    items = value if isinstance(value, list) and value else [value]
    spans = tuple(sorted((_span(item) for item in items), key=lambda span: span.opens))
    for earlier, later in pairwise(spans):
        if later.opens < earlier.closes:
            raise wrong(
                Text(f"Часы {earlier} и {later} пересекаются.", f"The hours {earlier} and {later} overlap."),
                Text("Соедините их или разведите.", "Join them or move them apart."),
            )
    return spans


def _days(text: str) -> range | None:
    """``mon`` or ``mon-fri`` as indexes of weekdays."""
    first, _, last = text.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        return None
    days = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
    return days or None


def _weekly(value: object) -> object:
    """The seven days' spans, Monday first."""
    if value == "always":
        return (ALL_DAY,) * 7
    if not isinstance(value, dict):
        raise wrong(
            Text(
                f"Нужны часы по дням недели, а здесь {shown(value, 'ru')}.",
                f"Hours by weekday are needed, not {shown(value)}.",
            ),
            Text(
                "Напишите always или раздел: mon-fri: 09:00-18:00.",
                "Write always, or a section: mon-fri: 09:00-18:00.",
            ),
        )
    week: dict[int, Spans] = {}
    for name, hours in value.items():
        days = _days(name)
        if days is None:
            raise wrong(
                Text(f"{shown(name, 'ru')} — не дни недели.", f"{shown(name)} is no weekday."),
                Text(
                    "Дни: mon, tue, wed, thu, fri, sat, sun или, например, mon-fri.",
                    "Days are mon, tue, wed, thu, fri, sat, sun, or for example mon-fri.",
                ),
            )
        spans = _day_hours(hours)
        if isinstance(spans, str):
            raise wrong(
                Text(f"{shown(hours, 'ru')} — не часы работы.", f"{shown(hours)} are not hours."),
                HOURS_REMEDY,
            )
        for day in days:
            if day in week:
                raise wrong(
                    Text(f"День {WEEKDAYS[day]} задан дважды.", f"The day {WEEKDAYS[day]} is given twice."),
                    Text("Оставьте один раз.", "Give it once."),
                )
            week[day] = spans
    missing = [WEEKDAYS[day] for day in range(7) if day not in week]
    if missing:
        raise wrong(
            Text(f"Нет часов на дни: {', '.join(missing)}.", f"No hours for: {', '.join(missing)}."),
            Text("Допишите их; выходной — closed.", "Add them; a day off is closed."),
        )
    return _without_overlap(tuple(week[day] for day in range(7)))


def _without_overlap(week: tuple[Spans, ...]) -> tuple[Spans, ...]:
    for day, spans in enumerate(week):
        following = week[(day + 1) % 7]
        if spans and following and spans[-1].closes - MINUTES_A_DAY > following[0].opens:
            name, after = WEEKDAYS[day], WEEKDAYS[(day + 1) % 7]
            raise wrong(
                Text(
                    f"Часы {spans[-1]} ({name}) и {following[0]} ({after}) пересекаются.",
                    f"The hours {spans[-1]} ({name}) and {following[0]} ({after}) overlap.",
                ),
                Text("Разведите их.", "Move them apart."),
            )
    return week


def _dates(value: object) -> object:
    """Checks the keys of ``days``: ISO dates."""
    if isinstance(value, dict):
        for key in value:
            try:
                date.fromisoformat(key if len(key) == 10 else "")
            except ValueError:
                raise wrong(
                    Text(f"{shown(key, 'ru')} — не дата.", f"{shown(key)} is no date."),
                    Text("Напишите, например, 2026-12-31.", "Write for example 2026-12-31."),
                ) from None
    return value


def _country(value: object) -> object:
    """A code that the ``holidays`` package knows, or ``none``."""
    import holidays  # slow to import; needed only where settings are read

    if value == "none" or (isinstance(value, str) and value in holidays.list_supported_countries()):
        return value
    raise wrong(
        Text(
            f"Праздники страны {shown(value, 'ru')} неизвестны.",
            f"The holidays of {shown(value)} are not known.",
        ),
        Text(
            "Напишите код страны из двух букв, например RU, или none.",
            "Write a two-letter country code such as RU, or none.",
        ),
    )


DayHours = Annotated[Any, BeforeValidator(_day_hours)]
Week = tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
WeekField = Annotated[Any, BeforeValidator(_weekly)]
"""Makes a ``Week``."""


class SpecialDayModel(Model):
    hours: DayHours
    why: Bilingual


HolidayCountry = Annotated[str, BeforeValidator(_country)]


class HolidaysModel(Model):
    country: HolidayCountry = "none"
    hours: DayHours = ()
    moved_workday: DayHours = "mon"
    days: Annotated[dict[str, SpecialDayModel], BeforeValidator(_dates)] = {}  # noqa: RUF012 - pydantic copies it


def hours_of(zone: ZoneInfo, weekly: Week, holidays: HolidaysModel) -> Hours:
    """The hours as values; a weekday's name in ``holidays`` stands for that day's hours."""

    def resolved(hours: Spans | str) -> Spans | None:
        if hours == "open":
            return None
        return weekly[WEEKDAYS.index(hours)] if isinstance(hours, str) else hours

    return Hours(
        zone=zone,
        weekly=weekly,
        country=None if holidays.country == "none" else holidays.country,
        on_holiday=resolved(holidays.hours),
        on_moved_workday=resolved(holidays.moved_workday),
        special=tuple(
            SpecialDay(date.fromisoformat(day), resolved(special.hours), special.why)
            for day, special in sorted(holidays.days.items())
        ),
    )

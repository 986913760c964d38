"""Open or closed, and when again."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import Text
from callcore.routing.hours import DayKind, day_of, is_open, next_open_at, open_day
from callcore.routing.timetable import ALL_DAY, Hours, Span, Spans, SpecialDay

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_SIX: Spans = (Span(540, 1080),)
WHY = Text("потому", "because")


def week(*days: Spans) -> tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]:
    """Seven days' hours; the last one given holds for the rest."""
    full = [*days, *([days[-1]] * (7 - len(days)))]
    return (full[0], full[1], full[2], full[3], full[4], full[5], full[6])


OFFICE = Hours(MOSCOW, week(*[NINE_TO_SIX] * 5, (), ()), country="RU", on_moved_workday=NINE_TO_SIX)


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-04T08:59:59.999", False),
        ("2026-03-04T09:00", True),
        ("2026-03-04T17:59:59.999", True),
        ("2026-03-04T18:00", False),
        ("2026-03-07T12:00", False),  # Saturday
        ("2026-03-09T12:00", False),  # Monday after a holiday that fell on a Sunday
        ("2026-01-09T12:00", False),  # a day off moved here from 3 January
        ("2025-11-01T12:00", True),  # a Saturday made a working day
        ("2025-11-03T12:00", False),  # in exchange for this Monday
    ],
)
def test_office_hours_in_russia(at: str, expected: bool) -> None:
    assert is_open(OFFICE, moscow(at)) is expected


def test_the_zone_of_the_moment_does_not_matter() -> None:
    assert is_open(OFFICE, datetime(2026, 3, 4, 6, 0, tzinfo=UTC))
    assert not is_open(OFFICE, datetime(2026, 3, 4, 5, 59, tzinfo=UTC))


def test_next_opening_after_the_new_year_holidays() -> None:
    assert next_open_at(OFFICE, moscow("2025-12-30T18:00")) == moscow("2026-01-12T09:00")


def test_what_is_open_opens_now() -> None:
    at = moscow("2026-03-04T10:00")
    opens = next_open_at(OFFICE, at)
    assert opens == at
    assert opens is not None
    assert opens.tzinfo is UTC


def test_the_reason_of_a_day() -> None:
    holiday = day_of(OFFICE, date(2026, 3, 8))
    assert (holiday.kind, holiday.spans) == (DayKind.holiday, ())
    assert holiday.why == Text("Международный женский день", "International Women's Day")
    assert day_of(OFFICE, date(2025, 11, 1)).kind is DayKind.moved_workday
    assert day_of(OFFICE, date(2026, 3, 4)).kind is DayKind.weekly


def test_a_countrys_holiday_has_a_name_in_both_languages_even_if_it_is_the_same() -> None:
    hours = Hours(BERLIN, week(NINE_TO_SIX), country="DE")
    why = day_of(hours, date(2026, 10, 3)).why
    assert why.ru
    assert why.en


def test_none_means_the_usual_hours() -> None:
    hours = Hours(MOSCOW, week(NINE_TO_SIX), country="RU", on_holiday=None, on_moved_workday=None)
    assert is_open(hours, moscow("2026-03-08T12:00"))
    assert is_open(hours, moscow("2025-11-01T12:00"))


def test_the_files_own_days_outrank_the_country() -> None:
    special = (
        SpecialDay(date(2026, 3, 8), (Span(600, 660),), WHY),
        SpecialDay(date(2026, 3, 9), None, WHY),
        SpecialDay(date(2026, 3, 10), (), WHY),
    )
    hours = Hours(MOSCOW, week(NINE_TO_SIX), country="RU", special=special)
    assert is_open(hours, moscow("2026-03-08T10:30"))
    assert not is_open(hours, moscow("2026-03-08T11:00"))
    assert is_open(hours, moscow("2026-03-09T17:00"))
    assert not is_open(hours, moscow("2026-03-10T12:00"))
    assert day_of(hours, date(2026, 3, 8)).kind is DayKind.special


def test_a_span_past_midnight_belongs_to_the_day_it_begins_on() -> None:
    night: Spans = (Span(1200, 1560),)  # 20:00-02:00+1
    hours = Hours(MOSCOW, week(night), special=(SpecialDay(date(2026, 3, 5), (), WHY),))
    assert is_open(hours, moscow("2026-03-05T01:59"))
    assert not is_open(hours, moscow("2026-03-05T02:00"))
    assert not is_open(hours, moscow("2026-03-05T23:00"))
    assert not is_open(hours, moscow("2026-03-06T01:00"))
    day = open_day(hours, moscow("2026-03-05T01:00"))
    assert day is not None
    assert day.date == date(2026, 3, 4)


def test_round_the_clock() -> None:
    always = Hours(MOSCOW, week(ALL_DAY))
    assert always.is_always_open
    assert not OFFICE.is_always_open
    assert is_open(always, moscow("2026-01-01T00:00"))


def test_never_open() -> None:
    never = Hours(MOSCOW, week(()))
    assert next_open_at(never, moscow("2026-03-04T10:00")) is None


def test_an_hour_that_happens_twice_is_open_twice() -> None:
    hours = Hours(BERLIN, week((Span(90, 150),)))  # 01:30-02:30; 03:00 became 02:00 on 2026-10-25
    first, second = (datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert is_open(hours, first)
    assert is_open(hours, second)
    closed_between = datetime(2026, 10, 25, 2, 40, tzinfo=BERLIN, fold=0)
    assert not is_open(hours, closed_between)
    again = next_open_at(hours, closed_between)
    assert again == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)  # the clock is put back, and it is 02:00 again


def test_an_opening_time_that_does_not_exist_counts_from_the_end_of_the_gap() -> None:
    hours = Hours(BERLIN, week((Span(150, 300),)))  # 02:30-05:00; 02:00 became 03:00 on 2026-03-29
    at = datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)
    assert next_open_at(hours, at) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_the_first_and_the_last_day_of_the_calendar_do_not_raise() -> None:
    hours = Hours(ZoneInfo("UTC"), week((Span(1200, 1560),)))
    assert not is_open(hours, datetime.min.replace(tzinfo=UTC))
    assert next_open_at(Hours(ZoneInfo("UTC"), week(())), datetime.max.replace(tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        pytest.param("Pacific/Apia", date(2011, 12, 30), id="a day that there was not"),
        pytest.param("Europe/Berlin", date(2026, 3, 29), id="an hour is skipped"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), id="an hour comes twice"),
        pytest.param("America/Sao_Paulo", date(2018, 11, 4), id="midnight is skipped"),
        pytest.param("Australia/Lord_Howe", date(2026, 4, 5), id="half an hour comes twice"),
    ],
)
@pytest.mark.parametrize("spans", [(Span(0, 60),), (Span(120, 150),), (Span(1380, 1560),), ()], ids=str)
def test_a_holiday_on_a_day_of_another_length(zone: str, day: date, spans: Spans) -> None:
    """The next opening is the first open minute, however one looks for it."""
    week = (Span(100, 110), Span(1400, 1500))
    hours = Hours(ZoneInfo(zone), (week,) * 7, special=(SpecialDay(day, spans, Text("", "")),))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    minutes = [start + timedelta(minutes=minute) for minute in range(5 * 1440)]
    opens = None
    for minute in reversed(minutes):
        opens = minute if is_open(hours, minute) else opens
        if opens is not None and minute < start + timedelta(days=3) and minute.minute % 10 == 0:
            assert next_open_at(hours, minute) == opens, minute

"""At any moment, hours say what a table of every minute of the week says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.domain import Text
from callcore.routing.hours import is_open, next_open_at
from callcore.routing.timetable import Hours, Span, Spans, SpecialDay

ZONES = ("Europe/Moscow", "Europe/Berlin", "America/Santiago", "Asia/Beirut", "Australia/Lord_Howe", "UTC")
RUSSIA = holidays.country_holidays("RU", years=range(2024, 2029))


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    """Up to three spans of one day in order, the last perhaps past midnight."""
    marks = sorted(draw(st.sets(st.integers(0, 1440), min_size=0, max_size=6)))
    found = [Span(opens, closes) for opens, closes in zip(marks[::2], marks[1::2], strict=False)]
    if found and draw(st.booleans()):
        last = found[-1]
        found[-1] = Span(last.opens, last.opens + draw(st.integers(1, 1440)))
    return tuple(found)


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    week = [draw(spans()) for _ in range(7)]
    special = draw(
        st.dictionaries(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.none() | spans(), max_size=5)
    )
    return Hours(
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        weekly=(week[0], week[1], week[2], week[3], week[4], week[5], week[6]),
        country=draw(st.sampled_from(["RU", None])),
        on_holiday=draw(st.none() | spans()),
        on_moved_workday=draw(st.none() | spans()),
        special=tuple(SpecialDay(day, hours, Text("-", "-")) for day, hours in sorted(special.items())),
    )


def minutes_open(hours: Hours, day: date) -> set[int]:
    """The oracle: minutes from this day's midnight, up to two days on, in which it is open."""
    usual = hours.weekly[day.weekday()]
    chosen: Spans | None = usual
    own = {special.day: special.spans for special in hours.special}
    if day in own:
        chosen = own[day]
    elif hours.country and day in RUSSIA:
        chosen = hours.on_holiday
    elif hours.country and day.weekday() >= 5 and RUSSIA.is_working_day(day):
        chosen = hours.on_moved_workday
    found: set[int] = set()
    for span in usual if chosen is None else chosen:
        found |= set(range(span.opens, span.closes))
    return found


def oracle(hours: Hours, at: datetime) -> bool:
    local = at.astimezone(hours.zone).replace(tzinfo=None)
    minute = local.hour * 60 + local.minute
    yesterday = local.date() - timedelta(days=1)
    return minute in minutes_open(hours, local.date()) or minute + 1440 in minutes_open(hours, yesterday)


TRANSITIONS = st.sampled_from(
    [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(2026, 4, 5, 3, tzinfo=UTC),
        datetime(2026, 9, 6, 4, tzinfo=UTC),
        datetime(2026, 3, 28, 22, tzinfo=UTC),
        datetime(2026, 10, 24, 21, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    ]
)
NEAR_TRANSITIONS = st.builds(
    lambda moment, minutes: moment + timedelta(minutes=minutes), TRANSITIONS, st.integers(-300, 300)
)
MOMENTS = (
    st.integers(0, 2 * 365 * 1440).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    )
    | NEAR_TRANSITIONS
)


@given(some_hours(), MOMENTS)
def test_open_or_closed(hours: Hours, at: datetime) -> None:
    assert is_open(hours, at) == oracle(hours, at)


@settings(max_examples=60, deadline=None)
@given(some_hours(), MOMENTS)
def test_the_next_opening_is_the_first(hours: Hours, at: datetime) -> None:
    opens = next_open_at(hours, at)
    if opens is not None:
        assert opens >= at
        assert oracle(hours, opens)
    minute = at.replace(second=0, microsecond=0)
    for _ in range(2 * 24 * 60):
        if opens is not None and minute >= opens:
            return
        if minute >= at:
            assert not is_open(hours, minute)
        minute += timedelta(minutes=1)

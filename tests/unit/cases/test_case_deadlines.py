"""Terms in working time: weekends, public holidays, moved working days, clocks put forward and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.crm.cases.deadlines import (
    Step,
    Term,
    Warnings,
    add_working,
    alarms,
    due,
    only_on,
    worked_between,
)
from callcore.domain import Text
from callcore.routing.timetable import ALL_DAY, Hours, Span, SpecialDay
from callcore.store.case_rows import StageRun

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
DAY = (Span(9 * 60, 18 * 60),)
WEEK = (DAY,) * 5 + ((), ())
OFFICE = Hours(MOSCOW, WEEK, country="RU", on_moved_workday=DAY)  # type: ignore[arg-type]
ALWAYS = Hours(MOSCOW, (ALL_DAY,) * 7)  # type: ignore[arg-type]
NEVER = Hours(MOSCOW, ((),) * 7)  # type: ignore[arg-type]
NIGHT = Hours(BERLIN, ((Span(20 * 60, 32 * 60),),) * 7)  # type: ignore[arg-type]

T0 = datetime(2025, 1, 1, tzinfo=UTC)


def moscow(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("began", "term", "ends"),
    [
        ("2026-03-02 12:00", Term(hours=4), "2026-03-02 16:00"),
        ("2026-03-02 17:00", Term(hours=4), "2026-03-03 12:00"),
        ("2026-03-02 03:00", Term(hours=4), "2026-03-02 13:00"),
        ("2026-03-06 17:00", Term(hours=4), "2026-03-10 12:00"),  # the 9th is a day off for the 8th
        ("2026-03-02 12:00", Term(days=1), "2026-03-03 18:00"),
        ("2026-03-02 23:00", Term(days=1), "2026-03-03 18:00"),
        ("2026-03-06 12:00", Term(days=1), "2026-03-10 18:00"),
        ("2026-03-07 12:00", Term(days=3), "2026-03-12 18:00"),
        ("2026-12-30 12:00", Term(days=1), "2027-01-11 18:00"),  # New Year's holidays
    ],
)
def test_a_term_runs_in_working_time(began: str, term: Term, ends: str) -> None:
    assert due(OFFICE, moscow(began), term) == moscow(ends)


def test_a_moved_working_day_counts() -> None:
    # Saturday 1 November 2025 was a working day in place of Monday the 3rd.
    assert due(OFFICE, moscow("2025-10-31 12:00"), Term(days=1)) == moscow("2025-11-01 18:00")


def test_a_special_day_of_the_file_counts() -> None:
    short = SpecialDay(date(2026, 3, 3), (Span(9 * 60, 13 * 60),), Text("", ""))
    hours = replace(OFFICE, special=(short,))
    assert due(hours, moscow("2026-03-02 17:00"), Term(hours=6)) == moscow("2026-03-04 10:00")
    assert due(hours, moscow("2026-03-02 17:00"), Term(days=1)) == moscow("2026-03-03 13:00")


def test_an_hour_that_the_spring_night_skips_is_not_worked() -> None:
    began = datetime(2026, 3, 28, 20, 0, tzinfo=BERLIN)
    assert add_working(NIGHT, began, timedelta(hours=11)) == datetime(2026, 3, 29, 8, 0, tzinfo=BERLIN)


def test_an_hour_that_comes_twice_is_worked_twice() -> None:
    began = datetime(2026, 10, 24, 20, 0, tzinfo=BERLIN)
    assert add_working(NIGHT, began, timedelta(hours=13)) == datetime(2026, 10, 25, 8, 0, tzinfo=BERLIN)


def test_no_term_and_nobody_there_have_no_end() -> None:
    assert due(OFFICE, moscow("2026-03-02 12:00"), Term()) is None
    assert due(NEVER, moscow("2026-03-02 12:00"), Term(days=1)) is None
    assert due(NEVER, moscow("2026-03-02 12:00"), Term(hours=1)) is None
    end = datetime(9999, 12, 31, 20, 0, tzinfo=UTC)
    assert due(OFFICE, end, Term(days=9)) is None
    assert due(OFFICE, end, Term(hours=900)) is None


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 100_000).map(lambda n: T0 + timedelta(minutes=15 * n)),
    st.integers(1, 400),
    st.sampled_from((OFFICE, ALWAYS, NIGHT)),
)
def test_what_is_added_was_worked(began: datetime, quarters: int, hours: Hours) -> None:
    amount = timedelta(minutes=15 * quarters)
    ends = add_working(hours, began, amount)
    assert ends is not None
    assert ends >= began + amount
    assert worked_between(hours, began, ends) == amount


def test_reminder_and_escalation_come_in_working_time() -> None:
    began = moscow("2026-03-06 16:00")
    run = StageRun(1, "decide", "finance", began, began, due(OFFICE, began, Term(hours=4)))
    steps = (Step(timedelta(0), "responsible"), Step(timedelta(hours=8), "head"))
    found = alarms(OFFICE, run, Warnings((timedelta(hours=3), timedelta(hours=9)), steps))
    assert [(each.kind, each.to, each.at) for each in found] == [
        ("reminder", "responsible", moscow("2026-03-06 17:00")),
        ("overdue", "responsible", moscow("2026-03-10 11:00")),
        ("overdue", "head", moscow("2026-03-11 10:00")),
    ]
    assert len({each.key for each in found}) == 3


def test_a_moved_term_rings_anew_and_a_finished_stage_not_at_all() -> None:
    began = moscow("2026-03-02 10:00")
    run = StageRun(1, "decide", "finance", began, began, moscow("2026-03-02 15:00"))
    moved = replace(run, due_at=moscow("2026-03-03 15:00"))
    before = {each.key for each in alarms(OFFICE, run, Warnings())}
    assert not before & {each.key for each in alarms(OFFICE, moved, Warnings())}
    assert alarms(OFFICE, replace(run, ended_at=began), Warnings()) == ()
    assert alarms(OFFICE, replace(run, began_at=None), Warnings()) == ()


def test_days_of_the_week_alone_count() -> None:
    hours = only_on(OFFICE, frozenset({1, 3}))  # Tuesdays and Thursdays; 2 March 2026 is a Monday
    assert due(hours, moscow("2026-03-02 12:00"), Term(days=1)) == moscow("2026-03-03 18:00")
    assert due(hours, moscow("2026-03-02 12:00"), Term(days=2)) == moscow("2026-03-05 18:00")
    assert due(hours, moscow("2026-03-03 17:00"), Term(hours=2)) == moscow("2026-03-05 10:00")
    assert only_on(OFFICE, frozenset()) is OFFICE
    # A Saturday that was made a working day is no Tuesday.
    assert due(hours, moscow("2025-10-31 12:00"), Term(days=1)) == moscow("2025-11-06 18:00")

"""Terms in working time: when something is due, and what the clock does before and after (D-75, D-91). Pure.

Working time is when a department is there, by its own hours, public holidays and moved working days. Where
clocks are put back or forward, what passes between opening and closing counts, not what the clock shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from callcore.routing.hours import ONE_DAY, SEARCH_DAYS, day_of
from callcore.routing.timetable import Hours
from callcore.store.case_rows import Alarm, StageRun

NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Term:
    """A guaranteed time: so many working days or so many working hours; exactly one is not zero."""

    days: int = 0
    hours: float = 0

    def __bool__(self) -> bool:
        return bool(self.days or self.hours)


NO_TERM = Term()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of escalation: ``after`` so much working time past the term, told to whom."""

    after: timedelta
    to: str
    """``responsible``, ``controller``, ``head`` or ``supervisor``."""


@dataclass(frozen=True, slots=True)
class Warnings:
    """When the clock speaks, in working time."""

    before: tuple[timedelta, ...] = (timedelta(hours=2),)
    steps: tuple[Step, ...] = (
        Step(NOTHING, "responsible"),
        Step(NOTHING, "controller"),
        Step(timedelta(hours=4), "head"),
        Step(timedelta(hours=8), "supervisor"),
    )


def only_on(hours: Hours, days: frozenset[int]) -> Hours:
    """The same on these days of the week alone (Monday is 0); every other day is off. Empty: as they are."""
    if not days:
        return hours
    mon, tue, wed, thu, fri, sat, sun = (
        spans if day in days else () for day, spans in enumerate(hours.weekly)
    )
    special = tuple(each for each in hours.special if each.day.weekday() in days)
    return replace(hours, weekly=(mon, tue, wed, thu, fri, sat, sun), on_moved_workday=None, special=special)


def open_spans(hours: Hours, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Working time from ``since`` on as pairs of moments (UTC), for at most 370 days without any."""
    day = since.astimezone(hours.zone).date() - ONE_DAY  # yesterday may run past midnight
    idle = 0
    while idle < SEARCH_DAYS:
        for span in day_of(hours, day).spans:
            opens = _moment(hours, day, span.opens, fold=0)
            closes = _moment(hours, day, span.closes, fold=1)
            if max(opens, since) < closes:
                idle = 0
                yield max(opens, since.astimezone(UTC)), closes
        idle += 1
        try:
            day += ONE_DAY
        except OverflowError:  # the end of the calendar, year 9999
            return


def add_working(hours: Hours, since: datetime, amount: timedelta) -> datetime | None:
    """The moment by which so much working time has passed; None if nobody comes within 370 days.

    Nothing added gives ``since`` itself, be it night.
    """
    if amount <= NOTHING:
        return since.astimezone(UTC)
    for opens, closes in open_spans(hours, since):
        if opens + amount <= closes:
            return opens + amount
        amount -= closes - opens
    return None


def worked_between(hours: Hours, since: datetime, until: datetime) -> timedelta:
    """How much working time lies between two moments."""
    worked = NOTHING
    for opens, closes in open_spans(hours, since):
        if opens >= until:
            break
        worked += min(closes, until) - opens
    return worked


def due(hours: Hours, began_at: datetime, term: Term) -> datetime | None:
    """When a term that begins now ends: after so many working hours, or at the closing time of so many
    working days, that of the beginning not counted. None without a term."""
    if not term:
        return None
    if term.hours:
        return add_working(hours, began_at, timedelta(hours=term.hours))
    return _closing(hours, began_at, term.days)


def _closing(hours: Hours, began_at: datetime, days: int) -> datetime | None:
    day = began_at.astimezone(hours.zone).date()
    idle = 0
    while idle < SEARCH_DAYS:
        try:
            day += ONE_DAY
        except OverflowError:  # the end of the calendar, year 9999
            return None
        spans = day_of(hours, day).spans
        idle = 0 if spans else idle + 1
        days -= bool(spans)
        if spans and not days:
            return _moment(hours, day, spans[-1].closes, fold=1)
    return None


def _moment(hours: Hours, day: date, minute: int, fold: int) -> datetime:
    """A wall time of a day, in UTC; ``fold`` says which one where the clock shows it twice."""
    wall = datetime.combine(day, time.min, hours.zone) + timedelta(minutes=minute)
    return wall.replace(fold=fold).astimezone(UTC)


def alarms(hours: Hours, run: StageRun, warnings: Warnings) -> tuple[Alarm, ...]:
    """Everything that the clock does about a stage as long as it is not done, in order of time.

    A key names the term too: one that was moved rings anew.
    """
    if run.began_at is None or run.due_at is None or run.ended_at is not None:
        return ()
    mark = f"{run.due_at.astimezone(UTC):%Y%m%dT%H%M%S}"
    found = []
    whole = worked_between(hours, run.began_at, run.due_at)
    for before in warnings.before:
        at = add_working(hours, run.began_at, whole - before) if before < whole else None
        if at is not None and run.began_at < at < run.due_at:
            found.append(Alarm(f"before-{_seconds(before)}-{mark}", "reminder", at, "responsible"))
    for step in warnings.steps:
        at = add_working(hours, run.due_at, step.after)
        if at is not None:
            found.append(Alarm(f"{step.to}-{_seconds(step.after)}-{mark}", "overdue", at, step.to))
    return tuple(sorted(found, key=lambda each: each.at))


def _seconds(amount: timedelta) -> int:
    return int(amount.total_seconds())

"""Never outside our hours, whatever zone they are in, and whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from callcore.callbacks.plan import Call, Desk, Rules, Waits, Why, Wish, due, step
from callcore.domain import Login, PbxName
from callcore.routing.timetable import Hours, Span

ZONES = ("Europe/Moscow", "Asia/Omsk", "Europe/London", "America/New_York", "Australia/Lord_Howe")
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
"""The clocks change in Europe."""

spans_ = st.tuples(st.integers(0, 1430), st.integers(5, 900)).map(
    lambda drawn: (Span(drawn[0], min(drawn[0] + drawn[1], 1440)),)
)
hours_ = st.builds(
    lambda zone, week: Hours(ZoneInfo(zone), tuple(week)),
    st.sampled_from(ZONES),
    st.lists(st.one_of(st.just(()), spans_), min_size=7, max_size=7),
)
moments_ = st.tuples(st.sampled_from((SPRING, AUTUMN)), st.integers(-2 * 86_400, 2 * 86_400)).map(
    lambda drawn: drawn[0] + timedelta(seconds=drawn[1])
)
WAITS = ("", "busy", "again", "quiet_hours", "calling", "person_tries")


def is_open(hours: Hours, at: datetime) -> bool:
    """In other words than the product's: the clock on the wall there."""
    local = at.astimezone(hours.zone)
    return any(
        span.opens <= local.hour * 60 + local.minute < span.closes for span in hours.weekly[local.weekday()]
    )


@given(hours=hours_, now=moments_, due_in=st.none() | st.integers(-90_000, 90_000))
def test_the_moment_that_is_named(hours, now, due_in):
    due_at = None if due_in is None else now + timedelta(seconds=due_in)
    at = due(due_at, hours, now)
    if at is None:
        assert not any(hours.weekly)
        return
    assert at >= now
    assert due_at is None or at >= due_at
    assert is_open(hours, at)


@given(
    hours=hours_,
    now=moments_,
    due_in=st.none() | st.integers(-100, 100),
    wait=st.sampled_from(WAITS),
    taken=st.booleans(),
    put_off=st.booleans(),
    on_line=st.booleans(),
    desk=st.builds(
        Desk,
        st.sampled_from((None, PbxName("main"))),
        has_trunk=st.booleans(),
        ready=st.integers(0, 3),
        free=st.integers(0, 3),
        waiting=st.integers(0, 2),
        under_way=st.integers(0, 7),
    ),
    rules=st.none() | st.builds(Rules),
)
def test_who_is_called(hours, now, due_in, wait, taken, put_off, on_line, desk, rules):
    due_at = None if due_in is None else now + timedelta(seconds=due_in)
    anna = Login("anna")
    wish = Wish(
        1,
        "+79161234567",
        now,
        due_at=due_at,
        wait=wait,
        taken_by=anna if taken else None,
        postponed_by=anna if put_off else None,
    )
    answer = step(wish, rules, hours, desk, now, is_on_line=on_line)
    is_free = wait not in ("calling", "person_tries") and not taken and not on_line and rules is not None
    is_due = (due_at is None or due_at <= now) and is_open(hours, now)
    can = desk.pbx is not None and desk.has_trunk and desk.ready > 0 and desk.under_way < 2 * desk.ready
    assert isinstance(answer, Call) == (is_free and is_due and can)
    if isinstance(answer, Waits) and answer.why in (Why.closed, Why.later) and answer.until is not None:
        assert is_open(hours, answer.until)
        assert answer.until > now

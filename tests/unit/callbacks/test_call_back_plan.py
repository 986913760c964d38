"""When a wish is carried out, how, and what an attempt makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.callbacks.plan import (
    AGAIN,
    FIRST_AMONG_ALL,
    SOON,
    Call,
    Desk,
    First,
    Rules,
    Waits,
    Why,
    Wish,
    after,
    due,
    first,
    step,
)
from callcore.calls.attempt import CALLING, AttemptResult, FollowUpChange, Outcome, Plan
from callcore.domain import Login, PbxName, Text
from callcore.routing.timetable import Hours, Span

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday, 12:00 in Moscow."""
MINUTE = timedelta(minutes=1)
DAY = (Span(9 * 60, 18 * 60),)
OURS = Hours(ZoneInfo("Europe/Moscow"), (DAY, DAY, DAY, DAY, DAY, (), ()))
RULES = Rules()
WISH = Wish(1, "+79161234567", NOW - MINUTE, position=2)
DESK = Desk(PbxName("main"), ready=2, free=1)
ANNA = Login("anna")


def now_of(wish: Wish = WISH, rules: Rules | None = RULES, desk: Desk = DESK, **more) -> Call | Waits:
    given = {"ours": OURS, "now": NOW, "is_on_line": False} | more
    return step(wish, rules, given["ours"], desk, given["now"], is_on_line=given["is_on_line"])


def test_he_keeps_his_place():
    assert now_of() == Call(Plan.queue_first, 2)


@pytest.mark.parametrize(
    ("wish", "rules", "place"),
    [
        (replace(WISH, asked_at=NOW - RULES.longest), RULES, (None, 0)),
        (replace(WISH, tries=1), RULES, (None, 0)),
        (replace(WISH, position=None), RULES, (None, 0)),
        (WISH, replace(RULES, keep_place=False), (None, 0)),
        (replace(WISH, wait=AGAIN), RULES, (None, FIRST_AMONG_ALL)),
        (replace(WISH, wait=AGAIN), replace(RULES, keep_place=False), (None, 0)),
    ],
)
def test_a_place_that_means_nothing_any_more(wish, rules, place):
    assert now_of(wish, rules) == Call(Plan.queue_first, *place)


def test_the_customer_first():
    rules = replace(RULES, first=First.customer)
    assert now_of(rules=rules) == Call(Plan.customer_first, None, FIRST_AMONG_ALL)
    assert now_of(rules=rules, desk=replace(DESK, free=0)) == Waits(Why.full)
    assert now_of(rules=rules, desk=replace(DESK, under_way=1)) == Waits(Why.full)
    assert now_of(rules=rules, desk=replace(DESK, waiting=1)) == Waits(Why.full)


@pytest.mark.parametrize(
    ("wish", "more", "waits"),
    [
        (replace(WISH, wait=CALLING), {}, Waits(Why.calling)),
        (replace(WISH, taken_by=ANNA), {}, Waits(Why.taken)),
        (
            replace(WISH, postponed_by=ANNA, due_at=NOW + MINUTE),
            {},
            Waits(Why.postponed, NOW + MINUTE),
        ),
        (WISH, {"rules": None}, Waits(Why.off)),
        (replace(WISH, wait="person_tries"), {}, Waits(Why.person)),
        (replace(WISH, wait="busy", due_at=NOW + MINUTE), {}, Waits(Why.later, NOW + MINUTE)),
        (
            replace(WISH, wait="busy", due_at=NOW + timedelta(hours=12)),
            {},
            Waits(Why.later, NOW + timedelta(hours=21)),
        ),
        (
            WISH,
            {"now": NOW + timedelta(hours=12)},
            Waits(Why.closed, NOW + timedelta(hours=21)),
        ),
        (WISH, {"ours": Hours(ZoneInfo("UTC"), ((),) * 7)}, Waits(Why.closed)),
        (WISH, {"is_on_line": True}, Waits(Why.on_the_line)),
        (WISH, {"desk": Desk(None)}, Waits(Why.no_queue)),
        (WISH, {"desk": replace(DESK, has_trunk=False)}, Waits(Why.no_trunk)),
        (WISH, {"desk": replace(DESK, trouble=Text("нет", "none"))}, Waits(Why.trouble)),
        (WISH, {"desk": replace(DESK, ready=0)}, Waits(Why.no_operator)),
        (WISH, {"desk": replace(DESK, under_way=4)}, Waits(Why.full)),
    ],
)
def test_why_he_waits(wish, more, waits):
    assert now_of(wish, **more) == waits


def test_what_was_put_off_comes_back():
    back = replace(WISH, postponed_by=ANNA, due_at=NOW)
    assert isinstance(now_of(back), Call)


def test_due_without_hours():
    assert due(None, None, NOW) == NOW
    assert due(NOW + MINUTE, None, NOW) == NOW + MINUTE


def test_first():
    assert first(RULES) is Plan.queue_first
    assert first(replace(RULES, first=First.customer)) is Plan.customer_first


# --- what became of it

R = AttemptResult


def became(result: R, *, plan: Plan = Plan.queue_first, tries: int = 0, detail: str = "") -> FollowUpChange:
    return after(Outcome(result, NOW, detail=detail), plan, tries, RULES, NOW)


def test_they_talked():
    assert became(R.answered) == FollowUpChange(1, done=True)


def test_he_answered_and_was_put_into_the_queue():
    """Whether anybody has talked with him his contact tells."""
    change = became(R.answered, plan=Plan.customer_first)
    assert change == FollowUpChange(1, NOW + RULES.after, "answered")
    last = became(R.answered, plan=Plan.customer_first, tries=2)
    assert last == FollowUpChange(3, None, "person_tries")


@pytest.mark.parametrize("result", [R.busy, R.no_answer, R.rejected, R.network, R.failed, R.machine])
def test_rung_in_vain(result):
    assert became(result, tries=1) == FollowUpChange(2, NOW + RULES.after, result)
    assert became(result, tries=2) == FollowUpChange(3, None, "person_tries")


def test_he_called_himself_while_he_was_rung():
    """That was no try; his own call settles the wish, or he is tried again."""
    assert became(R.withdrawn, tries=2, detail="CANCEL") == FollowUpChange(2, NOW + SOON)


@pytest.mark.parametrize("result", [R.unreachable, R.unknown])
def test_ringing_again_is_useless_or_may_be_too_much(result):
    assert became(result) == FollowUpChange(1, None, f"person_{result}")


@pytest.mark.parametrize(
    ("detail", "wait"),
    [
        ("operator: withdrawn", ""),
        ("queue: timeout", AGAIN),
        ("journal: PBX restarted since", AGAIN),
        ("gate: quiet_hours", AGAIN),
    ],
)
def test_his_number_was_not_rung(detail, wait):
    assert became(R.not_sent, tries=2, detail=detail) == FollowUpChange(2, NOW + SOON, wait)

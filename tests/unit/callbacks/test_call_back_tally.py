"""What becomes of wishes, counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.callbacks.plan import Rules, after
from callcore.callbacks.tally import EVERY, Tally
from callcore.calls.attempt import AttemptId, AttemptResult, Outcome, Plan

R = AttemptResult
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CALL = AttemptId("c1")


@pytest.mark.parametrize(
    ("result", "detail", "tries", "became"),
    [
        (R.answered, "", 0, "reached"),
        (R.busy, "BUSY", 0, "again"),
        (R.busy, "BUSY", 2, "gave_up"),
        (R.machine, "", 0, "again"),
        (R.unreachable, "", 0, "gave_up"),
        (R.not_sent, "gate: quiet_hours", 0, "again"),
        (R.not_sent, "gate: on_the_line", 0, "withdrawn"),
        (R.not_sent, "operator: withdrawn", 0, "withdrawn"),
        (R.withdrawn, "CANCEL", 0, "withdrawn"),
    ],
)
def test_what_became_of_an_attempt(result: R, detail: str, tries: int, became: str) -> None:
    tally, outcome = Tally(), Outcome(result, NOW, detail=detail)
    tally.changes(CALL, after(outcome, Plan.queue_first, tries, Rules(), NOW))
    tally.over(CALL, outcome)
    assert tally.became == {became: 1}


def test_of_a_wish_that_was_settled_meanwhile() -> None:
    tally = Tally()
    tally.over(CALL, Outcome(R.answered, NOW))
    assert tally.became == {"reached": 1}


def test_who_waits_and_for_how_long() -> None:
    tally = Tally()
    assert tally.is_due(NOW)
    tally.waits({"finance": (3, NOW - timedelta(minutes=2))}, NOW)
    assert tally.waiting() == {"finance": 3.0}
    assert tally.oldest(NOW + timedelta(seconds=5)) == {"finance": 125.0}
    assert not tally.is_due(NOW + EVERY - timedelta(seconds=1))
    assert tally.is_due(NOW + EVERY)

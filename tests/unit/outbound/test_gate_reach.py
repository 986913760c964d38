"""What must be known before the gate can decide: what is not read is not counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcore.outbound.gate import Budget, Cap, Limits, Meter, look

from .test_gate_rules import DAY, MOSCOW, NOON, ask, profile


@pytest.mark.parametrize(
    "longer",
    [
        {"caps": (Cap(2, 30 * DAY),)},
        {"pause": 30 * DAY},
        {"window": 30 * DAY},
        {"abroad": (profile(country="BY", caps=(Cap(2, 30 * DAY),)),)},
    ],
)
def test_a_history_reaches_back_as_far_as_a_rule_looks(longer: dict[str, Any]) -> None:
    assert profile().reach == DAY
    assert profile(**longer).reach == 30 * DAY
    for questions in ([ask(), ask(**longer)], [ask(**longer), ask()]):
        assert look(questions, NOON).since == NOON - 30 * DAY


@pytest.mark.parametrize(
    "personal",
    [
        {"consents": ("6.1",)},
        {"pause_per_person": True},
        {"caps": (Cap(2, DAY, per_person=True),)},
        {"abroad": (profile(country="BY", consents=("6.1",)),)},
    ],
)
def test_of_people_is_read_what_one_of_the_questions_asks(personal: dict[str, Any]) -> None:
    assert not look([ask()], NOON).people
    assert look([ask(), ask(**personal)], NOON).people


def test_what_was_spent_is_read_from_the_first_midnight_on() -> None:
    """Of two houses' zones the earlier one; where nothing is limited, nothing is read."""
    limits = {zone: Limits((Budget(Meter.calls, 4),), zone=ZoneInfo(zone)) for zone in (MOSCOW, "UTC")}
    both = [ask(limits=limits["UTC"]), ask(), ask(limits=limits[MOSCOW])]
    assert look(both, NOON).usage == datetime(2026, 11, 1, 21, tzinfo=UTC)
    assert look([ask()], NOON).usage is None

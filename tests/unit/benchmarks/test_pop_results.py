"""What the pop benchmark counts, and what it makes of it."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from benchmarks.pop import line, lost, moments, percentile
from benchmarks.pop_load import Call


def _call(number: str = "+1", login: str = "a", *popped_at: float) -> Call:
    return Call(number, login, connected_at=1.0, popped_at=list(popped_at), is_saved=True)


def test_nothing_is_lost_when_each_call_has_its_card_and_its_contact() -> None:
    calls = [_call("+1", "a", 1.1), _call("+2", "b", 1.2)]
    assert not lost(calls, [("+2", "b"), ("+1", "a")])


@pytest.mark.parametrize(
    ("call", "stored", "fault"),
    [
        (_call("+1", "a"), [("+1", "a")], "calls without a card"),
        (_call("+1", "a", 1.1, 1.2), [("+1", "a")], "calls with two cards"),
        (_call("+1", "a", 1.1), [], "calls without a contact"),
        (_call("+1", "a", 1.1), [("+1", "a"), ("+1", "a")], "calls with two contacts"),
        (_call("+1", "a", 1.1), [("+1", "a"), ("+9", "a")], "contacts of nobody's call"),
    ],
)
def test_each_kind_of_loss_is_counted(call: Call, stored: list[tuple[str, str | None]], fault: str) -> None:
    assert lost([call], stored) == {fault: 1}


def test_a_contact_of_another_operator_is_a_loss_and_a_stray() -> None:
    faults = lost([_call("+1", "a", 1.1)], [("+1", "b")])
    assert faults == {"calls without a contact": 1, "contacts of nobody's call": 1}


def test_percentiles_are_measured_values() -> None:
    seconds = [float(n) for n in range(1, 101)]
    assert percentile(seconds, 0.99) == 99.0
    assert percentile(seconds, 0.5) == 50.0
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([], 0.99) == math.inf


def test_the_line_has_the_median_of_rounds() -> None:
    pops = [[0.001, 0.004], [0.002, 0.005], [0.9, 1.0]]
    floors = [[0.001, 0.002]] * 3
    result = line(pops, floors, Counter())
    assert (result["value"], result["p99"], result["p50"], result["floor"]) == (5.0, 5.0, 2.0, 2.0)
    assert (result["ratio"], result["n"], result["met"], result["lost"]) == (2.5, 6, True, 0)
    assert result["max"] == 1000.0


def test_a_loss_is_never_met() -> None:
    assert line([[0.001]], [[0.001]], Counter({"calls without a card": 1}))["met"] is False


def test_a_round_without_pops_is_never_met() -> None:
    result = line([[]], [[0.001]], Counter({"calls without a card": 100}))
    assert result["met"] is False
    assert result["value"] is None


def test_moments_are_the_same_in_every_run() -> None:
    assert moments(5.0, 1) == moments(5.0, 1) != moments(5.0, 2)
    assert len(moments(5.0, 1)) == 100
    assert 0 <= moments(5.0, 1)[0] <= moments(5.0, 1)[-1] <= 5.0

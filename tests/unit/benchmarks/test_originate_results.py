"""What the benchmark of placed calls makes of its moments."""

from __future__ import annotations

import pytest

from benchmarks.originate import caps_line, most_in_a_second, per_second, rate_line


def test_the_rate_is_that_between_the_first_and_the_last():
    assert per_second([10.0, 10.5, 11.0]) == 2.0


@pytest.mark.parametrize(
    ("moments", "most"), [([0.0, 1.0, 2.0], 1), ([0.0, 0.999, 1.5], 2), ([0.0, 0.1, 0.2, 5.0], 3)]
)
def test_the_fullest_second_begins_anywhere(moments, most):
    assert most_in_a_second(moments) == most


@pytest.mark.parametrize(("rates", "met"), [([9.0, 9.6, 12.0], True), ([9.4, 9.4, 12.0], False)])
def test_the_room_is_held_against_the_bare_loop_by_medians(rates, met):
    line = rate_line(rates, [10.0, 10.0, 99.0])
    assert (line["met"], line["floor"]) == (met, 10.0)


def test_a_cap_is_used_and_not_exceeded():
    well = [n * 1.012 for n in range(20)]
    assert caps_line({1: well}, {1: well})["met"]
    assert not caps_line({1: [n * 1.05 for n in range(20)]}, {1: well})["met"]
    over = caps_line({1: [n * 0.99 for n in range(20)]}, {1: well})
    assert (over["met"], over["most_in_a_second"], over["most_at_carrier"]) == (False, {1: 2}, {1: 1})

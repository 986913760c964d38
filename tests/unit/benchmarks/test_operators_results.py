"""What ``operators`` reads of the daemon, and what it makes of it."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from benchmarks.operators import Watch, line, moments, settled_after, slope


def watch(cores: float = 0.3, first_rss: float = 150.0, per_minute: float = 0.0) -> Watch:
    """Five minutes, a reading every second; in the first minute it grows by fifty."""
    found = Watch(pid=0)
    for second in range(301):
        found.at.append(1000.0 + second)
        found.cpu.append(20.0 + cores * second)
        found.rss.append(first_rss + 50 * min(second / 60, 1.0) + per_minute * second / 60)
    return found


def test_a_good_run() -> None:
    result = line(300, watch(), [0.004, 0.005, 0.006], Counter())
    assert (result["value"], result["rss_mib"], result["met"]) == (0.3, 200.0, True)
    assert (result["slope_mib_per_minute"], result["slope_over"]) == (0.0, "120 s to 300 s")
    assert (result["n"], result["p50"], result["p99"]) == (3, 5.0, 6.0)


@pytest.mark.parametrize("bad", [watch(cores=1.1), watch(first_rss=260.0), watch(per_minute=1.5)])
def test_each_part_of_the_goal_can_be_missed(bad: Watch) -> None:
    assert not line(300, bad, [0.005], Counter())["met"]


def test_a_lost_pop_is_no_good_run() -> None:
    result = line(300, watch(), [0.005], Counter({"calls without a card": 1}))
    assert (result["met"], result["lost"]) == (False, 1)


def test_the_slope_is_that_of_the_settled_part() -> None:
    assert settled_after(3600) == 120.0
    assert settled_after(120) == 60.0, "two minutes have nothing after the second"
    assert slope([(0.0, 10.0), (1.0, 12.0), (2.0, 14.0)]) == pytest.approx(2.0)
    assert slope([(0.0, 10.0), (1.0, 13.0), (2.0, 10.0)]) == pytest.approx(0.0)
    assert slope([(0.0, 10.0)]) == 0.0


def test_it_reads_this_process() -> None:
    looking = Watch(os.getpid())
    looking.look()
    assert looking.cpu[0] > 0
    assert 5 < looking.rss[0] < 10_000


def test_calls_come_at_the_rate_and_the_same_in_every_run() -> None:
    assert len(moments(10, 1)) == 100
    assert moments(10, 1) == moments(10, 1) != moments(10, 2)
    assert all(0 <= moment <= 10 for moment in moments(10, 1))

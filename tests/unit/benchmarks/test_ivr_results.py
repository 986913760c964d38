"""What the IVR benchmark makes of what it saw: times of steps, the search for a rate, its lines."""

from __future__ import annotations

import pytest

from benchmarks import ivr_door, ivr_rate
from benchmarks.ivr import Taken, steps_line
from benchmarks.ivr_callers import Tally
from benchmarks.ivr_rate import Search, holds, rate_line


def found(most: float) -> Search:
    """The search where everything up to this rate holds."""
    search = Search()
    while rate := search.next:
        search.learn(rate, held=rate <= most)
    return search


@pytest.mark.parametrize("most", [31.0, 89.0, 90.0, 99.0, 183.0, 312.0])
def test_the_search_comes_near_from_below(most: float) -> None:
    search = found(most)
    assert search.holds <= most < search.fails
    assert search.fails <= search.holds * ivr_rate.NEAR or search.trials == ivr_rate.TRIALS


def test_a_search_ends_where_nothing_holds_and_where_everything_does() -> None:
    assert found(0.0).holds == 0.0
    assert found(1e9).holds == ivr_rate.FASTEST


@pytest.mark.parametrize(
    ("made", "done", "is_held"),
    [(2001, 2000, True), (999, 998, False), (0, 0, False), (500, 500, True), (500, 499, False)],
)
def test_under_a_thousandth_may_fail(made: int, done: int, is_held: bool) -> None:
    assert holds(Tally(made, done)) is is_held


def test_a_step_begins_with_the_answer_and_silence_with_the_end_of_a_sound() -> None:
    door = ivr_door.Door(1, callers=0)
    talk = ivr_door.Talk(door)
    talk.from_pbx(b"agi_network: yes\n", 1.0)
    talk.from_pbx(b"\n", 2.0)
    talk.from_server(b"ANSWER\n", 2.5)
    talk.from_pbx(b"200 result=0\n", 3.0)
    talk.from_server(b'STREAM FILE "hello" ""\n', 3.25)
    talk.from_pbx(b"200 result=0 endpos=8000\n", 5.0)
    talk.from_server(b"SET AUTOHANGUP 9\n", 5.5)
    talk.from_pbx(b"200 result=0\n", 6.0)
    talk.from_server(b'STREAM FILE "bye" ""\n', 6.5)
    talk.from_pbx(b"200 result=-1 endpos=8000\nHANGUP\n", 8.0)
    talk.from_server(b"ANSWER\n", 9.0)
    assert door.steps == [0.5, 0.25, 0.5, 0.5]
    assert door.silences == [1.25, 1.5]


def test_a_round_in_which_nobody_was_heard_misses_the_goal() -> None:
    quick = Taken([0.001] * 99 + [0.01], [0.002])
    line = steps_line([quick, quick], [quick, quick])
    assert (line["p50"], line["p99"], line["met"], line["ratio"], line["n"]) == (1.0, 1.0, True, 1.0, 200)
    empty = Taken([], [])
    line = steps_line([empty, empty], [quick, quick])
    assert (line["value"], line["met"], line["ratio"]) == (None, False, None)


def test_the_menu_must_hold_nine_tenths() -> None:
    assert rate_line(Search(holds=45.0), Search(holds=50.0))["met"]
    assert not rate_line(Search(holds=44.0), Search(holds=50.0))["met"]
    nothing = rate_line(Search(), Search())
    assert (nothing["ratio"], nothing["met"]) == (None, False)

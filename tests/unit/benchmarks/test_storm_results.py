"""The storm's stream, and what the benchmark makes of its rounds."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.pop_call import POP_EVENT
from benchmarks.storm import faults_of, line
from benchmarks.storm_stream import Stream, build
from callcore.ami.protocol import Frames, event_name
from callcore.ami.translate import WANTED_EVENTS

STREAM = Stream(b"", events=100, calls=2)
FLOOR = {"seconds": 0.6, "cpu_seconds": 0.5}


def one(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "seconds": 1.0,
        "cpu_seconds": 0.9,
        "events": 100,
        "facts": 60,
        "facts_taken": 60,
        "odd": 0,
    }
    values |= {"rss_mib": 120.0, "rss_before_mib": 100.0, "faults": {}, "pops": [0.01, 0.2]}
    return values | changes


def test_the_stream_is_whole_calls_told_at_once() -> None:
    stream = build(1000)
    frames = Frames()
    frames.greeting = "told already"
    names = [event_name(raw) or b"" for raw in frames.feed(stream.wire)]
    assert len(names) == stream.events >= 1000
    assert names.count(POP_EVENT.encode()) == stream.calls
    assert names.count(b"Hangup") == 2 * stream.calls, "nobody's call is left without its end"
    unwanted = sum(name.decode() not in WANTED_EVENTS for name in names)
    assert 0.2 < unwanted / len(names) < 0.7
    assert names[:10].count(b"Newchannel") > 1, "callers come while others are led through the menu"


def test_a_good_run() -> None:
    result = line(STREAM, [one(), one(seconds=1.2), one(seconds=0.9)], [FLOOR, FLOOR, FLOOR])
    assert (result["value"], result["floor"], result["ratio"], result["met"]) == (1.0, 0.6, 1.67, True)
    assert result["cpu_ratio"] == 1.8
    assert (result["max_pop_ms"], result["rss_growth_mib"], result["lost"]) == (200.0, 20, 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"seconds": 9.0},
        {"pops": [0.01, 0.3]},
        {"rss_mib": 999.0},
        {"events": 99},
        {"facts_taken": 59},
        {"odd": 1},
        {"faults": {"calls without a card": 1}},
    ],
)
def test_each_part_of_the_goal_can_be_missed(bad: dict[str, Any]) -> None:
    assert not line(STREAM, [one(**bad)], [FLOOR])["met"]


def test_no_pop_at_all_is_no_quick_pop() -> None:
    result = line(STREAM, [one(pops=[])], [FLOOR])
    assert (result["met"], result["max_pop_ms"], result["p99"]) == (False, None, None)


def test_losses_of_all_rounds_are_counted() -> None:
    rounds = [one(events=98), one(faults={"calls with two cards": 3}), one(facts_taken=59, odd=2)]
    assert faults_of(STREAM, rounds) == {
        "events lost": 2,
        "calls with two cards": 3,
        "facts lost": 1,
        "events that made no sense": 2,
    }

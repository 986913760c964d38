"""The throttle, without any clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callcore.web.throttle import Pace, Throttle

PACE = Pace(free=3, first_seconds=1.0, longest_seconds=60.0, forget_seconds=900.0)


def test_the_delay_doubles_and_has_an_end() -> None:
    throttle = Throttle(PACE)
    delays = []
    for _ in range(12):
        throttle.wrong("a", 0.0)
        delays.append(throttle.delay("a", 0.0))
    assert delays == [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert throttle.delay("b", 0.0) == 0


def test_time_forgives() -> None:
    throttle = Throttle(PACE)
    for _ in range(5):
        throttle.wrong("a", 0.0)
    assert throttle.delay("a", 1.5) == 0.5
    assert throttle.delay("a", 2.0) == 0
    throttle.wrong("a", 900.0)
    assert throttle.delay("a", 900.0) == 0


def test_a_right_try_takes_its_own_count_back() -> None:
    throttle = Throttle(PACE)
    for _ in range(4):
        throttle.wrong("a", 0.0)
    throttle.take_back("a")
    assert throttle.delay("a", 0.0) == 0
    throttle.take_back("nobody")
    throttle.wrong("b", 0.0)
    throttle.take_back("b")
    throttle.forgive("a")
    assert len(throttle) == 0


@given(st.lists(st.text(max_size=3), max_size=200))
def test_memory_has_an_end(keys: list[str]) -> None:
    throttle = Throttle(PACE, room=10)
    for key in keys:
        throttle.wrong(key, 0.0)
    assert len(throttle) <= 10


def test_a_very_long_attack_does_not_overflow() -> None:
    throttle = Throttle(PACE)
    for _ in range(5000):
        throttle.wrong("a", 0.0)
    assert throttle.delay("a", 0.0) == 60.0

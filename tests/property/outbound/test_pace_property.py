"""No rolling second above the cap, and the cap really used, whatever the delays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.outbound.pace import GUARD_SECONDS, Pace

caps = st.integers(1, 20)
lateness = st.lists(st.floats(0, 0.004), min_size=1, max_size=7)
stalls = st.dictionaries(st.integers(0, 200), st.floats(0, 3), max_size=3)


def sends(cap: int, count: int, late: list[float], stalls: dict[int, float]) -> list[float]:
    """Moments at which ``count`` leave, with work always waiting; each wake-up is ``late``, some much
    more."""
    pace, now, moments = Pace(cap, 0.0), 0.0, []
    while len(moments) < count:
        wait = pace.wait_seconds(now)
        if wait > 0:
            now += wait + late[len(moments) % len(late)] + stalls.pop(len(moments), 0.0) + 1e-9
            continue
        pace.take(now)
        moments.append(now)
    return moments


@given(caps, lateness, stalls)
def test_no_rolling_second_above_the_cap(cap: int, late: list[float], stalls: dict[int, float]) -> None:
    moments = sends(cap, 8 * cap + 20, late, stalls)
    assert moments[0] >= 1.0  # an earlier process may have sent until the start
    for earlier, later in zip(moments, moments[cap:], strict=False):
        assert later - earlier >= 1.0 + GUARD_SECONDS - 1e-6


@given(caps, lateness)
@settings(max_examples=50)
def test_the_cap_is_used(cap: int, late: list[float]) -> None:
    moments = sends(cap, 30 * cap, late, {})
    assert (len(moments) - 1) / (moments[-1] - moments[0]) >= 0.98 * cap


@given(caps, st.floats(0.1, 2.0))
def test_a_stall_costs_little_more_than_its_own_time(cap: int, stall: float) -> None:
    count = 30 * cap
    smooth = sends(cap, count, [0.0], {})
    stalled = sends(cap, count, [0.0], {10 * cap: stall})
    assert stalled[-1] - smooth[-1] <= stall + 1e-6


@given(caps, st.lists(st.floats(0, 2), max_size=60), st.integers(0, 5))
def test_the_forecast_comes_true(cap: int, gaps: list[float], ahead: int) -> None:
    pace, now = Pace(cap, 0.0), 0.0
    for gap in gaps:
        now += max(gap, pace.wait_seconds(now))
        if pace.wait_seconds(now) == 0:
            pace.take(now)
    promised = now + pace.forecast_seconds(now, ahead)
    for _ in range(ahead):
        now += pace.wait_seconds(now) + 1e-12
        pace.take(now)
    now += pace.wait_seconds(now)
    assert abs(now - promised) < 1e-6


@given(caps, st.floats(0.5, 30))
def test_held_it_sends_nothing(cap: int, seconds: float) -> None:
    pace = Pace(cap, 0.0)
    pace.hold(100 + seconds)
    pace.hold(50.0)
    assert abs(pace.wait_seconds(100) - seconds) < 1e-9
    assert pace.wait_seconds(100 + seconds) == 0

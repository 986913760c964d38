"""The model's clock and the system's: set, slept, drifted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from callcore.floor.clock import SteadyClock

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


class Machine:
    """A machine whose two clocks we hold in our hands."""

    def __init__(self) -> None:
        self.wall = START
        self.mono = 100.0
        self.clock = SteadyClock(lambda: self.wall, lambda: self.mono)

    def goes_on(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds


def test_a_step_in_the_middle_of_a_call_changes_nothing() -> None:
    machine = Machine()
    machine.wall -= timedelta(hours=3)
    machine.goes_on(5)
    machine.clock.follow(is_idle=False)
    assert machine.clock.now() == START + timedelta(seconds=5)
    assert machine.clock.drift_seconds() == -3 * 3600


def test_it_is_taken_over_when_no_call_lives() -> None:
    """The machine began in 1970 and learned the time a minute later, or slept for a night."""
    machine = Machine()
    machine.wall += timedelta(hours=8)
    machine.clock.follow(is_idle=False)
    machine.goes_on(60)
    machine.clock.follow(is_idle=True)
    assert machine.clock.now() == machine.wall == START + timedelta(hours=8, seconds=60)
    machine.goes_on(1)
    assert machine.clock.now() == machine.wall


def test_a_small_drift_is_left_alone() -> None:
    machine = Machine()
    machine.wall += timedelta(seconds=1.5)
    machine.clock.follow(is_idle=True)
    assert machine.clock.now() == START

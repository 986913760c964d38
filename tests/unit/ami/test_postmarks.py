"""When an event was sent: by Asterisk's clock, whatever that is set to, and never by its word alone."""

import pytest

from callcore.ami.postmarks import MOST_SECONDS, WINDOW_SECONDS, Postmarks

PBX = 1_780_000_000.0
"""What Asterisk's clock shows when ours, the monotonic one, shows 0."""


def sent(marks: Postmarks, at: float, read_at: float, ahead: float = 0.0) -> float:
    return marks.sent_at(f"{PBX + at + ahead:.6f}", read_at)


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -7.5])
def test_what_is_read_late_was_sent_before(ahead: float) -> None:
    marks = Postmarks()
    assert sent(marks, 10.0, 10.0, ahead) == pytest.approx(10.0)
    assert sent(marks, 11.0, 14.0, ahead) == pytest.approx(11.0)
    assert sent(marks, 15.0, 15.0, ahead) == pytest.approx(15.0)


def test_the_fastest_way_counts_as_none() -> None:
    """The first events of a link were read late themselves."""
    marks = Postmarks()
    assert sent(marks, 10.0, 12.0) == 12.0
    assert sent(marks, 12.5, 12.5) == pytest.approx(12.5)
    assert sent(marks, 13.0, 15.0) == pytest.approx(13.0)


@pytest.mark.parametrize("stamp", [None, "", "soon", "nan", "inf", "-inf", "1e999", ["1", "2"], "12\x00"])
def test_without_a_stamp_the_reading_counts(stamp: object) -> None:
    marks = Postmarks()
    sent(marks, 10.0, 10.0)
    assert marks.sent_at(stamp, 42.0) == 42.0
    assert sent(marks, 50.0, 51.0) == pytest.approx(50.0), "and it spoils nothing"


def test_a_clock_that_is_set_back_is_believed_again_after_a_while() -> None:
    marks = Postmarks()
    sent(marks, 0.0, 0.0)
    assert sent(marks, 1.0, 1.0, ahead=-3600) == pytest.approx(1.0 - MOST_SECONDS)
    later = 1 + 2 * WINDOW_SECONDS
    for at in (WINDOW_SECONDS, later):
        sent(marks, at, at, ahead=-3600)
    assert sent(marks, later + 5, later + 6, ahead=-3600) == pytest.approx(later + 5)


def test_a_clock_that_is_set_forward_is_believed_at_once() -> None:
    marks = Postmarks()
    sent(marks, 0.0, 0.0)
    assert sent(marks, 1.0, 1.0, ahead=3600) == pytest.approx(1.0)
    assert sent(marks, 2.0, 4.0, ahead=3600) == pytest.approx(2.0)


def test_a_busy_minute_does_not_become_the_rule() -> None:
    """The window before still knows how fast it can be."""
    marks = Postmarks()
    sent(marks, 0.0, 0.0)
    assert sent(marks, WINDOW_SECONDS, WINDOW_SECONDS + 5) == pytest.approx(WINDOW_SECONDS)

"""When a route counts as gone, by outcomes in a row."""

from datetime import UTC, datetime, timedelta

from callcore.outbound.causes import Sign, Streak

T0 = datetime(2026, 11, 22, 12, tzinfo=UTC)


def after(seconds: int) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_so_many_in_a_row_and_a_good_one_begins_anew() -> None:
    streak = Streak(2)
    assert streak.note(Sign.gone, T0, after(1)) is None
    assert streak.note(Sign.good, T0, after(2)) is None
    assert streak.note(Sign.gone, T0, after(3)) is None
    assert streak.note(Sign.nothing, T0, after(3)) is None
    assert streak.note(Sign.gone, T0, after(4)) is not None


def test_what_was_under_way_when_it_was_found_gone_counts_no_more() -> None:
    streak = Streak(2)
    assert streak.note(Sign.gone, T0, after(5)) is None
    assert streak.note(Sign.gone, T0, after(6)) is not None
    for _late in range(5):
        assert streak.note(Sign.gone, after(5), after(9)) is None
    assert streak.note(Sign.gone, after(7), after(10)) is None
    assert streak.note(Sign.gone, after(8), after(11)) is not None

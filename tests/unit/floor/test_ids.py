"""Call ids sort by time and are never the same."""

from datetime import UTC, datetime, timedelta

from callcore.floor.ids import mint_call_id

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_ids_sort_by_time() -> None:
    ids = [mint_call_id(START + timedelta(milliseconds=n)) for n in range(500)]
    assert ids == sorted(ids)
    assert {len(call) for call in ids} == {18}
    assert all(call.isalnum() and call == call.lower() for call in ids)


def test_ids_of_one_moment_differ() -> None:
    assert len({mint_call_id(START) for _ in range(1000)}) == 1000

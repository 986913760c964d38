"""Topics offered before anything is typed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from callcore.crm.suggestions import Reason, Suggestion, suggest
from callcore.domain import UNCLASSIFIED, TopicCode

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
A, B, C, D, E = (TopicCode(f"finance.{name}") for name in "abcde")
KNOWN = frozenset({A, B, C, D, E})


def days_ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def test_nothing_known_nothing_offered() -> None:
    assert suggest(known=KNOWN, now=NOW) == ()


def test_each_reason_in_its_order() -> None:
    found = suggest(
        known=KNOWN,
        ivr=A,
        past=[(B, days_ago(1)), (C, days_ago(9))],
        usual=[D],
        favourites=[E],
        now=NOW,
        limit=9,
    )
    assert found == (
        Suggestion(A, (Reason.ivr,)),
        Suggestion(B, (Reason.lately,)),
        Suggestion(C, (Reason.before,)),
        Suggestion(D, (Reason.queue,)),
        Suggestion(E, (Reason.favourite,)),
    )


def test_reasons_gather() -> None:
    found = suggest(known=KNOWN, usual=[A, B], favourites=[B], past=[(B, days_ago(200))], now=NOW)
    assert found[0] == Suggestion(B, (Reason.queue, Reason.favourite, Reason.before))
    assert found[1].topic == A


def test_what_is_not_offered() -> None:
    """What the tables do not hold any more, what stands on the contact already, and no topic at all."""
    found = suggest(
        known=KNOWN,
        ivr=TopicCode("gone.a"),
        past=[(UNCLASSIFIED, NOW), (A, NOW)],
        usual=[B],
        without={A},
        now=NOW,
    )
    assert [s.topic for s in found] == [B]


def test_not_more_than_asked_for() -> None:
    assert len(suggest(known=KNOWN, usual=[A, B, C, D, E], now=NOW, limit=2)) == 2

"""Each rule of a row by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import QueueName, TopicCode
from callcore.routing.match import fails
from callcore.routing.rows import QueueWhen, Rule, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing, folded
from callcore.routing.timetable import Hours, Span

NOON = datetime(2026, 3, 4, 9, tzinfo=UTC)
"""In Moscow, a Wednesday."""
MORNINGS = Hours(ZoneInfo("Europe/Moscow"), ((Span(540, 600),),) * 7)
SALES = QueueName("sales")
MINUTE = timedelta(minutes=1)

CALL = Situation(
    topic=TopicCode("sales.connection"),
    at=NOON,
    language="en",
    caller=CallerFacts(
        Standing.existing, "vip-0", "ооо", "север", frozenset({Mark.debt, Mark.personal_operator})
    ),
    last_contact_at=NOON - timedelta(hours=2),
    queues={SALES: QueueState(signed_in=3, ready=0, waiting=6, longest_wait=3 * MINUTE)},
)


def queue(**asked: object) -> When:
    return When(queue=QueueWhen(SALES, **asked))  # type: ignore[arg-type]


HOLDS = [
    When(),
    When(topics=frozenset({TopicCode("sales.connection"), TopicCode("sales.other")})),
    When(
        segments=frozenset({"vip-0", "vip-3"}), legal_forms=frozenset({"ооо"}), regions=frozenset({"север"})
    ),
    When(standings=frozenset({Standing.existing, Standing.prospective}), languages=frozenset({"en"})),
    When(marks=frozenset({Mark.debt, Mark.personal_operator}), without=frozenset({Mark.blocked})),
    When(repeat_within=timedelta(hours=2)),
    When(hours=MORNINGS, is_open=False),
    queue(all_paused=True, waits_longer_than=2 * MINUTE, waiting_more_than=5),
]


@pytest.mark.parametrize("when", HOLDS)
def test_what_holds(when: When) -> None:
    assert fails(when, CALL) is None


@pytest.mark.parametrize(
    ("when", "rule"),
    [
        (When(topics=frozenset({TopicCode("sales.other")})), "topic"),
        (When(segments=frozenset({"key"})), "segment"),
        (When(standings=frozenset({Standing.unknown})), "standing"),
        (When(legal_forms=frozenset({"ао"})), "legal_form"),
        (When(regions=frozenset({"юг"})), "region"),
        (When(languages=frozenset({"ru"})), "language"),
        (When(marks=frozenset({Mark.debt, Mark.blocked})), "marks"),
        (When(without=frozenset({Mark.debt})), "marks"),
        (When(repeat_within=timedelta(hours=2) - MINUTE), "repeat"),
        (When(hours=MORNINGS), "hours"),
        (queue(nobody=True), "queue"),
        (queue(all_paused=True, waiting_more_than=6), "queue"),
        (queue(waits_longer_than=3 * MINUTE), "queue"),
        # the first in the order of Rule is told
        (When(segments=frozenset({"key"}), hours=MORNINGS), "segment"),
    ],
)
def test_what_does_not_hold_says_which_rule(when: When, rule: Rule) -> None:
    assert fails(when, CALL) == rule


def test_who_never_called_before_calls_for_the_first_time() -> None:
    first = replace(CALL, last_contact_at=None)
    assert fails(When(repeat_within=timedelta(days=365)), first) == "repeat"


@pytest.mark.parametrize("when", [queue(nobody=True), queue(waiting_more_than=0)])
def test_a_queue_that_is_not_known_is_in_no_state(when: When) -> None:
    assert fails(when, replace(CALL, queues={})) == "queue"


def test_nobody_signed_in_is_not_all_paused() -> None:
    empty = replace(CALL, queues={SALES: QueueState()})
    assert fails(queue(nobody=True), empty) is None
    assert fails(queue(all_paused=True), empty) == "queue"


def test_words_of_the_base_count_without_their_case() -> None:
    caller = CallerFacts(Standing.existing, "VIP-0", "ООО", "Север")
    shouted = folded(replace(CALL, caller=caller))
    assert fails(HOLDS[2], shouted) is None

"""What shows only when rows are laid over each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import QueueName, TopicCode
from callcore.routing import check_circles, space
from callcore.routing.check import check
from callcore.routing.faults import TableFault
from callcore.routing.legs import Announce, HangUp, Leg, ToNumber, ToQueue, ToTopic, Voicemail
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import Mark, Standing
from callcore.routing.tables import TopicTables

from .conftest import text

HOUR = timedelta(hours=1)
FINANCE = QueueName("finance")
RECALCULATION, CHARGES = TopicCode("finance.recalculation"), TopicCode("finance.charges")
DIAGNOSIS = TopicCode("expert.diagnosis")
VIP = When(segments=frozenset({"vip-0", "vip-3"}))


def queue(**asked: object) -> When:
    return When(queue=QueueWhen(FINANCE, **asked))  # type: ignore[arg-type]


def row(code: str, when: When, *legs: Leg) -> Row:
    return Row(code, when, legs or (Voicemail(),))


def with_rows(tables: TopicTables, *finance: Row, expert: tuple[Row, ...] = ()) -> TopicTables:
    first, second = tables.tables[:2]
    return replace(tables, tables=(replace(first, rows=expert), replace(second, rows=finance)))


def said(tables: TopicTables) -> list[str]:
    return [f"{fault.table}:{'.'.join(map(str, fault.path))}: {fault.message.en}" for fault in check(tables)]


def one(tables: TopicTables) -> TableFault:
    (fault,) = check(tables)
    return fault


# --- rows that no call reaches


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (When(), VIP),
        (VIP, When(segments=frozenset({"vip-3"}), standings=frozenset({Standing.existing}))),
        (When(repeat_within=3 * HOUR), When(repeat_within=HOUR)),
        (queue(waiting_more_than=3), queue(all_paused=True, waiting_more_than=5)),
        (queue(waits_longer_than=HOUR), queue(waits_longer_than=2 * HOUR)),
        (When(marks=frozenset({Mark.debt})), When(marks=frozenset({Mark.debt, Mark.blocked}))),
        (When(without=frozenset({Mark.debt})), When(without=frozenset({Mark.debt, Mark.blocked}))),
        (When(topics=frozenset({CHARGES, RECALCULATION})), When(topics=frozenset({CHARGES}))),
        (When(languages=frozenset({"ru", "en"})), When(languages=frozenset({"en"}))),
    ],
)
def test_a_row_below_one_that_takes_all_its_calls(tables: TopicTables, above: When, below: When) -> None:
    fault = one(with_rows(tables, row("above", above), row("below", below)))
    assert (fault.path, fault.severity) == (("rows", "below"), "warning")
    assert fault.message.en == "No call reaches this row. Rows above it take every such call: above."
    assert fault.message.ru.endswith("забирают строки выше: above.")
    assert said(with_rows(tables, row("below", below), row("above", above))) == []


def test_several_rows_together_may_take_all(tables: TopicTables) -> None:
    every = [
        row(mark, When(standings=frozenset({mark})), Voicemail())
        for mark in (Standing.existing, Standing.prospective, Standing.unknown)
    ]
    fault = one(with_rows(tables, *every, row("vip", VIP)))
    assert fault.message.en.endswith("every such call: existing, prospective, unknown.")
    assert said(with_rows(tables, *every[:2], row("vip", VIP))) == []


def test_what_would_take_long_to_tell_is_not_told(
    tables: TopicTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [row(each, When(standings=frozenset({each}))) for each in Standing]
    assert one(with_rows(tables, *every, row("vip", VIP))).path == ("rows", "vip")
    monkeypatch.setattr(space, "MOST_PIECES", 1)
    assert said(with_rows(tables, *every, row("vip", VIP))) == []


def test_open_and_closed_together_are_always(tables: TopicTables) -> None:
    hours = tables.tables[1].hours
    day = row("day", When(hours=hours), ToQueue())
    night = row("night", When(hours=hours, is_open=False))
    fault = one(with_rows(tables, day, night, row("vip", VIP)))
    assert fault.path == ("rows", "vip")
    never = row("never", When(hours=tables.tables[0].hours, is_open=False))  # expert is always open
    assert said(with_rows(tables, never)) == [
        "finance:rows.never: No call reaches this row. Its conditions never hold together."
    ]


def test_an_unknown_queue_is_in_no_state(tables: TopicTables) -> None:
    every = [
        row("empty", queue(nobody=True)),
        row("some", queue(waiting_more_than=0)),
    ]
    assert said(with_rows(tables, *every, row("vip", VIP))) == []
    both = row("both", queue(nobody=True, all_paused=True))
    assert said(with_rows(tables, both)) == [
        "finance:rows.both: No call reaches this row. Its conditions never hold together."
    ]


# --- hours that nobody serves


def test_a_row_to_a_queue_says_at_which_hours(tables: TopicTables) -> None:
    fault = one(with_rows(tables, row("vip", VIP, ToQueue(priority=5))))
    assert (fault.path, fault.severity) == (("rows", "vip"), "fault")
    assert fault.message.en == "This row sends to a queue even while the table is closed."
    hours = tables.tables[1].hours
    assert said(with_rows(tables, row("vip", replace(VIP, hours=hours), ToQueue()))) == []
    assert said(with_rows(tables, replace(row("vip", VIP, ToQueue()), at_any_hour=True))) == []
    night = row("night", When(hours=hours, is_open=False))
    assert said(with_rows(tables, night, row("vip", VIP, ToQueue()))) == []  # what reaches it is open
    assert said(with_rows(tables, expert=(row("vip", VIP, ToQueue()),))) == []  # expert never closes


def test_a_row_at_any_hour_leaves_word_too(tables: TopicTables) -> None:
    office = (ToNumber("301", HOUR / 120), Announce(text("later")), HangUp())
    fault = one(with_rows(tables, row("vip", VIP, *office)))
    assert (fault.path, fault.severity) == (("rows", "vip", "to"), "fault")
    assert fault.message.en == "Whoever comes here while the table is closed can leave nothing behind."
    assert said(with_rows(tables, replace(row("vip", VIP, *office), at_any_hour=True))) == []
    assert said(with_rows(tables, row("vip", VIP, office[0], Voicemail()))) == []
    assert said(with_rows(tables, row("vip", VIP, ToTopic(DIAGNOSIS)))) == []


# --- circles


def test_topics_in_a_circle(tables: TopicTables) -> None:
    on, back = row("on", VIP, ToTopic(DIAGNOSIS)), row("back", When(), ToTopic(CHARGES))
    assert said(with_rows(tables, on, expert=(back,))) == [
        "finance:rows.on.to.0.topic: Topics hand the call on in a circle: "
        "expert.diagnosis → finance.charges → expert.diagnosis."
    ]


def test_a_circle_that_no_caller_goes_round_is_none(tables: TopicTables) -> None:
    """D-29: the segment sends one caller there and another one back."""
    on = row("on", VIP, ToTopic(DIAGNOSIS))
    plain = row("plain", When(segments=frozenset({"mass"})), ToTopic(CHARGES))
    assert said(with_rows(tables, on, expert=(plain,))) == []
    vips_first = row("vips", VIP)
    back = row("back", When(), ToTopic(CHARGES))
    assert said(with_rows(tables, on, expert=(vips_first, back))) == []


def test_a_topic_that_hands_on_to_itself(tables: TopicTables) -> None:
    itself = row("self", When(topics=frozenset({CHARGES})), ToTopic(CHARGES))
    assert said(with_rows(tables, itself)) == [
        "finance:rows.self.to.0.topic: Topics hand the call on in a circle: "
        "finance.charges → finance.charges."
    ]


def test_what_leads_into_a_circle_is_not_told_again(tables: TopicTables) -> None:
    into = row("into", When(topics=frozenset({RECALCULATION})), ToTopic(CHARGES))
    itself = row("self", When(topics=frozenset({CHARGES})), ToTopic(CHARGES))
    assert len(said(with_rows(tables, into, itself))) == 1
    english = When(topics=frozenset({CHARGES}), languages=frozenset({"en"}))
    found = said(with_rows(tables, into, row("english", english, ToTopic(RECALCULATION)), itself))
    assert [each.partition(": ")[0] for each in found] == [
        "finance:rows.english.to.0.topic",
        "finance:rows.self.to.0.topic",
    ]


def test_the_search_for_circles_ends(tables: TopicTables, monkeypatch: pytest.MonkeyPatch) -> None:
    on, back = row("on", When(), ToTopic(DIAGNOSIS)), row("back", When(), ToTopic(CHARGES))
    monkeypatch.setattr(check_circles, "MOST_ROWS", 1)
    assert said(with_rows(tables, on, expert=(back,))) == []


# --- skills


def test_rows_that_ask_one_queue_for_different_skills(tables: TopicTables) -> None:
    """app_queue has one front row a queue."""
    hours = tables.tables[1].hours
    vip = row("vip", replace(VIP, hours=hours), ToQueue(skills=("vip", "english")))
    same = row("same", When(languages=frozenset({"en"}), hours=hours), ToQueue(skills=("english", "vip")))
    assert said(with_rows(tables, vip, same)) == []
    english = replace(same, legs=(ToQueue(FINANCE, skills=("english",)),))
    fault = one(with_rows(tables, vip, english))
    assert (fault.path, fault.severity) == (("rows", "same", "to", 0, "skills"), "warning")
    assert fault.message.en == (
        "Another row asks queue finance for other skills: vip, english. Who has them all is rung first."
    )

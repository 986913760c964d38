"""What a change of the tables does to callers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.legs import Announce, HangUp, ToQueue, Voicemail
from callcore.routing.rows import Row, When
from callcore.routing.situation import CallerFacts, Situation, Standing
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.routing.trial import Expectation, Trial
from callcore.web.voice.differing import compare_tables

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLAIM, NEWS = TopicCode("finance.claim"), TopicCode("finance.news")
NIGHT = Trial(Situation(CLAIM, datetime(2026, 3, 1, 0, 0, tzinfo=UTC)), Expectation(row="closed"), 0)
DAYS = Hours(ZoneInfo("UTC"), (ALL_DAY,) * 6 + ((),))
"""Closed on Sundays, as the 1st of March 2026 is one."""


def finance(*topics: TopicCode, queue: str = "finance", rows: tuple[Row, ...] = ()) -> TopicTables:
    return TopicTables(
        (
            TopicTable(
                "finance",
                Text("Финансы", "Finance"),
                DAYS,
                Text("Закрыто", "Closed"),
                tuple(Topic(code, Text(code, code), QueueName(queue)) for code in topics),
                rows=rows,
                trials=(NIGHT,),
            ),
        ),
        topics[0],
    )


def test_the_same_tables_differ_in_nothing() -> None:
    found = compare_tables(finance(CLAIM), finance(CLAIM), NOW)
    assert found.found == ()
    assert found.tried == 1 + 2 * len(Standing)  # open now, closed on Sunday


def test_a_row_for_some_callers_shows_those_alone() -> None:
    row = Row("new", When(standings=frozenset((Standing.prospective,))), (HangUp(),))
    found = compare_tables(finance(CLAIM), finance(CLAIM, rows=(row,)), NOW).found
    assert [each.at.caller.standing for each in found] == [Standing.prospective] * 2
    assert found[0].before is not None
    assert found[0].after is not None
    assert found[0].before[0].en == "To queue finance."
    assert [each.en for each in found[0].after] == ["The call ends."]


def test_what_happens_at_other_hours_is_seen() -> None:
    new = finance(CLAIM)
    quiet = replace(new.tables[0], closed_then=(HangUp(),))
    found = compare_tables(new, TopicTables((quiet,), CLAIM), NOW).found
    assert [each.who.en for each in found[:1]] == ["trial 1 of “Finance”"]
    assert {each.at.at for each in found[1:]} == {datetime(2026, 3, 8, 0, 0, tzinfo=UTC)}
    assert {each.at.caller.standing for each in found[1:]} == set(Standing)
    assert found[0].before is not None
    assert found[0].before[-1].en.startswith("Voicemail")


def test_topics_that_come_and_go() -> None:
    found = compare_tables(finance(CLAIM), finance(CLAIM, NEWS), NOW).found
    assert {each.at.topic for each in found} == {NEWS}
    assert all(each.before is None and each.after for each in found)
    gone = compare_tables(finance(CLAIM, NEWS), finance(CLAIM), NOW).found
    assert all(each.before and each.after is None for each in gone)
    assert len(gone) == 2 * len(Standing)


def test_a_queue_with_another_name_is_a_difference() -> None:
    found = compare_tables(finance(CLAIM), finance(CLAIM, queue="money"), NOW)
    assert {each.at.caller for each in found.found} == {CallerFacts(each) for each in Standing}
    assert all(
        isinstance(each, ToQueue | Announce | Voicemail) for each in finance(CLAIM).tables[0].all_rows[0].legs
    )


def test_what_is_changed_at_night_is_seen_for_the_day() -> None:
    sunday = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    found = compare_tables(finance(CLAIM), finance(CLAIM, queue="money"), sunday).found
    assert {each.at.at for each in found} == {datetime(2026, 3, 2, 0, 0, tzinfo=UTC)}


def test_tables_that_never_close_are_tried_now() -> None:
    tables = finance(CLAIM)
    always = replace(tables.tables[0], hours=Hours(ZoneInfo("UTC"), (ALL_DAY,) * 7), trials=())
    assert compare_tables(TopicTables((always,), CLAIM), TopicTables((always,), CLAIM), NOW).tried == 3

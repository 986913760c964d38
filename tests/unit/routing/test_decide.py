"""A route, and the reason that a person can read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from callcore.domain import Text, TopicCode
from callcore.routing.decide import Closed, ToQueue, decide
from callcore.routing.tables import Hours, Span, SpecialDay, TopicTables, UnknownTopic

RECALCULATION = TopicCode("finance.recalculation")


def at(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour - 3, tzinfo=UTC)


def test_in_opening_hours_to_the_queue(tables: TopicTables) -> None:
    route = decide(tables, RECALCULATION, at(4, 10), None)
    assert route.target == ToQueue("finance")
    assert route.name == "finance.recalculation/queue"
    assert (route.topic, route.table) == (RECALCULATION, "finance")
    assert [(step.rule, step.matched) for step in route.steps] == [
        ("topic", True),
        ("hours", True),
        ("target", True),
    ]
    assert "Wednesday 2026-03-04 10:00 in Europe/Moscow; hours: 09:00–18:00: open." in route.reason.en
    assert "среда, Europe/Moscow; часы: 09:00–18:00 — открыто." in route.reason.ru


def test_after_hours_the_announcement_and_when_again(tables: TopicTables) -> None:
    route = decide(tables, RECALCULATION, at(6, 20), None)
    assert route.name == "finance.recalculation/closed"
    assert isinstance(route.target, Closed)
    assert route.target.announcement == Text("finance closed по-русски", "finance closed in English")
    assert route.target.next_open_at == at(10, 9)  # Monday the ninth is a day off
    assert route.steps[1].matched is False
    assert "open again 2026-03-10 09:00" in route.reason.en


def test_a_holiday_is_named(tables: TopicTables) -> None:
    route = decide(tables, RECALCULATION, at(8, 12), None)
    assert [step.rule for step in route.steps] == ["topic", "day", "hours", "target"]
    assert "2026-03-08 is a public holiday (International Women's Day): closed." in route.reason.en
    assert "08.03.2026 — нерабочий праздничный день (Международный женский день): закрыто." in route.reason.ru


def test_a_moved_working_day_is_named(tables: TopicTables) -> None:
    route = decide(tables, RECALCULATION, datetime(2025, 11, 1, 9, tzinfo=UTC), None)
    assert isinstance(route.target, ToQueue)
    assert "2025-11-01 is a weekend day made a working day: 09:00–18:00." in route.reason.en


def test_a_special_day_past_midnight(tables: TopicTables) -> None:
    finance = tables.tables[1]
    special = SpecialDay(date(2026, 3, 7), (Span(1200, 1560),), Text("ночь отчёта", "closing night"))
    hours = replace(finance.hours, special=(special,))
    changed = replace(tables, tables=(replace(finance, hours=hours),))
    evening = decide(changed, RECALCULATION, at(7, 21), None)
    assert "2026-03-07 is a special day (closing night): 20:00–02:00+1." in evening.reason.en
    night = decide(changed, RECALCULATION, datetime(2026, 3, 7, 22, tzinfo=UTC), None)
    assert isinstance(night.target, ToQueue)
    assert "hours since the day before: 20:00–02:00+1: open" in night.reason.en


def test_round_the_clock_is_said_so(tables: TopicTables) -> None:
    assert (
        "hours: round the clock: open"
        in decide(tables, TopicCode("expert.diagnosis"), at(8, 4), None).reason.en
    )


def test_never_open_is_said_so(tables: TopicTables) -> None:
    route = decide(tables, TopicCode("internal.other"), at(4, 10), None)
    assert route.target == Closed(tables.tables[2].closed, None)
    assert "nobody is there within a year" in route.reason.en


def test_an_unknown_topic_raises(tables: TopicTables) -> None:
    with pytest.raises(UnknownTopic):
        decide(tables, TopicCode("finance.nothing"), at(4, 10), None)


def test_tables_know_their_queues_and_topics(tables: TopicTables) -> None:
    assert tables.queues == ("expert", "finance", "internal")
    assert len(tables.topics) == 5
    assert [table.code for table in tables] == ["expert", "finance", "internal"]


def test_hours_that_have_a_country_are_not_always_open(tables: TopicTables) -> None:
    assert tables.tables[0].hours.is_always_open
    assert not replace(tables.tables[0].hours, country="RU").is_always_open
    assert isinstance(tables.tables[0].hours, Hours)

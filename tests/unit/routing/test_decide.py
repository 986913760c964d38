"""Where a call goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.decide import Route, decide, legs_of, named
from callcore.routing.legs import Announce, OfferCallBack, ToPersonal, ToQueue, ToTopic, Voicemail
from callcore.routing.rows import Row, When
from callcore.routing.situation import CallerFacts, Situation, Standing
from callcore.routing.tables import TopicTables, UnknownTopic

RECALCULATION = TopicCode("finance.recalculation")
CHARGES = TopicCode("finance.charges")
DIAGNOSIS = TopicCode("expert.diagnosis")
FINANCE, EXPERT = QueueName("finance"), QueueName("expert")
VIP = CallerFacts(Standing.existing, segment="Vip-0")


def at(day: int, hour: int) -> datetime:
    """In March 2026, by the clocks of Moscow."""
    return datetime(2026, 3, day, hour - 3, tzinfo=UTC)


def route_of(tables: TopicTables, topic: TopicCode = RECALCULATION, **given: object) -> Route:
    return decide(tables, Situation(topic, at(4, 10), **given))  # type: ignore[arg-type]


def with_rows(tables: TopicTables, *rows: Row, of: int = 1) -> TopicTables:
    """Rows for finance, or another table by its place."""
    changed = list(tables.tables)
    changed[of] = replace(changed[of], rows=rows)
    return replace(tables, tables=tuple(changed))


def test_in_opening_hours_to_the_topics_queue(tables: TopicTables) -> None:
    route = route_of(tables)
    assert route.legs == (ToQueue(FINANCE),)
    assert route.name == "finance.recalculation/queue"
    assert (route.topic, route.table, route.row) == (RECALCULATION, "finance", "queue")
    assert route.queue == FINANCE
    assert not route.is_closed


def test_after_hours_the_announcement_and_a_way_to_leave_word(tables: TopicTables) -> None:
    route = decide(tables, Situation(RECALCULATION, at(6, 20)))
    assert route.name == "finance.recalculation/closed"
    assert route.is_closed
    assert route.queue is None
    said = Text("finance closed по-русски", "finance closed in English")
    assert route.legs == (Announce(said), Voicemail())


def test_what_follows_when_it_is_closed_is_the_files_own(tables: TopicTables) -> None:
    finance = replace(tables.tables[1], closed_then=(OfferCallBack(), Voicemail()))
    changed = replace(tables, tables=(tables.tables[0], finance))
    assert decide(changed, Situation(CHARGES, at(8, 12))).legs[1:] == (OfferCallBack(FINANCE), Voicemail())


def test_the_first_row_that_holds_decides(tables: TopicTables) -> None:
    rows = (
        Row("debtors", When(standings=frozenset({Standing.prospective})), (Voicemail(),)),
        Row("vip", When(segments=frozenset({"vip-0"})), (ToPersonal(timedelta(seconds=20)), ToQueue())),
        Row("all", When(), (Voicemail(),)),
    )
    changed = with_rows(tables, *rows)
    vip = route_of(changed, caller=VIP)
    assert (vip.row, vip.legs) == ("vip", (ToPersonal(timedelta(seconds=20)), ToQueue(FINANCE)))
    assert vip.hops[0].failed == ("standing", None)
    assert route_of(changed).row == "all"


def test_rows_about_other_topics_are_not_looked_at(tables: TopicTables) -> None:
    changed = with_rows(tables, Row("charges", When(topics=frozenset({CHARGES})), (Voicemail(),)))
    assert route_of(changed, CHARGES).row == "charges"
    other = route_of(changed)
    assert (other.row, other.hops[0].failed) == ("queue", (None,))


def test_another_topic_may_decide(tables: TopicTables) -> None:
    """D-29: who he is decides which department's topic it is."""
    changed = with_rows(
        tables,
        Row("vip", When(segments=frozenset({"vip-0"})), (ToTopic(DIAGNOSIS),)),
    )
    route = route_of(changed, caller=VIP)
    assert (route.topic, route.table, route.row) == (RECALCULATION, "expert", "queue")
    assert route.name == "finance.recalculation/expert.queue"
    assert [hop.topic for hop in route.hops] == [RECALCULATION, DIAGNOSIS]
    assert route.legs == (ToQueue(EXPERT),)


def test_a_circle_that_slipped_through_ends_in_the_last_row(tables: TopicTables) -> None:
    there = with_rows(tables, Row("on", When(), (ToTopic(DIAGNOSIS),)))
    circle = with_rows(there, Row("back", When(), (ToTopic(RECALCULATION),)), of=0)
    route = route_of(circle)
    assert (route.table, route.row) == ("expert", "closed")
    assert [hop.topic for hop in route.hops] == [RECALCULATION, DIAGNOSIS]


def test_an_unknown_topic_raises(tables: TopicTables) -> None:
    nothing = TopicCode("finance.nothing")
    with pytest.raises(UnknownTopic):
        route_of(tables, nothing)
    with pytest.raises(UnknownTopic):
        named(tables, nothing, (ToQueue(),))


def test_the_legs_of_an_earlier_decision_are_found_by_row(tables: TopicTables) -> None:
    changed = with_rows(
        tables, Row("crowded", When(topics=frozenset({CHARGES})), (OfferCallBack(), ToQueue(EXPERT)))
    )
    assert legs_of(changed, CHARGES, "crowded") == (OfferCallBack(FINANCE), ToQueue(EXPERT))
    assert legs_of(changed, RECALCULATION, "crowded") is None
    assert legs_of(changed, RECALCULATION, "queue") == (ToQueue(FINANCE),)


def test_legs_from_elsewhere_get_the_topics_queue(tables: TopicTables) -> None:
    legs = (ToQueue(priority=5), Voicemail())
    assert named(tables, CHARGES, legs) == (ToQueue(FINANCE, priority=5), Voicemail())


def test_tables_know_their_queues_and_topics(tables: TopicTables) -> None:
    changed = with_rows(tables, Row("x", When(), (OfferCallBack(QueueName("promises")), ToQueue(EXPERT))))
    assert changed.queues == ("expert", "finance", "internal", "promises")
    assert len(tables.topics) == 5
    assert [table.code for table in tables] == ["expert", "finance", "internal"]


def test_hours_that_have_a_country_are_not_always_open(tables: TopicTables) -> None:
    always = tables.tables[0].hours
    assert always.is_always_open
    assert not replace(always, country="RU").is_always_open

"""Faults between the rows."""

from dataclasses import replace
from datetime import date

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.check import check
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.timetable import SpecialDay


def said(tables: TopicTables, queues: tuple[str, ...] = (), reserved: str | None = None) -> list[str]:
    found = check(tables, queues, reserved)
    return [f"{fault.table}:{'.'.join(map(str, fault.path))}: {fault.message.en}" for fault in found]


def with_finance(tables: TopicTables, finance: TopicTable) -> TopicTables:
    return replace(tables, tables=(tables.tables[0], finance))


def test_good_tables_have_none_but_a_warning_for_what_is_never_open(tables: TopicTables) -> None:
    found = check(tables)
    assert [(fault.table, fault.severity) for fault in found] == [("internal", "warning")]


def test_the_default_topic_must_exist(tables: TopicTables) -> None:
    assert ':ivr.default_topic: There is no topic "none".' in said(
        replace(tables, default_topic=TopicCode("none"))
    )


def test_keys_of_departments_are_taken_once(tables: TopicTables) -> None:
    finance = replace(tables.tables[1], key="0")
    assert said(with_finance(tables, finance)) == ["finance:key: The key 0 is already taken by expert."]


def test_the_language_has_its_key(tables: TopicTables) -> None:
    assert "finance:key: The key 4 switches the language." in said(tables, reserved="4")


def test_keys_of_topics_are_taken_once(tables: TopicTables) -> None:
    topics = tables.tables[1].topics
    finance = replace(tables.tables[1], topics=(topics[0], replace(topics[1], key="2")))
    assert said(with_finance(tables, finance)) == [
        "finance:topics.charges.key: The key 2 is already taken by finance.recalculation."
    ]


def test_a_menu_without_keys_is_empty(tables: TopicTables) -> None:
    assert said(replace(tables, tables=(replace(tables.tables[0], key=None),))) == [
        ":topics: No table has a key: the menu is empty."
    ]


def test_a_key_that_leads_nowhere(tables: TopicTables) -> None:
    finance = replace(
        tables.tables[1], topics=tuple(replace(topic, key=None) for topic in tables.tables[1].topics)
    )
    assert said(with_finance(tables, finance)) == [
        "finance:topics: The table's key leads nowhere: there are several topics, none with a key."
    ]


def test_queues_must_be_listed_where_any_are(tables: TopicTables) -> None:
    finance = replace(
        tables.tables[1], topics=(replace(tables.tables[1].topics[0], queue=QueueName("cash")),)
    )
    assert said(with_finance(tables, finance), ("expert", "finance")) == [
        'finance:topics.recalculation: The queue "cash" is not listed in queues.'
    ]


def test_open_on_a_day_that_is_usually_closed(tables: TopicTables) -> None:
    finance = tables.tables[1]
    why = Text("-", "-")
    hours = replace(
        finance.hours,
        special=(SpecialDay(date(2026, 3, 8), None, why), SpecialDay(date(2026, 3, 10), None, why)),
    )
    assert said(with_finance(tables, replace(finance, hours=hours))) == [
        "finance:holidays.days.2026-03-08.hours: open means the usual hours, and this weekday is closed."
    ]


def test_open_on_special_days_alone_is_open(tables: TopicTables) -> None:
    internal = tables.tables[2]
    hours = replace(
        internal.hours,
        special=(SpecialDay(date(2026, 3, 8), tables.tables[0].hours.weekly[0], Text("", "")),),
    )
    assert said(replace(tables, tables=(tables.tables[0], replace(internal, hours=hours)))) == []


def test_phrases_and_menus_that_nobody_listens_to(tables: TopicTables) -> None:
    long = Text("а" * 700, "a" * 20)
    finance = replace(tables.tables[1], say=long)
    assert said(with_finance(tables, finance)) == [
        ":topics: The menu's phrase for key 4 is longer than 120 characters.",
        ":topics: The menu is longer than 600 characters, more than 40 seconds.",
    ]
    topics = tables.tables[1].topics
    finance = replace(tables.tables[1], topics=(replace(topics[0], say=long), *topics[1:]))
    found = check(with_finance(tables, finance))
    assert [(fault.table, fault.severity) for fault in found] == [("finance", "warning")] * 2

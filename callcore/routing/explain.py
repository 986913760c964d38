"""A route in words: which rows were looked at, why they did not hold, and what the deciding one does.

The same function that decided (``match.fails``) says which rule failed; here it only gets its words, with the
values of this caller and this moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from callcore.domain import Text
from callcore.routing.decide import Route
from callcore.routing.hours import DayKind, day_of, next_open_at, open_day
from callcore.routing.hours_words import day_words, hours_words, reopening_words
from callcore.routing.rows import Row, Rule
from callcore.routing.situation import Situation
from callcore.routing.tables import CLOSED, OWN_ROWS, Topic, TopicTable, TopicTables
from callcore.routing.words import leg_words, rule_words


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at, in its order; ``matched``: whether it held."""

    rule: Literal["topic", "row", "day", "hours", "leg", "reopening"]
    text: Text
    matched: bool = True


def explain(tables: TopicTables, at: Situation, route: Route) -> tuple[Step, ...]:
    """Why ``decide(tables, at)`` gave this route."""
    steps: list[Step] = []
    for hop in route.hops:
        table, topic, rows = tables.about(hop.topic)
        steps.append(_topic_step(table, topic))
        here = replace(at, topic=hop.topic)
        # the hop ends with the row that decided
        looked = zip(rows, hop.failed, strict=False)
        steps += [_row_step(row, failed, here) for row, failed in looked if row.code not in OWN_ROWS]
    if route.row in OWN_ROWS:
        steps += _hours_steps(table, at)
    steps += [Step("leg", leg_words(leg)) for leg in route.legs]
    if route.row == CLOSED:
        steps.append(Step("reopening", reopening_words(table.hours, next_open_at(table.hours, at.at))))
    return tuple(steps)


def summary(steps: tuple[Step, ...]) -> Text:
    """All steps as one paragraph."""
    return Text(" ".join(step.text.ru for step in steps), " ".join(step.text.en for step in steps))


def _topic_step(table: TopicTable, topic: Topic) -> Step:
    return Step(
        "topic",
        Text(
            f"Тема {topic.code} ({topic.title.ru}) — в таблице {table.code} ({table.title.ru}).",
            f"Topic {topic.code} ({topic.title.en}) is in table {table.code} ({table.title.en}).",
        ),
    )


def _row_step(row: Row, failed: Rule | None, at: Situation) -> Step:
    if failed is None:
        why = Text(f" {row.why.ru}", f" {row.why.en}") if row.why else Text("", "")
        return Step("row", Text(f"Строка {row.code} подходит.{why.ru}", f"Row {row.code} holds.{why.en}"))
    words = rule_words(failed, row.when, at)
    return Step(
        "row",
        Text(f"Строка {row.code} не подходит: {words.ru}.", f"Row {row.code} does not hold: {words.en}."),
        matched=False,
    )


def _hours_steps(table: TopicTable, at: Situation) -> Iterator[Step]:
    hours = table.hours
    day = open_day(hours, at.at)
    today = day_of(hours, at.at.astimezone(hours.zone).date())
    if today.kind is not DayKind.weekly:
        yield Step("day", day_words(today))
    yield Step("hours", hours_words(hours, at.at, today, day), matched=day is not None)

"""Runs the trials that stand in the tables: what each expects against what would happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcore.domain import Text
from callcore.routing.decide import Route, decide
from callcore.routing.legs import kind_of
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.trial import Expectation, Trial


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial that came out otherwise."""

    table: str
    trial: Trial
    message: Text


def failures(tables: TopicTables) -> Iterator[Failure]:
    for table in tables:
        for trial in table.trials:
            route = decide(tables, trial.given)
            for message in _differences(table, trial.expect, route):
                yield Failure(table.code, trial, message)


def _differences(table: TopicTable, expect: Expectation, route: Route) -> Iterator[Text]:
    if expect.row is not None:
        wanted = expect.row if "." in expect.row else f"{table.code}.{expect.row}"
        yield from _differs(Text("строка", "row"), wanted, f"{route.table}.{route.row}")
    if expect.queue is not None:
        yield from _differs(Text("очередь", "queue"), expect.queue, route.queue or "-")
    if expect.legs:
        found = [kind_of(leg) for leg in route.legs]
        yield from _differs(Text("шаги", "legs"), ", ".join(expect.legs), ", ".join(found))


def _differs(what: Text, wanted: str, found: str) -> Iterator[Text]:
    if wanted != found:
        yield Text(
            f"{what.ru}: ожидали {wanted}, вышло {found}.", f"{what.en}: {wanted} expected, {found} found."
        )

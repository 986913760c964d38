"""Runs the trials that stand in the tables: what each expects against what would happen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

from callcore.domain import LANGUAGES, Text
from callcore.routing.decide import Route, decide
from callcore.routing.legs import KINDS, ToDepartment, department_of, kind_of
from callcore.routing.situation import Situation, Standing
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.trial import Expectation, Trial


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial that came out otherwise."""

    table: str
    trial: Trial
    message: Text


_DEPARTMENT = KINDS[ToDepartment]


def failures(tables: TopicTables) -> Iterator[Failure]:
    for table in tables:
        for trial in table.trials:
            found = list(_differences(table, trial.expect, decide(tables, trial.given)))
            if found:
                ru, en = (" ".join(each.in_(language) for each in found) for language in LANGUAGES)
                yield Failure(table.code, trial, Text(ru, en))


def _differences(table: TopicTable, expect: Expectation, route: Route) -> Iterator[Text]:
    if expect.row is not None:
        wanted = expect.row if "." in expect.row else f"{table.code}.{expect.row}"
        yield from _differs(Text("строка", "row"), wanted, f"{route.table}.{route.row}")
    if expect.queue is not None:
        yield from _differs(Text("очередь", "queue"), expect.queue, route.queue or "-")
    if expect.legs:
        found = [
            _DEPARTMENT if each == _DEPARTMENT and department_of(leg) else kind_of(leg)
            for each, leg in zip_longest(expect.legs[: len(route.legs)], route.legs)
        ]
        yield from _differs(Text("шаги", "legs"), ", ".join(expect.legs), ", ".join(found))


def _differs(what: Text, wanted: str, found: str) -> Iterator[Text]:
    if wanted != found:
        yield Text(
            f"{what.ru}: ожидали {wanted}, вышло {found}.", f"{what.en}: {wanted} expected, {found} found."
        )


# --- asked again, by hand


def as_command(given: Situation, zone: ZoneInfo) -> str:
    """The command line that explains this situation. ``zone``: in which the moment is told."""
    words = ["callcore", "route", "--topic", given.topic]
    words += ["--at", given.at.astimezone(zone).isoformat(timespec="minutes")]
    caller = given.caller
    said = {
        "--standing": caller.standing if caller.standing is not Standing.unknown else "",
        "--segment": caller.segment,
        "--legal-form": caller.legal_form,
        "--region": caller.region,
        "--marks": ",".join(sorted(caller.marks)),
        "--last-contact": _ago(given.at - given.last_contact_at) if given.last_contact_at else "",
        "--language": given.language,
    }
    for option, word in said.items():
        words += [option, word] if word else []
    for queue, state in given.queues.items():
        counts = (state.signed_in, state.ready, state.waiting, int(state.longest_wait.total_seconds()))
        words += ["--queue", f"{queue}={','.join(map(str, counts))}"]
    return shlex.join([*words, "--explain"])


def _ago(time: timedelta) -> str:
    """As ``fields.read_length`` reads it."""
    seconds = int(time.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("min", 60))
    return next((f"{seconds // each} {unit}" for unit, each in units if seconds % each == 0), f"{seconds} s")

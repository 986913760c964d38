"""``callcore route``: where a call would go at a moment, and why."""

from __future__ import annotations

import argparse
import asyncio
import difflib
from datetime import datetime
from pathlib import Path
from typing import Any

from callcore.commands.frame import DONE, Output, Work, WrongUse, add_config, add_json, text_json
from callcore.commands.route_facts import add_facts, look_up, moment, situation_of
from callcore.config import Settings, load
from callcore.domain import Text
from callcore.ivr.ports import Profile
from callcore.numbers import Number, format_national, normalise
from callcore.routing.decide import Route, decide
from callcore.routing.explain import Step, explain
from callcore.routing.legs import kind_of
from callcore.routing.situation import CallerFacts, Situation
from callcore.routing.tables import TopicTable, UnknownTopic
from callcore.routing.words import caller_words, leg_words
from callcore.store.errors import StoreError


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    add_json(parser, output)
    words = output.words
    parser.add_argument(
        "--from",
        dest="number",
        metavar="N",
        default="",
        help=words(
            Text("номер звонящего; без него — неизвестный", "the caller's number; unknown without it")
        ),
    )
    parser.add_argument(
        "--topic",
        metavar="T",
        required=True,
        help=words(
            Text("код темы, например finance.recalculation", "a topic's code, e.g. finance.recalculation")
        ),
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help=words(
            Text(
                "момент: 2026-12-31T09:00 (в поясе таблицы), 2026-12-31T09:00+03:00 или now",
                "the moment: 2026-12-31T09:00 (in the table's zone), 2026-12-31T09:00+03:00 or now",
            )
        ),
    )
    add_facts(parser, output)
    parser.add_argument(
        "--explain",
        action="store_true",
        help=words(Text("какие правила смотрели и почему", "which rules were looked at, and why")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False, with_trials=False)
    table = _table(settings, options.topic)
    at = moment(options.at, table.hours.zone)
    number = normalise(options.number, settings.organisation.country)
    if options.number and number is None:
        output.complain(
            Text(
                "Номер не распознан: звонящий считается неизвестным.",
                "The number is not one: the caller counts as unknown.",
            ),
            "yellow",
        )
    known = _known(settings, number, at, output) if number else None
    situation = situation_of(options, settings, at, known or Profile())
    route = decide(settings.tables, situation)
    steps = explain(settings.tables, situation, route)
    if options.json:
        output.json(_as_json(route, steps, situation, number, known))
    else:
        caller = format_national(number, settings.organisation.country) if number else None
        _print(route, steps if options.explain else (), situation.caller, caller, output)
    return DONE


def _known(settings: Settings, number: Number, at: datetime, output: Output) -> Profile | None:
    """What the base says of him; None where it cannot be asked."""
    try:
        return asyncio.run(look_up(settings, number, at))
    except StoreError as fault:
        output.complain(
            Text(
                f"База не ответила, звонящий считается неизвестным: {fault.text.ru}",
                f"The base did not answer, the caller counts as unknown: {fault.text.en}",
            ),
            "yellow",
        )
        return None


def _table(settings: Settings, topic: str) -> TopicTable:
    try:
        return settings.tables.find(topic)[0]
    except UnknownTopic:
        known = [str(each.code) for each in settings.tables.topics]
        below = [code for code in known if code.startswith(f"{topic}.")]  # he named a table
        near = below or difflib.get_close_matches(topic[:80], known, n=3, cutoff=0.4) or known
        raise WrongUse(
            Text(
                f"Темы {topic[:80]!a} нет. Есть: {', '.join(near)}.",
                f"There is no topic {topic[:80]!a}. Topics: {', '.join(near)}.",
            )
        ) from None


def _print(
    route: Route, steps: tuple[Step, ...], facts: CallerFacts, number: str | None, output: Output
) -> None:
    colour = "green" if route.queue else "yellow"
    who = caller_words(facts)
    shown = (
        Text(f"{number}, {who.ru} → ", f"{number}, {who.en} → ")
        if number
        else Text(f"{who.ru} → ", f"{who.en} → ")
    )
    output.say(output.words(shown) + output.paint(route.name, colour))
    for leg in route.legs:
        output.say(f"  {output.words(leg_words(leg))}")
    if steps:
        output.say(Text("Почему:", "Why:"))
        for index, step in enumerate(steps, 1):
            mark = output.paint("✓", "green") if step.matched else output.paint("✗", "yellow")
            output.say(f"  {index}. {mark} {output.words(step.text)}")


def _as_json(
    route: Route, steps: tuple[Step, ...], at: Situation, number: Number | None, known: Profile | None
) -> dict[str, Any]:
    caller = at.caller
    return {
        "route": route.name,
        "topic": route.topic,
        "table": route.table,
        "row": route.row,
        "queue": route.queue,
        "legs": [{"kind": kind_of(leg), "text": text_json(leg_words(leg))} for leg in route.legs],
        "at": at.at.isoformat(),
        "from": number.canonical if number else None,
        "caller": {
            "standing": caller.standing,
            "segment": caller.segment,
            "legal_form": caller.legal_form,
            "region": caller.region,
            "marks": sorted(caller.marks),
            "language": at.language,
            "last_contact_at": at.last_contact_at.isoformat() if at.last_contact_at else None,
            "is_from_base": known is not None,
        },
        "steps": [
            {"rule": step.rule, "matched": step.matched, "text": text_json(step.text)} for step in steps
        ],
    }


ROUTE = Work(_configure, _run)

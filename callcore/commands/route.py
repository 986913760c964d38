"""``callcore route``: where a call would go at a moment, and why."""

from __future__ import annotations

import argparse
import difflib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callcore.commands.frame import DONE, Command, Output, WrongUse, add_config, add_json, text_json
from callcore.config import Settings, load
from callcore.domain import Text, TopicCode
from callcore.numbers import Number, format_national, normalise
from callcore.routing.decide import Closed, Route, ToQueue, decide
from callcore.routing.tables import TopicTable, UnknownTopic


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
    parser.add_argument(
        "--explain",
        action="store_true",
        help=words(Text("какие правила смотрели и почему", "which rules were looked at, and why")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    table = _table(settings, options.topic)
    at = moment(options.at, table)
    number = normalise(options.number, settings.organisation.country)
    if options.number and number is None:
        output.complain(
            Text(
                "Номер не распознан: звонящий считается неизвестным.",
                "The number is not one: the caller counts as unknown.",
            ),
            "yellow",
        )
    route = decide(settings.tables, TopicCode(options.topic), at, None)
    if options.json:
        output.json(_as_json(route, at, number))
    else:
        _print(route, table, number, settings, output, explain=options.explain)
    return DONE


def moment(text: str, table: TopicTable) -> datetime:
    """The moment that ``--at`` names, in UTC; without a zone it is meant in the table's. Raises WrongUse."""
    if text == "now":
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            at = at.replace(tzinfo=table.hours.zone)
        if not 1970 <= at.year <= 9000:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(
            Text(
                f"--at {text[:40]!a}: это не момент. Напишите, например, 2026-12-31T09:00 или now.",
                f"--at {text[:40]!a} is no moment. Write for example 2026-12-31T09:00, or now.",
            )
        ) from None


def _table(settings: Settings, topic: str) -> TopicTable:
    try:
        return settings.tables.find(topic)[0]
    except UnknownTopic:
        known = [str(each.code) for each in settings.tables.topics]
        near = difflib.get_close_matches(topic[:80], known, n=3, cutoff=0.4) or known
        raise WrongUse(
            Text(
                f"Темы {topic[:80]!a} нет. Есть: {', '.join(near)}.",
                f"There is no topic {topic[:80]!a}. Topics: {', '.join(near)}.",
            )
        ) from None


def _print(
    route: Route,
    table: TopicTable,
    number: Number | None,
    settings: Settings,
    output: Output,
    *,
    explain: bool,
) -> None:
    colour = "green" if isinstance(route.target, ToQueue) else "yellow"
    caller = format_national(number, settings.organisation.country) if number else None
    who = Text(f"{caller or 'неизвестный'} → ", f"{caller or 'unknown'} → ")
    output.say(output.words(who) + output.paint(route.name, colour))
    match route.target:
        case ToQueue(queue):
            title = settings.queue_title(queue)
            output.say(Text(f"  очередь {queue} («{title.ru}»)", f'  queue {queue} ("{title.en}")'))
        case Closed(announcement, next_open_at):
            output.say(Text(f"  объявление: {announcement.ru}", f"  announcement: {announcement.en}"))
            if next_open_at is not None:
                local = next_open_at.astimezone(table.hours.zone)
                zone = table.hours.zone.key
                output.say(
                    Text(
                        f"  снова открыто {local:%d.%m.%Y %H:%M} ({zone})",
                        f"  open again {local:%Y-%m-%d %H:%M} ({zone})",
                    )
                )
    if explain:
        output.say(Text("Почему:", "Why:"))
        for index, step in enumerate(route.steps, 1):
            mark = output.paint("✓", "green") if step.matched else output.paint("✗", "yellow")
            output.say(f"  {index}. {mark} {output.words(step.text)}")


def _as_json(route: Route, at: datetime, number: Number | None) -> dict[str, Any]:
    match route.target:
        case ToQueue(queue):
            target: dict[str, Any] = {"kind": "queue", "queue": queue}
        case Closed(announcement, next_open_at):
            target = {
                "kind": "closed",
                "announcement": text_json(announcement),
                "next_open_at": next_open_at.isoformat() if next_open_at else None,
            }
    return {
        "route": route.name,
        "topic": route.topic,
        "table": route.table,
        "target": target,
        "at": at.isoformat(),
        "from": number.canonical if number else None,
        "steps": [
            {"rule": step.rule, "matched": step.matched, "text": text_json(step.text)} for step in route.steps
        ],
    }


ROUTE = Command(
    "route",
    Text("куда и почему пойдёт звонок", "where a call would go, and why"),
    _configure,
    _run,
)

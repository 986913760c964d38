"""``callcore opt-out``: who wants no more of which messages, with the evidence."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callcore.calls.attempt import Medium
from callcore.commands.frame import DONE, CommandFailed, Output, Work, WrongUse, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import CustomerId, Text
from callcore.numbers import format_national, normalise
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.opt_outs import NewOptOut, StoredOptOut
from callcore.web.control import CLI

_EVIDENCE = Text("чем это подтверждается", "what shows it: a letter, a recording")

_MEDIA = {
    None: Text("никак", "in no way"),
    Medium.voice: Text("не звонить", "no calls"),
    Medium.sms: Text("без SMS", "no SMS"),
}


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for name, words in (
        ("add", Text("записать отказ", "note an opt-out")),
        ("list", Text("отказы в силе", "opt-outs in force")),
        ("end", Text("снова можно: он сам так сказал", "he may be told again: he said so")),
    ):
        below = actions.add_parser(name, help=say(words), description=say(words), allow_abbrev=False)
        add_config(below, output)
        add_json(below, output)
        if name == "end":
            below.add_argument("id", type=int, metavar="ID", help=say(Text("номер отказа", "its number")))
        else:
            needed = None if name == "add" else "?"
            below.add_argument(
                "number", metavar="NUMBER", nargs=needed, default="", help=say(Text("номер", "number"))
            )
        if name != "list":
            below.add_argument("--evidence", required=True, help=say(_EVIDENCE))
        if name == "add":
            _configure_add(below, output)


def _configure_add(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    parser.add_argument(
        "--medium",
        choices=[each.value for each in Medium],
        help=say(Text("только это; иначе никак", "this alone; else in no way at all")),
    )
    parser.add_argument(
        "--class",
        dest="message_class",
        default="",
        metavar="C",
        help=say(Text("только этот класс; иначе любой", "this class alone; else any")),
    )
    parser.add_argument(
        "--contract",
        metavar="N",
        help=say(
            Text("отказ за все номера этого договора", "for all numbers of the customer of this contract")
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False, with_trials=False)
    try:
        return asyncio.run(_with_database(options, settings, output))
    except StoreError as error:
        raise CommandFailed(error.text) from None


async def _with_database(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    now = datetime.now(UTC)
    told: tuple[StoredOptOut, ...]
    async with await Database.open(settings.database.address) as database:
        match options.action:
            case "add":
                new = await _new(options, settings, database)
                told = (await database.opt_outs.add(new, CLI, now),)
            case "end":
                told = (await database.opt_outs.end(options.id, options.evidence, CLI, now),)
            case _:
                number = _number(options.number, settings) if options.number else ""
                told = await database.opt_outs.find(number)
    if options.json:
        output.json([_as_json(each) for each in told])
        return DONE
    for each in told:
        output.say(_line(each, settings))
    if not told:
        output.say(Text("Отказов нет.", "There are no opt-outs."))
    return DONE


async def _new(options: argparse.Namespace, settings: Settings, database: Database) -> NewOptOut:
    classes = {each.message_class or code for code, each in settings.outbound.profiles.items()}
    if options.message_class and options.message_class not in classes:
        known = ", ".join(sorted(classes))
        raise WrongUse(
            Text(
                f"Такого класса нет. Есть: {known}. Новый появится с профилем в outbound.profiles.",
                f"There is no such class. There are: {known}. One comes with a profile in outbound.profiles.",
            )
        )
    new = NewOptOut(
        _number(options.number, settings),
        options.evidence,
        Medium(options.medium) if options.medium else None,
        options.message_class,
    )
    if options.contract is None:
        return new
    found = await database.customers.by_contract(options.contract)
    if found is None:
        raise CommandFailed(
            Text(f"Нет договора {options.contract}.", f"There is no contract {options.contract}.")
        )
    return replace(new, customer=CustomerId(found.id))


def _number(text: str, settings: Settings) -> str:
    number = normalise(text, settings.organisation.country)
    if number is None:
        raise WrongUse(Text(f"{text[:40]!a} — не номер.", f"{text[:40]!a} is not a number."))
    return number.canonical


def _line(each: StoredOptOut, settings: Settings) -> Text:
    number = format_national(each.number, settings.organisation.country)
    day = each.since.astimezone(settings.organisation.zone).date().isoformat()
    medium = _MEDIA[each.medium]
    kind = Text(each.message_class or "любой класс", each.message_class or "any class")
    whose = Text(", все его номера", ", all his numbers") if each.customer is not None else Text("", "")
    over = Text(" (снят)", " (ended)") if each.ended_at is not None else Text("", "")
    return Text(
        f"{each.id}. {number}{whose.ru}: {medium.ru}, {kind.ru}, с {day}: {each.evidence}{over.ru}",
        f"{each.id}. {number}{whose.en}: {medium.en}, {kind.en}, since {day}: {each.evidence}{over.en}",
    )


def _as_json(each: StoredOptOut) -> dict[str, Any]:
    return {
        "id": each.id,
        "number": each.number,
        "customer": each.customer,
        "medium": each.medium,
        "message_class": each.message_class,
        "since": each.since.isoformat(),
        "login": each.login,
        "evidence": each.evidence,
        "ended_at": each.ended_at.isoformat() if each.ended_at else None,
        "ended_by": each.ended_by,
        "ended_evidence": each.ended_evidence,
    }


OPT_OUT = Work(_configure, _run)

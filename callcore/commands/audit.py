"""``callcore audit``: who saw and changed whom; and whether anybody has touched that record."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from callcore.commands.frame import DONE, FAULTS, CommandFailed, Output, Work, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import CustomerId, Text
from callcore.store.audit import Line
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.web.record import audit_words
from callcore.web.render import texts_of

MOST = 10_000


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    actions = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    show = Text("кто кого видел и менял, новое сначала", "who saw and changed whom, newest first")
    below = actions.add_parser("show", help=say(show), description=say(show), allow_abbrev=False)
    add_config(below, output)
    add_json(below, output)
    customer = Text("договор", "contract")
    below.add_argument("--customer", metavar=say(customer), help=say(Text("абонент", "customer")))
    below.add_argument("--login", default="", help=say(Text("кто", "who")))
    below.add_argument("--limit", type=int, default=100, help=say(Text("сколько строк", "how many lines")))
    verify = Text("цела ли запись", "whether the record is whole")
    below = actions.add_parser("verify", help=say(verify), description=say(verify), allow_abbrev=False)
    add_config(below, output)
    add_json(below, output)


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    act = _verify if options.action == "verify" else _show
    try:
        return asyncio.run(act(options, settings, output))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None


async def _show(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    async with await Database.open(settings.database.address) as database:
        customer = None
        if options.customer:
            found = await database.customers.by_contract(options.customer)
            if found is None:
                raise CommandFailed(
                    Text(f"Нет договора {options.customer}.", f"There is no contract {options.customer}.")
                )
            customer = int(found.id)
        limit = min(max(options.limit, 1), MOST)
        lines = await database.audit.lines(customer=customer, login=options.login.lower(), limit=limit)
        found_ids = {CustomerId(line.customer) for line in lines if line.customer}
        known = [await database.customers.get(id_) for id_ in sorted(found_ids)]
        names = {str(user.login): user.name for user in await database.users.list()}
    contracts = {int(each.id): each.contract for each in known if each is not None}
    if options.json:
        output.json([_json(line) for line in lines])
        return DONE
    zone, t = settings.organisation.zone, texts_of(output.language)
    for line in lines:
        whom = contracts.get(line.customer, f"№ {line.customer}") if line.customer else ""
        about = audit_words.subject(line, t, lambda _permission: False, names).text if line.subject else ""
        details = "; ".join(audit_words.details(line, t))
        said = " · ".join(part for part in (whom, about, details) if part)
        at = f"{line.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        output.say(f"{at}  {line.login:16} {audit_words.act(line, t):20} {said}".rstrip())
    if not lines:
        output.say(Text("Ничего нет.", "There is nothing."))
    return DONE


async def _verify(options: argparse.Namespace, settings: Settings, output: Output) -> int:
    async with await Database.open(settings.database.address) as database:
        verdict = await database.seals.verify()
    if options.json:
        output.json(
            {
                "whole": not verdict.fault,
                "sealed": verdict.sealed,
                "purged": verdict.purged,
                "unsealed": verdict.unsealed,
                "hash": verdict.hash,
                "fault": verdict.fault,
                "at": verdict.at,
                "checked_at": datetime.now(UTC).isoformat(),
            }
        )
        return FAULTS if verdict.fault else DONE
    if verdict.fault:
        output.say(
            Text(
                f"Журнал меняли: около строки {verdict.at}: {verdict.fault}.",
                f"The audit was touched: near line {verdict.at}: {verdict.fault}.",
            )
        )
        return FAULTS
    output.say(
        Text(
            f"Цел: под печатями {verdict.sealed}, убрано по сроку {verdict.purged}, "
            f"ещё не запечатано {verdict.unsealed}. Последняя печать: {verdict.hash or '—'}",
            f"Whole: {verdict.sealed} sealed, {verdict.purged} gone by age, "
            f"{verdict.unsealed} not sealed yet. Newest seal: {verdict.hash or '—'}",
        )
    )
    return DONE


def _json(line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "login": line.login,
        "act": line.act,
        "customer": line.customer,
        "subject": line.subject,
        "detail": dict(line.detail),
    }


AUDIT = Work(_configure, _run)

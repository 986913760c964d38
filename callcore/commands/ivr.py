"""``callcore ivr``: the IVR's file walked through in a terminal, or drawn; no PBX, no sound."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from callcore.commands.frame import DONE, Output, Work, WrongUse, add_config
from callcore.commands.ivr_walk import Caller, walk
from callcore.commands.route_facts import moment
from callcore.config import Settings, load
from callcore.config.ivr import check_ivr, with_departments
from callcore.domain import LANGUAGES, Text
from callcore.ivr.check_values import FROM_THE_START
from callcore.ivr.graph import graph
from callcore.ivr.schema import read_script
from callcore.ivr.script import Script
from callcore.routing.situation import Standing
from callcore.strictyaml.fields import raise_faults
from callcore.strictyaml.reader import read


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    words = output.words
    add_config(parser, output)
    parser.add_argument(
        "action",
        choices=("walk", "graph"),
        help=words(
            Text(
                "walk: пройти меню как абонент; graph: схема меню, SVG",
                "walk: go through the menu as a caller would; graph: the menu drawn, as SVG",
            )
        ),
    )
    parser.add_argument(
        "--file",
        metavar="FILE",
        help=words(
            Text(
                "этот файл голосового меню вместо заданного в ivr.file",
                "this file of the IVR in place of the one that ivr.file names",
            )
        ),
    )
    group = parser.add_argument_group("walk")
    group.add_argument(
        "--at",
        metavar="TIME",
        default="now",
        help=words(
            Text(
                "момент: 2026-12-31T09:00 (в поясе organisation.zone), 2026-12-31T09:00+03:00 или now",
                "the moment: 2026-12-31T09:00 (in organisation.zone), 2026-12-31T09:00+03:00 or now",
            )
        ),
    )
    group.add_argument(
        "--language",
        choices=LANGUAGES,
        help=words(Text("язык абонента, если он известен", "the caller's own language, if it is known")),
    )
    group.add_argument(
        "--value",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=words(
            Text(
                "что известно сначала, например caller.segment=VIP-0 или hint.region=Север",
                "what is known at the start, such as caller.segment=VIP-0 or hint.region=North",
            )
        ),
    )
    group.add_argument(
        "--outage",
        action="store_true",
        help=words(
            Text("абонент, по адресу которого отключение", "a caller at whose address there is an outage")
        ),
    )
    group.add_argument(
        "--emergency",
        metavar="TEXT",
        action="append",
        default=[],
        help=words(
            Text("экстренное объявление, которое сейчас включено", "an emergency announcement that is on")
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False, with_trials=False)
    if options.file is not None:
        settings = settings.model_copy(update={"script": _script(settings, Path(options.file))})
    if options.action == "graph":
        print(graph(settings.script), file=output.out)
        return DONE
    caller = Caller(
        moment(options.at, settings.organisation.zone),
        options.language,
        _values(options.value, settings),
        options.outage,
        tuple(Text(text, text) for text in options.emergency),
    )
    return walk(settings, caller, sys.stdin, output)


def _script(settings: Settings, file: Path) -> Script:
    """Raises ConfigFaults."""
    document = read(file)
    script = read_script(document, file.parent)
    if script is not None:
        script = with_departments(script, settings.departments, document)
        check_ivr(script, settings.tables, settings, settings.cases.kinds, document)
    raise_faults(document)
    assert script is not None, "a file without faults is a script"
    return script


def _values(given: list[str], settings: Settings) -> dict[str, str]:
    """What a call brings along. Raises WrongUse: another name would be no value at all, and nobody told."""
    hours = [f"hours.{table.code}" for table in settings.tables]
    hints = [f"hint.{name.lower()}" for name in settings.ivr.hints]
    names = sorted(FROM_THE_START) + hours + hints
    values = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals):
            raise WrongUse(
                Text(f"--value {each}: нужно ИМЯ=ЗНАЧЕНИЕ.", f"--value {each}: NAME=VALUE is wanted.")
            )
        if name not in names:
            raise WrongUse(
                Text(
                    f"--value {name[:60]}: с этим звонок не приходит. Есть: {', '.join(names)}.",
                    f"--value {name[:60]}: a call does not begin with it. There are {', '.join(names)}.",
                )
            )
        values[name] = value
    standing = values.get("caller.standing", Standing.unknown)
    if standing not in list(Standing):
        known = ", ".join(Standing)
        raise WrongUse(
            Text(
                f"caller.standing={standing}: возможны {known}.",
                f"caller.standing={standing}: one of {known}.",
            )
        )
    return values


IVR = Work(_configure, _run)

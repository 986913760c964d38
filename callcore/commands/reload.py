"""``callcore reload``: the running daemon reads topic tables, IVR, departments and types of cases anew."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from callcore.commands.control import Json, daemon_despite_faults
from callcore.commands.frame import (
    DONE,
    FAULTS,
    Output,
    Work,
    add_config,
    add_json,
    fault_json,
    print_fault,
)
from callcore.domain import Text
from callcore.strictyaml.faults import ConfigFaults, Fault


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    add_json(parser, output)


def _run(options: argparse.Namespace, output: Output) -> int:
    try:
        answer = daemon_despite_faults(options, output).post("editions")
    except ConfigFaults as refused:
        return refuse(refused, options, output)
    if options.json:
        output.json(answer)
    else:
        tell(answer, output)
    return DONE


def refuse(refused: ConfigFaults, options: argparse.Namespace, output: Output) -> int:
    """Every fault, and that nothing has changed."""
    faults = [fault for fault in refused.faults if fault.severity == "fault"]
    if options.json:
        output.json({"ok": False, "faults": [fault_json(fault) for fault in faults]})
        return FAULTS
    to_stderr = Output(output.err, output.err, output.language, output.is_coloured)
    for fault in faults:
        print_fault(fault, to_stderr)
    output.complain(
        Text(
            f"Ошибок: {len(faults)}. Ничего не изменилось: действует прежняя редакция.",
            f"Faults: {len(faults)}. Nothing has changed: the edition before stays.",
        ),
        "red",
    )
    return FAULTS


def tell(answer: Json, output: Output) -> None:
    """What holds now, and what a person should still see to."""
    id = answer["edition"]["id"]
    if answer["is_new"]:
        output.say(Text(f"Действует редакция {id}.", f"Edition {id} holds now."), "green")
    else:
        output.say(Text(f"Файлы те же: редакция {id}.", f"The files are the same: edition {id}."))
    tell_aside(answer["set_aside"], output)
    if answer["needs_restart"]:
        names = ", ".join(answer["needs_restart"])
        output.say(Text(f"Только после перезапуска: {names}", f"Only after a restart: {names}"), "yellow")
    if answer["unspoken"]:
        output.say(
            Text(
                f"Не озвучено текстов: {answer['unspoken']} (причины в журнале callcore).",
                f"Texts that could not be spoken: {answer['unspoken']} (callcore's log tells why).",
            ),
            "yellow",
        )
    for warning in answer["warnings"]:
        print_fault(_warning(warning), output)


def tell_aside(names: Iterable[str], output: Output) -> None:
    """Where edits lie that were replaced and no edition has."""
    for name in names:
        output.say(Text(f"Ваша правка сохранена в {name}", f"What you had edited is kept in {name}"))


def _warning(told: Json) -> Fault:
    message, remedy = (Text(told[name], told[name]) for name in ("message", "remedy"))
    return Fault(told["file"], told["line"], told["field"], message, remedy, "warning")


RELOAD = Work(_configure, _run)

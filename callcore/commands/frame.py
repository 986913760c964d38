"""What every command needs: its description, its output, its exit codes."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from callcore.domain import LANGUAGES, Language, Text
from callcore.strictyaml.faults import Fault

DONE, FAULTS, WRONG_USE = 0, 1, 2
"""Exit codes."""

DEFAULT_CONFIG = "config/callcore.yaml"

_COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


class CommandFailed(Exception):
    """The command cannot do it; ``message`` is for the person at the terminal."""

    exit_code = FAULTS

    def __init__(self, message: Text) -> None:
        self.message = message
        super().__init__(message.en)


class WrongUse(CommandFailed):
    """The command was called wrongly."""

    exit_code = WRONG_USE


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command prints, in which language, coloured or not."""

    out: TextIO
    err: TextIO
    language: Language
    is_coloured: bool = False

    def say(self, text: Text | str, colour: str | None = None) -> None:
        """One line on standard output."""
        print(self.paint(self.words(text), colour), file=self.out)

    def complain(self, text: Text | str, colour: str | None = None) -> None:
        """One line on standard error."""
        print(self.paint(self.words(text), colour), file=self.err)

    def json(self, value: Any) -> None:
        """One JSON value on standard output, in one line."""
        print(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")), file=self.out)

    def words(self, text: Text | str) -> str:
        return text if isinstance(text, str) else text.in_(self.language)

    def paint(self, text: str, colour: str | None) -> str:
        """``text`` in a colour (red, green, yellow, bold, dim), if a person looks at it."""
        return f"\033[{_COLOURS[colour]}m{text}\033[0m" if colour and self.is_coloured else text


@dataclass(frozen=True, slots=True)
class Work:
    """What a command does. ``configure`` adds its arguments; ``run`` does it and returns the exit code."""

    configure: Callable[[argparse.ArgumentParser, Output], None]
    run: Callable[[argparse.Namespace, Output], int]


@dataclass(frozen=True, slots=True)
class Command:
    """One command, by name. ``load`` imports what it does: only the command that is asked for is loaded."""

    name: str
    help: Text
    load: Callable[[], Work]


def add_config(parser: argparse.ArgumentParser, output: Output) -> None:
    """The option ``-c FILE`` that most commands have."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        default=os.environ.get("CALLCORE_CONFIG", DEFAULT_CONFIG),
        help=output.words(
            Text(
                f"файл настроек (или переменная CALLCORE_CONFIG; иначе {DEFAULT_CONFIG})",
                f"settings file (or the variable CALLCORE_CONFIG; else {DEFAULT_CONFIG})",
            )
        ),
    )


def add_language(parser: argparse.ArgumentParser, output: Output) -> None:
    """The option ``--lang``, which ``cli.main`` reads before there is a parser: it speaks it."""
    words = output.words(Text("язык вывода; иначе по LANG", "language of the output; by LANG if not given"))
    parser.add_argument("--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=words)


def add_json(parser: argparse.ArgumentParser, output: Output) -> None:
    """The option ``--json``."""
    parser.add_argument(
        "--json", action="store_true", help=output.words(Text("вывод для программ", "output for programs"))
    )


def fault_json(fault: Fault) -> dict[str, Any]:
    """A fault for programs."""
    return {
        "file": fault.file,
        "line": fault.line,
        "path": fault.path,
        "severity": fault.severity,
        "message": text_json(fault.message),
        "remedy": text_json(fault.remedy),
    }


def text_json(text: Text) -> dict[str, str]:
    return {"ru": text.ru, "en": text.en}


def print_fault(fault: Fault, output: Output) -> None:
    """``file:line: path: what is wrong`` and below it what would be right."""
    place = f"{fault.file}:{fault.line}" if fault.line else fault.file
    where = f"{place}: {fault.path}" if fault.path else place
    is_warning = fault.severity == "warning"
    mark = Text("предупреждение: ", "warning: ") if is_warning else ""
    said = output.paint(output.words(mark) + output.words(fault.message), "yellow" if is_warning else "red")
    output.say(f"{output.paint(where, 'bold')}: {said}")
    if output.words(fault.remedy):
        output.say(f"    {output.words(fault.remedy)}")


def language_of(environ: Mapping[str, str]) -> Language:
    """The terminal's language, as POSIX orders the variables; English unless it is Russian."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "ru" if environ[name].lower().startswith("ru") else "en"
    return "en"

"""The command line: ``callcore COMMAND``. Exit code 0 done, 1 found faults, 2 wrong use.

A command is one ``Work`` of ``callcore/commands``, listed in ``commands.table``. It prints through an
``Output`` and returns an exit code; ``ConfigFaults`` and ``CommandFailed`` may fly up to ``main``, which
prints them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from callcore import __version__
from callcore.commands.frame import (
    DONE,
    FAULTS,
    WRONG_USE,
    Command,
    CommandFailed,
    Output,
    add_language,
    language_of,
    print_fault,
)
from callcore.commands.table import COMMANDS
from callcore.domain import LANGUAGES, Language, Text
from callcore.strictyaml.faults import ConfigFaults

INTERRUPTED = 130


class _CommandParser(argparse.ArgumentParser):
    """Of one command: loads it, and learns its arguments, when there is something to parse."""

    _learn: Callable[[], None] | None = None

    def learn_from(self, command: Command, output: Output) -> None:
        self._learn = lambda: command.load().configure(self, output)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._learn is not None:
            learn, self._learn = self._learn, None
            learn()
        return super().parse_known_args(args, namespace)


def main(arguments: Sequence[str] | None = None, commands: Sequence[Command] = COMMANDS) -> int:
    """Run one command; ``arguments`` without the program's name. Never raises, prints no traceback.

    With CALLCORE_TRACEBACK set, an internal error does raise.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    output = Output(sys.stdout, sys.stderr, _language(arguments), _is_coloured())
    try:
        options = _parser(commands, output).parse_args(arguments)
    except SystemExit as stopped:  # argparse has printed its usage or help
        return stopped.code if isinstance(stopped.code, int) else WRONG_USE
    chosen = next((command for command in commands if command.name == options.command), None)
    if chosen is None:
        _parser(commands, output).print_help(sys.stderr)
        return WRONG_USE
    return _run(chosen, options, output)


def _run(command: Command, options: argparse.Namespace, output: Output) -> int:
    from callcore import logs  # a tenth of a second, which --version and --help need not take

    # Standard output is the command's own: what it prints may go to a program. The daemon chooses for itself.
    logs.configure("WARNING", output.err)
    try:
        return command.load().run(options, output)
    except ConfigFaults as faulty:
        to_stderr = Output(output.err, output.err, output.language, output.is_coloured)
        for fault in faulty.faults:
            print_fault(fault, to_stderr)
        return FAULTS
    except CommandFailed as failed:
        output.complain(f"callcore: {output.words(failed.message)}", "red")
        return failed.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:
        if os.environ.get("CALLCORE_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}"
        output.complain(
            Text(
                f"callcore: внутренняя ошибка: {what} (подробно — с CALLCORE_TRACEBACK=1).",
                f"callcore: internal error: {what} (in full with CALLCORE_TRACEBACK=1).",
            ),
            "red",
        )
        return FAULTS


def _parser(commands: Sequence[Command], output: Output) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="callcore",
        allow_abbrev=False,
        description=output.words(
            Text("Связующее звено колл-центра для Asterisk.", "Call-centre middleware for Asterisk.")
        ),
        epilog=output.words(
            Text(
                "Код возврата: 0 сделано, 1 найдены ошибки, 2 неверный вызов.",
                "Exit code: 0 done, 1 found faults, 2 wrong use.",
            )
        ),
    )
    parser.add_argument("--version", action="version", version=f"callcore {__version__}")
    add_language(parser, output)
    metavar = output.words(Text("КОМАНДА", "COMMAND"))
    known = parser.add_subparsers(dest="command", metavar=metavar, parser_class=_CommandParser)
    for command in commands:
        words = output.words(command.help)
        below = known.add_parser(command.name, help=words, description=words, allow_abbrev=False)
        add_language(below, output)
        below.learn_from(command, output)
    return parser


def _language(arguments: Sequence[str]) -> Language:
    """The language asked for, needed before the parser exists: it speaks it."""
    pairs = zip(arguments, [*arguments[1:], ""], strict=False)  # of no arguments there are none
    asked = [word.partition("=")[2] or after for word, after in pairs if word.partition("=")[0] == "--lang"]
    for language in LANGUAGES:
        if asked and asked[-1] == language:
            return language
    return language_of(os.environ)


def _is_coloured() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``callcore COMMAND``. Exit code 0 done, 1 found faults, 2 wrong use.

A command is one ``Command`` of ``callcore/commands``, listed in ``COMMANDS``. It prints through an ``Output``
and returns an exit code; ``ConfigFaults`` and ``CommandFailed`` may fly up to ``main``, which prints them.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from callcore import __version__, logs
from callcore.commands.audit import AUDIT
from callcore.commands.case import CASE
from callcore.commands.check import CHECK
from callcore.commands.customer import CUSTOMER
from callcore.commands.customer_privacy import PRIVACY
from callcore.commands.db import DB
from callcore.commands.demo import DEMO
from callcore.commands.dialplan import DIALPLAN
from callcore.commands.editions import EDITIONS
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
from callcore.commands.gaps import GAPS
from callcore.commands.gate import GATE
from callcore.commands.ivr import IVR
from callcore.commands.knowledge import KNOWLEDGE
from callcore.commands.network import NETWORK
from callcore.commands.opt_out import OPT_OUT
from callcore.commands.outage import CAMPAIGN, DNC, OUTAGE
from callcore.commands.reload import RELOAD
from callcore.commands.replay import REPLAY
from callcore.commands.route import ROUTE
from callcore.commands.run import RUN
from callcore.commands.speech import SPEECH
from callcore.commands.user import USER
from callcore.commands.webhook import WEBHOOK
from callcore.commands.why import WHY
from callcore.config import ConfigFaults
from callcore.domain import LANGUAGES, Language, Text

COMMANDS: tuple[Command, ...] = (
    RUN,
    RELOAD,
    EDITIONS,
    DEMO,
    CHECK,
    ROUTE,
    REPLAY,
    WHY,
    GAPS,
    IVR,
    SPEECH,
    DIALPLAN,
    USER,
    CUSTOMER,
    PRIVACY,
    AUDIT,
    NETWORK,
    KNOWLEDGE,
    OUTAGE,
    CAMPAIGN,
    DNC,
    OPT_OUT,
    GATE,
    CASE,
    WEBHOOK,
    DB,
)

INTERRUPTED = 130


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
    # Standard output is the command's own: what it prints may go to a program. The daemon chooses for itself.
    logs.configure("WARNING", output.err)
    try:
        return command.run(options, output)
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
    known = parser.add_subparsers(dest="command", metavar=output.words(Text("КОМАНДА", "COMMAND")))
    for command in commands:
        words = output.words(command.help)
        below = known.add_parser(command.name, help=words, description=words, allow_abbrev=False)
        add_language(below, output)
        command.configure(below, output)
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

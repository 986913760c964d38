"""``callcore dialplan``: what an administrator puts into his Asterisk, made from the settings."""

from __future__ import annotations

import argparse
from pathlib import Path

from callcore.commands.frame import DONE, CommandFailed, Output, Work, WrongUse, add_config
from callcore.commands.pbx_files import fallback_ways, queue_definitions, transfers
from callcore.config import Settings, load
from callcore.domain import PbxName, Text
from callcore.ivr.dialplan import PARTS, render
from callcore.ivr.fallback import render_fallback


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument(
        "--pbx",
        metavar="NAME",
        help=output.words(Text("для какой АТС, если их несколько", "for which PBX, where there are several")),
    )
    parser.add_argument(
        "--part",
        choices=PARTS,
        default="all",
        help=output.words(
            Text("одна из частей, для отдельного файла", "one of the parts, for a file of its own")
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    name = _pbx_name(settings, options.pbx)
    pbx = settings.pbx[name]
    try:
        static = fallback_ways(settings, name) if options.part in ("all", "fallback") else {}
        text = render(
            pbx=name,
            agi=str(pbx.agi_address or settings.fastagi.listen),
            fallback_queue=settings.fallback_queue(pbx),
            queues=queue_definitions(settings),
            max_wait_seconds=pbx.max_wait_seconds,
            fallback=render_fallback(static),
            transfers=transfers(settings),
            part=options.part,
        )
    except ValueError as error:
        raise CommandFailed(Text(f"pbx.{name}: {error}", f"pbx.{name}: {error}")) from None
    output.say(text.rstrip("\n"))
    if any(_is_mute(extension, lines) for (_context, extension), lines in static.items()):
        output.complain(
            Text(
                "Объявления таблиц ещё не озвучены: callcore speech build, затем повторите.",
                "The tables' announcements are not spoken yet: callcore speech build, then again.",
            )
        )
    return DONE


def _is_mute(extension: str, lines: tuple[str, ...]) -> bool:
    return extension.startswith("closed.") and not lines[0].startswith("Playback")


def _pbx_name(settings: Settings, wanted: str | None) -> PbxName:
    if wanted is None and len(settings.pbx) == 1:
        return next(iter(settings.pbxs))
    if wanted in settings.pbx:
        return PbxName(str(wanted))
    names = ", ".join(settings.pbx)
    raise WrongUse(Text(f"Выберите АТС: --pbx, одна из {names}.", f"Choose a PBX: --pbx, one of {names}."))


DIALPLAN = Work(_configure, _run)

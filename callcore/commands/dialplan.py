"""``callcore dialplan``: what an administrator puts into his Asterisk, made from the settings."""

from __future__ import annotations

import argparse
from pathlib import Path

from callcore.commands.frame import DONE, Command, CommandFailed, Output, WrongUse, add_config
from callcore.config import Settings, load
from callcore.domain import Text
from callcore.ivr.dialplan import PARTS, QueueDefinition, render


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
        text = render(
            pbx=name,
            agi=str(pbx.agi_address or settings.fastagi.listen),
            fallback_queue=settings.fallback_queue(pbx),
            queues=queue_definitions(settings),
            max_wait_seconds=pbx.max_wait_seconds,
            part=options.part,
        )
    except ValueError as error:
        raise CommandFailed(Text(f"pbx.{name}: {error}", f"pbx.{name}: {error}")) from None
    output.say(text.rstrip("\n"))
    return DONE


def queue_definitions(settings: Settings) -> tuple[QueueDefinition, ...]:
    """Every queue that a topic leads to, as the settings describe it."""
    definitions = []
    for name in settings.all_queues:
        listed = settings.queues.get(name)
        definitions.append(
            QueueDefinition(
                name,
                strategy=listed.strategy,
                timeout_seconds=listed.timeout_seconds,
                retry_seconds=listed.retry_seconds,
                weight=listed.weight,
                music=listed.music,
            )
            if listed
            else QueueDefinition(name)
        )
    return tuple(definitions)


def _pbx_name(settings: Settings, wanted: str | None) -> str:
    if wanted is None and len(settings.pbx) == 1:
        return next(iter(settings.pbx))
    if wanted in settings.pbx:
        return str(wanted)
    names = ", ".join(settings.pbx)
    raise WrongUse(Text(f"Выберите АТС: --pbx, одна из {names}.", f"Choose a PBX: --pbx, one of {names}."))


DIALPLAN = Command(
    "dialplan",
    Text("напечатать диалплан и очереди для Asterisk", "print the dialplan and queues for Asterisk"),
    _configure,
    _run,
)

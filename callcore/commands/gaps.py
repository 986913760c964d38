"""``callcore gaps``: when callcore was away from a PBX, and what was recovered of that time."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config, add_json
from callcore.config import Settings, load
from callcore.domain import PbxName, Text
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.gaps import Gap


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    add_config(parser, output)
    add_json(parser, output)
    parser.add_argument("--pbx", metavar="NAME", help=say(Text("только этой АТС", "only of this PBX")))
    parser.add_argument(
        "--limit",
        type=int,
        default=20,
        metavar="N",
        help=say(Text("сколько последних показать (20)", "how many of the last to show (20)")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    if options.pbx is not None and options.pbx not in settings.pbx:
        raise CommandFailed(Text(f"АТС «{options.pbx}» нет.", f'There is no PBX "{options.pbx}".'))
    try:
        gaps = asyncio.run(_latest(settings, options.limit, options.pbx))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    if options.json:
        output.json([_json(gap) for gap in gaps])
        return DONE
    if not gaps:
        output.say(Text("Разрывов не было.", "There were no gaps."), "green")
    for gap in gaps:
        _print(gap, settings.organisation.zone, output)
    return DONE


async def _latest(settings: Settings, limit: int, pbx: str | None) -> tuple[Gap, ...]:
    async with await Database.open(settings.database.address) as database:
        return await database.gaps.latest(max(1, limit), None if pbx is None else PbxName(pbx))


def _print(gap: Gap, zone: ZoneInfo, output: Output) -> None:
    begun, ended = (_moment(at, zone) for at in (gap.began_at, gap.ended_at))
    length = _length(gap.seconds)
    output.say(f"{output.paint(gap.pbx, 'bold')}  {begun} — {ended}  ({length})")
    output.say(
        Text(
            f"    из журнала АТС: {gap.from_journal}, из CDR: {gap.from_cdr}, потеряно: {gap.lost}",
            f"    from the PBX's journal: {gap.from_journal}, from CDR: {gap.from_cdr}, lost: {gap.lost}",
        ),
        "yellow" if gap.lost else None,
    )


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def _json(gap: Gap) -> dict[str, Any]:
    return {
        "pbx": gap.pbx,
        "began_at": gap.began_at.isoformat(),
        "ended_at": gap.ended_at.isoformat(),
        "seconds": round(gap.seconds, 3),
        "from_journal": gap.from_journal,
        "from_cdr": gap.from_cdr,
        "lost": gap.lost,
    }


GAPS = Work(_configure, _run)

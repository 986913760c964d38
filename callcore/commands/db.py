"""``callcore db``: the schema brought up to date, a copy made."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from callcore.commands.frame import DONE, Command, CommandFailed, Output, add_config
from callcore.config import load
from callcore.domain import Text
from callcore.store import migrate
from callcore.store.database import backup
from callcore.store.errors import StoreError


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument(
        "action",
        choices=("upgrade", "backup"),
        help=output.words(
            Text(
                "upgrade: обновить схему; backup: копия, и на ходу",
                "upgrade: bring the schema up to date; backup: a copy, also while callcore runs",
            )
        ),
    )
    parser.add_argument(
        "target",
        nargs="?",
        help=output.words(Text("файл копии (для backup)", "file of the copy (for backup)")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    url = load(Path(options.config), need_secrets=False).database.url
    try:
        if options.action == "upgrade":
            asyncio.run(migrate.upgrade(url))
            output.say(Text("Схема в порядке.", "The schema is up to date."))
            return DONE
        if not options.target:
            raise CommandFailed(Text("Куда? callcore db backup ФАЙЛ", "Where to? callcore db backup FILE"))
        asyncio.run(backup(url, Path(options.target)))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except OSError as error:
        why = f"{options.target or url}: {error.strerror or error}"
        raise CommandFailed(Text(why, why)) from None
    output.say(Text(f"Копия: {options.target}", f"Copy: {options.target}"))
    return DONE


DB = Command("db", Text("база данных: схема, копия", "database: schema, copy"), _configure, _run)

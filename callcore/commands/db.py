"""``callcore db``: the schema brought up to date, a copy made."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from callcore.commands.frame import DONE, CommandFailed, Output, Work, add_config
from callcore.config import load
from callcore.domain import Text
from callcore.store import migrate
from callcore.store.database import backup
from callcore.store.engine import is_sqlite
from callcore.store.errors import StoreError
from callcore.store.postgresql import dump_command


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument(
        "action",
        choices=("upgrade", "backup"),
        help=output.words(
            Text(
                "upgrade: обновить схему; backup: копия, и на ходу (PostgreSQL: назвать команду)",
                "upgrade: bring the schema up to date; backup: a copy, also while callcore runs "
                "(PostgreSQL: name the command)",
            )
        ),
    )
    parser.add_argument(
        "target",
        nargs="?",
        help=output.words(Text("файл копии (для backup)", "file of the copy (for backup)")),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    url = load(Path(options.config), need_secrets=False).database.address
    try:
        if options.action == "upgrade":
            output.say(_upgraded(*asyncio.run(migrate.upgrade(url))))
            return DONE
        if not options.target:
            raise CommandFailed(Text("Куда? callcore db backup ФАЙЛ", "Where to? callcore db backup FILE"))
        if not is_sqlite(url):
            raise CommandFailed(_own_program(dump_command(url, options.target)))
        asyncio.run(backup(url, Path(options.target)))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except OSError as error:
        why = f"{options.target or url.render_as_string(hide_password=True)}: {error.strerror or error}"
        raise CommandFailed(Text(why, why)) from None
    output.say(Text(f"Копия: {options.target}", f"Copy: {options.target}"))
    return DONE


def _upgraded(before: str | None, after: str) -> Text:
    if before is None:
        return Text(f"База создана, схема {after}.", f"The database was made, with schema {after}.")
    if before == after:
        return Text(f"Схема {after} уже есть.", f"The schema is {after} already.")
    return Text(f"Схема была {before}, теперь {after}.", f"The schema was {before} and is {after} now.")


def _own_program(command: str) -> Text:
    return Text(
        f"Копию PostgreSQL, и на ходу, делает его программа: {command}\n"
        "Она спросит пароль учётной записи или возьмёт его из ~/.pgpass.",
        f"PostgreSQL's own program makes the copy, also while callcore runs: {command}\n"
        "It asks for the account's password, or takes it from ~/.pgpass.",
    )


DB = Work(_configure, _run)

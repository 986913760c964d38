"""``callcore knowledge import``: a folder of Markdown articles, all of them or none."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path

from callcore.commands.frame import DONE, FAULTS, CommandFailed, Output, Work, add_config
from callcore.config import Settings, load
from callcore.crm.knowledge_import import Folder, import_folder
from callcore.domain import Login, Text
from callcore.store.database import Database
from callcore.store.errors import StoreError


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument("action", choices=("import",))
    parser.add_argument(
        "folder", metavar="FOLDER", help=output.words(Text("папка с файлами .md", "folder of .md files"))
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    folder = Path(options.folder)
    if not folder.is_dir():
        raise CommandFailed(Text(f"Папки {folder} нет.", f"There is no folder {folder}."))
    try:
        found, written, same = asyncio.run(_import(settings, folder))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    if found.faults:
        for fault in found.faults:
            output.complain(Text(fault.in_("ru"), fault.in_("en")), "red")
        output.complain(
            Text("Ничего не загружено: исправьте файлы.", "Nothing was imported: mend these files."), "red"
        )
        return FAULTS
    output.say(
        Text(
            f"Загружено статей: {written}, без изменений: {same}.",
            f"Imported articles: {written}, unchanged: {same}.",
        )
    )
    return DONE


async def _import(settings: Settings, folder: Path) -> tuple[Folder, int, int]:
    async with await Database.open(settings.database.address, create=True) as database:
        login = Login(f"cli:{getpass.getuser()}")
        return await import_folder(database.articles, settings.tables, folder, login, datetime.now(UTC))


KNOWLEDGE = Work(_configure, _run)

"""``callcore customer import``: customers from a CSV file, all of them or none."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from callcore.commands.frame import DONE, FAULTS, Command, CommandFailed, Output, add_config
from callcore.config import Settings, load
from callcore.crm.csv_import import ImportReport, import_csv
from callcore.domain import Text
from callcore.store.database import Database
from callcore.store.errors import StoreError


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument("action", choices=("import",))
    parser.add_argument("file", help=output.words(Text("файл CSV", "CSV file")))


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    try:
        report = asyncio.run(_import(settings, Path(options.file)))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except OSError as error:
        why = f"{options.file}: {error.strerror}"
        raise CommandFailed(Text(why, why)) from None
    for fault in report.faults:
        place = Text(f"строка {fault.row}: ", f"row {fault.row}: ") if fault.row else Text("", "")
        output.complain(Text(place.ru + fault.message.ru, place.en + fault.message.en), "red")
    if report.faults:
        if report.more_faults:
            output.complain(Text(f"… и ещё {report.more_faults}.", f"… and {report.more_faults} more."))
        output.complain(
            Text("Ничего не загружено: исправьте строки.", "Nothing was imported: mend these rows."), "red"
        )
        return FAULTS
    output.say(Text(f"Загружено строк: {report.rows}.", f"Imported rows: {report.rows}."))
    return DONE


async def _import(settings: Settings, file: Path) -> ImportReport:
    async with await Database.open(settings.database.url, create=True) as database:
        return await import_csv(database.customers, file, settings.organisation.country)


CUSTOMER = Command(
    "customer", Text("клиентская база: загрузка из CSV", "customer base: import of CSV"), _configure, _run
)

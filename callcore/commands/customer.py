"""``callcore customer import``: customers from a CSV or XLSX file, all of them or none."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path

from callcore import csvtext
from callcore.commands.frame import DONE, FAULTS, CommandFailed, Output, Work, add_config
from callcore.config import Settings, load
from callcore.crm.importing_columns import Place
from callcore.crm.importing_run import Importer, ImportReport
from callcore.csvtext import FAULTS_LIMIT
from callcore.domain import Login, Text
from callcore.store.database import Database
from callcore.store.errors import StoreError
from callcore.store.records_write import Verdict


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    parser.add_argument("action", choices=("import",))
    parser.add_argument("file", help=output.words(Text("файл CSV или XLSX", "CSV or XLSX file")))
    parser.add_argument(
        "--dry",
        action="store_true",
        help=output.words(Text("только показать, что изменится", "only tell what would change")),
    )
    parser.add_argument(
        "--json", action="store_true", help=output.words(Text("отчёт в JSON", "the report as JSON"))
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    settings = load(Path(options.config), need_secrets=False)
    try:
        report = asyncio.run(_import(settings, Path(options.file), is_dry=options.dry))
    except StoreError as error:
        raise CommandFailed(Text(str(error), str(error))) from None
    except OSError as error:
        why = f"{options.file}: {error.strerror}"
        raise CommandFailed(Text(why, why)) from None
    if options.json:
        output.json(_as_json(report, output))
    else:
        _tell(report, Path(options.file).name, output)
    return FAULTS if report.faults else DONE


async def _import(settings: Settings, file: Path, *, is_dry: bool) -> ImportReport:
    data = await asyncio.to_thread(_read, file)
    organisation = settings.organisation
    async with await Database.open(settings.database.address, create=True) as database:
        importer = Importer(database, Place(organisation.country, organisation.zone))
        if is_dry:
            return await importer.preview(data)
        report = await importer.run(data, file.name, Login(f"cli:{getpass.getuser()}"), datetime.now(UTC))
        await importer.finish()
        return report


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(csvtext.FILE_LIMIT_BYTES + 1)


def _tell(report: ImportReport, name: str, output: Output) -> None:
    for fault in report.faults[:FAULTS_LIMIT]:
        place = Text(f", строка {fault.row}", f", row {fault.row}") if fault.row else Text("", "")
        said = fault.message
        output.complain(Text(f"{name}{place.ru}: {said.ru}", f"{name}{place.en}: {said.en}"), "red")
    if report.faults:
        more = len(report.faults) - FAULTS_LIMIT
        if more > 0:
            output.complain(Text(f"… и ещё {more}.", f"… and {more} more."))
        output.complain(
            Text("Ничего не загружено: исправьте строки.", "Nothing was imported: mend these rows."), "red"
        )
        return
    for odd in report.table.odd:
        place = Text(f", строка {odd.row}", f", row {odd.row}")
        said = odd.message
        output.complain(Text(f"{name}{place.ru}: {said.ru}", f"{name}{place.en}: {said.en}"), "yellow")
    counts = report.counts
    new, changed, same = (counts[verdict] for verdict in Verdict)
    said = Text(
        f"строк {report.table.rows}; новых договоров {new}, изменённых {changed}, прежних {same}.",
        f"{report.table.rows} rows; contracts: {new} new, {changed} changed, {same} unchanged.",
    )
    done = (
        Text("Загружено: ", "Imported: ") if report.is_done else Text("Будет загружено: ", "Would import: ")
    )
    output.say(Text(done.ru + said.ru, done.en + said.en))


def _as_json(report: ImportReport, output: Output) -> dict[str, object]:
    return {
        "done": report.is_done,
        "rows": report.table.rows,
        "contracts": {verdict.value: count for verdict, count in report.counts.items()},
        "report": [
            {
                "row": row.row,
                "contract": row.contract,
                "verdict": row.verdict.value,
                "fields": list(row.fields),
            }
            for row in report.rows
        ],
        "faults": [{"row": fault.row, "message": output.words(fault.message)} for fault in report.faults],
        "warnings": [{"row": odd.row, "message": output.words(odd.message)} for odd in report.table.odd],
    }


CUSTOMER = Work(_configure, _run)

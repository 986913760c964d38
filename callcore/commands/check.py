"""``callcore check``: is the configuration right, and with ``--live``, does the PBX agree."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import structlog

from callcore.assembly.wiring import all_said, make_book
from callcore.commands.frame import (
    DONE,
    FAULTS,
    Output,
    Work,
    add_config,
    add_json,
    fault_json,
    print_fault,
)
from callcore.commands.live import (
    DatabaseReport,
    PbxReport,
    SourceReport,
    check_database,
    check_settings,
    check_sources,
)
from callcore.commands.logins import default_login_fault
from callcore.config import ConfigFaults, Fault, Settings, load
from callcore.domain import Text
from callcore.speech import Prompts
from callcore.speech.programs import lacking
from callcore.speech.survey import unspoken


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    add_json(parser, output)
    parser.add_argument(
        "--live",
        action="store_true",
        help=output.words(
            Text(
                "спросить и АТС (права, контексты, очереди), и базу данных",
                "ask the PBX (rights, contexts, queues) and the database too",
            )
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    try:
        settings = load(Path(options.config))
    except ConfigFaults as faulty:
        return _report_faults(faulty, options, output)
    login = _quietly(default_login_fault(settings))
    if login is not None and login.severity == "fault":
        return _report_faults(ConfigFaults((login,)), options, output)
    database, reports, sources = _ask(settings) if options.live else (None, (), ())
    is_ok = all(report.is_ok for report in reports) and all(source.is_ok for source in sources)
    is_ok = is_ok and (database is None or database.is_ok)
    warnings = (*settings.warnings, *((login,) if login else ()), *_lacking_programs(settings))
    warnings = (*warnings, *_unspoken(settings))
    if options.json:
        output.json(_summary(settings, warnings, database, reports, sources, is_ok=is_ok))
    else:
        for warning in warnings:
            print_fault(warning, output)
        output.say(_counts(settings), "green")
        if database is not None:
            mark, colour = MARKS["ok" if database.is_ok else "fault"]
            output.say(f"{output.paint(mark, colour)} database: {output.words(database.message)}")
        for source in sources:
            mark, colour = MARKS["ok" if source.is_ok else "fault"]
            output.say(
                f"{output.paint(mark, colour)} directory {source.name}: {output.words(source.message)}"
            )
        for report in reports:
            _print_report(report, output)
    return DONE if is_ok else FAULTS


_Found = TypeVar("_Found")
_Live = tuple[DatabaseReport, tuple[PbxReport, ...], tuple[SourceReport, ...]]


def _ask(settings: Settings) -> _Live:
    return _quietly(_ask_all(settings))


def _quietly(asking: Coroutine[Any, Any, _Found]) -> _Found:
    """Without log lines between: the report says it all."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return asyncio.run(asking)
    finally:
        structlog.configure(**before)


async def _ask_all(settings: Settings) -> _Live:
    return await check_database(settings), await check_settings(settings), await check_sources(settings)


def _report_faults(faulty: ConfigFaults, options: argparse.Namespace, output: Output) -> int:
    if options.json:
        output.json({"ok": False, "faults": [fault_json(fault) for fault in faulty.faults]})
        return FAULTS
    for fault in faulty.faults:
        print_fault(fault, output)
    faults = sum(fault.severity == "fault" for fault in faulty.faults)
    output.complain(
        Text(
            f"Ошибок: {faults}. Исправьте и проверьте снова: часть проверок идёт, когда остальное в порядке.",
            f"Faults: {faults}. Mend them and check again: some checks come once the rest is in order.",
        ),
        "red",
    )
    return FAULTS


def _lacking_programs(settings: Settings) -> tuple[Fault, ...]:
    """Without them callers would miss what was not spoken before."""
    return tuple(
        Fault(
            str(settings.file),
            0,
            f"speech.{program.setting}",
            Text(f"Программы {program.name} здесь нет.", f"There is no program {program.name} here."),
            program.remedy,
            "warning",
        )
        for program in lacking(settings.speech.to_settings())
    )


def _unspoken(settings: Settings) -> tuple[Fault, ...]:
    """Prompts that are missing: no fault, for the start makes them."""
    texts = {(phrase.text, phrase.language) for phrase in all_said(make_book(settings))}
    missing = len(unspoken(Prompts(settings.speech.to_settings()), texts))
    if not missing:
        return ()
    words = Text(
        f"Ещё не озвучено текстов: {missing} из {len(texts)}.",
        f"Texts that are not spoken yet: {missing} of {len(texts)}.",
    )
    remedy = Text(
        "callcore speech build озвучит их заранее, иначе — запуск или reload; callcore speech check "
        "назовёт их.",
        "callcore speech build speaks them beforehand, else the start or a reload; callcore speech check "
        "names them.",
    )
    return (Fault(str(settings.file), 0, "speech.folder", words, remedy, "warning"),)


def _summary(
    settings: Settings,
    warnings: Sequence[Fault],
    database: DatabaseReport | None,
    reports: Sequence[PbxReport],
    sources: Sequence[SourceReport],
    *,
    is_ok: bool,
) -> dict[str, Any]:
    return {
        "ok": is_ok,
        "faults": [fault_json(fault) for fault in warnings],
        "tables": len(settings.tables.tables),
        "topics": len(settings.tables.topics),
        "rows": _rows(settings),
        "tests": _trials(settings),
        "queues": list(settings.tables.queues),
        "database": database and {"ok": database.is_ok, "message": asdict(database.message)},
        "directory": [
            {"source": each.name, "ok": each.is_ok, "message": asdict(each.message)} for each in sources
        ],
        "live": [
            {
                "pbx": report.pbx,
                "level": report.level,
                "findings": [asdict(finding) for finding in report.findings],
            }
            for report in reports
        ],
    }


def _counts(settings: Settings) -> Text:
    tables = settings.tables
    return Text(
        f"{settings.file}: в порядке. Таблиц: {len(tables.tables)}, тем: {len(tables.topics)}, "
        f"строк: {_rows(settings)}, проб: {_trials(settings)}, очереди: {', '.join(tables.queues)}.",
        f"{settings.file}: all right. Tables: {len(tables.tables)}, topics: {len(tables.topics)}, "
        f"rows: {_rows(settings)}, tests: {_trials(settings)}, queues: {', '.join(tables.queues)}.",
    )


def _rows(settings: Settings) -> int:
    return sum(len(table.rows) for table in settings.tables)


def _trials(settings: Settings) -> int:
    """The tables' own tests; all of them have passed, or there would be faults."""
    return sum(len(table.trials) for table in settings.tables)


MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}
LEVELS = (
    Text("учётная запись AMI не годится", "no usable AMI account"),
    Text("карточка и журнал контактов", "pop and contact log"),
    Text("и голосовое меню, маршруты, запасной путь", "and IVR, routing, fallback"),
    Text("и очереди: всё на месте", "and the queues: everything is there"),
)


def _print_report(report: PbxReport, output: Output) -> None:
    level = LEVELS[report.level]
    output.say(
        Text(
            f"АТС {report.pbx}: уровень {report.level} из 3 ({level.ru}).",
            f"PBX {report.pbx}: level {report.level} of 3 ({level.en}).",
        ),
        "bold",
    )
    for finding in report.findings:
        mark, colour = MARKS[finding.level]
        output.say(f"{output.paint(mark, colour)} {finding.place}: {output.words(finding.message)}")
        if output.words(finding.remedy):
            output.say(f"    {output.words(finding.remedy)}")


CHECK = Work(_configure, _run)

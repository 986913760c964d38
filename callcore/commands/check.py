"""``callcore check``: is the configuration right, and with ``--live``, does the PBX agree."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from callcore.commands.frame import (
    DONE,
    FAULTS,
    Command,
    Output,
    add_config,
    add_json,
    fault_json,
    print_fault,
)
from callcore.commands.live import PbxReport, check_settings
from callcore.config import ConfigFaults, Settings, load
from callcore.domain import Text


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    add_config(parser, output)
    add_json(parser, output)
    parser.add_argument(
        "--live",
        action="store_true",
        help=output.words(
            Text("спросить и АТС: права, контексты, очереди", "ask the PBX too: rights, contexts, queues")
        ),
    )


def _run(options: argparse.Namespace, output: Output) -> int:
    try:
        settings = load(Path(options.config))
    except ConfigFaults as faulty:
        return _report_faults(faulty, options, output)
    reports = _ask_pbxs(settings) if options.live else ()
    is_ok = all(report.is_ok for report in reports)
    if options.json:
        output.json(_summary(settings, reports, is_ok=is_ok))
    else:
        for warning in settings.warnings:
            print_fault(warning, output)
        output.say(_counts(settings), "green")
        for report in reports:
            _print_report(report, output)
    return DONE if is_ok else FAULTS


def _ask_pbxs(settings: Settings) -> tuple[PbxReport, ...]:
    """Without log lines between: the report says it all."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return asyncio.run(check_settings(settings))
    finally:
        structlog.configure(**before)


def _report_faults(faulty: ConfigFaults, options: argparse.Namespace, output: Output) -> int:
    if options.json:
        output.json({"ok": False, "faults": [fault_json(fault) for fault in faulty.faults]})
        return FAULTS
    for fault in faulty.faults:
        print_fault(fault, output)
    faults = sum(fault.severity == "fault" for fault in faulty.faults)
    output.complain(Text(f"Ошибок: {faults}.", f"Faults: {faults}."), "red")
    return FAULTS


def _summary(settings: Settings, reports: Sequence[PbxReport], *, is_ok: bool) -> dict[str, Any]:
    return {
        "ok": is_ok,
        "faults": [fault_json(fault) for fault in settings.warnings],
        "tables": len(settings.tables.tables),
        "topics": len(settings.tables.topics),
        "queues": list(settings.tables.queues),
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
        f"очереди: {', '.join(tables.queues)}.",
        f"{settings.file}: all right. Tables: {len(tables.tables)}, topics: {len(tables.topics)}, "
        f"queues: {', '.join(tables.queues)}.",
    )


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


CHECK = Command(
    "check",
    Text("проверить настройки и таблицы тем", "check settings and topic tables"),
    _configure,
    _run,
)

"""The folder of topic tables: reads every file, and fits the tables to departments and request types."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from callcore.config.files import Files
from callcore.crm.departments import Departments, Way
from callcore.domain import Text
from callcore.routing.fields import CODE
from callcore.routing.legs import Leg, OpenCase, ToDepartment, ToNumber, ToQueue
from callcore.routing.legs_schema import RINGS
from callcore.routing.schema import TableModel
from callcore.routing.tables import TopicTable
from callcore.strictyaml.faults import Document, Position
from callcore.strictyaml.fields import validate


def topics_of_a_faulty_file(document: Document, folder: Path) -> Path | None:
    """Where the tables are, so that their faults are told together with those of the settings."""
    topics = document.value.get("topics") if isinstance(document.value, dict) else None
    return folder / topics if isinstance(topics, str) and "\n" not in topics else None


def read_tables(
    folder: Path, settings: Document, files: Files
) -> tuple[dict[str, Document], dict[str, TableModel]]:
    """By table code each file's document, and what stands in those without faults."""
    documents: dict[str, Document] = {}
    models: dict[str, TableModel] = {}
    found = files.tables(folder)
    if not found:
        settings.blame(
            ("topics",),
            Text(f"В папке {folder} нет таблиц тем.", f"The folder {folder} holds no topic tables."),
            Text("Нужен хотя бы один файл .yaml.", "It needs at least one .yaml file."),
        )
    for file in found:
        document = files.read(file)
        if file.stem in documents or not CODE.fullmatch(file.stem):
            document.blame((), *_bad_name(file))
        documents[file.stem if file.stem not in documents else file.name] = document
        model = validate(document, TableModel, folder)
        if model is not None and not document.faults:
            models[file.stem] = model
    return documents, models


def make_tables(
    models: Mapping[str, TableModel], departments: Departments | None, documents: Mapping[str, Document]
) -> tuple[TopicTable, ...]:
    """The tables with the queues and numbers of the departments that they name (None: theirs is faulty).
    Blames departments that take no calls, and, where every file could be read, hours of unknown tables."""
    hours = {code: model.opening for code, model in models.items()}
    if len(models) == len(documents):
        for code, model in models.items():
            _check_hours(model, hours, documents[code])
    tables = tuple(model.to_table(code, hours) for code, model in models.items())
    if departments is None:
        return tables
    return tuple(_with_departments(table, departments, documents[table.code]) for table in tables)


def _bad_name(file: Path) -> tuple[Text, Text]:
    return (
        Text(
            f"Имя файла {file.name} не годится как код таблицы или уже занято.",
            f"The file's name {file.name} is no code for a table, or is already taken.",
        ),
        Text(
            "Назовите его строчными латинскими буквами, например finance.yaml.",
            "Name it in lower-case Latin letters, such as finance.yaml.",
        ),
    )


def _check_hours(model: TableModel, tables: Collection[str], document: Document) -> None:
    """Blame rows that ask for the hours of a table that is not there."""
    for code, row in model.rows.items():
        wanted = row.when.hours
        if wanted is not None and wanted.of is not None and wanted.of not in tables:
            document.blame(
                ("rows", code, "when", "hours", "of"),
                Text(f"Таблицы «{wanted.of}» нет.", f'There is no table "{wanted.of}".'),
                Text(f"Есть: {', '.join(tables)}.", f"Tables: {', '.join(tables)}."),
            )


# --- departments and request types


def _with_departments(table: TopicTable, departments: Departments, document: Document) -> TopicTable:
    """With the queue or number of each department that its legs name; blames those that take no calls."""
    resolved = {at: resolved_leg(leg, at, departments, document) for at, leg in _legs(table)}
    return replace(
        table,
        rows=tuple(
            replace(
                row,
                legs=tuple(resolved["rows", row.code, "to", place] for place in range(len(row.legs))),
            )
            for row in table.rows
        ),
        closed_then=tuple(resolved["closed_then", place] for place in range(len(table.closed_then))),
    )


def _legs(table: TopicTable) -> Iterator[tuple[Position, Leg]]:
    """Every leg of the file, and where it stands."""
    for row in table.rows:
        for place, leg in enumerate(row.legs):
            yield ("rows", row.code, "to", place), leg
    for place, leg in enumerate(table.closed_then):
        yield ("closed_then", place), leg


def resolved_leg(leg: Leg, at: Position, departments: Departments, document: Document) -> Leg:
    """With the department's queue or number, if it names one; blames a department that takes no calls."""
    if not isinstance(leg, ToDepartment):
        return leg
    at = (*at, "department")
    if leg.department not in departments:
        known = ", ".join(each.code for each in departments if Way.transfer in each.ways) or "—"
        document.blame(
            at,
            Text(f"Отдела «{leg.department}» нет.", f'There is no department "{leg.department}".'),
            Text(f"Звонки принимают: {known}.", f"These take calls: {known}."),
        )
        return leg
    department = departments.find(leg.department)
    refusal = department.accepts(Way.transfer)
    if refusal is not None:
        document.blame(at, refusal.message, refusal.remedy)
        return leg
    if department.queue is not None:
        return ToQueue(department.queue, max_wait=leg.rings, department=department.code)
    assert department.number is not None, "whoever takes calls has a number or a queue"
    return ToNumber(department.number, leg.rings or RINGS, department.code)


def check_case_types(
    tables: tuple[TopicTable, ...], types: Collection[str], documents: Mapping[str, Document]
) -> None:
    """Blame legs that open a case of a type that is not there."""
    for table in tables:
        for at, leg in _legs(table):
            if isinstance(leg, OpenCase) and leg.type not in types:
                documents[table.code].blame(
                    (*at, "case"),
                    Text(f"Кейсов вида «{leg.type}» нет.", f'There are no cases of type "{leg.type}".'),
                    Text(f"Есть: {', '.join(types)}.", f"Types: {', '.join(types)}."),
                )

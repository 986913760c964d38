"""The IVR's file (``ivr.file``): reads it, and fits it to tables, departments, queues and types of cases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from zoneinfo import ZoneInfo

from callcore.config.files import Files
from callcore.config.shape import SettingsModel
from callcore.config.tables import resolved_leg
from callcore.crm.departments import Departments
from callcore.domain import QueueName, Text
from callcore.ivr.check import House, check
from callcore.ivr.schema import read_script
from callcore.ivr.script import DEFAULT, Do, Script
from callcore.routing.check_ways import check_ways
from callcore.routing.legs import OfferCallBack, OpenCase, ToQueue
from callcore.routing.menu import main_menu
from callcore.routing.rows import Row, When
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.strictyaml.faults import Document

_ALWAYS = Hours(ZoneInfo("UTC"), (ALL_DAY,) * 7)


def read_ivr(model: SettingsModel | None, files: Files) -> tuple[Document, Script]:
    """The file's document and its script; the usual way of a call where no file is set, or it is faulty."""
    file = model.ivr.file if model else None
    if file is None:
        return Document("", None), DEFAULT
    document = files.read(file, "ivr.file")
    return document, read_script(document, file.parent) or DEFAULT


def with_departments(script: Script, departments: Departments, document: Document) -> Script:
    """With the queue or number of each department that its legs name; blames those that take no calls."""
    nodes = dict(script.nodes)
    for name, node in script.nodes.items():
        if isinstance(node, Do):
            at = ("nodes", name, "do")
            legs = (
                resolved_leg(leg, (*at, place), departments, document) for place, leg in enumerate(node.legs)
            )
            nodes[name] = replace(node, legs=tuple(legs))
    return replace(script, nodes=nodes)


def queues_of(script: Script) -> tuple[QueueName, ...]:
    """Every queue that the script itself names, once, in order."""
    legs = [leg for node in script.nodes.values() if isinstance(node, Do) for leg in node.legs]
    named = [leg.queue for leg in legs if isinstance(leg, ToQueue | OfferCallBack)]
    return tuple(dict.fromkeys(filter(None, named)))


def check_ivr(
    script: Script,
    tables: TopicTables,
    model: SettingsModel,
    types: Collection[str] | None,
    document: Document,
) -> None:
    """Blame whatever is wrong in the script as a whole. ``types``: of cases; None: not known."""
    ivr = model.ivr
    house = House(
        topics=frozenset(topic.code for topic in tables.topics),
        tables=tuple(table.code for table in tables),
        menu_keys={*main_menu(tables).keys, *filter(None, (ivr.language_key,))},
        hints=tuple(hint.lower() for hint in ivr.hints),
        has_staff_pin=ivr.staff_pin_file is not None or ivr.staff_pin_env is not None,
    )
    for found in check(script, house):
        document.blame(found.position, found.message, found.remedy, severity=found.severity)
    _check_legs(script, tables, tuple(model.queues), document)
    if types is not None:
        _check_case_types(script, types, document)


def _check_legs(script: Script, tables: TopicTables, queues: Collection[str], document: Document) -> None:
    """Ways of the script are faulty where they would be as rows of a table."""
    rows = tuple(Row(name, When(), node.legs) for name, node in script.nodes.items() if isinstance(node, Do))
    nothing = Text("", "")
    for found in check_ways(tables, TopicTable("", nothing, _ALWAYS, nothing, (), rows=rows), queues):
        _rows, node, _to, *place = found.path
        document.blame(("nodes", node, "do", *place), found.message, found.remedy, severity=found.severity)


def _check_case_types(script: Script, types: Collection[str], document: Document) -> None:
    for name, node in script.nodes.items():
        for place, leg in enumerate(node.legs if isinstance(node, Do) else ()):
            if isinstance(leg, OpenCase) and leg.type not in types:
                document.blame(
                    ("nodes", name, "do", place, "case"),
                    Text(f"Кейсов вида «{leg.type}» нет.", f'There are no cases of type "{leg.type}".'),
                    Text(f"Есть: {', '.join(types)}.", f"Types: {', '.join(types)}."),
                )

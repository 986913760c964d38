"""What cases there can be, for programs: the types with their forms and stages, and the queues."""

from __future__ import annotations

from typing import cast

from aiohttp import web

from callcore.crm.cases.forms import Choice, Field, Need
from callcore.crm.cases.forms import Kind as FieldKind
from callcore.crm.cases.kinds import Catalogue, Kind, Node, Outcome, Stage
from callcore.domain import Text
from callcore.rights import Permission
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.record.cases_room import ROOM
from callcore.web.record.cases_shapes import PriorityName

WORK = Permission.cases_work


class TitledModel(ApiModel):
    code: str
    title_ru: str
    title_en: str


class FieldModel(TitledModel):
    kind: FieldKind
    need: Need
    choices: list[TitledModel]
    """The answers of a choice; of other kinds none."""


class StageModel(TitledModel):
    department: str
    results: list[TitledModel]


class CaseTypeModel(TitledModel):
    priority: PriorityName
    fields: list[FieldModel]
    one_of: list[list[str]]
    """Of each group at least one field must be answered."""
    flags: list[TitledModel]
    stages: list[StageModel]


class CaseTypeList(ApiModel):
    types: list[CaseTypeModel]


class QueueModel(TitledModel):
    type: str
    department: str
    topics: list[str]
    is_for_nobody: bool
    """Its cases go on the null customer."""
    is_taken: bool
    """False: the department does not take cases this way."""


class QueueList(ApiModel):
    queues: list[QueueModel]


@operation("cases", needs=WORK)
async def case_types(ask: Ask) -> CaseTypeList:
    """The types of cases: what their forms ask, by which codes, and their stages with the results.

    Answers are texts: a date ``2026-12-31``, money ``1200.50``, yes_no ``yes`` or ``no``, a choice its code.
    """
    return CaseTypeList(types=[_type(each) for each in _catalogue(ask).kinds.values()])


@operation("cases", needs=WORK)
async def case_queues(ask: Ask) -> QueueList:
    """The queues that a case may be made in, by their codes, and the type that each makes."""
    catalogue = _catalogue(ask)
    leaves = [node for root in catalogue.queues for node in root.walk() if node.is_leaf]
    return QueueList(queues=[_queue(catalogue, node) for node in leaves])


def _catalogue(ask: Ask) -> Catalogue:
    return ask.request.app[ROOM].desk.catalogue


def _type(kind: Kind) -> CaseTypeModel:
    return CaseTypeModel(
        **_titled(kind.code, kind.title),
        priority=cast(PriorityName, kind.priority.name),
        fields=[_field(each) for each in kind.form],
        one_of=[list(group) for group in kind.form.one_of],
        flags=[TitledModel(**_titled(code, title)) for code, title in kind.flags.items()],
        stages=[_stage(each) for each in kind.stages],
    )


def _field(field: Field) -> FieldModel:
    return FieldModel(
        **_titled(field.code, field.title), kind=field.kind, need=field.need, choices=_choices(field.choices)
    )


def _stage(stage: Stage) -> StageModel:
    titled = _titled(stage.code, stage.title)
    return StageModel(**titled, department=stage.department, results=_choices(stage.results))


def _choices(given: tuple[Choice, ...] | tuple[Outcome, ...]) -> list[TitledModel]:
    return [TitledModel(**_titled(each.code, each.title)) for each in given]


def _queue(catalogue: Catalogue, node: Node) -> QueueModel:
    return QueueModel(
        **_titled(node.code, catalogue.path_title(node.code)),
        type=node.kind,
        department=catalogue.first_department(node),
        topics=sorted(node.topics),
        is_for_nobody=node.null_customer,
        is_taken=catalogue.refusal(node) is None,
    )


def _titled(code: str, title: Text) -> dict[str, str]:
    return {"code": code, "title_ru": title.ru, "title_en": title.en}


ROUTES = (
    web.get("/api/v1/case-types", case_types),
    web.get("/api/v1/case-queues", case_queues),
)

"""The file of cases (``cases_file``): queues, forms, request types with stages, terms, escalation.

What each setting means stands in ``config/cases.yaml``. Without a file one general queue is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from callcore.crm.cases.deadlines import NO_TERM, Step, Term, Warnings
from callcore.crm.cases.forms import Choice, Form, Need
from callcore.crm.cases.forms import Field as FormField
from callcore.crm.cases.forms import Kind as FieldKind
from callcore.crm.cases.kinds import END, INITIATOR, Catalogue, Kind, Needs, Node, Outcome, Stage
from callcore.crm.departments import Departments, Way
from callcore.domain import Login, Text
from callcore.routing.fields import Code
from callcore.routing.hours_schema import WEEKDAYS, HolidaysModel, WeekField, hours_of
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.store.case_rows import Priority
from callcore.strictyaml.faults import Document, Position
from callcore.strictyaml.fields import Bilingual, Flag, Line, Model, Zone, shown, wrong

_TERM = re.compile(r"([1-9][0-9]{0,3}) ?(d|h)", re.ASCII)
_SPAN = re.compile(r"([0-9]{1,4}) ?(h|min)", re.ASCII)


def _term(value: object) -> object:
    found = _TERM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(
            Text(f"{shown(value, 'ru')} — не срок.", f"{shown(value)} is no term."),
            Text(
                "Напишите 3 d (рабочих дней) или 8 h (рабочих часов).",
                "Write 3 d (working days) or 8 h (working hours).",
            ),
        )
    return Term(days=int(found[1])) if found[2] == "d" else Term(hours=int(found[1]))


def _span(value: object) -> object:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong(
            Text(f"{shown(value, 'ru')} — не промежуток.", f"{shown(value)} is no span of time."),
            Text(
                "Напишите 4 h или 30 min рабочего времени.", "Write 4 h or 30 min, counted in working time."
            ),
        )
    amount = int(found[1])
    return timedelta(hours=amount) if found[2] == "h" else timedelta(minutes=amount)


TermField = Annotated[Any, BeforeValidator(_term)]
SpanField = Annotated[Any, BeforeValidator(_span)]


class CalendarModel(Model):
    """Working time of whoever has none in the file of departments."""

    zone: Zone
    hours: WeekField
    holidays: HolidaysModel = HolidaysModel()


class StepModel(Model):
    after: SpanField
    to: Literal["responsible", "controller", "head", "supervisor"]


class FieldModel(Model):
    title: Bilingual
    kind: FieldKind = FieldKind.text
    need: Need = Need.optional
    help: Bilingual | None = None
    choices: dict[Code, Bilingual] = Field(default_factory=dict)


class FormModel(Model):
    fields: dict[Code, FieldModel] = Field(default_factory=dict)
    one_of: tuple[tuple[Code, ...], ...] = ()

    def to_form(self) -> Form:
        return Form(
            tuple(
                FormField(
                    code=code,
                    title=each.title,
                    kind=each.kind,
                    need=each.need,
                    help=each.help,
                    choices=tuple(Choice(name, title) for name, title in each.choices.items()),
                )
                for code, each in self.fields.items()
            ),
            self.one_of,
        )


class OutcomeModel(Model):
    title: Bilingual
    next: Code = END


class NeedsModel(Model):
    results: dict[Code, tuple[Code, ...]] = Field(default_factory=dict)
    fields: tuple[Code, ...] = ()
    flags: tuple[Code, ...] = ()

    def to_needs(self) -> Needs:
        results = {stage: frozenset(wanted) for stage, wanted in self.results.items()}
        return Needs(results, self.fields, self.flags)


class StageModel(Model):
    title: Bilingual
    about: Bilingual | None = None
    department: Code | None = None
    controller: Code | None = None
    term: TermField = NO_TERM
    terms: dict[Code, dict[Code, TermField]] = Field(default_factory=dict)
    """By field of the form and its choice, in place of ``term``."""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    """On which alone it is worked on."""
    needs: NeedsModel = NeedsModel()
    results: Annotated[dict[Code, OutcomeModel], Field(min_length=1)]

    def to_stage(self, code: str) -> Stage:
        return Stage(
            code=code,
            title=self.title,
            results=tuple(Outcome(name, each.title, each.next) for name, each in self.results.items()),
            department=self.department or "",
            controller=self.controller or "",
            term=self.term,
            terms=self.terms,
            days=frozenset(map(WEEKDAYS.index, self.days)),
            needs=self.needs.to_needs(),
            about=self.about,
        )


class TypeModel(Model):
    title: Bilingual
    form: Code
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    flags: dict[Code, Bilingual] = Field(default_factory=dict)
    stages: Annotated[dict[Code, StageModel], Field(min_length=1)]


class NodeModel(Model):
    title: Bilingual
    queues: dict[Code, NodeModel] = Field(default_factory=dict)
    type: Code | None = None
    department: Code | None = None
    way: Way = Way.appeal
    topics: tuple[Line, ...] = ()
    null_customer: Flag = False

    def to_node(self, code: str) -> Node:
        children = tuple(each.to_node(f"{code}.{name}") for name, each in self.queues.items())
        return Node(
            code=code,
            title=self.title,
            children=children,
            kind=self.type or "",
            department=self.department or "",
            way=self.way,
            topics=frozenset(self.topics),
            null_customer=self.null_customer,
        )


class CasesModel(Model):
    """The file."""

    calendar: CalendarModel
    reminders: tuple[SpanField, ...] = Warnings().before
    escalation: tuple[StepModel, ...] | None = None
    members: dict[Code, tuple[Line, ...]] = Field(default_factory=dict)
    """Who works in which department, beside those whose phone queue it is."""
    forms: dict[Code, FormModel] = Field(default_factory=dict)
    types: Annotated[dict[Code, TypeModel], Field(min_length=1)]
    queues: Annotated[dict[Code, NodeModel], Field(min_length=1)]

    def to_catalogue(self, departments: Departments, country: str) -> Catalogue:
        calendar = self.calendar
        warnings = Warnings(before=self.reminders)
        if self.escalation is not None:
            warnings = replace(warnings, steps=tuple(Step(each.after, each.to) for each in self.escalation))
        forms = {code: each.to_form() for code, each in self.forms.items()}
        kinds = {
            code: Kind(
                code=code,
                title=each.title,
                form=forms.get(each.form, Form()),
                stages=tuple(stage.to_stage(name) for name, stage in each.stages.items()),
                flags=each.flags,
                priority=Priority[each.priority],
            )
            for code, each in self.types.items()
        }
        return Catalogue(
            queues=tuple(each.to_node(code) for code, each in self.queues.items()),
            kinds=kinds,
            hours=hours_of(calendar.zone, calendar.hours, calendar.holidays),
            departments=departments,
            warnings=warnings,
            country=country,
        )

    @property
    def logins(self) -> Mapping[str, tuple[Login, ...]]:
        return {code: tuple(Login(each) for each in logins) for code, logins in self.members.items()}


GENERAL_TYPES = ("general",)
"""Those of ``general``."""


def general(zone: Any, departments: Departments, country: str) -> Catalogue:
    """What there is without a file: one queue, one form, one stage round the clock."""
    fields = (
        FormField("subject", Text("О чём", "Subject"), FieldKind.text, Need.required),
        FormField("details", Text("Подробности", "Details"), FieldKind.long),
    )
    work = Stage("work", Text("Работа", "Work"), (Outcome("done", Text("сделано", "done")),), INITIATOR)
    kind = Kind("general", Text("Обращение", "Appeal"), Form(fields), (work,))
    leaves = tuple(
        Node(f"general.{each.code}", each.title, kind="general", department=each.code)
        for each in departments
        if Way.appeal in each.ways
    )
    root = Node("general", Text("Обращение в отдел", "Appeal to a department"), leaves, kind="general")
    hours = Hours(zone, (ALL_DAY,) * 7)
    return Catalogue((root,), {"general": kind}, hours, departments, country=country)


# --- what does not fit together


def check_cases(
    model: CasesModel, departments: Departments | None, topics: frozenset[str] | None, file: Document
) -> None:
    """Blame names that lead nowhere. None: the files that have them are faulty, so nobody knows."""
    known = None if departments is None else {*(each.code for each in departments), INITIATOR}
    for code, each in model.types.items():
        at: Position = ("types", code)
        _named(file, (*at, "form"), each.form, model.forms, Text("формы", "form"))
        for name, stage in each.stages.items():
            _check_stage(file, (*at, "stages", name), stage, each, model, known)
    for code, form in model.forms.items():
        for group in form.one_of:
            for name in group:
                _named(file, ("forms", code, "one_of"), name, form.fields, Text("поля", "field"))
        for name, field in form.fields.items():
            if (field.kind is FieldKind.choice) != bool(field.choices):
                file.blame(
                    ("forms", code, "fields", name),
                    Text(
                        "Список choices нужен полю вида choice, и только ему.", "Only a choice has choices."
                    ),
                    Text("Добавьте choices или смените kind.", "Add choices, or change kind."),
                )
    for code in model.members:
        _named(file, ("members", code), code, known, Text("отдела", "department"))
    for position, code, node in _nodes(model.queues):
        _check_node(file, position, code, node, model, known, topics)


def _check_stage(
    file: Document,
    at: Position,
    stage: StageModel,
    type_: TypeModel,
    model: CasesModel,
    known: set[str] | None,
) -> None:
    for setting, name in (("department", stage.department), ("controller", stage.controller)):
        if name is not None:
            _named(file, (*at, setting), name, known, Text("отдела", "department"))
    for code, outcome in stage.results.items():
        if outcome.next != END:
            _named(file, (*at, "results", code, "next"), outcome.next, type_.stages, Text("этапа", "stage"))
    for before, wanted in stage.needs.results.items():
        place = (*at, "needs", "results")
        _named(file, place, before, type_.stages, Text("этапа", "stage"))
        for result in wanted if before in type_.stages else ():
            _named(file, (*place, before), result, type_.stages[before].results, Text("итога", "result"))
    for flag in stage.needs.flags:
        _named(file, (*at, "needs", "flags"), flag, type_.flags, Text("отметки", "flag"))
    form = model.forms.get(type_.form)
    for name, terms in stage.terms.items() if form else ():
        place = (*at, "terms", name)
        _named(file, place, name, form.fields if form else (), Text("поля", "field"))
        choices = form.fields[name].choices if form and name in form.fields else terms
        for choice in terms:
            _named(file, (*place, choice), choice, choices, Text("ответа", "choice"))
    for field in stage.needs.fields if form else ():
        _named(file, (*at, "needs", "fields"), field, form.fields if form else (), Text("поля", "field"))


def _check_node(
    file: Document,
    at: Position,
    code: str,
    node: NodeModel,
    model: CasesModel,
    known: set[str] | None,
    topics: frozenset[str] | None,
) -> None:
    if bool(node.queues) == (node.type is not None):
        file.blame(
            at,
            Text("Нужно одно из двух: queues или type.", "One of queues and type is needed, and only one."),
            Text(
                "У последнего уровня есть type, у прочих queues.", "The last level has a type, others queues."
            ),
        )
        return
    if node.type is not None:
        _named(file, (*at, "type"), node.type, model.types, Text("вида", "type"))
        first = next(iter(model.types[node.type].stages.values())) if node.type in model.types else None
        if node.department is None and first is not None and first.department is None:
            file.blame(
                at,
                Text("Неизвестно, какой отдел примет кейс.", "Nobody is named who takes the case."),
                Text("Задайте department здесь или у этапа.", "Set department here or in the stage."),
            )
    if node.department is not None:
        _named(file, (*at, "department"), node.department, known, Text("отдела", "department"))
    tables = {topic.partition(".")[0] for topic in topics or ()}
    for topic in node.topics:
        if topic not in tables:  # a whole table may be named, too
            _named(file, (*at, "topics"), topic, topics, Text("темы", "topic"))


def _nodes(
    queues: Mapping[str, NodeModel], at: Position = ("queues",), above: str = ""
) -> Iterator[tuple[Position, str, NodeModel]]:
    for name, node in queues.items():
        code = f"{above}.{name}" if above else name
        yield (*at, name), code, node
        yield from _nodes(node.queues, (*at, name, "queues"), code)


def _named(file: Document, at: Position, name: str, known: Any, what: Text) -> None:
    if known is None or name in known:
        return
    names = ", ".join(sorted(known)[:20]) or "—"
    file.blame(
        at,
        Text(f"Нет {what.ru} «{name}».", f'There is no {what.en} "{name}".'),
        Text(f"Есть: {names}.", f"Known: {names}."),
    )

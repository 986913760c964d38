"""The file of departments (``departments_file``): its shape, and how it becomes ``Departments``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from callcore.crm.departments import Department, Departments, Head, Way
from callcore.domain import Login, QueueName, Text
from callcore.rights import Role
from callcore.routing.fields import Code, InternalNumber, QueueField
from callcore.routing.hours_schema import HolidaysModel, WeekField, hours_of
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Bilingual, Line, Model, Zone, wrong


def _ways(value: object) -> object:
    if isinstance(value, list) and value and len({str(way) for way in value}) == len(value):
        return value
    raise wrong(
        Text("Не сказано, как сюда попадает работа.", "It does not say how work comes here."),
        Text(
            "Перечислите без повторов: [transfer, appeal, request, walk_in].",
            "List the ways, each once: [transfer, appeal, request, walk_in].",
        ),
    )


class HeadModel(Model):
    login: Line | None = None
    role: Role | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.login is None) != (self.role is None):
            return self
        raise wrong(
            Text("Нужно одно из двух: login или role.", "One of login and role is needed, and only one."),
            Text("Напишите, например, {role: supervisor}.", "Write for example {role: supervisor}."),
        )


class DepartmentModel(Model):
    title: Bilingual
    functions: Bilingual
    ways: Annotated[tuple[Way, ...], BeforeValidator(_ways)]
    number: InternalNumber | None = None
    queue: QueueField | None = None
    transfer_code: Annotated[str, Field(pattern=r"^[*#][0-9*#]{1,9}$")] | None = None
    zone: Zone | None = None
    """None: that of the file."""
    hours: WeekField | None = None
    holidays: HolidaysModel | None = None
    """None: those of the file."""
    head: HeadModel | None = None
    matters: tuple[Code, ...] = ()

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.number is not None and self.queue is not None:
            raise wrong(
                Text("Заданы и номер, и очередь.", "There is both a number and a queue."),
                Text("Оставьте number или queue.", "Keep number or queue."),
            )
        if Way.transfer in self.ways and self.number is None and self.queue is None:
            raise wrong(
                Text("Переводить звонки некуда.", "There is nowhere to transfer a call to."),
                Text("Добавьте number или queue.", "Add number or queue."),
            )
        return self


class DepartmentsModel(Model):
    """The file."""

    zone: Zone
    holidays: HolidaysModel = HolidaysModel()
    departments: Annotated[dict[Code, DepartmentModel], Field(min_length=1)]

    def to_departments(self) -> Departments:
        return Departments(tuple(self._made(code, each) for code, each in self.departments.items()))

    def _made(self, code: str, each: DepartmentModel) -> Department:
        hours = each.hours and hours_of(each.zone or self.zone, each.hours, each.holidays or self.holidays)
        head = (
            Head(Login(each.head.login) if each.head.login else None, each.head.role) if each.head else None
        )
        return Department(
            code=code,
            title=each.title,
            functions=each.functions,
            ways=frozenset(each.ways),
            hours=hours,
            number=each.number,
            queue=QueueName(each.queue) if each.queue else None,
            transfer_code=each.transfer_code,
            head=head,
            matters=frozenset(each.matters),
        )


def check_departments(model: DepartmentsModel, queues: Collection[str], document: Document) -> None:
    """Blame queues that are not among ``queues``, and numbers or queues that two departments share."""
    owners: dict[str, str] = {}
    for code, each in model.departments.items():
        if each.queue is not None and each.queue not in queues:
            document.blame(
                ("departments", code, "queue"),
                Text(f"Очереди «{each.queue}» нет.", f'There is no queue "{each.queue}".'),
                Text(
                    f"Есть: {', '.join(sorted(queues))}. Добавьте её в queues или назовите другую.",
                    f"Queues: {', '.join(sorted(queues))}. List it in queues, or name another.",
                ),
            )
        for name, value in (
            ("queue", each.queue),
            ("number", each.number),
            ("transfer_code", each.transfer_code),
        ):
            if value is None:
                continue
            owner = owners.setdefault(f"{name} {value}", code)
            if owner != code:
                document.blame(
                    ("departments", code, name),
                    Text(f"«{value}» уже у отдела {owner}.", f'"{value}" already belongs to {owner}.'),
                    Text("У каждого отдела свой номер или своя очередь.", "Give each department its own."),
                )

"""Departments, staff and counterparties for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcore.crm.counterparties import phones_of
from callcore.crm.departments import Way
from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.counterparties import COMMENT_LIMIT, Asker, Counterparty, Group, NewCounterparty
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset, Typed
from callcore.web.record.directory import ROOM, entry_of

Name = Annotated[str, Field(max_length=NAME_LIMIT)]


class DepartmentModel(ApiModel):
    code: str
    title_ru: str
    title_en: str
    functions_ru: str
    functions_en: str
    ways: list[Way]
    number: str | None
    queue: str | None
    matters: list[str]
    is_open: bool | None
    """None: it tells no hours."""
    opens_at: datetime | None
    """While it is closed."""


class DepartmentList(ApiModel):
    departments: list[DepartmentModel]


class WayModel(ApiModel):
    is_accepted: bool
    instead: list[Way]
    """By which ways work may come, where this one is refused."""
    to: str | None
    """Internal number or queue, of an accepted transfer."""
    message: str


class PersonModel(ApiModel):
    name: str
    login: str | None
    department: str
    position: str
    number: str
    email: str


class PersonList(ApiModel):
    people: list[PersonModel]


class StaffQuery(ApiModel):
    q: Typed = ""
    department: Annotated[str, Field(max_length=64)] = ""
    limit: Limit = 100
    offset: Offset = 0


class GroupModel(ApiModel):
    id: int
    name: str
    entries: int
    may_change: bool


class GroupList(ApiModel):
    groups: list[GroupModel]


class CounterpartyModel(ApiModel):
    id: int
    group: int
    name: str
    phones: list[str]
    address: str
    contact: str
    email: str
    region: str
    comment: str
    changed_at: datetime | None


class CounterpartyList(ApiModel):
    counterparties: list[CounterpartyModel]


class CounterpartyQuery(ApiModel):
    q: Typed = ""
    group: Id | None = None
    limit: Limit = 50
    offset: Offset = 0


class NewCounterpartyModel(ApiModel):
    name: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
    phones: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10)] = Field(
        default_factory=list
    )
    address: Annotated[str, Field(max_length=ADDRESS_LIMIT)] = ""
    contact: Name = ""
    email: Name = ""
    region: Name = ""
    comment: Annotated[str, Field(max_length=COMMENT_LIMIT)] = ""


@operation("directory", needs=Permission.directory_see)
async def departments(ask: Ask) -> DepartmentList:
    """Departments: what they do, when they are there, and by which ways work reaches them."""
    found = []
    for each in ask.request.app[ROOM].departments():
        entry = entry_of(each, ask.now)
        found.append(
            DepartmentModel(
                code=each.code,
                title_ru=each.title.ru,
                title_en=each.title.en,
                functions_ru=each.functions.ru,
                functions_en=each.functions.en,
                ways=list(each.open_ways),
                number=each.number,
                queue=each.queue,
                matters=sorted(each.matters),
                is_open=None if each.hours is None else entry.is_open,
                opens_at=entry.opens_at,
            )
        )
    return DepartmentList(departments=found)


@operation("directory", needs=Permission.directory_see, problems=("not_found",))
async def department_way(ask: Ask, code: Annotated[str, Field(max_length=40)], way: Way) -> WayModel:
    """Whether a department takes work this way, and by which it does if not."""
    known = ask.request.app[ROOM].departments()
    if code not in known:
        raise Problem("not_found")
    department = known.find(code)
    refusal = department.accepts(way)
    if refusal is None:
        to = department.reached_at if way is Way.transfer else None
        return WayModel(is_accepted=True, instead=[], to=to, message="")
    message = Text(
        f"{refusal.message.ru} {refusal.remedy.ru}", f"{refusal.message.en} {refusal.remedy.en}"
    ).in_(ask.language)
    return WayModel(is_accepted=False, instead=list(refusal.instead), to=None, message=message)


@operation("directory", needs=Permission.directory_see)
async def staff(ask: Ask, query: StaffQuery) -> PersonList:
    """People of the house, by name."""
    found = await ask.request.app[ROOM].database.staff.search(query.q, query.department)
    people = [
        PersonModel(
            name=each.name,
            login=each.login,
            department=each.department,
            position=each.position,
            number=each.number,
            email=each.email,
        )
        for each in found[query.offset : query.offset + query.limit]
    ]
    return PersonList(people=people)


@operation("directory", needs=Permission.directory_see)
async def counterparty_groups(ask: Ask) -> GroupList:
    """The groups of counterparties that you may see."""
    groups = await ask.request.app[ROOM].database.counterparties.groups(_asker(ask))
    return GroupList(groups=[_group(each, _asker(ask)) for each in groups])


@operation("directory", needs=Permission.directory_see)
async def counterparties(ask: Ask, query: CounterpartyQuery) -> CounterpartyList:
    """Counterparties of the groups that you may see, by name."""
    found = await ask.request.app[ROOM].database.counterparties.search(
        query.q, _asker(ask), group=query.group, limit=query.limit, offset=query.offset
    )
    return CounterpartyList(counterparties=[_model(each) for each in found])


@operation("directory", needs=Permission.directory_see, problems=("not_found",))
async def counterparty(ask: Ask, id: Id) -> CounterpartyModel:
    """One counterparty; one that you may not see is not there."""
    return _model((await _found(ask, id))[0])


@operation(
    "directory",
    needs=Permission.directory_see,
    problems=("not_found", "invalid"),
    status=201,
    repeats=True,
)
async def new_counterparty(ask: Ask, group: Id, body: NewCounterpartyModel) -> CounterpartyModel:
    """Add a counterparty to a group that you may change."""
    book = ask.request.app[ROOM].database.counterparties
    found = await book.group(group, _asker(ask))
    if found is None:
        raise Problem("not_found")
    _check_change(ask, found)
    id = await book.add(found.id, _new(ask, body), ask.identity.login, ask.now)
    return _model((await _found(ask, id))[0])


@operation("directory", needs=Permission.directory_see, problems=("not_found", "invalid"))
async def change_counterparty(ask: Ask, id: Id, body: NewCounterpartyModel) -> CounterpartyModel:
    """Replace what is known of a counterparty."""
    found, group = await _found(ask, id)
    _check_change(ask, group)
    book = ask.request.app[ROOM].database.counterparties
    await book.change(found.id, _new(ask, body), ask.identity.login, ask.now)
    return _model((await _found(ask, id))[0])


@operation("directory", needs=Permission.directory_see, problems=("not_found",))
async def remove_counterparty(ask: Ask, id: Id) -> None:
    """Out of lists and searches."""
    found, group = await _found(ask, id)
    _check_change(ask, group)
    await ask.request.app[ROOM].database.counterparties.remove(found.id, ask.identity.login, ask.now)


def _asker(ask: Ask) -> Asker:
    return Asker(ask.identity.login, ask.identity.role)


async def _found(ask: Ask, id: int) -> tuple[Counterparty, Group]:
    book = ask.request.app[ROOM].database.counterparties
    found = await book.get(id, _asker(ask))
    group = await book.group(found.group, _asker(ask)) if found else None
    if found is None or group is None:
        raise Problem("not_found")
    return found, group


def _check_change(ask: Ask, group: Group) -> None:
    if not group.is_changed_by(_asker(ask)):
        raise Problem("forbidden")


def _new(ask: Ask, body: NewCounterpartyModel) -> NewCounterparty:
    phones = phones_of(";".join(body.phones), ask.request.app[ROOM].country)
    return NewCounterparty(
        body.name, phones, body.address, body.contact, body.email, body.region, body.comment
    )


def _group(group: Group, asker: Asker) -> GroupModel:
    return GroupModel(
        id=group.id, name=group.name, entries=group.entries, may_change=group.is_changed_by(asker)
    )


def _model(found: Counterparty) -> CounterpartyModel:
    return CounterpartyModel(
        id=found.id,
        group=found.group,
        name=found.name,
        phones=list(found.phones),
        address=found.address,
        contact=found.contact,
        email=found.email,
        region=found.region,
        comment=found.comment,
        changed_at=found.changed_at,
    )


ROUTES = (
    web.get("/api/v1/departments", departments),
    web.get("/api/v1/departments/{code}/ways/{way}", department_way),
    web.get("/api/v1/staff", staff),
    web.get("/api/v1/counterparty-groups", counterparty_groups),
    web.post("/api/v1/counterparty-groups/{group}/counterparties", new_counterparty),
    web.get("/api/v1/counterparties", counterparties),
    web.get("/api/v1/counterparties/{id}", counterparty),
    web.put("/api/v1/counterparties/{id}", change_counterparty),
    web.delete("/api/v1/counterparties/{id}", remove_counterparty),
)

"""Departments, staff and counterparties for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcore.crm.counterparties import phones_of
from callcore.crm.departments import Way
from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.counterparties import COMMENT_LIMIT, Asker, Counterparty, Group, NewCounterparty
from callcore.store.staff import Person
from callcore.store.texts import ADDRESS_LIMIT, NAME_LIMIT
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset, Typed
from callcore.web.record.directory import ROOM, entry_of

Name = Annotated[str, Field(max_length=NAME_LIMIT)]
Right = Literal["see", "change"]


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
    id: int | None
    """null: a user of whom the directory knows no more."""
    name: str
    login: str | None
    department: str
    position: str
    number: str
    email: str
    comment: str


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
    rights: dict[str, Right] | None
    """``role:operator`` or ``login:anna``, and what he may; null for who may not change it."""
    mark: str | None
    """Of its name and rights: give it as ``seen`` when you change them."""


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


class ChangedCounterpartyModel(NewCounterpartyModel):
    seen: AwareDatetime | None = None
    """``changed_at`` of what you looked at: 409 if somebody changed it since."""


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
    people = [person_model(each) for each in found[query.offset : query.offset + query.limit]]
    return PersonList(people=people)


@operation("directory", needs=Permission.directory_see)
async def counterparty_groups(ask: Ask) -> GroupList:
    """The groups of counterparties that you may see."""
    groups = await ask.request.app[ROOM].database.counterparties.groups(asker_of(ask))
    return GroupList(groups=[group_model(each, asker_of(ask)) for each in groups])


@operation("directory", needs=Permission.directory_see)
async def counterparties(ask: Ask, query: CounterpartyQuery) -> CounterpartyList:
    """Counterparties of the groups that you may see, by name."""
    found = await ask.request.app[ROOM].database.counterparties.search(
        query.q, asker_of(ask), group=query.group, limit=query.limit, offset=query.offset
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
    found = await book.group(group, asker_of(ask))
    if found is None:
        raise Problem("not_found")
    _check_change(ask, found)
    id = await book.add(found.id, _new(ask, body), ask.identity.login, ask.now)
    return _model((await _found(ask, id))[0])


@operation("directory", needs=Permission.directory_see, problems=("not_found", "invalid"))
async def change_counterparty(ask: Ask, id: Id, body: ChangedCounterpartyModel) -> CounterpartyModel:
    """Replace what is known of a counterparty."""
    found, group = await _found(ask, id)
    _check_change(ask, group)
    book = ask.request.app[ROOM].database.counterparties
    await book.change(found.id, _new(ask, body), ask.identity.login, ask.now, seen=body.seen)
    return _model((await _found(ask, id))[0])


@operation("directory", needs=Permission.directory_see, problems=("not_found",))
async def remove_counterparty(ask: Ask, id: Id) -> None:
    """Out of lists and searches."""
    found, group = await _found(ask, id)
    _check_change(ask, group)
    await ask.request.app[ROOM].database.counterparties.remove(found.id, ask.identity.login, ask.now)


def asker_of(ask: Ask) -> Asker:
    return Asker(ask.identity.login, ask.identity.role)


async def _found(ask: Ask, id: int) -> tuple[Counterparty, Group]:
    book = ask.request.app[ROOM].database.counterparties
    found = await book.get(id, asker_of(ask))
    group = await book.group(found.group, asker_of(ask)) if found else None
    if found is None or group is None:
        raise Problem("not_found")
    return found, group


def _check_change(ask: Ask, group: Group) -> None:
    if not group.is_changed_by(asker_of(ask)):
        raise Problem("forbidden")


def _new(ask: Ask, body: NewCounterpartyModel) -> NewCounterparty:
    phones = phones_of(";".join(body.phones), ask.request.app[ROOM].country)
    return NewCounterparty(
        body.name, phones, body.address, body.contact, body.email, body.region, body.comment
    )


def group_model(group: Group, asker: Asker) -> GroupModel:
    is_mine = group.is_changed_by(asker)
    return GroupModel(
        id=group.id,
        name=group.name,
        entries=group.entries,
        may_change=is_mine,
        rights={who: "change" if may else "see" for who, may in group.rights.items()} if is_mine else None,
        mark=group.mark if is_mine else None,
    )


def person_model(person: Person) -> PersonModel:
    return PersonModel(**{name: getattr(person, name) for name in PersonModel.model_fields})


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

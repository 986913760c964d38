"""The directory for programs that write it: people of the house, groups of counterparties with rights."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcore.domain import Login
from callcore.rights import Permission
from callcore.store.counterparties import Group
from callcore.store.errors import TextRefused
from callcore.store.staff import COMMENT_LIMIT, NewPerson, Person
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id
from callcore.web.record.directory import ROOM, check_person
from callcore.web.record.directory_api import (
    GroupModel,
    Name,
    PersonModel,
    Right,
    asker_of,
    group_model,
    person_model,
)

_P = Permission.directory_write
Named = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
Word = Annotated[str, Field(max_length=WORD_LIMIT)]
Who = Annotated[str, Field(max_length=WORD_LIMIT, pattern=r"^(role|login):.+$")]
Mark = Annotated[str, Field(max_length=64)]


class NewPersonModel(ApiModel):
    name: Named
    login: Word | None = None
    """Of whoever signs in: his name is then that of the user."""
    department: Word = ""
    position: Name = ""
    number: Word = ""
    email: Name = ""
    comment: Annotated[str, Field(max_length=COMMENT_LIMIT)] = ""


class EntryModel(PersonModel):
    mark: str
    """Of what stands in the entry: give it as ``seen`` when you change it."""


class ChangedPersonModel(NewPersonModel):
    seen: Mark | None = None
    """``mark`` of what you looked at: 409 if somebody changed it since."""


class NewGroupModel(ApiModel):
    name: Named
    rights: dict[Who, Right] = Field(default_factory=dict)
    """By ``role:operator`` or ``login:anna``."""


class ChangedGroupModel(NewGroupModel):
    seen: Mark | None = None
    """``mark`` of what you looked at: 409 if somebody changed it since."""


@operation("directory", needs=_P, problems=("not_found",))
async def person(ask: Ask, id: Id) -> EntryModel:
    """One entry of the directory of people."""
    return await _entry(ask, id)


@operation("directory", needs=_P, status=201, repeats=True)
async def new_person(ask: Ask, body: NewPersonModel) -> EntryModel:
    """Put somebody into the directory, or what it shall say of a user."""
    draft = _draft(body)
    await check_person(ask.request.app[ROOM], draft)
    return await _entry(ask, await ask.request.app[ROOM].database.staff.put(draft))


@operation("directory", needs=_P, problems=("not_found",))
async def change_person(ask: Ask, id: Id, body: ChangedPersonModel) -> EntryModel:
    """Replace what the directory says of somebody. Who was removed comes back."""
    await _entry(ask, id)
    draft = _draft(body)
    await check_person(ask.request.app[ROOM], draft)
    return await _entry(ask, await ask.request.app[ROOM].database.staff.put(draft, id, seen=body.seen))


@operation("directory", needs=_P, problems=("not_found",))
async def remove_person(ask: Ask, id: Id) -> None:
    """Out of lists and searches; who signs in still does."""
    await _entry(ask, id)
    await ask.request.app[ROOM].database.staff.remove(id, ask.now)


@operation("directory", needs=_P, status=201, repeats=True)
async def new_counterparty_group(ask: Ask, body: NewGroupModel) -> GroupModel:
    """Make a group; you may change it, whatever rights you give to others."""
    rights = await _rights(ask, body) | {f"login:{ask.identity.login}": True}
    id = await ask.request.app[ROOM].database.counterparties.add_group(body.name, rights, ask.now)
    return group_model(await _mine(ask, id), asker_of(ask))


@operation("directory", needs=_P, problems=("not_found",))
async def change_counterparty_group(ask: Ask, group: Id, body: ChangedGroupModel) -> GroupModel:
    """Name and rights of a group that you may change. Rights that are left out are taken away."""
    await _mine(ask, group)
    book = ask.request.app[ROOM].database.counterparties
    await book.change_group(group, body.name, await _rights(ask, body), seen=body.seen)
    found = await book.group(group, asker_of(ask))
    if found is None:  # he took away his own right
        return GroupModel(id=group, name=body.name, entries=0, may_change=False, rights=None, mark=None)
    return group_model(found, asker_of(ask))


@operation("directory", needs=_P, problems=("not_found",))
async def remove_counterparty_group(ask: Ask, group: Id) -> None:
    """Remove an empty group; 409 while it holds an entry."""
    await _mine(ask, group)
    await ask.request.app[ROOM].database.counterparties.remove_group(group)


async def _entry(ask: Ask, id: int) -> EntryModel:
    found = await ask.request.app[ROOM].database.staff.get(id)
    if found is None:
        raise Problem("not_found")
    return _entry_model(found)


def _entry_model(found: Person) -> EntryModel:
    return EntryModel(**person_model(found).model_dump(), mark=found.mark)


async def _mine(ask: Ask, id: int) -> Group:
    """404 for a group that he may not see, 403 for one that he may not change."""
    found = await ask.request.app[ROOM].database.counterparties.group(id, asker_of(ask))
    if found is None:
        raise Problem("not_found")
    if not found.is_changed_by(asker_of(ask)):
        raise Problem("forbidden")
    return found


def _draft(body: NewPersonModel) -> NewPerson:
    return NewPerson(
        body.name,
        Login(body.login.lower()) if body.login else None,
        body.department,
        body.position,
        body.number,
        body.email,
        body.comment,
    )


async def _rights(ask: Ask, body: NewGroupModel) -> dict[str, bool]:
    """Raises TextRefused for a login that there is not; the store looks at the rest."""
    users = ask.request.app[ROOM].database.users
    for who in body.rights:
        kind, _, login = who.partition(":")
        if kind == "login" and await users.get(login) is None:
            raise TextRefused(f"rights: there is no user {login[:64]}", f"Нет пользователя {login[:64]}.")
    return {who: right == "change" for who, right in body.rights.items()}


ROUTES = (
    web.post("/api/v1/staff", new_person),
    web.get("/api/v1/staff/{id}", person),
    web.put("/api/v1/staff/{id}", change_person),
    web.delete("/api/v1/staff/{id}", remove_person),
    web.post("/api/v1/counterparty-groups", new_counterparty_group),
    web.put("/api/v1/counterparty-groups/{group}", change_counterparty_group),
    web.delete("/api/v1/counterparty-groups/{group}", remove_counterparty_group),
)

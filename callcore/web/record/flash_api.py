"""Flash notes for programs, and for the desk's "read"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcore.crm.flash import may_withdraw, may_write, span_fault, spoken_fault, text_fault
from callcore.domain import CustomerId, Text
from callcore.rights import Permission
from callcore.store.flashes import TEXT_LIMIT, Flash, FlashScope, FlashState, NewFlash
from callcore.web.context import demand
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit, Offset
from callcore.web.record.flash import ROOM, find_target, rights_of


class SpokenModel(ApiModel):
    """What callers hear before any menu."""

    ru: Annotated[str, Field(max_length=TEXT_LIMIT)]
    en: Annotated[str, Field(max_length=TEXT_LIMIT)]


class FlashModel(ApiModel):
    id: int
    scope: FlashScope
    target: str
    label: str
    text: str
    author: str
    must_read: bool
    state: FlashState
    begins_at: datetime
    ends_at: datetime
    created_at: datetime
    withdrawn_at: datetime | None
    read_at: datetime | None
    """When you said that you have read it."""
    spoken: SpokenModel | None
    is_spoken: bool
    """Callers hear it, as long as it is current; while they do not, it pops on no card either."""


class FlashList(ApiModel):
    flashes: list[FlashModel]


class FlashQuery(ApiModel):
    state: FlashState | None = None
    scope: FlashScope | None = None
    target: Annotated[str, Field(max_length=128)] = ""
    limit: Limit = 50
    offset: Offset = 0


class NewFlashModel(ApiModel):
    scope: FlashScope
    target: Annotated[str, Field(min_length=1, max_length=128)]
    """A contract's number, a phone number, the code of a topic or node, the number of an outage, ``*`` for
    the whole house."""
    text: Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT)]
    ends_at: AwareDatetime
    begins_at: AwareDatetime | None = None
    """None: now."""
    must_read: bool = False
    spoken: SpokenModel | None = None
    """Only of a note on the whole house."""
    is_spoken: bool = False


class SwitchModel(ApiModel):
    is_on: bool


class ReaderModel(ApiModel):
    login: str
    at: datetime


class ReaderList(ApiModel):
    readers: list[ReaderModel]


@operation("flash", needs=Permission.flash_write)
async def flashes(ask: Ask, query: FlashQuery) -> FlashList:
    """Flash notes, the newest first."""
    found = await ask.request.app[ROOM].database.flashes.search(
        ask.now,
        state=query.state,
        scope=query.scope,
        target=query.target,
        reader=ask.identity.login,
        limit=query.limit,
        offset=query.offset,
    )
    return FlashList(flashes=[_model(flash, ask.now) for flash in found])


@operation("flash", needs=Permission.flash_write, problems=("not_found",))
async def flashes_of_customer(ask: Ask, id: Id) -> FlashList:
    """The notes that pop with this customer's card now: on him, his numbers, his district, his outages."""
    database = ask.request.app[ROOM].database
    customer = await database.customers.get(CustomerId(id))
    if customer is None:
        raise Problem("not_found")
    found = await database.flashes.of_customer(customer.id, customer.numbers, (), ask.now, ask.identity.login)
    return FlashList(flashes=[_model(flash, ask.now) for flash in found])


@operation("flash", needs=Permission.flash_write, problems=("invalid",), status=201, repeats=True)
async def new_flash(ask: Ask, body: NewFlashModel) -> FlashModel:
    """Write a flash note. Notes on topics, districts, outages and the house need the right to wide ones."""
    room = ask.request.app[ROOM]
    if not may_write(body.scope, rights_of(ask.identity)):
        demand(ask.identity, Permission.flash_wide)
        raise Problem("forbidden")
    begins = body.begins_at or ask.now
    spoken = Text(body.spoken.ru, body.spoken.en) if body.spoken else None
    fault = text_fault(body.text) or span_fault(begins, body.ends_at, ask.now)
    if fault is None and spoken is not None:
        fault = spoken_fault(body.scope, spoken)
    target = await find_target(room, body.scope, body.target)
    if fault is None and target is None:
        fault = Text("Нет того, на что указывает target.", "There is nothing that target names.")
    if fault is not None or target is None:
        raise Problem("invalid", detail=fault)
    is_on = body.is_spoken and spoken is not None
    new = NewFlash(body.scope, *target, body.text, begins, body.ends_at, body.must_read, spoken, is_on)
    added = await room.database.flashes.add(new, ask.identity.login, ask.now)
    room.changed(added)
    return _model(added, ask.now)


@operation("flash", needs=Permission.flash_write, problems=("not_found",))
async def flash(ask: Ask, id: Id) -> FlashModel:
    """One note."""
    return _model(await _found(ask, id), ask.now)


@operation("flash", needs=Permission.flash_write, problems=("not_found",))
async def read_flash(ask: Ask, id: Id) -> None:
    """Say that you have read it; the first time counts."""
    found = await _found(ask, id)
    room = ask.request.app[ROOM]
    await room.database.flashes.read(found.id, ask.identity.login, ask.now)
    room.noted_read(ask.identity.login)


@operation("flash", needs=Permission.flash_write, problems=("not_found",))
async def withdraw_flash(ask: Ask, id: Id) -> None:
    """It pops no more; it stays in the list of those withdrawn."""
    found = await _found(ask, id)
    if not may_withdraw(found, ask.identity.login, rights_of(ask.identity)):
        raise Problem("forbidden")
    room = ask.request.app[ROOM]
    await room.database.flashes.withdraw(found.id, ask.identity.login, ask.now)
    room.changed(found)


@operation("flash", needs=Permission.flash_wide, problems=("not_found",))
async def switch_flash(ask: Ask, id: Id, body: SwitchModel) -> FlashModel:
    """Callers hear it from now on, or no more; a repeat changes nothing. Not found: a note without words for
    callers, or one whose time is over."""
    room = ask.request.app[ROOM]
    switched = await room.database.announcements.switch(id, ask.identity.login, ask.now, is_on=body.is_on)
    if switched is None:
        raise Problem("not_found")
    room.changed(switched)
    return _model(switched, ask.now)


@operation("flash", needs=Permission.flash_wide, problems=("not_found",))
async def flash_readers(ask: Ask, id: Id) -> ReaderList:
    """Who said that they have read it, first to last."""
    found = await _found(ask, id)
    readers = await ask.request.app[ROOM].database.flashes.readers(found.id)
    return ReaderList(readers=[ReaderModel(login=each.login, at=each.at) for each in readers])


async def _found(ask: Ask, id: int) -> Flash:
    found = await ask.request.app[ROOM].database.flashes.get(id, ask.identity.login)
    if found is None:
        raise Problem("not_found")
    return found


def _model(flash: Flash, now: datetime) -> FlashModel:
    return FlashModel(
        id=flash.id,
        scope=flash.scope,
        target=flash.target,
        label=flash.label,
        text=flash.text,
        author=flash.author,
        must_read=flash.must_read,
        state=flash.state(now),
        begins_at=flash.begins_at,
        ends_at=flash.ends_at,
        created_at=flash.created_at,
        withdrawn_at=flash.withdrawn_at,
        read_at=flash.read_at,
        spoken=SpokenModel(ru=flash.spoken.ru, en=flash.spoken.en) if flash.spoken else None,
        is_spoken=flash.is_spoken,
    )


ROUTES = (
    web.get("/api/v1/flashes", flashes),
    web.post("/api/v1/flashes", new_flash),
    web.get("/api/v1/flashes/{id}", flash),
    web.post("/api/v1/flashes/{id}/read", read_flash),
    web.post("/api/v1/flashes/{id}/withdraw", withdraw_flash),
    web.post("/api/v1/flashes/{id}/switch", switch_flash),
    web.get("/api/v1/flashes/{id}/readers", flash_readers),
    web.get("/api/v1/customers/{id}/flashes", flashes_of_customer),
)

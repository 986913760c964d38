"""Who wants no more of which calls and messages, for programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field

from callcore.calls.attempt import Medium
from callcore.domain import CustomerId, Login, Text
from callcore.rights import Permission
from callcore.store.errors import NotStored
from callcore.store.opt_outs import NewOptOut, OptOuts, StoredOptOut
from callcore.store.texts import NAME_LIMIT
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Id, Limit
from callcore.web.voice.voicemails_api import masks

CHANGE = Permission.opt_outs_change


@dataclass(frozen=True, slots=True)
class OptOutRoom:
    """``classes``: of messages with their titles, as the settings have them; ``canonical``: None for what is
    no number outside; ``numbers_of``: of a customer, None: there is none."""

    opt_outs: OptOuts
    classes: Callable[[], Mapping[str, Text | None]]
    canonical: Callable[[str | None], str | None]
    numbers_of: Callable[[CustomerId], Awaitable[tuple[str, ...] | None]]
    names: Callable[[], Awaitable[Mapping[Login, str]]]


ROOM = web.AppKey("opt_outs", OptOutRoom)
_Evidence = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT, pattern=r"\S")]


class OptOutAsked(ApiModel):
    number: Annotated[str, Field(min_length=1, max_length=64)]
    evidence: _Evidence
    """What shows it: a letter, a call's recording."""
    medium: Medium | None = None
    """This way alone; null: in no way at all."""
    message_class: Annotated[str, Field(max_length=64)] = ""
    """This class alone; "": any."""
    customer: Id | None = None
    """It holds for all his numbers; the number must be one of them."""


class EndAsked(ApiModel):
    evidence: _Evidence


class OptOutModel(ApiModel):
    id: int
    number: str
    customer: int | None
    medium: Medium | None
    message_class: str
    since: datetime
    login: str
    evidence: str
    ended_at: datetime | None
    """null: it is in force."""
    ended_by: str | None
    ended_evidence: str


class OptOutList(ApiModel):
    opt_outs: list[OptOutModel]


class OptOutQuery(ApiModel):
    number: Annotated[str, Field(max_length=64)] | None = None
    customer: Id | None = None
    ended: bool = False
    """Those too that hold no more."""
    limit: Limit = 50


async def opt_out_of(room: OptOutRoom, asked: OptOutAsked) -> NewOptOut:
    """What is to be stored. Raises ``Problem``."""
    number = room.canonical(asked.number)
    if number is None or not number.startswith("+"):
        raise Problem("not_a_number")
    if asked.message_class and asked.message_class not in room.classes():
        known = ", ".join(room.classes())
        raise Problem("invalid", detail=Text(f"Виды сообщений: {known}.", f"Classes of messages: {known}."))
    if asked.customer is None:
        return NewOptOut(number, asked.evidence, asked.medium, asked.message_class)
    customer = CustomerId(asked.customer)
    own = await room.numbers_of(customer)
    if own is None or number not in own:
        raise Problem("not_found")
    return NewOptOut(number, asked.evidence, asked.medium, asked.message_class, customer)


@operation("opt-outs", needs=CHANGE, problems=("not_a_number",))
async def opt_outs(ask: Ask, query: OptOutQuery) -> OptOutList:
    """Who wants no more of what, newest first: of a number, of a customer, or of all."""
    room = ask.request.app[ROOM]
    number = room.canonical(query.number) if query.number else ""
    if number is None:
        raise Problem("not_a_number")
    customer = None if query.customer is None else CustomerId(query.customer)
    found = await room.opt_outs.find(number, customer=customer, ended=query.ended, limit=query.limit)
    return OptOutList(opt_outs=[_model(ask, one) for one in found])


@operation("opt-outs", needs=CHANGE, status=201, problems=("not_a_number", "not_found"))
async def add_opt_out(ask: Ask, body: OptOutAsked) -> OptOutModel:
    """He wants no more of it; one of the same number, way and class that is in force is answered instead."""
    room = ask.request.app[ROOM]
    new = await opt_out_of(room, body)
    return _model(ask, await room.opt_outs.add(new, Login(ask.identity.login), ask.now))


@operation("opt-outs", needs=CHANGE, problems=("not_found",))
async def end_opt_out(ask: Ask, id: Id, body: EndAsked) -> OptOutModel:
    """He may be told again, as he said himself; once."""
    try:
        ended = await ask.request.app[ROOM].opt_outs.end(
            id, body.evidence, Login(ask.identity.login), ask.now
        )
    except NotStored:
        raise Problem("not_found") from None
    return _model(ask, ended)


def _model(ask: Ask, one: StoredOptOut) -> OptOutModel:
    number, text = masks(ask.identity)
    return OptOutModel(
        id=one.id,
        number=number(one.number),
        customer=one.customer,
        medium=one.medium,
        message_class=one.message_class,
        since=one.since,
        login=one.login,
        evidence=text(one.evidence),
        ended_at=one.ended_at,
        ended_by=one.ended_by,
        ended_evidence=text(one.ended_evidence),
    )


ROUTES = (
    web.get("/api/v1/opt-outs", opt_outs),
    web.post("/api/v1/opt-outs", add_opt_out),
    web.post("/api/v1/opt-outs/{id}/end", end_opt_out),
)

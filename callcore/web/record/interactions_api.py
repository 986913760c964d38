"""Interactions, topics and files of interactions for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcore.domain import CallId, CustomerId, Direction, Login, Outcome
from callcore.rights import Permission
from callcore.screenpop.entries import as_they_stand
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.errors import NotStored, TextRefused
from callcore.store.interactions import Interaction
from callcore.store.timeline import Place, TimelineLine
from callcore.web.context import allowed, demand
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.record.asking import Limit
from callcore.web.record.files_api import FileModel, file_model
from callcore.web.record.interactions import ROOM, may_move

Id = Annotated[int, Field(ge=0, le=2**63 - 1)]
_P = Permission


class CardModel(ApiModel):
    """The card's main data as they stood; what was not known is empty."""

    name: str = ""
    contract: str = ""
    segment: str = ""
    tariff: str = ""
    number: str = ""
    sim: str = ""
    loyalty: str = ""
    status: str = ""
    number_status: str = ""


class ChangeModel(ApiModel):
    at: datetime
    login: str
    from_customer: int | None
    to_customer: int | None
    from_number: str | None
    to_number: str | None
    why: str


class InteractionModel(ApiModel):
    record: int
    call: str
    customer: int | None
    number: str | None
    topic: str
    comment: str
    login: str | None
    created_at: datetime
    saved_at: datetime | None
    """null: callcore made it, nobody has classified it."""
    opened_ms: int | None
    card: CardModel | None
    files: list[FileModel]
    cases: list[str]
    """Numbers of those that came of it; empty for who may not see cases."""
    changes: list[ChangeModel]


class LineModel(ApiModel):
    record: int | None
    call: str
    at: datetime
    started_at: datetime
    ended_at: datetime | None
    direction: Direction
    number: str | None
    queue: str | None
    topic: str
    comment: str
    login: str | None
    outcome: Outcome
    talk_ms: int


class LineList(ApiModel):
    interactions: list[LineModel]
    next: str | None
    """Give it as ``after`` for the next page; null: that is all."""


class LineQuery(ApiModel):
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: Limit = 50
    after: Annotated[str, Field(max_length=250)] = ""


class MoveModel(ApiModel):
    customer: Id
    number: Annotated[str, Field(max_length=64)] | None = None
    """One of the customer's numbers; null: the whole contract."""
    why: Annotated[str, Field(max_length=500)] = ""


class TopicModel(ApiModel):
    code: str
    ru: str
    en: str


class TopicList(ApiModel):
    topics: list[TopicModel]


@operation("interactions", needs=_P.customers_unmasked, problems=("not_found",))
async def interaction(ask: Ask, record: Id) -> InteractionModel:
    """One interaction by its record number."""
    return await _model(ask, await _found(ask, record))


@operation("interactions", needs=_P.customers_unmasked, problems=("not_found", "bad_request"))
async def interactions_of_customer(ask: Ask, id: Id, query: LineQuery) -> LineList:
    """A customer's contacts of a period, the newest first, one line for each interaction."""
    database = ask.request.app[ROOM].database
    if await database.customers.get(CustomerId(id)) is None:
        raise Problem("not_found")
    database.audit.saw(ask.identity.login, CustomerId(id), ask.now, "api")
    place = _place(query.after) if query.after else None
    found = await database.timeline.of(CustomerId(id), query.since, query.until, query.limit + 1, place)
    page, more = found[: query.limit], found[query.limit :]
    last = page[-1].place if more else None
    after = f"{last.at.isoformat()}~{last.n}~{last.call}" if last else None
    return LineList(interactions=[_line(line) for line in page], next=after)


@operation("interactions", needs=_P.contacts_take, problems=("not_found", "invalid"))
async def move_interaction(ask: Ask, record: Id, body: MoveModel) -> InteractionModel:
    """Register it again on another customer, or on another number of his. Others' interactions need the
    right to them."""
    found = await _found(ask, record)
    demand(ask.identity, _P.customers_unmasked)
    if not may_move(ask.identity, found):
        demand(ask.identity, _P.contacts_others)
        raise Problem("forbidden")
    room = ask.request.app[ROOM]
    customer = await room.database.customers.get(CustomerId(body.customer))
    number = room.canonical(body.number) if body.number else None
    if customer is None or (body.number and (number is None or number not in customer.numbers)):
        raise Problem("unknown_customer")
    full = await room.database.records.get(customer.id)
    try:
        moved = await room.database.interactions.register_again(
            found.id,
            customer.id,
            number,
            Login(ask.identity.login),
            ask.now,
            why=body.why,
            card=as_they_stand(customer, full, number),
        )
    except NotStored:
        raise Problem("not_found") from None
    except TextRefused:
        raise Problem("too_long") from None
    for whose in {found.customer, customer.id}:
        room.news.changed(whose)
    return await _model(ask, moved)


@operation("interactions")
async def topics(ask: Ask) -> TopicList:
    """Every topic that a contact may be registered under, parents before their children."""
    titles = ask.request.app[ROOM].topic_titles()
    return TopicList(
        topics=[TopicModel(code=code, ru=title.ru, en=title.en) for code, title in titles.items()]
    )


async def _found(ask: Ask, record: int) -> Interaction:
    found = await ask.request.app[ROOM].database.interactions.get(record)
    if found is None:
        raise Problem("not_found")
    return found


async def _model(ask: Ask, found: Interaction) -> InteractionModel:
    database = ask.request.app[ROOM].database
    if found.customer is not None:
        database.audit.saw(ask.identity.login, found.customer, ask.now, "api")
    files = await database.attachments.of(Owner(OwnerKind.interaction, str(found.id)))
    known = {name: text for name, text in (found.card or {}).items() if name in CardModel.model_fields}
    return InteractionModel(
        record=found.id,
        call=found.call,
        customer=found.customer,
        number=found.number,
        topic=found.topic,
        comment=found.comment,
        login=found.login,
        created_at=found.created_at,
        saved_at=found.saved_at,
        opened_ms=found.opened_ms,
        card=CardModel(**known) if found.card is not None else None,
        files=[file_model(file) for file in files],
        cases=await _cases(ask, found.id),
        changes=[
            ChangeModel(**{name: getattr(change, name) for name in ChangeModel.model_fields})
            for change in await database.interactions.changes(found.id)
        ],
    )


async def _cases(ask: Ask, record: int) -> list[str]:
    if not allowed(ask.identity, _P.cases_work):
        return []
    return [case.number for case in await ask.request.app[ROOM].cases(record)]


def _line(line: TimelineLine) -> LineModel:
    return LineModel(**{name: getattr(line, name) for name in LineModel.model_fields})


def _place(text: str) -> Place:
    at, _, rest = text.partition("~")
    n, _, call = rest.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        if moment.utcoffset() is None or not (n.isascii() and n.isdigit() and len(n) < 10):
            raise ValueError
        return Place(moment, CallId(call), int(n))
    except (ValueError, OverflowError):
        raise Problem("bad_request") from None


ROUTES = (
    web.get("/api/v1/interactions/{record}", interaction),
    web.post("/api/v1/interactions/{record}/move", move_interaction),
    web.get("/api/v1/customers/{id}/interactions", interactions_of_customer),
    web.get("/api/v1/topics", topics),
)


def add_to(app: web.Application) -> None:
    """Beside the pages, whose room it shares."""
    app.add_routes(ROUTES)

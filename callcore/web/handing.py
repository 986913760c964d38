"""``/transfer?call=…``: to whom a caller can be handed on, and the words that go along (D-14, D-22).

One field, topic or name; Enter asks first, Shift+Enter puts through at once. Everything that the page offers
or refuses is decided anew when it is ordered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from callcore.crm.departments import Way
from callcore.crm.handing import Code, Kind, Offer
from callcore.domain import AgentState, CallId, CustomerId, Login, Text, TopicCode
from callcore.rights import Permission
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreError
from callcore.store.handovers import Mode
from callcore.web import kit
from callcore.web.context import allowed, demand
from callcore.web.operation import ApiModel, Ask, operation
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.signin import Identity
from callcore.web.starting import starts_call

NEEDS = Permission.contacts_take
OUTSIDE = Permission.calls_place
"""To hand a caller on to a number outside."""
PAGE = "/transfer"
LONGEST_QUERY = 64


@dataclass(frozen=True, slots=True)
class GoesAlong:
    """What the one who takes the call will read."""

    call: CallId
    topic: TopicCode | None
    """Of the card; None: none is chosen, and none was in the IVR."""
    comment: str
    number: str | None
    customer: CustomerId | None
    name: str
    """Of the customer, or empty."""


class Handing(Protocol):
    """Every command raises ``DeskRefused``."""

    def goes_along(self, login: Login, call: CallId) -> GoesAlong: ...

    async def offers(self, login: Login, call: CallId, query: str) -> tuple[Offer, ...]: ...

    async def transfer(
        self, login: Login, call: CallId, to: str, mode: Mode, comment: str | None = None
    ) -> Offer:
        """``to``: the ``ref`` of an offer. Without ``comment`` that of the card. Raises ``DeskRefused``:
        ``topic_missing``, ``not_handed`` with the reason, and what the telephone system refuses."""


ROOM = web.AppKey("handing_room", Handing)


# --- the page


async def panel(request: web.Request) -> web.Response:
    call, query = CallId(request.query.get("call", "")[:128]), _query(request)
    return await _show(request, call, query)


async def _show(
    request: web.Request,
    call: CallId,
    query: str,
    *,
    status: int = 200,
    fault: Text | None = None,
    code: str = "",
    comment: str | None = None,
) -> web.Response:
    identity = await kit.person(request, NEEDS)
    room = request.app[ROOM]
    try:
        along = room.goes_along(identity.login, call)
        found = _allowed(identity, await room.offers(identity.login, call, query))
    except DeskRefused:
        none: dict[str, Any] = {"along": None, "query": query}
        if kit.FRAGMENT in request.headers:  # he hung up while somebody was looked for
            return kit.fragment(request, identity, "record/transfer_found.html", **none)
        return kit.show(request, identity, "record/transfer.html", here="desk", status=status, **none)
    values: dict[str, Any] = {"along": along, "offers": found, "query": query}
    if kit.FRAGMENT in request.headers:
        return kit.fragment(request, identity, "record/transfer_found.html", **values)
    return kit.show(
        request,
        identity,
        "record/transfer.html",
        here="desk",
        status=status,
        fault=fault,
        code=code,
        comment=along.comment if comment is None else comment,
        address=f"{PAGE}?call={quote(call)}",
        **values,
    )


@starts_call("number")
async def sent(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    form = await kit.form(request, identity)
    call, t = CallId(form.get("call")[:128]), texts_of(identity.language)
    mode, _, to = form.get("to").partition(" ")
    comment = form.fields.get("comment", "")
    if mode not in ("consult", "blind"):
        raise Problem("bad_request")
    if to.startswith(f"{Kind.outside}:"):
        demand(identity, OUTSIDE)
    try:
        offer = await request.app[ROOM].transfer(identity.login, call, to, _mode(mode), comment)
    except DeskRefused as refused:
        return await _show(
            request, call, "", status=409, fault=refused.why, code=refused.code, comment=comment
        )
    except StoreError:
        return await _show(request, call, "", status=503, code="store_down", comment=comment)
    return kit.go(request, "/desk", done=t(f"second_line.said_{mode}", to=t.told(offer.title)))


def _allowed(identity: Identity, found: tuple[Offer, ...]) -> tuple[Offer, ...]:
    return (
        found
        if allowed(identity, OUTSIDE)
        else tuple(each for each in found if each.kind is not Kind.outside)
    )


def _mode(word: str) -> Mode:
    return "blind" if word == "blind" else "consult"


def _query(request: web.Request) -> str:
    return request.query.get("q", "")[:LONGEST_QUERY].strip()


# --- for programs


class OfferModel(ApiModel):
    ref: str
    """What the order ``transfer`` takes as ``to``."""
    kind: Kind
    title: str
    mode: Literal["transfer", "none"]
    """``none``: nobody can be put through; ``code`` and ``message`` say why, ``ways`` what to do instead."""
    code: Code | None
    message: str
    remedy: str
    ways: list[Way]
    hours: str
    """Of today; empty if it tells none."""
    ready: int | None
    """How many can answer at once; null: nobody knows."""
    waiting: int
    state: AgentState | None
    """Of a person."""
    topic: str | None
    """By which it is offered."""
    case_type: str | None


class OffersModel(ApiModel):
    offers: list[OfferModel]


class OffersQuery(ApiModel):
    call: Annotated[str, Field(min_length=1, max_length=128)]
    query: Annotated[str, Field(max_length=LONGEST_QUERY)] = ""
    """Topic or name; empty: by the topic of the card, then every department that takes calls."""


@operation("desk", needs=NEEDS, problems=("call_gone",))
async def desk_offers(ask: Ask, query: OffersQuery) -> OffersModel:
    """To whom a call of one's own can be handed on now, and to whom not."""
    room = ask.request.app[ROOM]
    try:
        found = await room.offers(ask.identity.login, CallId(query.call), query.query.strip())
    except DeskRefused as refused:
        raise Problem.refused(refused.code, refused.why) from None
    found = _allowed(ask.identity, found)
    return OffersModel(offers=[_model(each, ask.identity.language) for each in found])


def _model(one: Offer, language: str) -> OfferModel:
    refused = one.refused
    return OfferModel(
        ref=one.ref,
        kind=one.kind,
        title=one.title.in_(language),
        mode="none" if one.place is None else "transfer",
        code=refused.code if refused else None,
        message=refused.message.in_(language) if refused else "",
        remedy=refused.remedy.in_(language) if refused else "",
        ways=list(one.ways),
        hours=one.hours.in_(language),
        ready=one.ready,
        waiting=one.waiting,
        state=one.state,
        topic=one.topic,
        case_type=one.case_type,
    )


ROUTES = (
    web.get(PAGE, panel),
    web.post(PAGE, sent),
    web.get("/api/v1/desk/transfer/offers", desk_offers),
)


def add_to(app: web.Application, room: Handing) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

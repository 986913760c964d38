"""One interaction by its record number: details (D-33), files, history; registering it again (D-48).

Also "new on another contract" (D-36), as the customer's page orders it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from callcore.calls.effects import Contact
from callcore.domain import CallId, Customer, CustomerId, Login, QueueName, Text, TopicCode
from callcore.rights import Permission
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.entries import as_they_stand
from callcore.screenpop.facts import OpenCase
from callcore.screenpop.ports import DeskRefused
from callcore.store.attachments import KINDS, Owner, OwnerKind
from callcore.store.database import Database
from callcore.store.errors import NotStored, TextRefused
from callcore.store.interactions import Change, Interaction
from callcore.web import kit
from callcore.web.context import WEB, allowed, viewer
from callcore.web.i18n import Texts, catalogue, span
from callcore.web.problems import Problem
from callcore.web.record.files import may_remove_others
from callcore.web.render import texts_of
from callcore.web.signin import Identity

_P = Permission


@dataclass(frozen=True, slots=True)
class InteractionRoom:
    database: Database
    news: CardNews
    names: Callable[[], Awaitable[Mapping[Login, str]]]
    """Of people, by login."""
    topic_titles: Callable[[], Mapping[TopicCode, Text]]
    queue_title: Callable[[QueueName], Text]
    canonical: Callable[[str], str | None]
    """A number as it is stored; None for what is none."""
    cases: Callable[[int], Awaitable[tuple[OpenCase, ...]]]
    """That came of an interaction, closed ones among them."""


@dataclass(frozen=True, slots=True)
class Move:
    """What was typed to register it again."""

    contract: str = ""
    number: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An interaction with all that its page tells."""

    interaction: Interaction
    contact: Contact | None
    customer: Customer | None
    changes: tuple[Change, ...]
    customers: Mapping[int, str] = field(default_factory=dict)
    """Names of those it ever was registered on."""


ROOM = web.AppKey("interactions", InteractionRoom)


async def page(request: web.Request) -> web.Response:
    """``GET /interactions/{record}``."""
    identity = await kit.person(request, _P.customers_see)
    return await _page(request, identity, await _shown(request))


async def move(request: web.Request) -> web.Response:
    """Register it on another customer, or on another number of his."""
    identity = await kit.person(request, _P.contacts_take)
    given = await kit.form(request, identity)
    shown = await _shown(request)
    if not may_move(identity, shown.interaction):
        raise Problem("forbidden")
    room, deps, t = request.app[ROOM], request.app[WEB].deps, texts_of(identity.language)
    typed = Move(given.get("contract"), given.get("number"), given.get("why"))
    customer = await room.database.customers.by_contract(typed.contract) if typed.contract else None
    number = room.canonical(typed.number) if typed.number else None
    errors: dict[str, str] = {}
    if customer is None:
        errors["contract"] = t("interaction.no_customer", contract=typed.contract)
    elif typed.number and (number is None or number not in customer.numbers):
        errors["number"] = t("interaction.not_his")
    if errors or customer is None:
        return await _page(request, identity, shown, typed, errors, 422)
    before = shown.interaction.customer
    record = await room.database.records.get(customer.id)
    try:
        await room.database.interactions.register_again(
            shown.interaction.id,
            customer.id,
            number,
            Login(identity.login),
            deps.now(),
            why=typed.why,
            card=as_they_stand(customer, record, number),
        )
    except TextRefused as refused:
        return await _page(request, identity, shown, typed, {"why": refused.text.in_(identity.language)}, 422)
    except NotStored:
        raise Problem("not_found") from None
    for whose in {before, customer.id}:
        room.news.changed(whose)
    return kit.go(request, f"/interactions/{shown.interaction.id}")


def may_move(identity: Identity, interaction: Interaction) -> bool:
    """His own; what others wrote with the permission for it."""
    if interaction.login == identity.login:
        return allowed(identity, _P.contacts_take)
    return allowed(identity, _P.contacts_others)


async def another(request: web.Request) -> web.Response:
    """The desk's contact goes on with this customer; what stands in it is saved on the one before."""
    identity = await kit.person(request, _P.contacts_take)
    given = await kit.form(request, identity)
    customer, contact = given.number("customer"), given.get("contact")
    if customer is None or not contact:
        raise Problem("bad_request")
    t = texts_of(identity.language)
    try:
        await request.app[WEB].deps.desks.another(identity.login, CallId(contact), CustomerId(customer))
    except DeskRefused as refused:
        return kit.go(request, "/desk", done=refusal(t, refused.code))
    return kit.go(request, "/desk", done=t("interaction.another_done"))


def refusal(t: Texts, code: str) -> str:
    key = f"error.{code}"
    return t(key) if key in catalogue(t.spoken) else t("error.other", code=code)


async def _shown(request: web.Request) -> Shown:
    text = request.match_info["record"]
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem("not_found")
    db = request.app[ROOM].database
    found = await db.interactions.get(int(text))
    if found is None:
        raise Problem("not_found")
    changes = await db.interactions.changes(found.id)
    customer = None if found.customer is None else await db.customers.get(found.customer)
    whose = {id for change in changes for id in (change.from_customer, change.to_customer) if id is not None}
    known = {int(id): each.name for id in whose if (each := await db.customers.get(id)) is not None}
    return Shown(found, await db.contacts.get(found.call), customer, changes, known)


async def _page(
    request: web.Request,
    identity: Identity,
    shown: Shown,
    typed: Move | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> web.Response:
    room, deps, found = request.app[ROOM], request.app[WEB].deps, shown.interaction
    t = texts_of(viewer(identity, deps).language)
    people = await room.names()
    titles = room.topic_titles()
    title = titles.get(found.topic)
    if found.customer is not None:
        room.database.audit.saw(identity.login, found.customer, deps.now(), "page")
    customer = shown.customer
    masked = not allowed(identity, _P.customers_unmasked)
    return kit.show(
        request,
        identity,
        "record/interaction/page.html",
        here="customers",
        status=status,
        i=found,
        contact=shown.contact,
        topic=t.told(title) if title else t("topic.unclassified") if found.saved_at is None else found.topic,
        operator=people.get(found.login, found.login) if found.login else "",
        queue=t.told(room.queue_title(shown.contact.queue)) if shown.contact and shown.contact.queue else "",
        changes=shown.changes,
        cases=await room.cases(found.id) if allowed(identity, _P.cases_work) else (),
        names={} if masked else shown.customers,
        people=people,
        talks=await room.database.recordings.of_call(found.call)
        if allowed(identity, _P.recordings_listen)
        else (),
        attached=await room.database.attachments.of(Owner(OwnerKind.interaction, str(found.id))),
        kinds=KINDS,
        can_attach=allowed(identity, _P.contacts_take) and found.saved_at is not None,
        only_of="" if may_remove_others(identity, OwnerKind.interaction) else identity.login,
        can_move=may_move(identity, found) and not masked,
        here_address=f"/interactions/{found.id}",
        numbers=customer.numbers if customer and not masked else (),
        typed=typed or Move(customer.contract if customer else "", found.number or ""),
        errors=errors or {},
        span=span,
    )


ROUTES = (
    web.get("/interactions/{record}", page),
    web.post("/interactions/{record}/move", move),
    web.post("/contacts/another", another),
)


def add_to(app: web.Application, room: InteractionRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

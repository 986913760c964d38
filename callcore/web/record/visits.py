"""The office: who waits, and registering a visit, a letter, a document, a payment.

Whoever serves people in an office works here without a telephone; what he registers is a contact like a call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from aiohttp import web

from callcore.crm.visits import Office, direction_of
from callcore.domain import CallId, Customer, CustomerId, Login
from callcore.rights import Permission
from callcore.screenpop.cardnews import QueueChanged
from callcore.store.attachments import KINDS, AttachmentRefused
from callcore.store.errors import NotStored, StoreUnavailable, TextRefused
from callcore.store.visit_rows import Method, NewContact, Visitor, Written, new_id
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.live_news import tell_changes
from callcore.web.record import visits_contact, visits_payments, visits_room
from callcore.web.record.visits_room import CURRENCIES, MEDIA, ROOM, WITH_PAPERS, Blank, VisitRoom
from callcore.web.render import texts_of
from callcore.web.security import set_cookie
from callcore.web.signin import Identity

HOME = "/visits"
OFFICE_COOKIE = "callcore_office"
"""Where this browser stands: its office, once chosen, is the next page's, too."""
YEAR_SECONDS = 365 * 86_400
REGRET = timedelta(minutes=15)
"""For how long somebody who was noted as gone can be called back by one button."""


async def main(request: web.Request) -> web.Response:
    """``GET /visits``: the queue of the office, and what was registered in it today."""
    identity = await kit.person(request, Permission.contacts_take)
    asked = request.query.get("office", "")
    response = await _main(request, identity, _office(request, asked))
    if asked and any(each.code == asked for each in request.app[ROOM].offices):
        set_cookie(response, OFFICE_COOKIE, asked, request.app[WEB].settings, YEAR_SECONDS)
    return response


async def _main(
    request: web.Request, identity: Identity, office: Office | None, refusal: str = "", status: int = 200
) -> web.Response:
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    database, since = room.database, room.midnight(now)
    recent = await database.visits.recent(office.code, since) if office else ()
    return kit.show(
        request,
        identity,
        "record/visits/main.html",
        here="visits",
        status=status,
        address=f"{HOME}?office={office.code}" if office else HOME,
        offices=room.offices,
        office=office,
        present=await database.visitors.present(office.code, since) if office else (),
        left=await database.visitors.left(office.code, now - REGRET) if office else (),
        recent=recent,
        customers=await _names(room, [each.customer for each in recent]),
        media=MEDIA,
        refusal=refusal,
        people=await room.names(),
    )


async def live(request: web.Request) -> web.StreamResponse:
    """``GET /visits/live``: says that the queue of an office changed."""
    identity = await kit.person(request, Permission.contacts_take)
    here = QueueChanged(request.query.get("office", ""))
    return await tell_changes(request, identity, lambda piece: piece == here)


async def turn(request: web.Request) -> web.Response:
    """``POST /visits/{id}/{do}``: call a visitor, note that he has left, or that he is back."""
    identity = await kit.person(request, Permission.contacts_take)
    await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    id, do = visits_room.id_of(request), request.match_info["do"]
    queue = room.database.visitors
    try:
        if do == "call":
            found = await queue.call(id, Login(identity.login), now)
        elif do == "leave":
            found = await queue.leave(id, now)
        else:
            found = await queue.come_back(id)
    except NotStored as refused:
        known = await queue.get(id)
        office = _office(request, known.office if known else "")
        return await _main(request, identity, office, refused.text.in_(identity.language), 409)
    room.queue_changed(found.office)
    if do == "call":
        return kit.go(request, f"{HOME}/new?medium=visit&visitor={id}&office={found.office}")
    return kit.go(request, f"{HOME}?office={found.office}")


async def new_form(request: web.Request) -> web.Response:
    """``GET /visits/new``: who it is, what it is about; a customer is looked for by ``find``."""
    identity = await kit.person(request, Permission.contacts_take)
    visitor = await _visitor(request.app[ROOM], request.query.get("visitor", ""))
    if visitor is not None and visitor.contact is not None:
        return kit.go(request, f"/contacts/{visitor.contact}")
    return await _new(request, identity, dict(request.query), {}, new_id())


async def put_new(request: web.Request) -> web.Response:
    """Registered as a whole, or nothing of it; then the form comes back with all that was typed."""
    identity = await kit.person(request, Permission.contacts_take)
    sent = await kit.form(request, identity, files=True)
    typed = {name: value for name, value in sent.fields.items() if name != "csrf"}
    room, t = request.app[ROOM], texts_of(identity.language)
    call = CallId(sent.get("call"))
    if sent.get("do") == "find" and sent.get("find"):
        return await _new(request, identity, typed, {}, call)
    errors: dict[str, str] = {}
    new = _read(request, sent, call, errors, t)
    status = 422
    if not errors:
        try:
            await room.database.visits.register(new, Login(identity.login), request.app[WEB].deps.now())
        except (TextRefused, NotStored) as refused:
            errors[""] = refused.text.in_(identity.language)
        except AttachmentRefused as refused:
            errors["file"] = t(f"visits.{refused.code}")
        except StoreUnavailable:
            if kit.SCRIPT in request.headers:
                raise  # the page stays as it is, with the files that were chosen
            errors[""], status = t("visits.not_now"), 503
        else:
            room.changed(new.office, new.customer)
            return kit.go(request, f"/contacts/{call}", said=t("visits.registered"))
    if sent.files and kit.SCRIPT not in request.headers:  # which chooses them again
        errors.setdefault("file", t("visits.files_again"))
    return await _new(request, identity, typed, errors, call, status)


def _read(
    request: web.Request, sent: kit.Form, call: CallId, errors: dict[str, str], t: visits_room.Say
) -> NewContact:
    """What is to be registered; worth nothing if ``errors`` has any."""
    room = request.app[ROOM]
    medium = visits_room.medium_of(sent.get("medium"))
    customer = sent.number("customer")
    office = room.office(sent.get("office"))
    if office is None and room.offices:
        errors["office"] = t("visits.no_office")
    written = visits_room.written(sent, room, errors, t)
    return NewContact(
        call,
        medium,
        direction_of(medium),
        office.code if office else "",
        None if customer is None else CustomerId(customer),
        sent.number("visitor"),
        visits_room.papers(sent, medium, errors, t),
        visits_room.money(sent, medium, errors, t),
        Written(written.topic, written.comment, files=written.files),
    )


async def _new(
    request: web.Request,
    identity: Identity,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    call: CallId,
    status: int = 200,
) -> web.Response:
    room = request.app[ROOM]
    medium = visits_room.medium_of(typed.get("medium", "visit"))
    chosen = await _customer(room, typed.get("customer", ""))
    find = typed.get("find", "").strip()[:400]
    hits = await room.search(find, 8) if find and chosen is None else ()
    visitor = await _visitor(room, typed.get("visitor", ""))
    if visitor is not None and "topic" not in typed:
        typed = {**typed, "topic": visitor.topic}
    return kit.show(
        request,
        identity,
        "record/visits/new.html",
        here="visits",
        status=status,
        medium=medium,
        media=MEDIA,
        with_papers=medium in WITH_PAPERS,
        typed=Blank(typed),
        errors=Blank(errors),
        call=call,
        chosen=chosen,
        find=find,
        hits=hits,
        visitor=visitor,
        offices=room.offices,
        office=_office(request, typed.get("office", "")),
        topics=visits_room.choices(request),
        currencies=CURRENCIES,
        methods=tuple(Method),
        kinds=KINDS,
    )


def _office(request: web.Request, asked: str) -> Office | None:
    """The one that is asked for, or the one where this browser stands."""
    room = request.app[ROOM]
    return room.office(asked or request.cookies.get(OFFICE_COOKIE, ""))


async def _names(room: VisitRoom, ids: Sequence[CustomerId | None]) -> dict[CustomerId, str]:
    names = {}
    for id in {each for each in ids if each is not None}:
        found = await room.database.customers.get(id)
        names[id] = found.name if found else ""
    return names


async def _customer(room: VisitRoom, id: str) -> Customer | None:
    return await room.database.customers.get(CustomerId(int(id))) if visits_room.is_whole(id) else None


async def _visitor(room: VisitRoom, id: str) -> Visitor | None:
    return await room.database.visitors.get(int(id)) if visits_room.is_whole(id) else None


ROUTES = (
    web.get("/visits", main),
    web.get("/visits/live", live),
    web.get("/visits/new", new_form),
    web.post("/visits/new", put_new),
    web.post(r"/visits/{id:\d+}/{do:call|leave|back}", turn),
    *visits_payments.ROUTES,
    *visits_contact.ROUTES,
)


def add_to(app: web.Application, room: VisitRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)

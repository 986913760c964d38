"""Customers on their pages: found as one types, chosen for a contact, made anew (D-40, D-41).

One customer is shown by ``customers_card`` and put right by ``customers_change``.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from callcore.domain import CallId, CustomerId
from callcore.rights import Permission
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import TextRefused
from callcore.store.prospects import Prospects
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.once import once
from callcore.web.problems import Problem
from callcore.web.record import customer_forms as forms
from callcore.web.record import customers_card, customers_change, customers_elsewhere
from callcore.web.record.customers_elsewhere import FOUND, ask_others, asks_others, own_hits
from callcore.web.record.customers_room import (
    LONGEST_WORD,
    ROOM,
    CustomerRoom,
    another_of,
    contact_of,
    now_of,
    say,
    typed_in,
)
from callcore.web.record.interactions import refusal
from callcore.web.render import texts_of
from callcore.web.signin import Identity


async def search_page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.customers_see)
    typed, contact = typed_in(request), contact_of(request)
    hits = await own_hits(request, identity, typed)
    others, failed = await ask_others(request, identity, typed, {hit.customer.id for hit in hits})
    return kit.show(
        request,
        identity,
        "record/customer/search.html",
        here="customers",
        q=typed,
        contact=contact,
        is_another=another_of(request),
        hits=hits,
        most=FOUND,
        others=others,
        failed=failed,
        asks_elsewhere=False,
    )


async def found(request: web.Request) -> web.Response:
    """The part of the search page that changes while one types."""
    identity = await kit.person(request, Permission.customers_see)
    typed, contact = typed_in(request), contact_of(request)
    hits = await own_hits(request, identity, typed)
    return kit.fragment(
        request,
        identity,
        "record/customer/found.html",
        q=typed,
        contact=contact,
        is_another=another_of(request),
        hits=hits,
        most=FOUND,
        others=(),
        failed=(),
        asks_elsewhere=asks_others(request, typed),
    )


async def choose(request: web.Request) -> web.Response:
    """This contact is with that customer."""
    identity = await kit.person(request, Permission.customers_see)
    given = await kit.form(request, identity)
    customer, contact = given.number("customer"), given.get("contact")
    if customer is None or not contact:
        raise Problem("bad_request")
    await _attach(request, identity, CallId(contact), CustomerId(customer))
    return kit.go(request, "/desk", done=say(identity, "customer.chosen"))


async def _attach(request: web.Request, identity: Identity, contact: CallId, customer: CustomerId) -> None:
    try:
        await request.app[WEB].deps.desks.attach(identity.login, contact, customer)
    except DeskRefused as refused:
        raise Problem("store_down" if refused.code == "store_down" else "not_found") from None


async def new_page(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.customers_change)
    typed = {"number": request.query.get("number", "")[:LONGEST_WORD]}
    return _show_new(request, identity, typed, contact_of(request), another_of(request), {})


async def new(request: web.Request) -> web.Response:
    """A prospective customer, at once on the contact that he came by."""
    identity = await kit.person(request, Permission.customers_change)
    given = await kit.form(request, identity)
    room, t = request.app[ROOM], texts_of(identity.language)
    typed = {name: given.get(name) for name in forms.PROSPECT}
    prospect, errors = forms.read_prospect(given, room.canonical, t)
    contact, is_another = given.get("contact"), given.get("do") == "another"
    if prospect is None:
        return _show_new(request, identity, typed, contact, is_another, errors, 422)
    try:
        id = await Prospects(room.database).add(prospect, identity.login, now_of(request))
    except TextRefused:
        errors = {"name": t("customer.name_needed")}
        return _show_new(request, identity, typed, contact, is_another, errors, 422)
    room.news.changed(id)
    if not contact:
        return kit.go(request, f"/customers/{id}")
    address = f"/customers/{id}?contact={contact}"
    desks = request.app[WEB].deps.desks
    try:
        await (desks.another if is_another else desks.attach)(identity.login, CallId(contact), id)
    except DeskRefused as refused:  # he is in the base all the same: nobody shall add him a second time
        return kit.go(request, address, said=refusal(t, refused.code))
    return kit.go(
        request, address, done=t("interaction.another_done" if is_another else "customer.prospect_added")
    )


def _show_new(
    request: web.Request,
    identity: Identity,
    typed: Mapping[str, str],
    contact: str,
    is_another: bool,
    errors: Mapping[str, str],
    status: int = 200,
) -> web.Response:
    return kit.show(
        request,
        identity,
        "record/customer/new.html",
        here="customers",
        status=status,
        typed=forms.Words(typed),
        contact=contact,
        is_another=is_another,
        errors=forms.Words(errors),
    )


ROUTES = (
    web.get("/customers", search_page),
    web.get("/customers/found", found),
    *customers_elsewhere.ROUTES,
    web.post("/customers/choose", choose),
    web.get("/customers/new", new_page),
    web.post("/customers/new", once(new)),
    *customers_card.ROUTES,
    *customers_change.ROUTES,
)


def add_to(app: web.Application, room: CustomerRoom) -> None:
    app[ROOM] = room
    app.add_routes(ROUTES)
    app.on_cleanup.append(_close)


async def _close(app: web.Application) -> None:
    app[ROOM].passwords.close()

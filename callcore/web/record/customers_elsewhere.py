"""Customers of other systems in the search: asked beside the own base, shown after it."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from callcore.domain import Customer, CustomerId
from callcore.rights import Permission
from callcore.store.customers import CustomerHit
from callcore.store.customers_search import is_whole_match
from callcore.web import kit
from callcore.web.context import WEB, allowed, viewer
from callcore.web.record.customers_room import ROOM, another_of, contact_of, typed_in
from callcore.web.signin import Identity

FOUND = 30
TELLING = 3
"""Characters that are worth asking other systems about."""


async def late(request: web.Request) -> web.Response:
    """What other systems answer, which comes after the own hits: they may be slow.

    Left out is whom the page shows already, not whom the own base would find by now: an answer to somebody
    else's question, or to earlier letters, may have brought him in between, and he would be shown nowhere."""
    identity = await kit.person(request, Permission.customers_see)
    typed, contact = typed_in(request), contact_of(request)
    others, failed = await ask_others(request, identity, typed, _shown(request))
    return kit.fragment(
        request,
        identity,
        "record/customer/elsewhere.html",
        contact=contact,
        is_another=another_of(request),
        others=others,
        failed=failed,
    )


def _shown(request: web.Request) -> frozenset[CustomerId]:
    """Those of the own hits that the page has."""
    ids = request.query.get("shown", "").split(",")[:FOUND]
    return frozenset(CustomerId(int(id)) for id in ids if id.isascii() and id.isdigit() and len(id) <= 18)


def asks_others(request: web.Request, typed: str) -> bool:
    return request.app[ROOM].elsewhere is not None and len(typed) >= TELLING


async def own_hits(request: web.Request, identity: Identity, typed: str) -> tuple[CustomerHit, ...]:
    """Whoever sees names and numbers masked cannot guess them either: part by part nothing is found."""
    whole = not allowed(identity, Permission.customers_unmasked)
    return await request.app[ROOM].search(typed, FOUND, whole=whole) if typed else ()


async def ask_others(
    request: web.Request, identity: Identity, typed: str, shown: Collection[CustomerId]
) -> tuple[tuple[Customer, ...], tuple[str, ...]]:
    """Whom the own hits do not show already; and which systems did not answer."""
    ask = request.app[ROOM].elsewhere
    if ask is None or not asks_others(request, typed):
        return (), ()
    found, failed = await ask(typed)
    if not allowed(identity, Permission.customers_unmasked):
        country = viewer(identity, request.app[WEB].deps).country
        found = tuple(each for each in found if is_whole_match(each, typed, country))
    return tuple(each for each in found if each.id not in shown), failed


ROUTES = (web.get("/customers/elsewhere", late),)

"""``/opt-outs``: who wants no more of which calls and messages; noted, and ended, with what shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from callcore.calls.attempt import Medium
from callcore.domain import CustomerId, Login, Text
from callcore.store.errors import NotStored, TextRefused
from callcore.store.opt_outs import StoredOptOut
from callcore.store.texts import NAME_LIMIT
from callcore.web import kit, opt_outs_api
from callcore.web.context import WEB
from callcore.web.i18n import Texts
from callcore.web.opt_outs_api import CHANGE, ROOM, OptOutAsked, OptOutRoom, opt_out_of
from callcore.web.problems import Problem
from callcore.web.render import texts_of
from callcore.web.signin import Identity

PAGE = "/opt-outs"
MOST = 200


async def listed(request: web.Request) -> web.Response:
    identity = await kit.person(request, CHANGE)
    return await _page(request, identity)


async def changed(request: web.Request) -> web.Response:
    """A new one, or the end of one."""
    identity = await kit.person(request, CHANGE)
    given = await kit.form(request, identity)
    if given.get("do") == "end":
        return await _ended(request, identity, given)
    return await _added(request, identity, given)


async def _added(request: web.Request, identity: Identity, given: kit.Form) -> web.Response:
    room, t = request.app[ROOM], texts_of(identity.language)
    errors = _faults(room, given, t)
    if errors:
        return await _page(request, identity, given, errors, 422)
    asked = OptOutAsked(
        number=given.get("number"),
        evidence=given.get("evidence"),
        medium=Medium(given.get("medium")) if given.get("medium") else None,
        message_class=given.get("class"),
        customer=given.number("customer"),
    )
    try:
        new = await opt_out_of(room, asked)
    except Problem:
        return await _page(request, identity, given, {"number": t("opt_outs.not_his")}, 422)
    await room.opt_outs.add(new, Login(identity.login), request.app[WEB].deps.now())
    return _done(request, identity, given, "opt_outs.added")


def _faults(room: OptOutRoom, given: kit.Form, t: Texts) -> dict[str, str]:
    number = room.canonical(given.get("number"))
    faults = {}
    if number is None or not number.startswith("+"):
        faults["number"] = t("opt_outs.bad_number")
    if not 0 < len(given.get("evidence")) <= NAME_LIMIT:
        faults["evidence"] = t("opt_outs.no_evidence")
    if given.get("medium") not in ("", *Medium) or given.get("class") not in ("", *room.classes()):
        raise Problem("bad_request")
    return faults


async def _ended(request: web.Request, identity: Identity, given: kit.Form) -> web.Response:
    room, t, id = request.app[ROOM], texts_of(identity.language), given.number("id")
    if id is None:
        raise Problem("bad_request")
    proof = given.get("evidence")
    if not 0 < len(proof) <= NAME_LIMIT:
        return await _page(request, identity, given, {f"why-{id}": t("opt_outs.no_evidence")}, 422)
    try:
        await room.opt_outs.end(id, proof, Login(identity.login), request.app[WEB].deps.now())
    except (NotStored, TextRefused):
        return await _page(request, identity, given, {"": t("opt_outs.gone")}, 409)
    return _done(request, identity, given, "opt_outs.ended_now")


def _done(request: web.Request, identity: Identity, given: kit.Form, key: str) -> web.Response:
    customer = given.number("customer")
    address = f"{PAGE}?customer={customer}" if customer is not None else PAGE
    return kit.go(request, address, said=texts_of(identity.language)(key))


async def _page(
    request: web.Request,
    identity: Identity,
    given: kit.Form | None = None,
    errors: Mapping[str, str] = {},
    status: int = 200,
) -> web.Response:
    """``number`` or ``customer`` in the address: of these alone."""
    room = request.app[ROOM]
    typed = request.query.get("number", "")[:64].strip()
    customer = _customer(request, given)
    own = None if customer is None else await room.numbers_of(customer)
    if customer is not None and own is None:
        raise Problem("not_found")
    number = room.canonical(typed) if typed else ""
    found = []
    if own is not None:
        found = [each for one in own for each in await room.opt_outs.find(one, ended=True, limit=MOST)]
        found += await room.opt_outs.find(customer=customer, ended=True, limit=MOST)
        found = sorted({one.id: one for one in found}.values(), key=lambda one: one.id, reverse=True)
    elif number is not None:
        found = list(await room.opt_outs.find(number, ended=bool(typed), limit=MOST))
    return kit.show(
        request,
        identity,
        "opt_outs.html",
        status=status,
        here="outages",
        found=found,
        typed=typed,
        is_number=number is not None,
        customer=customer,
        own=own or (),
        given=given or kit.Form({"number": number or ""}),
        errors=errors,
        classes=_titles(room, found, texts_of(identity.language)),
        media=tuple(Medium),
        names=await room.names(),
    )


def _titles(room: OptOutRoom, found: Iterable[StoredOptOut], t: Texts) -> dict[str, str]:
    """By class: of those that the settings have first, then of those that they had once."""
    titled = room.classes()
    codes = (*titled, *(one.message_class for one in found if one.message_class))
    return {code: _title(code, titled.get(code), t) for code in codes}


def _title(code: str, title: Text | None, t: Texts) -> str:
    if title is not None:
        return t.told(title)
    key = f"opt_outs.class_{code}"
    return t(key) if key in t else code


def _customer(request: web.Request, given: kit.Form | None) -> CustomerId | None:
    text = given.get("customer") if given else request.query.get("customer", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem("not_found")
    return CustomerId(int(text))


ROUTES = (web.get(PAGE, listed), web.post(PAGE, changed))


def add_to(app: web.Application, room: OptOutRoom) -> None:
    """The page and the API."""
    app[ROOM] = room
    app.add_routes(ROUTES)
    app.add_routes(opt_outs_api.ROUTES)

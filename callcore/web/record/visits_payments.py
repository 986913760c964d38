"""The payments of a day, by cashier, and their reversal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from aiohttp import web

from callcore.crm.visits import totals
from callcore.domain import Login
from callcore.rights import Permission
from callcore.store.errors import NotStored, TextRefused
from callcore.store.visit_rows import Payment
from callcore.web import kit
from callcore.web.context import WEB, allowed
from callcore.web.problems import Problem
from callcore.web.record.visits_room import ROOM, id_of
from callcore.web.render import texts_of
from callcore.web.signin import Identity

DAY = timedelta(days=1)


async def payments(request: web.Request) -> web.Response:
    """``GET /visits/payments``: a day's payments; one's own, or everybody's with the permission."""
    identity = await kit.person(request, Permission.contacts_take)
    return await _show(request, identity, request.query.get("day", ""), {})


async def reverse(request: web.Request) -> web.Response:
    """One's own payment, or another's with the permission; never deleted."""
    identity = await kit.person(request, Permission.contacts_take)
    sent = await kit.form(request, identity)
    room, now, t = request.app[ROOM], request.app[WEB].deps.now(), texts_of(identity.language)
    found = await room.database.payments.get(id_of(request))
    if found is None:
        raise Problem("not_found")
    if found.login != identity.login and not allowed(identity, Permission.contacts_others):
        raise Problem("forbidden")
    day = found.at.astimezone(room.zone).date().isoformat()
    try:
        await room.database.payments.reverse(found.id, Login(identity.login), sent.get("why"), now)
    except TextRefused:
        return await _show(request, identity, day, {f"why-{found.id}": t("visits.why_needed")}, 422)
    except NotStored as refused:
        return await _show(request, identity, day, {"": refused.text.in_(identity.language)}, 409)
    whose = "" if found.login == identity.login else "&whose=all"
    return kit.go(request, f"/visits/payments?day={day}{whose}", said=t("visits.was_reversed"))


async def _show(
    request: web.Request, identity: Identity, asked: str, errors: Mapping[str, str], status: int = 200
) -> web.Response:
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    try:
        day = date.fromisoformat(asked)
        since = datetime.combine(day, time(), room.zone)
        until = datetime.combine(day + DAY, time(), room.zone)
    except (ValueError, OverflowError):
        since = room.midnight(now)
        day, until = since.date(), since + DAY
    sees_all = allowed(identity, Permission.contacts_others)
    whose = None if sees_all and request.query.get("whose") == "all" else Login(identity.login)
    taken = await room.database.payments.taken(since, until, whose)
    return kit.show(
        request,
        identity,
        "record/visits/payments.html",
        here="visits",
        status=status,
        address=f"/visits/payments?day={day}{'' if whose else '&whose=all'}",
        day=day,
        taken=taken,
        by_cashier={who: totals(each for each in taken if each.login == who) for who in _cashiers(taken)},
        sees_all=sees_all,
        is_all=whose is None,
        errors=errors,
        people=await room.names(),
    )


def _cashiers(taken: Sequence[Payment]) -> tuple[Login, ...]:
    return tuple(sorted({each.login for each in taken}))


ROUTES = (
    web.get("/visits/payments", payments),
    web.post(r"/visits/payments/{id:\d+}/reverse", reverse),
)

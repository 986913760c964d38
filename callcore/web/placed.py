"""``/placed-calls``: calls that people have placed, and those of which nobody knows what became of them."""

from __future__ import annotations

from aiohttp import web

from callcore.calls.attempt import Outcome
from callcore.outbound.placed import JOURNAL
from callcore.web import kit, placed_api
from callcore.web.context import allowed
from callcore.web.i18n import Texts
from callcore.web.placed_api import OTHERS, PLACE, ROOM, PlacedRoom
from callcore.web.render import texts_of
from callcore.web.voice.lists import page_of, walk

PAGE = "/placed-calls"
_ECHOES = frozenset({"BUSY", "NOANSWER", "CONGESTION", "CHANUNAVAIL"})
"""Dial's words for what the result says already."""


async def listed(request: web.Request) -> web.Response:
    """One's own, or everybody's; the unknown of campaigns, too, to whoever sees those."""
    identity = await kit.person(request, PLACE)
    room = request.app[ROOM]
    is_senior = allowed(identity, OTHERS)
    login = None if is_senior else identity.login
    unknown = request.query.get("state") == "unknown" or request.query.get("unknown") in ("1", "true")
    found, before, after = await walk(
        request,
        page_of(request),
        lambda limit, offset: room.calls.placed(login=login, unknown=unknown, limit=limit, offset=offset),
    )
    t = texts_of(identity.language)
    return kit.show(
        request,
        identity,
        "placed.html",
        here="calls",
        found=found,
        whys={call.id: why_of(call.outcome, t) for call in found},
        unknown=unknown,
        unknown_count=await room.calls.count_unknown() if is_senior else 0,
        before=before,
        after=after,
        names=await room.names(),
        is_senior=is_senior,
    )


def why_of(outcome: Outcome | None, t: Texts) -> str:
    """What stopped a call whose number was not rung, in words; else what the ledger noted, where that says
    more than the result does."""
    if outcome is None:
        return ""
    kind, _, code = outcome.detail.replace(" ", "_").partition(":_")
    noted = outcome.detail.removeprefix(JOURNAL).removeprefix(": ")
    if noted in _ECHOES:
        return ""
    keys = (*((f"placed.{kind}_{code}", f"campaigns.why_{code}") if code else ()), f"placed.noted_{noted}")
    return next((t(key) for key in (each.replace(" ", "_") for each in keys) if key in t), noted)


ROUTES = (web.get(PAGE, listed),)


def add_to(app: web.Application, room: PlacedRoom) -> None:
    """The page and the API."""
    app[ROOM] = room
    app.add_routes(ROUTES)
    app.add_routes(placed_api.ROUTES)

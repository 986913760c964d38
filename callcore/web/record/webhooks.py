"""The pages of webhooks: ``/admin/webhooks``, one subscription, its deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from callcore.bus.courier import shown
from callcore.bus.outward import Bounds, in_words
from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.errors import NotStored, TextRefused
from callcore.store.event_words import shape
from callcore.store.events import EVENTS, TEST_EVENT
from callcore.store.webhooks import Webhook
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.problems import Problem
from callcore.web.record import webhooks_api
from callcore.web.record.webhooks_room import ROOM, STATES, WebhookRoom, bounds_of, faults_of, patterns_of
from callcore.web.signin import Identity

HOME = "/admin/webhooks"
_LISTED: Mapping[str, Any] = {"events": tuple(EVENTS.values()), "shape": shape}
"""For the list of events beside the field."""
ROWS = 50


def add_to(app: web.Application, room: WebhookRoom) -> None:
    """Pages and API."""
    app[ROOM] = room
    app.add_routes(ROUTES)
    app.add_routes(webhooks_api.ROUTES)


async def main(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.webhooks_manage)
    return await _main(request, identity)


async def _main(
    request: web.Request,
    identity: Identity,
    given: kit.Form | None = None,
    faults: dict[str, Text] | None = None,
) -> web.Response:
    store = request.app[ROOM].store
    return kit.show(
        request,
        identity,
        "record/webhooks/main.html",
        here="admin",
        status=422 if faults else 200,
        hooks=await store.all(),
        counts=await store.counts(),
        given=given or kit.Form({}),
        faults=faults or {},
        **_LISTED,
    )


async def add(request: web.Request) -> web.Response:
    """Shows the secret, this once, instead of going on."""
    identity = await kit.person(request, Permission.webhooks_manage)
    sent = await kit.form(request, identity)
    room = request.app[ROOM]
    patterns = patterns_of(sent.get("patterns"))
    if faults := _faults(sent, room.bounds):
        return await _main(request, identity, sent, faults)
    secret, now = room.new_secret(), request.app[WEB].deps.now()
    try:
        made = await room.store.add(sent.get("name"), sent.get("url"), patterns, secret, identity.login, now)
    except NotStored:
        return await _main(request, identity, sent, {"name": _TAKEN})
    except TextRefused as refused:
        return await _main(request, identity, sent, {"name": refused.text})
    room.nudge()
    return await _one(request, identity, made, secret=secret)


async def one(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.webhooks_manage)
    return await _one(request, identity, await _known(request))


async def _one(
    request: web.Request,
    identity: Identity,
    hook: Webhook,
    given: kit.Form | None = None,
    faults: dict[str, Text] | None = None,
    *,
    secret: str = "",
) -> web.Response:
    state = request.query.get("state", "")
    before = request.query.get("before", "")
    if not (before == "" or (before.isascii() and before.isdigit() and len(before) < 18)):
        raise Problem("bad_request")
    found = await request.app[ROOM].store.deliveries(
        hook.id,
        state=state if state in STATES else None,
        before=int(before) if before else None,
        limit=ROWS + 1,
    )
    response = kit.show(
        request,
        identity,
        "record/webhooks/one.html",
        here="admin",
        status=422 if faults else 200,
        hook=hook,
        found=found[:ROWS],
        older=found[ROWS - 1].id if len(found) > ROWS else None,
        state=state,
        states=STATES,
        secret=secret,
        given=given or kit.Form({"name": hook.name, "url": hook.url, "patterns": " ".join(hook.patterns)}),
        is_active=hook.is_active if given is None else bool(given.get("is_active")),
        faults=faults or {},
        data_of=shown,
        in_words=in_words,
        **_LISTED,
    )
    if secret:
        response.headers["Cache-Control"] = "no-store"
    return response


async def do(request: web.Request) -> web.Response:
    """One of the buttons of a subscription."""
    identity = await kit.person(request, Permission.webhooks_manage)
    sent = await kit.form(request, identity)
    hook, room = await _known(request), request.app[ROOM]
    now, here = request.app[WEB].deps.now(), f"{HOME}/{hook.id}"
    match request.match_info["do"]:
        case "change":
            bounds = bounds_of(room, hook, sent.get("url"), is_active=bool(sent.get("is_active")))
            if faults := _faults(sent, bounds):
                return await _one(request, identity, hook, sent, faults)
            try:
                await room.store.change(
                    hook.id,
                    identity.login,
                    now,
                    name=sent.get("name"),
                    url=sent.get("url"),
                    patterns=patterns_of(sent.get("patterns")),
                    is_active=bool(sent.get("is_active")),
                )
            except NotStored:
                return await _one(request, identity, hook, sent, {"name": _TAKEN})
            except TextRefused as refused:
                return await _one(request, identity, hook, sent, {"name": refused.text})
        case "secret":
            secret = room.new_secret()
            await room.store.renew_secret(hook.id, secret, identity.login, now)
            return await _one(request, identity, hook, secret=secret)
        case "test":
            await room.store.send_test(hook.id, TEST_EVENT, identity.login, now)
        case "again":
            number = sent.number("delivery")
            delivery = await room.store.delivery(number) if number is not None else None
            if delivery is None or delivery.webhook != hook.id:
                raise Problem("not_found")
            await room.store.send_again(delivery.id, now)
        case _:  # remove: the form asks once, by a box to tick
            if not sent.get("sure"):
                return await _one(request, identity, hook, None, {"sure": _SURE})
            await room.store.remove(hook.id, identity.login, now)
            here = HOME
    room.nudge()
    return kit.go(request, here)


_TAKEN = Text("Такое название уже есть.", "This name is taken.")
_NO_NAME = Text("Назовите подписку.", "Give it a name.")
_SURE = Text("Подтвердите удаление.", "Confirm that it is to be removed.")


def _faults(sent: kit.Form, bounds: Bounds) -> dict[str, Text]:
    faults = faults_of(sent.get("url"), patterns_of(sent.get("patterns")), bounds)
    return faults if sent.get("name") else {"name": _NO_NAME, **faults}


async def _known(request: web.Request) -> Webhook:
    found = await request.app[ROOM].store.get(int(request.match_info["id"]))
    if found is None:
        raise Problem("not_found")
    return found


_ONE = f"{HOME}/{{id:[0-9]{{1,18}}}}"
ROUTES = (
    web.get(HOME, main),
    web.post(HOME, add),
    web.get(_ONE, one),
    web.post(f"{_ONE}/{{do:change|secret|test|again|remove}}", do),
)

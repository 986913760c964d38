"""REST under ``/api/v1``: sign-in, the desk and its orders, today's contacts. Errors: ``problems.py``."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.domain import UNCLASSIFIED
from callcore.screenpop.hub import encode
from callcore.screenpop.ports import DeskRefused
from callcore.web import commands
from callcore.web.bodies import BadBody, read_json, text_field
from callcore.web.context import WEB, Web, orderer, somebody
from callcore.web.passwords import MAX_LENGTH
from callcore.web.problems import Problem
from callcore.web.security import check_origin, client_address, drop_cookie, session_cookie, set_cookie
from callcore.web.signin import LONGEST_LOGIN, Identity, SignInRefused, SignInThrottled

MOST_CONTACTS = 500


def _answer(body: object, status: int = 200) -> web.Response:
    return web.Response(text=encode(body), status=status, content_type="application/json")


def _session(identity: Identity) -> dict[str, object]:
    return {
        "login": identity.login,
        "name": identity.name,
        "role": identity.role,
        "language": identity.language,
        "csrf": identity.csrf,
        "expires_at": identity.expires_at,
    }


async def sign_in(request: web.Request) -> web.Response:
    """``{"login","password"}``: sets the cookie. 401 wrong, 429 with Retry-After."""
    shell = request.app[WEB]
    check_origin(request, shell.settings)
    fields = await read_json(request)
    try:
        login = text_field(fields, "login", LONGEST_LOGIN)
        password = text_field(fields, "password", MAX_LENGTH)
    except BadBody as fault:
        raise Problem("bad_request") from fault
    try:
        token, identity = await enter(request, shell, login, password)
    except SignInRefused:
        raise Problem("wrong_password") from None
    except SignInThrottled as slow:
        raise Problem("throttled", {"Retry-After": str(math.ceil(slow.seconds))}) from None
    response = _answer(_session(identity))
    set_cookie(response, session_cookie(shell.settings), token, shell.settings)
    return response


async def enter(request: web.Request, shell: Web, login: str, password: str) -> tuple[str, Identity]:
    """Sign in by a fresh token; a session that the browser had before ends. Raises as ``SignIn.sign_in``."""
    address = client_address(request, shell.settings)
    agent = request.headers.get("User-Agent", "")
    token, identity = await shell.sign_in.sign_in(login, password, address, agent)
    before = await shell.sign_in.identify(request.cookies.get(session_cookie(shell.settings), ""))
    if before is not None:
        await leave(shell, before, ends_shift=before.login != identity.login)
    return token, identity


async def leave(shell: Web, identity: Identity, *, ends_shift: bool = True) -> None:
    """End a session and close its pages; the shift too, if no other page of the person is open.

    A call that is on keeps the shift: it ends by ``no desk`` or when he comes back. Raises ``StoreError``.
    """
    await shell.sign_in.sign_out(identity.token_hash)
    mine = shell.connections.of_session(identity)
    is_last = shell.deps.hub.connections(identity.login) <= len(mine)
    shell.connections.dismiss(mine, "signed_out")
    if ends_shift and is_last and shell.deps.desks.view(identity.login) is not None:
        with suppress(DeskRefused):
            await shell.deps.desks.leave(identity.login)


async def session(request: web.Request) -> web.Response:
    return _answer(_session(await somebody(request)))


async def sign_out(request: web.Request) -> web.Response:
    shell = request.app[WEB]
    await leave(shell, await orderer(request))
    response = web.Response(status=204)
    drop_cookie(response, session_cookie(shell.settings), shell.settings)
    return response


async def desk(request: web.Request) -> web.Response:
    """The person's desk, null while he has no phone, and the place in the event stream that it stands for."""
    identity = await somebody(request)
    return _answer(_desk(request.app[WEB], identity))


def _desk(shell: Web, identity: Identity) -> dict[str, object]:
    deps = shell.deps
    seq, view = deps.hub.seq(identity.login), deps.desks.view(identity.login)
    return {"epoch": deps.hub.epoch, "seq": seq, "desk": view}


async def order(request: web.Request) -> web.Response:
    """One order to the desk; gives the desk afterwards. ``save`` also gives ``record``: its number, or null
    while the database cannot be written and the text is kept elsewhere."""
    identity = await orderer(request)
    shell, do = request.app[WEB], request.match_info["do"]
    if do not in commands.COMMANDS:
        raise Problem("not_found")
    fields = await read_json(request)
    try:
        record = await commands.run(shell.deps.desks, identity.login, do, fields)
    except BadBody as fault:
        raise Problem("bad_request") from fault
    except DeskRefused as refused:
        raise Problem.refused(refused.code) from refused
    return _answer({**_desk(shell, identity), **({"record": record} if do == "save" else {})})


async def contacts(request: web.Request) -> web.Response:
    """Today's own contacts, newest first. ``?limit=`` up to 500, ``?unclassified=1`` only those."""
    identity = await somebody(request)
    deps = request.app[WEB].deps
    limit = _limit(request.query.get("limit", "100"))
    since = _midnight(deps.now(), deps.settings.zone)
    found = list(await deps.contacts.today(identity.login, since, MOST_CONTACTS))
    if request.query.get("unclassified", "") not in ("", "0"):
        found = [contact for contact in found if contact.topic == UNCLASSIFIED]
    return _answer({"contacts": found[:limit]})


def _midnight(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return datetime(local.year, local.month, local.day, tzinfo=local.tzinfo).astimezone(UTC)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Problem("bad_request")
    return min(int(text), MOST_CONTACTS)


ROUTES = (
    web.get("/api/v1/session", session),
    web.post("/api/v1/session", sign_in),
    web.delete("/api/v1/session", sign_out),
    web.get("/api/v1/desk", desk),
    web.post("/api/v1/desk/{do}", order),
    web.get("/api/v1/contacts", contacts),
)

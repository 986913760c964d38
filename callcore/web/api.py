"""REST under ``/api/v1``: sign-in, the desk and its orders, today's contacts. Errors: ``problems.py``."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.domain import UNCLASSIFIED, Text
from callcore.screenpop.hub import encode
from callcore.screenpop.ports import DeskRefused
from callcore.web import api_shapes as shapes
from callcore.web import commands
from callcore.web.bodies import BadBody, read_json, text_field
from callcore.web.context import WEB, Web, orderer, somebody
from callcore.web.intake import flag
from callcore.web.operation import described
from callcore.web.passwords import MAX_LENGTH
from callcore.web.problems import Problem
from callcore.web.security import check_origin, client_address, drop_cookie, session_cookie, set_cookie
from callcore.web.signin import (
    LONGEST_CODE,
    LONGEST_LOGIN,
    Identity,
    SecondFactorNeeded,
    SignInRefused,
    SignInThrottled,
)

MOST_CONTACTS = 500
DESK_PROBLEMS = (
    "not_on_shift",
    "phone_not_allowed",
    "phone_taken",
    "already_on_shift",
    "busy_with_call",
    "call_gone",
    "no_such_contact",
    "unknown_topic",
    "unknown_customer",
    "unknown_number",
    "too_long",
    "no_such_topic",
    "no_such_case",
    "too_many_topics",
    "topic_not_empty",
    "topic_missing",
    "too_many_favourites",
    "not_recording",
    "not_announced",
    "no_right",
    "pbx_down",
    "not_a_number",
    "no_dialling",
    "dial_busy",
    "no_trunk",
    "no_line",
    "being_called",
    "refused_by_gate",
    "follow_up_taken",
    "follow_up_settled",
    "call_changed",
    "no_target",
    "no_outside",
    "not_possible_here",
    "not_placed",
    "pbx_refused",
    "line_unsure",
)


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
        "owes": identity.owes or None,
    }


@described(
    "session",
    is_open=True,
    body=shapes.Credentials,
    answer=shapes.SessionShape,
    problems=("wrong_password", "second_factor_needed", "wrong_code", "throttled", "origin"),
)
async def sign_in(request: web.Request) -> web.Response:
    """Sign in: sets the cookie.

    429 comes with Retry-After. Who has a second factor is answered ``second_factor_needed`` until he sends
    its ``code`` too. ``owes`` in the answer says what he has to do on his own page before anything else.
    """
    shell = request.app[WEB]
    check_origin(request, shell.settings)
    fields = await read_json(request)
    try:
        login = text_field(fields, "login", LONGEST_LOGIN)
        password = text_field(fields, "password", MAX_LENGTH)
        code = text_field(fields, "code", LONGEST_CODE).strip()
    except BadBody as fault:
        raise Problem("bad_request") from fault
    try:
        token, identity = await enter(request, shell, Credentials(login, password, code))
    except SignInRefused:
        raise Problem("wrong_password") from None
    except SecondFactorNeeded as needed:
        raise Problem("wrong_code" if needed.is_wrong else "second_factor_needed") from None
    except SignInThrottled as slow:
        raise Problem("throttled", {"Retry-After": str(math.ceil(slow.seconds))}) from None
    response = _answer(_session(identity))
    set_cookie(response, session_cookie(shell.settings), token, shell.settings)
    return response


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody shows: login, password and perhaps a code; or a ticket of the first step and a code."""

    login: str = ""
    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    ticket: str = field(default="", repr=False)


async def enter(request: web.Request, shell: Web, shown: Credentials) -> tuple[str, Identity]:
    """Sign in by a fresh token; a session that the browser had before ends. Raises as ``SignIn``."""
    address = client_address(request, shell.settings)
    agent = request.headers.get("User-Agent", "")
    door = shell.sign_in
    if shown.ticket:
        token, identity = await door.sign_in_by_code(shown.ticket, shown.code, address, agent)
    else:
        token, identity = await door.sign_in(shown.login, shown.password, address, agent, shown.code)
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


@described("session", by_token=False, answer=shapes.SessionShape)
async def session(request: web.Request) -> web.Response:
    """Who is signed in."""
    return _answer(_session(await somebody(request)))


@described("session", by_token=False)
async def sign_out(request: web.Request) -> web.Response:
    """Sign out: the session ends, and its pages close."""
    shell = request.app[WEB]
    await leave(shell, await orderer(request))
    response = web.Response(status=204)
    drop_cookie(response, session_cookie(shell.settings), shell.settings)
    return response


@described("desk", by_token=False, answer=shapes.DeskShape)
async def desk(request: web.Request) -> web.Response:
    """The person's desk, and the place in the event stream that it stands for."""
    identity = await somebody(request)
    return _answer(_desk(request.app[WEB], identity))


def _desk(shell: Web, identity: Identity) -> dict[str, object]:
    deps = shell.deps
    seq, view = deps.hub.seq(identity.login), deps.desks.view(identity.login)
    return {"epoch": deps.hub.epoch, "seq": seq, "desk": view}


@described(
    "desk",
    by_token=False,
    path={"do": shapes.DeskDo},
    body=shapes.DeskOrder,
    body_required=False,
    answer=shapes.DeskDone,
    problems=DESK_PROBLEMS,
)
async def order(request: web.Request) -> web.Response:
    """One order to the desk; gives the desk afterwards.

    ``save`` also gives ``record``: its number, or null while the database cannot be written and the text is
    kept elsewhere.
    """
    identity = await orderer(request)
    shell, do = request.app[WEB], request.match_info["do"]
    if do not in commands.COMMANDS:
        raise Problem("not_found")
    fields = await read_json(request)
    try:
        record = await commands.run(shell.deps.desks, identity.login, identity.role, do, fields)
    except BadBody as fault:
        raise Problem("bad_request") from fault
    except DeskRefused as refused:
        raise _problem(refused) from refused
    return _answer({**_desk(shell, identity), **({"record": record} if do == "save" else {})})


def _problem(refused: DeskRefused) -> Problem:
    """With what it says in this case."""
    problem, by, why = Problem.refused(refused.code), refused.by, refused.why
    known = [Text(f"Это {by}.", f"It is {by}.")] if by else []
    known += [Text(f"{why.ru.rstrip('.')}.", f"{why.en.rstrip('.')}.")] if why else []
    if known:
        problem.detail = Text(" ".join(each.ru for each in known), " ".join(each.en for each in known))
    if refused.until is not None:
        problem.more["until"] = refused.until.isoformat()
    return problem


@described(
    "contacts",
    by_token=False,
    query=shapes.ContactsQuery,
    answer=shapes.ContactsShape,
    problems=("bad_request",),
)
async def contacts(request: web.Request) -> web.Response:
    """Today's own contacts, newest first."""
    identity = await somebody(request)
    deps = request.app[WEB].deps
    limit = _limit(request.query.get("limit", "100"))
    since = _midnight(deps.now(), deps.settings.zone)
    found = list(await deps.contacts.today(identity.login, since, MOST_CONTACTS))
    if flag(request, "unclassified"):
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

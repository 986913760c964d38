"""The pages: sign-in, the desk, language. What they show is the renderer's; here is who may see it."""

from __future__ import annotations

import math
import re
import secrets

from aiohttp import web

from callcore.domain import Language
from callcore.web.api import Credentials, enter, leave
from callcore.web.bodies import read_form
from callcore.web.context import PLACES, WEB, Web, language_of, viewer, who
from callcore.web.passwords import MAX_LENGTH
from callcore.web.problems import Problem, title_of
from callcore.web.security import (
    as_language,
    check_csrf,
    check_origin,
    drop_cookie,
    form_cookie,
    remember_language,
    same,
    session_cookie,
    set_cookie,
)
from callcore.web.signin import Identity, SecondFactorNeeded, SignInRefused, SignInThrottled

_PLACES = "|".join(["account", *(name for name, _needs in PLACES)])
_RETURN = re.compile(rf"/(?:{_PLACES})(?:/[A-Za-z0-9._~/-]{{1,200}})?(?:\?[^\s#\\]*)?")
"""Pages that one comes back to after the language was switched there."""


async def root(request: web.Request) -> web.Response:
    return _go("/desk" if await who(request) else "/sign-in")


async def sign_in_page(request: web.Request) -> web.Response:
    if await who(request) is not None:
        return _go("/desk")
    return _sign_in_form(request)


async def sign_in(request: web.Request) -> web.Response:
    """The form repeats a cookie that a foreign page can neither read nor set."""
    shell = request.app[WEB]
    check_origin(request, shell.settings)
    form = await read_form(request)
    login, password = form.get("login", ""), form.get("password", "")
    ticket, code = form.get("ticket", ""), form.get("code", "").strip()
    if not same(form.get("csrf", ""), request.cookies.get(form_cookie(shell.settings), "")):
        return _sign_in_form(request, 403, "expired", login)
    if len(password) > MAX_LENGTH:
        return _sign_in_form(request, 403, "wrong", login)
    try:
        shown = Credentials(ticket=ticket, code=code) if ticket else Credentials(login, password)
        token, identity = await enter(request, shell, shown)
    except SecondFactorNeeded as needed:
        if needed.is_wrong:
            return _sign_in_form(request, 403, "code", login, ticket)
        return _sign_in_form(request, 200, "", login, needed.ticket)
    except SignInRefused:
        return _sign_in_form(request, 403, "expired" if ticket else "wrong", login)
    except SignInThrottled as slow:
        response = _sign_in_form(request, 429, "throttled", login, ticket)
        response.headers["Retry-After"] = str(math.ceil(slow.seconds))
        return response
    response = _go("/desk")
    set_cookie(response, session_cookie(shell.settings), token, shell.settings)
    drop_cookie(response, form_cookie(shell.settings), shell.settings)
    remember_language(response, identity.language, shell.settings)
    return response


def _sign_in_form(
    request: web.Request, status: int = 200, error: str = "", login: str = "", ticket: str = ""
) -> web.Response:
    """``ticket``: the password was right, now a code is asked for."""
    shell = request.app[WEB]
    csrf = request.cookies.get(form_cookie(shell.settings), "")
    # A form in another tab must stay good, so a well-made cookie is kept.
    if len(csrf) != 43 or not csrf.isascii():
        csrf = secrets.token_urlsafe(32)
    html = shell.deps.renderer.sign_in(
        language_of(request), error=error, login=login[:64], csrf=csrf, ticket=ticket[:64]
    )
    response = _page(html, status)
    set_cookie(response, form_cookie(shell.settings), csrf, shell.settings)
    return response


async def sign_out(request: web.Request) -> web.Response:
    shell, identity, _form = await _posted(request)
    if identity is not None:
        await leave(shell, identity)
    response = _go("/sign-in")
    drop_cookie(response, session_cookie(shell.settings), shell.settings)
    return response


async def language(request: web.Request) -> web.Response:
    """Kept with the person if he is signed in, else in a cookie."""
    shell, identity, form = await _posted(request)
    wanted = as_language(form.get("language", ""))
    if wanted is None:
        raise Problem("bad_request")
    if identity is not None:
        await shell.set_language(identity, wanted)
    back = form.get("back", "")
    if identity is None:
        back = "/sign-in"
    elif not _RETURN.fullmatch(back):
        back = "/desk"
    response = _go(back)
    remember_language(response, wanted, shell.settings)
    return response


async def _posted(request: web.Request) -> tuple[Web, Identity | None, dict[str, str]]:
    """A form of ours; raises ``Problem``. Whoever is not signed in has the token of the sign-in form."""
    shell = request.app[WEB]
    check_origin(request, shell.settings)
    identity = await who(request)
    form = await read_form(request)
    expected = identity.csrf if identity else request.cookies.get(form_cookie(shell.settings), "")
    check_csrf(form.get("csrf", ""), expected)
    return shell, identity, form


async def desk(request: web.Request) -> web.Response:
    identity = await who(request)
    if identity is None:
        return _go("/sign-in")
    shell = request.app[WEB]
    deps = shell.deps
    view = deps.desks.view(identity.login)
    person = viewer(identity, deps)
    return _page(deps.renderer.desk_page(person, view, deps.topics(), deps.now()))


def problem_page(request: web.Request, problem: Problem, language: Language) -> web.Response:
    """A whole page that says what is wrong."""
    html = request.app[WEB].deps.renderer.problem(
        language, problem.status, problem.detail or title_of(problem.code)
    )
    response = _page(html, problem.status)
    response.headers.update(problem.headers)
    return response


def _page(html: str, status: int = 200) -> web.Response:
    body = html.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


def _go(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


ROUTES = (
    web.get("/", root),
    web.get("/sign-in", sign_in_page),
    web.post("/sign-in", sign_in),
    web.post("/sign-out", sign_out),
    web.post("/language", language),
    web.get("/desk", desk),
)

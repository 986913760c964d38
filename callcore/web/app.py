"""The web application, put together."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from callcore.domain import CallId, Login
from callcore.screenpop.card import Unpainted
from callcore.screenpop.hub import CARD, LEFT, HubCallbacks
from callcore.store.errors import NotStored, StoreError, TextRefused
from callcore.web import api, openapi, ops, outage_api, outages, repeats, site
from callcore.web.absent import absent
from callcore.web.connections import Connections
from callcore.web.context import WEB, Web, language_of
from callcore.web.control import CONTROL, Control
from callcore.web.door import DOOR, Door
from callcore.web.dues import dues
from callcore.web.live import live
from callcore.web.ports import WebDeps
from callcore.web.problems import Problem
from callcore.web.security import add_headers
from callcore.web.signin import SignIn
from callcore.web.stream import events
from callcore.web.tokens import TokenDoor

log = structlog.get_logger("callcore.web")

SWEEP_SECONDS = 60.0
PURGE_EVERY_SWEEPS = 15
_FOR_PROGRAMS = ("/api/", "/healthz", "/readyz", "/metrics")
_HASHED = re.compile(r"[-.][0-9A-Za-z]{8,}\.[a-z0-9]+$")
_FOR_EVER = "public, max-age=31536000, immutable"


def build(deps: WebDeps) -> web.Application:
    """The application, for ``door.Runner(app, shutdown_timeout=…)``. Takes the hub's callbacks for itself."""
    app = web.Application(middlewares=[_refusals, dues], client_max_size=deps.settings.max_body_bytes)
    sign_in = SignIn(
        deps.settings,
        deps.users,
        deps.sessions,
        deps.now,
        deps.monotonic,
        deps.metrics,
        deps.second_factor,
    )
    tokens = TokenDoor(deps.outages.tokens, deps.users, deps.now, deps.monotonic) if deps.outages else None
    app[WEB] = Web(deps, sign_in, Connections(deps.settings.connections_per_login), tokens)
    app[DOOR] = Door()
    app[CONTROL] = Control()
    _hook_hub(deps)
    for routes in (site.ROUTES, api.ROUTES, ops.ROUTES):
        app.add_routes(routes)
    app.router.add_get("/desk/live", live)
    app.router.add_get("/api/v1/events", events)
    openapi.add_to(app)
    repeats.add_to(app)
    if deps.outages is not None:
        app.add_routes(outage_api.ROUTES)
        outages.add_to(app, deps.outages, deps)
    _serve_static(app, deps)
    app.on_response_prepare.append(_finish)
    app.on_shutdown.append(_say_bye)
    app.cleanup_ctx.append(_sweeper)
    return app


def _hook_hub(deps: WebDeps) -> None:
    metrics, hub = deps.metrics, deps.hub

    def published(login: Login, _seq: int, type_: str, _call: CallId | None) -> None:
        if type_ == CARD:
            metrics.card_sent(login)
        elif type_ == LEFT:
            metrics.operator_left(login)

    hub.callbacks = HubCallbacks(
        opened=deps.desks.desk_opened,
        closed=deps.desks.desk_closed,
        published=published,
        painted=lambda login, _call, seconds: metrics.card_painted(login, seconds),
        unpainted=lambda login, _call, why: metrics.card_unpainted(login, is_hidden=why is Unpainted.hidden),
        sent=metrics.pop_sent,
        acked=metrics.pop_acked,
        slow=metrics.connection_slow,
    )
    metrics.watch(
        "unacked_cards",
        "Cards not yet acknowledged, by operator",
        lambda: {str(login): float(count) for login, count in hub.unacked_by_login()},
        label="login",
    )


def _serve_static(app: web.Application, deps: WebDeps) -> None:
    folder = deps.settings.static_dir
    if folder is None:
        return
    if not folder.is_dir():
        log.error("static_files_missing", folder=str(folder))
        return
    app.router.add_static("/static/", folder, show_index=False, follow_symlinks=False)


async def _finish(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith("/static/") and response.status in (200, 206, 304):
        is_fixed = "v" in request.query or _HASHED.search(request.path)
        response.headers["Cache-Control"] = _FOR_EVER if is_fixed else "no-cache"
    add_headers(response, request.app[WEB].settings)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal and every fault becomes a problem document or page; nothing of a fault is shown."""
    request.app[DOOR].heard(request.protocol)
    try:
        return await handler(request)
    except Problem as refused:
        problem = refused
    except web.HTTPException as answer:
        if answer.status < 400:
            raise
        allow = answer.headers.get("Allow")
        problem = Problem.of_status(answer.status, {"Allow": allow} if allow else None)
    except TextRefused as refused:
        problem = Problem("invalid", detail=refused.text)
    except NotStored as refused:
        problem = Problem("conflict", detail=refused.text)
    except StoreError as fault:
        log.error("store_failed", path=_route(request), fault=str(fault))
        problem = Problem("store_down", {"Retry-After": "5"})
    except ConnectionError:
        raise
    except Exception:
        log.exception("request_failed", path=_route(request))
        problem = Problem("internal")
    return _show(request, problem)


def _show(request: web.Request, problem: Problem) -> web.Response:
    language = language_of(request)
    if not request.path.startswith(_FOR_PROGRAMS):
        try:
            return site.problem_page(request, problem, language)
        except Exception:
            log.exception("problem_page_failed", status=problem.status)
    elif problem.code == "not_found" and problem.detail is None:
        problem.detail = absent(request)
    return problem.document(language)


def _route(request: web.Request) -> str:
    """The route's pattern rather than the path, which may hold anything."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


async def _say_bye(app: web.Application) -> None:
    await app[WEB].connections.close()


async def _sweeper(app: web.Application) -> AsyncIterator[None]:
    shell = app[WEB]
    task = asyncio.create_task(_sweep(shell))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    shell.sign_in.close()


async def _sweep(shell: Web) -> None:
    round_ = 0
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        round_ += 1
        try:
            await shell.sweep()
            if round_ % PURGE_EVERY_SWEEPS == 0:
                await shell.sign_in.clear_expired()
        except StoreError as fault:
            log.warning("sweep_failed", fault=str(fault))
        except Exception:
            log.exception("sweep_failed")

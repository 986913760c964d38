"""The outages' page for supervisors and administrators: what goes on, publishing, campaigns.

Everything works by links and forms; ``frontend/outages.js`` and ``board_live.py`` make it move.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Literal
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from callcore.calls.attempt import CampaignId
from callcore.campaigns.views import CampaignRefused
from callcore.domain import NodeCode, Text
from callcore.rights import Permission
from callcore.store.outages import RevisionTaken
from callcore.strictyaml.faults import ConfigFaults
from callcore.web.board import Board, Boards, Shared
from callcore.web.board_live import BoardSocket, Pulse
from callcore.web.board_render import BoardRenderer, SpokenTexts
from callcore.web.bodies import read_form
from callcore.web.connections import check_upgrade, turn_away
from callcore.web.context import WEB, Web, allowed, viewer, who
from callcore.web.look import PAGE, Look, read_look
from callcore.web.outage_bodies import Form
from callcore.web.outage_bodies import read_form as form_in
from callcore.web.ports import OutageRoom, WebDeps
from callcore.web.problems import Problem
from callcore.web.security import check_csrf, check_origin
from callcore.web.signin import Identity
from callcore.web.starting import starts_call

log = structlog.get_logger("callcore.web")

_RACE = Text(
    "Пока вы заполняли форму, отключение изменили. Посмотрите, что стало, и начните заново.",
    "Somebody changed this outage while you filled in the form. See what it is now, and start again.",
)


@dataclass(frozen=True, slots=True)
class BoardShell:
    """What the outages' handlers share."""

    room: OutageRoom
    boards: Boards
    shared: Shared
    renderer: BoardRenderer
    spoken: SpokenTexts
    watchers: set[BoardSocket] = field(default_factory=set)

    def changed(self) -> None:
        """Something of a campaign changed."""
        self.shared.forget()
        for socket in self.watchers:
            socket.nudge()


BOARD = web.AppKey("board", BoardShell)


def add_to(app: web.Application, room: OutageRoom, deps: WebDeps) -> None:
    """Give the application its outages' pages. Raises FrontEndMissing if the bundled files are not there."""
    spoken, shared = SpokenTexts(), Shared(room, deps.monotonic)
    boards = Boards(room, shared, deps.now, ZoneInfo(deps.settings.zone))
    app[BOARD] = BoardShell(room, boards, shared, BoardRenderer(spoken), spoken)
    app.add_routes(ROUTES)
    app.cleanup_ctx.append(_watch)


async def _watch(app: web.Application) -> AsyncIterator[None]:
    board = app[BOARD]
    pulse = Pulse(board.changed)
    stop = board.room.campaigns.watch(pulse.beat)
    yield
    stop()
    pulse.stop()


async def page(request: web.Request) -> web.Response:
    identity = await who(request)
    if identity is None:
        return _go("/sign-in")
    return await _page(request, _who_may(identity), read_look(request.query))


@starts_call("people")
async def publish(request: web.Request) -> web.Response:
    """The form: ``preview`` checks it and tries it dry, ``edit`` shows it again, ``publish`` publishes."""
    posted = await _posted(request, Permission.outages_publish)
    if posted is None:
        return _go("/sign-in")
    identity, fields = posted
    board, form = request.app[BOARD], form_in(fields)
    look = Look(outage="" if form.step == "new" else form.number, step=form.step)
    do = fields.get("do", "preview")
    if do != "publish":
        return await _page(request, identity, look, form=form, do="edit" if do == "edit" else "preview")
    outage = await board.room.outages.get(form.number) if look.outage else None
    try:
        raw = board.boards.raw(form, outage)
        await board.room.register.publish(raw, form.number, identity.login)
    except ConfigFaults as refused:
        form = form.refused(refused.faults)
        return await _page(request, identity, look, form=form, status=422)
    except RevisionTaken:
        return await _page(request, identity, replace(look, step=None), error=_RACE, status=409)
    board.shared.forget()
    return _go(Look(outage=form.number).href())


@starts_call("people")
async def steer(request: web.Request) -> web.Response:
    """``pause``, ``resume`` or ``stop`` one campaign."""
    posted = await _posted(request, Permission.campaigns_run)
    if posted is None:
        return _go("/sign-in")
    identity, fields = posted
    desk, look = request.app[BOARD].room.campaigns, read_look(fields)
    id_ = request.match_info["id"]
    do = {"pause": desk.pause, "resume": desk.resume, "stop": desk.stop}[request.match_info["do"]]
    try:
        await do(CampaignId(int(id_)), identity.login)
    except CampaignRefused as refused:
        if refused.code == "not_found":
            raise Problem("not_found") from None
        return await _page(request, identity, look, error=refused.text, status=409)
    request.app[BOARD].shared.forget()
    return _go(look.href())


async def branch(request: web.Request) -> web.Response:
    """Lines of the tree: ``?parent=`` what is below a node, ``?q=`` what a search finds."""
    identity = await who(request)
    if identity is None:
        raise Problem("not_signed_in")
    shell, board = request.app[WEB], request.app[BOARD]
    person = viewer(_who_may(identity), shell.deps)
    text, parent = request.query.get("q", "").strip(), request.query.get("parent", "")
    network = board.room.network
    if text:
        nodes = await network.search(text[:200])
    else:
        nodes = await network.children(NodeCode(parent) if parent else None)
    return _html(board.renderer.branch(person, nodes, shell.deps.now()))


async def spoken(request: web.Request) -> web.FileResponse:
    """A text that a page offered to play, as sound."""
    identity = await who(request)
    if identity is None:
        raise Problem("not_signed_in")
    _who_may(identity)
    board = request.app[BOARD]
    found = board.spoken.find(request.match_info["key"])
    if found is None:
        raise Problem("not_found")
    path = await board.room.speak(*found)
    return web.FileResponse(path, headers={"Content-Type": "audio/wav", "Cache-Control": "private"})


async def live(request: web.Request) -> web.StreamResponse:
    """The page's WebSocket: ``?look=`` is the query of the page's address."""
    shell, board = request.app[WEB], request.app[BOARD]
    check_origin(request, shell.settings, required=True)
    check_upgrade(request)
    identity = await who(request)
    if identity is None:
        return await turn_away(request)
    search = request.query.get("look", "")
    socket = BoardSocket(shell, board.boards, board.renderer, _who_may(identity), search)
    board.watchers.add(socket)
    try:
        return await socket.serve(request)
    finally:
        board.watchers.discard(socket)


def _who_may(identity: Identity, needs: Permission = Permission.outages_see) -> Identity:
    if not allowed(identity, needs):
        raise Problem("forbidden")
    return identity


async def _posted(request: web.Request, needs: Permission) -> tuple[Identity, dict[str, str]] | None:
    """A form of the page; None if he is not signed in any more. Raises ``Problem``."""
    check_origin(request, request.app[WEB].settings)
    identity = await who(request)
    if identity is None:
        return None
    fields = await read_form(request)
    check_csrf(fields.get("csrf", ""), identity.csrf)
    return _who_may(identity, needs), fields


async def _page(
    request: web.Request,
    identity: Identity,
    look: Look,
    *,
    form: Form | None = None,
    do: Literal["edit", "preview"] = "edit",
    error: Text | None = None,
    status: int = 200,
) -> web.Response:
    shell: Web = request.app[WEB]
    board = request.app[BOARD]
    shown = await board.boards.get(look, form, do)
    async with shell.render_gate:
        html = board.renderer.page(viewer(identity, shell.deps), shown, shell.deps.now(), error)
    return _html(html, 422 if _is_refused(shown) else status)


def _is_refused(board: Board) -> bool:
    return board.compose is not None and bool(board.compose.form.faults)


def _html(html: str, status: int = 200) -> web.Response:
    body = html.encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8")


def _go(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


ROUTES = (
    web.get(PAGE, page),
    web.post(PAGE, publish),
    web.get(f"{PAGE}/live", live),
    web.get(f"{PAGE}/tree", branch),
    web.get(f"{PAGE}/spoken/{{key:[0-9a-f]{{32}}}}.wav", spoken),
    web.post(f"{PAGE}/campaigns/{{id:[0-9]{{1,18}}}}/{{do:pause|resume|stop}}", steer),
)

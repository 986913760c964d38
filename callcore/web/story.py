"""The pages and the API of calls' stories: what became of a call, and why its card did not open.

Who may ``calls.all`` sees all of them, others those that they took part in. Nobody sees numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from callcore.domain import Login
from callcore.flight.book import Head, head_json
from callcore.flight.story import Told, to_json
from callcore.rights import Permission
from callcore.screenpop.hub import encode
from callcore.web.api_shapes import CallsQuery, CallsShape, StoryShape
from callcore.web.context import WEB, allowed, api_caller, viewer, who
from callcore.web.operation import described
from callcore.web.problems import Problem
from callcore.web.render import STATIC
from callcore.web.signin import Identity
from callcore.web.story_render import StoryRenderer

PAGE = "/calls"
ROWS = 50
MOST_ROWS = 500
LONGEST = 100


class StoryRoom(Protocol):
    """The stories as ``flight.book.Book`` has them. Both may raise ``StoreError``."""

    async def told(self, call: str) -> Told | None: ...

    async def latest(
        self,
        limit: int = 50,
        *,
        number: str = "",
        login: str | None = None,
        before: datetime | None = None,
    ) -> tuple[Head, ...]: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls somebody looks for; all of it stands in the address."""

    number: str = ""
    before: str = ""
    """Day or moment in the viewer's zone, ``2026-03-02T09:30``."""

    def href(self, before: datetime | None = None, zone: str = "UTC") -> str:
        """The address, of calls before a moment if one is given."""
        moment = before.astimezone(ZoneInfo(zone)).isoformat() if before else self.before
        fields = {name: value for name, value in (("number", self.number), ("before", moment)) if value}
        return f"{PAGE}?{urlencode(fields)}" if fields else PAGE


@dataclass(frozen=True, slots=True)
class StoryShell:
    room: StoryRoom
    renderer: StoryRenderer


STORY = web.AppKey("story", StoryShell)


def add_to(app: web.Application, room: StoryRoom, static: Path = STATIC) -> None:
    """Give the application its pages of calls. Raises FrontEndMissing if the bundled files are not there."""
    app[STORY] = StoryShell(room, StoryRenderer(static))
    app.add_routes(ROUTES)


async def page(request: web.Request) -> web.Response:
    identity = await who(request)
    if identity is None:
        return _go("/sign-in")
    deps, shell = request.app[WEB].deps, request.app[STORY]
    wanted = Wanted(
        request.query.get("number", "").strip()[:LONGEST], request.query.get("before", "")[:LONGEST]
    )
    moment, is_wrong = _moment(wanted.before, deps.settings.zone)
    heads = await shell.room.latest(ROWS + 1, number=wanted.number, login=_only(identity), before=moment)
    more = wanted.href(heads[ROWS - 1].began_at, deps.settings.zone) if len(heads) > ROWS else ""
    shown = shell.renderer.calls(
        viewer(identity, deps), heads[:ROWS], wanted, deps.now(), more=more, is_wrong=is_wrong
    )
    return _html(shown)


async def story_page(request: web.Request) -> web.Response:
    identity = await who(request)
    if identity is None:
        return _go("/sign-in")
    deps, shell = request.app[WEB].deps, request.app[STORY]
    told = await _told(request, identity)
    return _html(shell.renderer.story(viewer(identity, deps), told, deps.now()))


@described("calls", query=CallsQuery, answer=CallsShape, problems=("bad_request", "forbidden"))
async def latest(request: web.Request) -> web.Response:
    """Calls with their verdicts, newest first; an operator's own, or everybody's."""
    identity = await _asker(request)
    limit = request.query.get("limit", str(ROWS))
    moment, is_wrong = _moment(request.query.get("before", ""), request.app[WEB].deps.settings.zone)
    if is_wrong or not (limit.isascii() and limit.isdigit() and 0 < int(limit[:6]) <= MOST_ROWS):
        raise Problem("bad_request")
    found = await request.app[STORY].room.latest(
        int(limit), number=request.query.get("number", "")[:LONGEST], login=_only(identity), before=moment
    )
    return _json({"calls": [head_json(head) for head in found]})


@described("calls", answer=StoryShape, problems=("forbidden",))
async def story(request: web.Request) -> web.Response:
    """What became of a call, step by step, and why its card did or did not open."""
    identity = await _asker(request)
    return _json(to_json(await _told(request, identity)))


async def _told(request: web.Request, identity: Identity) -> Told:
    """Raises ``Problem`` also for a call of others: that it exists is not his business."""
    told = await request.app[STORY].room.told(request.match_info["call"][:LONGEST])
    if told is None or not (allowed(identity, Permission.calls_all) or identity.login in told.logins):
        raise Problem("not_found")
    return told


async def _asker(request: web.Request) -> Identity:
    """Whoever is signed in, or asks over the control socket; a token only for the calls of all."""
    identity = await api_caller(request)
    if identity.by == "token" and not allowed(identity, Permission.calls_all):
        raise Problem("forbidden")
    return identity


def _only(identity: Identity) -> Login | None:
    return None if allowed(identity, Permission.calls_all) else identity.login


def _moment(text: str, zone: str) -> tuple[datetime | None, bool]:
    """The moment, and whether the text is none; a day means its end."""
    if not text:
        return None, False
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None, True
    if len(text) == len("2026-03-02"):
        at = at.replace(hour=23, minute=59, second=59, microsecond=999_999)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC), False
    except (OverflowError, ValueError):
        return None, True


def _json(body: Mapping[str, object]) -> web.Response:
    return web.Response(text=encode(body), content_type="application/json")


def _html(text: str) -> web.Response:
    body = text.encode("utf-8", "replace")
    return web.Response(body=body, content_type="text/html", charset="utf-8")


def _go(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


ROUTES = (
    web.get(PAGE, page),
    web.get(PAGE + "/{call}", story_page),
    web.get("/api/v1/calls", latest),
    web.get("/api/v1/calls/{call}/story", story),
)

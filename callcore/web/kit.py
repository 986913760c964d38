"""How every page of the record is answered: who may, reading its form, and the page whole or as a panel.

A page is one template that begins with ``{% extends layout %}`` and fills the block ``page``. Asked with the
header ``X-Panel`` it comes without head and frame, so that the desk opens the same page beside a contact
(``frontend/panel.js``); a form in it works both ways. After a change: ``return kit.go(request, address)``, or
``kit.go(request, address, done=words)`` where the panel's work is over: it closes, and the words are said.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from urllib.parse import quote

from aiohttp import BodyPartReader, MultipartReader, web
from jinja2 import Environment

from callcore.domain import UNCLASSIFIED, Text, TopicCode
from callcore.rights import Permission
from callcore.web.bodies import BODY_SECONDS, clean, read_form
from callcore.web.context import WEB, allowed, viewer, who
from callcore.web.live_news import mark_of, note
from callcore.web.masking import Guarded
from callcore.web.once import first
from callcore.web.pages import TopicChoice
from callcore.web.problems import Problem
from callcore.web.render import environment, texts_of
from callcore.web.security import check_csrf, check_origin
from callcore.web.signin import Identity

PANEL = "X-Panel"
"""Asked with it, a page comes as a panel, and says so by the same header."""
SCRIPT = "X-Script"
"""Sent by our own script, which reads ``X-Next`` and ``X-Done`` where a browser alone follows a 303."""
FRAGMENT = "X-Fragment"
PAGE = "X-Page"
"""Of an answer that is no plain fault: a page with what was typed, and why it was not taken."""
"""Asks for the part of a page that changes while one types."""
MOST_FILE_BYTES = 10 * 1024 * 1024
MOST_FILES = 10
MOST_FIELD_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent: the last value of each field, all values of each, files."""

    fields: Mapping[str, str]
    files: tuple[Upload, ...] = ()

    def get(self, name: str) -> str:
        """Stripped; empty if absent."""
        return self.fields.get(name, "").strip()

    def number(self, name: str) -> int | None:
        """A whole number, or None; raises ``Problem`` for anything else."""
        text = self.get(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise Problem("bad_request")
        return int(text)


class View(Guarded):
    """What any template of the record asks: words, times, and what this person may."""

    topics: tuple[TopicChoice, ...] = ()

    def may(self, permission: str) -> bool:
        return Permission(permission) in self.viewer.may

    def say(self, text: Text) -> str:
        return self.t.told(text)

    def amount(self, minor: int | None, currency: str) -> str:
        """Money in minor units; empty for None."""
        return self.t.amount(minor, currency)

    def date(self, day: date) -> str:
        return self.t.date(day)

    def topic(self, code: TopicCode) -> str:
        """Title of a topic; its code if the tables no longer hold it."""
        if code == UNCLASSIFIED:
            return self.t("topic.unclassified")
        title = next((each.title for each in self.topics if each.code == code), None)
        return self.say(title) if title else code


async def person(request: web.Request, needs: Permission | None = None) -> Identity:
    """Whoever looks at a page; sends strangers to the sign-in. Raises ``Problem`` for who may not."""
    identity = await who(request)
    if identity is None:
        raise web.HTTPSeeOther("/sign-in")
    note(request)
    if needs is not None and not allowed(identity, needs):
        raise Problem("forbidden")
    return identity


async def form(request: web.Request, identity: Identity, *, files: bool = False) -> Form:
    """The form of a page of ours; raises ``Problem`` for a foreign page, too much or nonsense.

    ``files``: it may be multipart and carry up to ten files of 10 MiB each.
    """
    check_origin(request, request.app[WEB].settings)
    if files and request.content_type == "multipart/form-data":
        given = await _multipart(request)
    else:
        given = Form(await read_form(request))
    check_csrf(given.get("csrf"), identity.csrf)
    await first(request, identity.login, given.fields, [(file.name, file.body) for file in given.files])
    return given


async def _multipart(request: web.Request) -> Form:
    fields: dict[str, str] = {}
    files: list[Upload] = []
    try:
        async with asyncio.timeout(6 * BODY_SECONDS):
            reader = await request.multipart()
            while (part := await reader.next()) is not None:
                if isinstance(part, MultipartReader) or len(fields) + len(files) > 64:
                    raise Problem("bad_request")
                if part.filename is None:
                    raw = await _limited(part, MOST_FIELD_BYTES)
                    fields[part.name or ""] = clean(raw.decode("utf-8", "replace"))
                elif part.filename:
                    body = await _limited(part, MOST_FILE_BYTES)
                    kind = part.headers.get("Content-Type", "application/octet-stream")
                    files.append(Upload(clean(part.filename), kind, body))
                if len(files) > MOST_FILES:
                    raise Problem("too_large")
    except (TimeoutError, ValueError, AssertionError, web.RequestPayloadError) as fault:
        raise Problem("bad_request") from fault
    return Form(fields, tuple(files))


async def _limited(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > most:
            raise Problem("too_large")
    return bytes(body)


def show(
    request: web.Request,
    identity: Identity,
    template: str,
    *,
    here: str = "",
    status: int = 200,
    **values: object,
) -> web.Response:
    """The page, or its panel. ``here``: which of the places in the head it belongs to.

    Among ``values`` may be ``address``: where it is asked for again, if not where this request went, because
    it answers a form.
    """
    deps = request.app[WEB].deps
    person = viewer(identity, deps)
    texts = texts_of(person.language)
    view = View(person, texts, deps.now())
    view.topics = deps.topics()
    layout = "record/panel.html" if PANEL in request.headers else "record/layout.html"
    html = _templates().get_template(template)
    text = html.render(
        v=view,
        t=texts,
        layout=layout,
        here=here,
        csrf=identity.csrf,
        once=secrets.token_urlsafe(12),
        mark=mark_of(request),
        **{"address": request.path_qs, **values},
    )
    response = _html(text, status)
    if PANEL in request.headers:
        response.headers[PANEL] = "1"
    elif status >= 400:
        response.headers[PAGE] = "1"
    return response


def fragment(request: web.Request, identity: Identity, template: str, **values: object) -> web.Response:
    """A part of a page, as ``data-live-search`` puts it there. Its first element may say what is heard, by
    ``data-said``."""
    deps = request.app[WEB].deps
    person = viewer(identity, deps)
    texts = texts_of(person.language)
    view = View(person, texts, deps.now())
    view.topics = deps.topics()
    html = _templates().get_template(template)
    return _html(html.render(v=view, t=texts, address=request.path_qs, csrf=identity.csrf, **values), 200)


def go(request: web.Request, address: str, *, done: str = "", said: str = "") -> web.Response:
    """See the other page: after a form was taken. ``address`` is one of ours.

    ``said`` tells in the person's words what was done. ``done`` does, too, and closes the panel: its work
    is over.
    """
    if SCRIPT not in request.headers:
        return web.Response(status=303, headers={"Location": address})
    headers = {"X-Next": address, "Vary": SCRIPT}
    if done or said:
        headers["X-Done" if done else "X-Said"] = quote(done or said)
    return web.Response(status=204, headers=headers)


def _html(text: str, status: int) -> web.Response:
    response = web.Response(body=text.encode("utf-8", "replace"), status=status, content_type="text/html")
    response.charset = "utf-8"
    response.headers["Vary"] = f"{PANEL}, {FRAGMENT}"
    return response


@cache
def _templates() -> Environment:
    return environment()

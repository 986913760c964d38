"""A small server that shows sample desks and speaks the desk's wire, in the place of the daemon."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from callcore.domain import Language
from callcore.screenpop.card import Desk
from callcore.testing.desk_house import NOW, QUEUES, TOPICS
from callcore.testing.desk_samples import Sample, samples, viewer
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.render import STATIC, DeskRenderer

CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"


@dataclass
class DeskServer:
    """What the page shows, what it said, and switches to make the line fail."""

    sample: Sample = field(default_factory=lambda: samples()["ready"])
    language: Language = "ru"
    accepts: bool = True
    renderer: DeskRenderer = field(default_factory=lambda: DeskRenderer(lambda: QUEUES))
    said: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    on_command: Callable[[dict[str, Any]], None] = lambda command: None
    seq: int = 0
    _started: float = field(default_factory=time.monotonic)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _server: TestServer | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/desk", self._page)
        app.router.add_get("/desk/live", self._live)
        app.router.add_get("/sign-in", self._sign_in)
        app.router.add_get("/problem", self._problem)
        app.router.add_post("/language", self._language)
        app.router.add_static("/static", STATIC)
        app.on_shutdown.append(self._close)
        app.on_response_prepare.append(_headers)
        return app

    async def start(self) -> None:
        self._server = TestServer(self.app(), host="127.0.0.1")
        await self._server.start_server(shutdown_timeout=0.2)

    async def stop(self) -> None:
        if self._server:
            await self._server.close()

    def url(self, path: str) -> str:
        assert self._server
        return str(self._server.make_url(path))

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=time.monotonic() - self._started)

    def main(self) -> str:
        who = viewer(self.language, self.sample.interfaces)
        return self.renderer.desk_main(who, self.sample.desk, TOPICS, self.now, error=self.sample.error)

    async def show(
        self,
        desk: Desk | None,
        *,
        card: str | None = None,
        missed: str | None = None,
        sound: str | None = None,
        error: str = "",
    ) -> int:
        """Make this the desk and send it to every open page; gives the message's number."""
        self.sample = replace(self.sample, desk=desk, error=error)
        self.seq += 1
        for socket in list(self.sockets):
            await socket.send_json(self._message(card, sound, missed))
        return self.seq

    async def painted(self, seq: int) -> None:
        """Wait until a page acknowledged the message ``seq``."""
        await self.until(lambda: {"ack": seq} in self.said)

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message as it is to every open page."""
        for socket in list(self.sockets):
            await socket.send_json(message)

    async def bye(self, reason: str) -> None:
        await self.tell({"type": "bye", "reason": reason})

    async def drop(self, *, accepts: bool) -> None:
        """Cut every line; ``accepts`` tells whether the next try gets through."""
        self.accepts = accepts
        for socket in list(self.sockets):
            await socket.close()

    def commands(self, do: str) -> list[dict[str, Any]]:
        return [message for message in self.said if message.get("do") == do]

    def about(self, seq: int) -> list[dict[str, Any]]:
        """What pages said of the message ``seq``: painted, or only there."""
        return [message for message in self.said if message.get("ack") == seq]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until what the pages said fulfils ``condition``."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _message(self, card: str | None, sound: str | None, missed: str | None = None) -> dict[str, Any]:
        return {
            "epoch": "e1",
            "seq": self.seq,
            "type": "desk",
            "lang": self.language,
            "html": self.main(),
            "card": card,
            "missed": missed,
            "sound": sound,
        }

    async def _page(self, request: web.Request) -> web.Response:
        who = viewer(self.language, self.sample.interfaces)
        html = self.renderer.desk_page(who, self.sample.desk, TOPICS, self.now)
        return web.Response(text=html, content_type="text/html")

    async def _sign_in(self, request: web.Request) -> web.Response:
        error, login = request.query.get("error", ""), request.query.get("login", "")
        html = self.renderer.sign_in(self.language, error=error, login=login, csrf="sample-csrf-token")
        return web.Response(text=html, content_type="text/html")

    async def _problem(self, request: web.Request) -> web.Response:
        status = int(request.query["status"])
        return web.Response(text=self.renderer.problem(self.language, status), content_type="text/html")

    async def _language(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.language = "en" if form["language"] == "en" else "ru"
        raise web.HTTPSeeOther(request.headers["Referer"])

    async def _live(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        self._news.set()
        if not self.accepts:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        try:
            await socket.send_json(self._message(None, None))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(message.data))
        finally:
            self.sockets.remove(socket)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        self.said.append(message)
        self.on_command(message)
        if message.get("do") == "language":
            self.language = message["language"]
        if message.get("do") in ("language", "catch_up"):
            await socket.send_json(self._message(None, None))
        self._news.set()

    async def _close(self, _app: web.Application) -> None:
        await self.drop(accepts=False)


async def _headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Content-Security-Policy"] = CSP

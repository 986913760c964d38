"""The outages' page, live: ``GET /outages/live`` sends the inside of ``<main>`` whenever it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import inf

import structlog

from callcore.domain import Language
from callcore.rights import Permission
from callcore.screenpop.hub import encode
from callcore.store.errors import StoreError
from callcore.web.board import Boards
from callcore.web.board_render import BoardRenderer
from callcore.web.bodies import BadBody, Scalar, text_field
from callcore.web.connections import Socket
from callcore.web.context import Web, allowed, viewer
from callcore.web.look import look_of
from callcore.web.security import same
from callcore.web.signin import Identity

log = structlog.get_logger("callcore.web")

_SEE = Permission.outages_see

BREATH_SECONDS = 0.5
"""No page is sent more often than this, however much happens, unless its person asked for another one."""
TICK_SECONDS = 5.0
"""Without anything new, what depends on the time is looked at so often; the page hears that we are there."""
LONGEST_LOOK = 2000


class Pulse:
    """Passes changes on, at most one each ``BREATH_SECONDS``; the last one is never lost."""

    def __init__(self, pass_on: Callable[[], None]) -> None:
        self._pass_on = pass_on
        self._timer: asyncio.TimerHandle | None = None
        self._last = -inf

    def beat(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._last + BREATH_SECONDS), self._go)

    def _go(self) -> None:
        self._timer = None
        self._last = asyncio.get_running_loop().time()
        self._pass_on()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


class BoardSocket(Socket):
    """One open page. Many changes at once are one render; what has not changed is not sent again."""

    kind = "outages"

    def __init__(
        self, shell: Web, boards: Boards, renderer: BoardRenderer, identity: Identity, search: str
    ) -> None:
        super().__init__(shell.deps, shell.connections, identity)
        self._shell = shell
        self._boards = boards
        self._renderer = renderer
        self._search = search[:LONGEST_LOOK]
        self._sent = ("", "", "")
        self._asked = asyncio.Event()
        self._news = asyncio.Event()

    def nudge(self) -> None:
        """Something has changed."""
        self._news.set()

    def set_language(self, language: Language) -> None:
        super().set_language(language)
        self._ask()

    def _ask(self) -> None:
        self._asked.set()
        self._news.set()

    async def on_message(self, fields: Mapping[str, Scalar]) -> None:
        if not same(text_field(fields, "csrf", 128), self.identity.csrf):
            raise BadBody("csrf")
        match fields.get("do"):
            case "look":
                self._search = text_field(fields, "look", LONGEST_LOOK)
            case "resume":
                self._sent = ("", "", "")
            case _:
                raise BadBody("no such order")
        self._ask()

    async def work(self) -> None:
        while self._deps.now() < self.identity.expires_at and allowed(self.identity, _SEE):
            self._asked.clear()
            self._news.clear()
            await self._show()
            with suppress(TimeoutError):
                async with asyncio.timeout(BREATH_SECONDS):
                    await self._asked.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._news.wait()
        await self.bye("expired")

    async def _show(self) -> None:
        search, identity, deps = self._search, self.identity, self._deps
        try:
            board = await self._boards.get(look_of(search))
        except StoreError as fault:
            log.warning("board_not_shown", fault=str(fault))
            self._sent = ("", "", "")
            await self.say_error("store_down")
            return
        async with self._shell.render_gate:
            html = self._renderer.main(viewer(identity, deps), board, deps.now())
        now = int(deps.now().timestamp() * 1000)
        shown = (search, identity.language, html)
        if shown == self._sent:
            await self._tell({"type": "alive", "now": now})
            return
        self._sent = shown
        await self._tell(
            {
                "type": "board",
                "look": search,
                "lang": identity.language,
                "csrf": identity.csrf,
                "now": now,
                "html": html,
            }
        )

    async def _tell(self, message: Mapping[str, object]) -> None:
        await self.send(encode(message).encode())

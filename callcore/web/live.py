"""The operator's page, live: ``GET /desk/live`` sends the inside of ``<main>`` on each change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress

import structlog
from aiohttp import WSCloseCode, web

from callcore.calls.effects import CallView
from callcore.domain import Language
from callcore.screenpop.hub import CARD, MISSED, REFRESH, Event, Subscription, encode
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreError
from callcore.web import commands
from callcore.web.boards import Board
from callcore.web.bodies import BadBody, Scalar, text_field
from callcore.web.connections import Connections, HubSocket, check_upgrade, turn_away
from callcore.web.context import WEB, Web, viewer, who
from callcore.web.security import as_language, check_origin, same
from callcore.web.signin import Identity

log = structlog.get_logger("callcore.web")

_MAY_RING = frozenset(("call.ringing", REFRESH))
ORDERS_WAITING = 100
_NOT_HERE = frozenset(("no_such_contact", "no_such_topic", "not_signed_in"))
_ORDERS = frozenset(commands.COMMANDS) | {"language", "catch_up"}


class DeskSocket(HubSocket):
    """One open desk page. Renders coalesce: many events at once are one render with the newest number."""

    kind = "desk"

    def __init__(self, shell: Web, connections: Connections, identity: Identity) -> None:
        super().__init__(shell.deps, connections, identity)
        self._shell = shell
        self._tellers: list[asyncio.Task[None]] = []
        """Tell the page what is the same for everybody, while it shows a desk."""
        self._orders: asyncio.Queue[Mapping[str, Scalar]] = asyncio.Queue(ORDERS_WAITING)
        self._turn = asyncio.Lock()
        self._seq = 0

    async def on_events(self, first: Event, more: Subscription) -> None:
        async with self._turn, self._shell.render_gate:
            # One turn of the loop first: programs on the event stream get the bare event before we render.
            await asyncio.sleep(0)
            events = [first, *more.drain()]
            self._seq = events[-1].seq
            is_ringing = any(e.type in _MAY_RING for e in events)
            wire = self._render(card=_call(events, CARD), missed=_call(events, MISSED), is_ringing=is_ringing)
        await self.send_event(wire)

    async def _show(self, error: str | DeskRefused = "") -> None:
        async with self._turn, self._shell.render_gate:
            await asyncio.sleep(0)
            wire = self._render(error=error)
        await self.send_event(wire)

    def _render(
        self,
        *,
        card: str | None = None,
        missed: str | None = None,
        is_ringing: bool = False,
        error: str | DeskRefused = "",
    ) -> bytes:
        deps, identity = self._deps, self.identity
        desk = deps.desks.view(identity.login)
        if (desk is not None) is not bool(self._tellers):
            self._tell_anew(is_wanted=desk is not None)
        html = deps.renderer.desk_main(viewer(identity, deps), desk, deps.topics(), deps.now(), error=error)
        message = {
            "epoch": deps.hub.epoch,
            "seq": self._seq,
            "type": "desk",
            "lang": identity.language,
            "html": html,
            "card": card,
            "missed": missed,
            "sound": "ring" if is_ringing and desk is not None and desk.ringing is not None else None,
        }
        return encode(message).encode()

    async def take(self, fields: Mapping[str, Scalar]) -> None:
        """``{"ack": seq, "painted": false}``: the page has it, and nobody sees the page."""
        seq = fields.get("ack")
        if fields.get("painted") is False and isinstance(seq, int):
            self._deps.hub.hide(self.identity.login, seq)
        else:
            await super().take(fields)

    async def on_message(self, fields: Mapping[str, Scalar]) -> None:
        if fields.get("do") not in _ORDERS:
            raise BadBody("no such command")
        if not same(text_field(fields, "csrf", 128), self.identity.csrf):
            raise BadBody("csrf")
        try:
            self._orders.put_nowait(fields)
        except asyncio.QueueFull:
            log.warning("desk_orders_pile_up", login=self.identity.login)
            await self.close(WSCloseCode.TRY_AGAIN_LATER)

    async def _tell(self, board: Board) -> None:
        """Rendered for everybody at once; this page only fetches what it lacks."""
        seen = 0
        while True:
            await board.changed(seen)
            part, seen = board.part(seen, self.identity.language), board.version
            await self.send(encode({"type": "part", "id": board.name, **part}).encode())

    def _tell_anew(self, *, is_wanted: bool) -> None:
        for teller in self._tellers:
            teller.cancel()
        boards = self._deps.boards if is_wanted else ()
        self._tellers = [asyncio.create_task(self._guard(self._tell(board))) for board in boards]

    async def work(self) -> None:
        try:
            await self._work()
        finally:
            self._tell_anew(is_wanted=False)

    async def _work(self) -> None:
        """One order after the other, beside the reader: a slow save does not hold up acknowledgements."""
        while True:
            fields = await self._orders.get()
            if self._deps.now() >= self.identity.expires_at:
                await self.bye("expired")
                return
            await self._carry_out(fields)

    async def _carry_out(self, fields: Mapping[str, Scalar]) -> None:
        try:
            await self._order(text_field(fields, "do", 32), fields)
        except BadBody:
            await self.say_error("bad_request")
        except DeskRefused as refused:
            if fields.get("do") == "draft" and refused.code in _NOT_HERE:
                return  # typed for a card that is not here now; the page keeps it, and nobody asked for a bar
            await self._show(refused)
        except StoreError:
            await self._show("store_down")
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            log.exception("desk_order_failed", login=self.identity.login, do=fields.get("do"))
            await self.say_error("internal")

    async def _order(self, do: str, fields: Mapping[str, Scalar]) -> None:
        if do == "language":
            language = as_language(text_field(fields, "language", 8))
            if language is None:
                raise BadBody("no such language")
            await self._shell.set_language(self.identity, language)
        elif do == "catch_up":
            await self._show()
        else:
            await commands.run(self._deps.desks, self.identity.login, self.identity.role, do, fields)

    def set_language(self, language: Language) -> None:
        super().set_language(language)
        if self._tellers:
            self._tell_anew(is_wanted=True)
        with suppress(asyncio.QueueFull):
            self._orders.put_nowait({"do": "catch_up"})


def _call(events: Iterable[Event], type_: str) -> str | None:
    """The call of the newest of these events of that type."""
    call: str | None = None
    for event in events:
        if event.type == type_:
            shown = event.data.get("call")
            call = shown.call if isinstance(shown, CallView) else shown
    return call


async def live(request: web.Request) -> web.StreamResponse:
    """The page's WebSocket."""
    shell = request.app[WEB]
    check_origin(request, shell.settings, required=True)
    check_upgrade(request)
    identity = await who(request)
    if identity is None:
        return await turn_away(request)
    return await DeskSocket(shell, shell.connections, identity).serve(request)

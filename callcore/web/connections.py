"""WebSockets: what every one of them does, and who has which open."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from callcore.domain import Language, Login
from callcore.screenpop.hub import Event, Subscription, encode
from callcore.web.bodies import BadBody, Scalar, flat_object
from callcore.web.ports import WebDeps
from callcore.web.problems import Problem
from callcore.web.signin import Identity

log = structlog.get_logger("callcore.web")

Bye = Literal["signed_out", "expired", "replaced", "restart"]
CLOSE_SECONDS = 2.0
MOST_UNACKED = 1000
LARGEST_NUMBER = 2**53
"""Beyond it JavaScript's numbers are no longer exact."""


class Bucket:
    """How many messages a connection may still send: ``rate`` a second, as many at once, and one more for
    each event it was sent, so that acknowledging a long replay is no flood."""

    def __init__(self, rate: int, now: float) -> None:
        self._rate = self._left = float(rate)
        self._last = now

    def take(self, now: float) -> bool:
        """Whether one more may pass."""
        if self._left < self._rate:
            self._left = min(self._rate, self._left + (now - self._last) * self._rate)
        self._last = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def give(self) -> None:
        """An event was sent, which may be acknowledged."""
        self._left = min(self._rate + MOST_UNACKED, self._left + 1.0)


class Socket(ABC):
    """One WebSocket of one person: a reader here, a writer beside it, and nothing unbounded."""

    kind: str

    def __init__(self, deps: WebDeps, connections: Connections, identity: Identity) -> None:
        self.identity = identity
        self._deps = deps
        self._connections = connections
        settings = deps.settings
        self._ws = web.WebSocketResponse(
            heartbeat=settings.heartbeat_seconds,
            max_msg_size=settings.max_message_bytes,
            timeout=CLOSE_SECONDS,
            compress=False,
        )
        self._bucket = Bucket(settings.messages_per_second, deps.monotonic())
        self._transport: asyncio.Transport | None = None

    @abstractmethod
    async def on_message(self, fields: Mapping[str, Scalar]) -> None:
        """Something that the client said. Raises ``BadBody``."""

    def set_language(self, language: Language) -> None:
        """The person changed his language, here or in another tab."""
        self.identity = replace(self.identity, language=language)

    async def work(self) -> None:  # noqa: B027
        """Runs beside reader and writer for as long as the connection lives."""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answer the request with this WebSocket; returns when it is closed."""
        await self._ws.prepare(request)
        self._transport = request.transport
        self._connections.add(self)
        self._deps.metrics.socket_opened(self.kind)
        try:
            await self._stay(request)
        finally:
            self._connections.remove(self)
            self._deps.metrics.socket_closed(self.kind)
        return self._ws

    async def _stay(self, request: web.Request) -> None:
        await self._live(self.work())

    async def _live(self, *jobs: Coroutine[None, None, None]) -> None:
        """Read until the client is gone; the jobs run beside that."""
        tasks = [asyncio.create_task(self._guard(job)) for job in jobs]
        try:
            await self._read()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        """A writer that fails takes the connection with it: the client comes back and catches up."""
        try:
            await work
        except (ConnectionError, TimeoutError):
            self._cut()
        except Exception:
            log.exception("websocket_failed", kind=self.kind, login=self.identity.login)
            self._cut()

    def _cut(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def _read(self) -> None:
        async for message in self._ws:
            if not self._bucket.take(self._deps.monotonic()):
                log.warning("websocket_flood", kind=self.kind, login=self.identity.login)
                await self.close(WSCloseCode.POLICY_VIOLATION)
                return
            if message.type is WSMsgType.ERROR:  # a heartbeat that nobody answered, or a broken frame
                return
            try:
                await self._hear(message)
            except (ConnectionError, TimeoutError):
                self._cut()
                return

    async def _hear(self, message: WSMessage) -> None:
        try:
            if message.type is not WSMsgType.TEXT:
                raise BadBody("not a text")
            await self.take(flat_object(message.data))
        except BadBody:
            await self.say_error("bad_request")

    async def take(self, fields: Mapping[str, Scalar]) -> None:
        await self.on_message(fields)

    async def send(self, wire: bytes) -> None:
        """Send one text message. Raises ``ConnectionError``, or ``TimeoutError`` if nothing is taken."""
        async with asyncio.timeout(self._deps.settings.send_seconds):
            await self._ws.send_frame(wire, WSMsgType.TEXT)

    async def say_error(self, code: str) -> None:
        await self.send(encode({"type": "error", "code": code}).encode())

    async def bye(self, reason: Bye) -> None:
        """Say why, then close; never raises for a client that is gone, never waits long."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.send(encode({"type": "bye", "reason": reason}).encode())
        except (ConnectionError, TimeoutError):
            self._cut()
            return
        await self.close(WSCloseCode.SERVICE_RESTART if reason == "restart" else WSCloseCode.OK)

    async def close(self, code: int) -> None:
        """Close with a code, by force if the client does not answer."""
        try:
            async with asyncio.timeout(2 * CLOSE_SECONDS):
                await self._ws.close(code=code, drain=False)
        except (ConnectionError, TimeoutError):
            self._cut()


class HubSocket(Socket):
    """A WebSocket that the hub feeds with its person's events; the client acknowledges them."""

    @abstractmethod
    async def on_events(self, first: Event, more: Subscription) -> None:
        """Bring an event, and whatever else waits by now, to the client."""

    async def _stay(self, request: web.Request) -> None:
        epoch, since = _position(request)
        with self._deps.hub.connect(self.identity.login, epoch, since, self._deps.now()) as events:
            await self._live(self._write(events), self.work())

    async def _write(self, events: Subscription) -> None:
        async for event in events:
            await self.on_events(event, events)

    async def take(self, fields: Mapping[str, Scalar]) -> None:
        if "ack" not in fields:
            await self.on_message(fields)
            return
        seq = fields["ack"]
        if isinstance(seq, bool) or not isinstance(seq, int) or seq < 0:
            raise BadBody("ack is not a sequence number")
        self._deps.hub.ack(self.identity.login, seq)

    async def send_event(self, wire: bytes) -> None:
        """The same for an event, which the client may acknowledge."""
        self._bucket.give()
        await self.send(wire)


def _position(request: web.Request) -> tuple[str | None, int | None]:
    epoch, since = request.query.get("epoch"), request.query.get("since", "")
    if not epoch or not (since.isascii() and since.isdigit() and len(since) < 17):
        return None, None
    number = int(since)
    return (epoch, number) if number <= LARGEST_NUMBER else (None, None)


class Connections:
    """All open WebSockets, by person; each person has at most ``limit``, the oldest gives way."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._by_login: dict[Login, list[Socket]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def add(self, socket: Socket) -> None:
        sockets = self._by_login.setdefault(socket.identity.login, [])
        sockets.append(socket)
        if len(sockets) > self._limit:
            self.dismiss([sockets.pop(0)], "replaced")

    def dismiss(self, sockets: Iterable[Socket], reason: Bye) -> None:
        """Say good-bye and close, without waiting for clients that take their time."""
        for socket in sockets:
            task = asyncio.create_task(socket.bye(reason))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def close(self) -> None:
        """Say ``restart`` to everybody and wait, some seconds at most, until all are gone."""
        self.dismiss(self, "restart")
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def remove(self, socket: Socket) -> None:
        sockets = self._by_login.get(socket.identity.login, [])
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            self._by_login.pop(socket.identity.login, None)

    def of_login(self, login: Login) -> list[Socket]:
        return list(self._by_login.get(login, []))

    def of_session(self, identity: Identity) -> list[Socket]:
        return [s for s in self.of_login(identity.login) if s.identity.token_hash == identity.token_hash]

    def __iter__(self) -> Iterator[Socket]:
        return iter([socket for sockets in self._by_login.values() for socket in sockets])

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._by_login.values())

    def sessions(self) -> dict[str, list[Socket]]:
        """Open WebSockets by their session's token hash."""
        found: dict[str, list[Socket]] = {}
        for socket in self:
            found.setdefault(socket.identity.token_hash, []).append(socket)
        return found


async def turn_away(request: web.Request) -> web.WebSocketResponse:
    """Tell a page whose session is over, so that it asks its person to sign in instead of trying for ever."""
    socket = web.WebSocketResponse(timeout=CLOSE_SECONDS, max_msg_size=1024)
    await socket.prepare(request)
    await socket.send_str(encode({"type": "bye", "reason": "expired"}))
    await socket.close()
    return socket


def check_upgrade(request: web.Request) -> None:
    """Raises ``Problem`` for what asks for no WebSocket."""
    if not web.WebSocketResponse().can_prepare(request):
        raise Problem("upgrade_required", {"Upgrade": "websocket"})

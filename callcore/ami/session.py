"""One AMI connection on top of panoramisk, from connect to loss; it never reconnects and never re-sends.

Kept of panoramisk 1.4: how an Action waits for its answers, Message, ``AMIProtocol.send`` and
``handle_message``, and Manager as the protocol's factory. Replaced by the subclasses here:

- framing and parsing (bytes first, see ``protocol``), serialising (the one encoder);
- when an action is complete: the ``EventList`` header alone says so, nothing is guessed from texts;
- loss: every pending action fails at once with LinkDown instead of being sent again after the next login;
- callbacks: one ``on_event``, called in wire order, that cannot drop the connection by raising.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from callcore.ami.protocol import (
    AmiAction,
    BrokenPeer,
    Frames,
    Headers,
    Shapes,
    decode,
    encode,
    event_name,
    parse,
)

log = structlog.get_logger("callcore.ami")

RESPONSE_OK = frozenset({"Success", "Goodbye", "Follows"})

_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER: throw away what is not sent yet, and reset the connection."""


class AmiError(Exception):
    """Root of what a call to Asterisk may end in: LinkDown and AnswerLost, ActionTimeout, ActionRefused."""


class LinkDown(AmiError, ConnectionError):
    """There is no session, or it was lost before the answer; the action will not be sent again."""


class AnswerLost(LinkDown):
    """The link was lost after the action was written: whether Asterisk acted is not known."""


class ActionTimeout(AmiError, TimeoutError):
    """Asterisk did not answer in time, or broke its list off; whether it acted is not known."""


class ActionRefused(AmiError):
    """Asterisk answered with an error; ``text`` is its own sentence."""

    def __init__(self, action: str, text: str) -> None:
        super().__init__(f"{action}: {text}")
        self.action = action
        self.text = text


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one action: the response's headers, and for a list its rows without the closing event."""

    headers: Headers
    rows: tuple[Headers, ...] = ()


@dataclass(slots=True)
class Counters:
    """What an AMI link has seen since the daemon started; for /metrics."""

    events: int = 0
    """Facts handed on."""
    dropped: int = 0
    """Events dropped by name before parsing."""
    odd: int = 0
    """Wanted events that could not be read."""
    broken: int = 0
    """Messages whose handling raised: a fault of ours."""
    logins: int = 0
    reconnects: int = 0
    paused: int = 0
    """Times the reading stopped because the inbox was full."""


class _Message(Message):  # type: ignore[misc]
    """panoramisk's Message made of headers that are parsed already."""

    def __init__(self, headers: Headers) -> None:
        super().__init__({})
        self._store = {name: (name, value) for name, value in headers.items()}
        self.parsed = headers

    @property
    def id(self) -> str | None:
        """The ActionID alone, if there is one of it; stock panoramisk would take a CommandID first."""
        ident = self.parsed.get("actionid")
        return ident if isinstance(ident, str) else None

    action_id = id


class _Action(Action):  # type: ignore[misc]
    """panoramisk's Action, written by the one encoder and completed by ``EventList`` alone."""

    def __init__(self, action: AmiAction, action_id: str, on_reply: Callable[[Reply], None] | None) -> None:
        self.wire = encode(action, action_id)
        self.name = action.name
        self.on_reply = on_reply
        super().__init__({"Action": action.name, "ActionID": action_id})

    def __str__(self) -> str:
        return self.wire.decode()

    @property
    def multi(self) -> bool:
        return str(self.responses[0].eventlist).lower() == "start"

    @property
    def completed(self) -> bool:
        return not self.multi or str(self.responses[-1].eventlist).lower() in {"complete", "cancelled"}

    def add_message(self, message: _Message) -> bool:
        done = bool(super().add_message(message))
        if done and self.on_reply is not None and self.is_whole():
            self.on_reply(self.reply())
        return done

    def is_whole(self) -> bool:
        """True if Asterisk said yes and, for a list, ended it properly."""
        return (
            str(self.responses[0].response) in RESPONSE_OK
            and str(self.responses[-1].eventlist).lower() != "cancelled"
        )

    def reply(self) -> Reply:
        rows = self.responses[1:-1] if self.multi else ()
        return Reply(self.responses[0].parsed, tuple(row.parsed for row in rows))


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with our framing; events that nobody wants are never parsed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._frames = Frames()
        self._shapes = Shapes()
        self._complained: set[str] = set()

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.factory = self._session
        self._session.protocol = self
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        self._session.last_heard = self._session.loop.time()
        broken: BrokenPeer | None = None
        frames: Sequence[bytes]
        try:
            frames = self._frames.feed(data)
        except BrokenPeer as fault:
            broken, frames = fault, fault.before
        if self._frames.greeting is not None and not self._session.greeting.done():
            self._session.greeting.set_result(self._frames.greeting)
        for raw in frames:
            if self.closed:
                return
            try:
                self._take(raw)
            except Exception as fault:
                self._session.counters.broken += 1
                self._complain(fault, event_name(raw))
        if broken is not None:
            self._session.lose(broken)

    def _take(self, raw: bytes) -> None:
        name = event_name(raw)
        if self.responses and self._session.id_mark in raw:
            message = _Message(parse(raw))
            pending = self.responses.get(message.id)
            # OriginateResponse bears our ActionID too and may overtake the response: an event until answered.
            if pending is not None and (name is None or pending.responses):
                self.handle_message(message)
                return
        if name is not None and name in self._session.wanted:
            self._session.on_event(self._shapes.read(raw, name), raw)
        elif name is not None:
            self._session.counters.dropped += 1

    def _complain(self, fault: Exception, event: bytes | None) -> None:
        """Once for each place; without the message and the error's text: they hold names and numbers."""
        place = traceback.extract_tb(fault.__traceback__)[-1]
        where = f"{place.filename}:{place.lineno}"
        if where not in self._complained:
            self._complained.add(where)
            name = decode(event or b"")
            log.error("ami_message_failed", message_event=name, error=type(fault).__name__, where=where)

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.lose(exc or ConnectionResetError("Asterisk closed the connection"))

    def close(self) -> None:
        """Fails whoever waits; stock panoramisk would send the actions again after the next login."""
        self.closed = True
        pending = {id(action): action for action in self.responses.values()}
        self.responses.clear()
        for action in pending.values():
            if not action.future.done():
                action.future.set_exception(AnswerLost(f"{action.name}: the link to Asterisk was lost"))
                action.future.exception()  # a waiter that has given up is no "never retrieved" warning
        if pending:
            self._take_back()
        self.transport.abort()

    def _take_back(self) -> None:
        """What the kernel still holds must not reach Asterisk after we have asked, over a new link, what came
        of it: an Originate above all."""
        with suppress(OSError, AttributeError):
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
            )


class Session(Manager):  # type: ignore[misc]
    """One connection: ``open``, ``call``, ``close``. ``lost`` is done, with the reason, once it is over."""

    def __init__(
        self,
        mark: str,
        wanted: frozenset[str],
        on_event: Callable[[Headers, bytes], object],
        counters: Counters,
    ) -> None:
        """``mark`` begins every ActionID of this session; nothing else in the AMI may begin so."""
        loop = asyncio.get_running_loop()
        super().__init__(protocol_factory=lambda: _Protocol(self), loop=loop)
        self.id_mark = f"\r\nActionID: {mark}".encode()
        self.wanted = frozenset(name.encode() for name in wanted)
        self.on_event = on_event
        self.counters = counters
        self.last_heard = loop.time()
        self.greeting: asyncio.Future[str] = loop.create_future()
        self.lost: asyncio.Future[Exception] = loop.create_future()
        self._mark = mark
        self._sent = 0

    async def open(
        self, host: str, port: int, tls: ssl.SSLContext | None, server_name: str | None = None
    ) -> None:
        """Connects. Raises OSError (ssl.SSLError is one)."""
        await self.loop.create_connection(
            self.config["protocol_factory"],
            host,
            port,
            ssl=tls,
            server_hostname=server_name if tls is not None else None,
        )

    async def greeted(self) -> str:
        """The greeting line. Raises LinkDown or BrokenPeer if the peer is no Asterisk or goes away."""
        either: set[asyncio.Future[Any]] = {self.greeting, self.lost}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self.greeting.done():
            return self.greeting.result()
        reason = self.lost.result()
        if isinstance(reason, BrokenPeer):
            raise reason
        raise LinkDown(f"closed before it greeted ({reason})") from reason

    async def call(
        self,
        action: AmiAction,
        timeout: float,  # noqa: ASYNC109
        on_reply: Callable[[Reply], None] | None = None,
    ) -> Reply:
        """Sends ``action`` and waits for its whole answer.

        ``on_reply`` is called with it in wire order, before any later event is. Raises BadAction (nothing was
        sent), LinkDown (nothing was sent either, unless it is an AnswerLost), ActionTimeout, ActionRefused.
        """
        self._sent += 1
        if self.lost.done() or self.protocol is None:
            raise LinkDown(f"{action.name}: no link to Asterisk")
        pending = _Action(action, f"{self._mark}{self._sent}", on_reply)
        future = self.protocol.send(pending)
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            raise ActionTimeout(f"{action.name}: no answer within {timeout:g} s") from None
        finally:
            self.protocol.responses.pop(pending.id, None)
        if str(pending.responses[0].response) not in RESPONSE_OK:
            raise ActionRefused(action.name, str(pending.responses[0].message) or "no reason given")
        if not pending.is_whole():
            raise ActionTimeout(f"{action.name}: the list was broken off")
        return pending.reply()

    def own_address(self) -> str:
        """Our end of the connection as Asterisk sees it (but for address translation); "" if unknown."""
        name = None
        if self.protocol is not None:
            name = self.protocol.transport.get_extra_info("sockname")
        return str(name[0]) if name else ""

    def pause(self) -> None:
        if self.protocol is not None and not self.lost.done():
            self.protocol.transport.pause_reading()

    def resume(self) -> None:
        if self.protocol is not None and not self.lost.done():
            self.protocol.transport.resume_reading()

    def lose(self, reason: Exception) -> None:
        """Ends the session once; every pending call fails."""
        if not self.lost.done():
            self.lost.set_result(reason)
            if self.protocol is not None:
                self.protocol.close()

    def close(self) -> None:
        self.lose(LinkDown("closed by callcore"))

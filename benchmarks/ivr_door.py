"""The door between Asterisk and a FastAGI server: passes everything on, and takes the time.

A step lasts from the moment when Asterisk's answer arrives here to the moment when the next command does. So
it holds what the server thinks, what it waits for its processor, both sockets, and the door's own time, which
the same steps of a bare server show.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from callcore.testing.lab.process import free_port

LISTENS: Final = (b"STREAM FILE", b"WAIT FOR DIGIT")
"""Commands that last: the caller hears something, or is waited for."""


@dataclass(slots=True)
class Talk:
    """Of one call: whose turn it is, and since when."""

    door: Door
    said: list[bytes] = field(default_factory=list)
    """What the server said, line by line."""
    is_known: bool = False
    """Asterisk has told all that it tells of a call."""
    read: bytes = b""
    """The end of what Asterisk said."""
    answered_at: float | None = None
    quiet_since: float | None = None
    """He has heard all that was said, or all that was waited for."""

    def from_pbx(self, data: bytes, now: float) -> None:
        self.read = (self.read + data)[-2:]
        if b"HANGUP" in data:
            self.answered_at = self.quiet_since = None
        elif self.read.endswith(b"\n" if self.is_known else b"\n\n"):
            self.answered_at = now
            if not self.is_known or (self.said and self.said[-1].startswith(LISTENS)):
                self.quiet_since = now
            self.is_known = True

    def from_server(self, data: bytes, now: float) -> None:
        self.said.append(data)
        if self.answered_at is not None:
            self.door.step(now - self.answered_at)
            self.answered_at = None
        if self.quiet_since is not None and data.startswith(LISTENS):
            self.door.silence(now - self.quiet_since)
            self.quiet_since = None


class _End(asyncio.Protocol):
    """One of the two ends of a call's connection."""

    def __init__(self, heard: Callable[[bytes, float], None]) -> None:
        self._heard = heard
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None
        self._early: list[bytes] = []
        self._is_over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        for data in self._early:
            transport.write(data)
        if self._is_over:
            transport.close()

    def data_received(self, data: bytes) -> None:
        self._heard(data, time.perf_counter())
        assert self.other is not None
        self.other.send(data)

    def send(self, data: bytes) -> None:
        if self.transport is None:
            self._early.append(data)
        else:
            self.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.close()

    def close(self) -> None:
        self._is_over = True
        if self.transport is not None:
            self.transport.close()


class _PbxEnd(_End):
    """Asterisk's; makes the other one."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.talk = Talk(door)
        super().__init__(self.talk.from_pbx)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._door.open.add(self)
        self.other = _End(self.talk.from_server)
        self.other.other = self
        self._door.join(self.other)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.open.discard(self)
        self._door.said = max(self._door.said, self.talk.said, key=len)
        super().connection_lost(exc)


class Door:
    """``async with Door(server_port, callers) as door``: Asterisk finds the server of that port at ``port``.

    ``steps``, ``silences``: seconds, from ``begin`` on, of moments when so many ``callers`` were there at
    once; a silence lasts from the end of what a caller hears to the next thing that he hears. ``open``: the
    calls of this moment. ``said``: all that the server said in its longest call.
    """

    def __init__(self, server_port: int, callers: int) -> None:
        self.port = free_port()
        self.steps: list[float] = []
        self.silences: list[float] = []
        self.open: set[_PbxEnd] = set()
        self.said: list[bytes] = []
        self._server_port = server_port
        self._callers = callers
        self._server: asyncio.Server | None = None
        self._joining: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _PbxEnd(self), "127.0.0.1", self.port, backlog=256)
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for call in tuple(self.open):
            call.close()
        await asyncio.gather(*self._joining)

    @property
    def is_full(self) -> bool:
        return len(self.open) >= self._callers

    def begin(self) -> None:
        self.steps, self.silences = [], []

    def step(self, seconds: float) -> None:
        if self.is_full:
            self.steps.append(seconds)

    def silence(self, seconds: float) -> None:
        if self.is_full:
            self.silences.append(seconds)

    def join(self, end: _End) -> None:
        task = asyncio.create_task(self._connect(end))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _connect(self, end: _End) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: end, "127.0.0.1", self._server_port)
        except OSError:
            end.connection_lost(None)

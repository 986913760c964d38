"""A wire between a program and the server it talks to, for tests that cut it or let it go dead."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self


class Wire:
    """A relay to a port of this machine: ``async with Wire(ami_port) as wire``, connect to ``wire.port``."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._left: int | None = None
        self._hold = b""
        self._held_from = 0
        self._swallow = b""
        self._is_cut = False
        self._dead: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = b""
        self.connections = 0
        self.port = 0

    def cut(self) -> None:
        """Breaks every connection, and each new one at once, until ``mend``."""
        self._is_cut = True
        for task in self._tasks:
            task.cancel()

    def mend(self) -> None:
        self._is_cut = False

    def freeze(self) -> None:
        """Half-open: from now on every connection of now is silent, and neither side learns that the other
        has gone, as when a firewall has forgotten it. New connections work."""
        self._dead |= self._tasks

    def cut_after(self, count: int) -> None:
        """Breaks each connection after so many more bytes from the server."""
        self._left = count

    def cut_at(self, text: bytes) -> None:
        """Breaks the connection once the server was sent this anew, before its answer comes back."""
        self._hold, self._held_from = text, len(self.sent)

    def cut_before(self, text: bytes) -> None:
        """Breaks the connection when the client sends this; the server never gets it."""
        self._swallow = text

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._is_cut = True  # also for who was accepted a moment ago, and is not served yet
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self._is_cut:
                raise ConnectionError
            down, up = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:  # cut, or nobody is there
            writer.transport.abort()
            self._tasks.discard(task)
            return
        there = asyncio.create_task(self._outward(reader, up, task))
        back = asyncio.create_task(self._inward(down, writer, task))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if task in self._dead:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass  # cut; asyncio would complain of a handler that was cancelled
        finally:
            # Before anything is awaited: whoever cuts twice cancels what is waited for here.
            there.cancel()
            back.cancel()
            writer.transport.abort()
            up.close()
            self._dead.discard(task)
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(there, back, return_exceptions=True)
            self._tasks.discard(task)

    async def _outward(
        self, reader: asyncio.StreamReader, up: asyncio.StreamWriter, connection: asyncio.Task[None]
    ) -> None:
        while data := await reader.read(65536):
            if connection in self._dead:
                continue
            if self._swallow and self._swallow in data:
                self._swallow = b""
                return
            self.sent += data
            up.write(data)
            if self._hold and self.sent.find(self._hold, self._held_from) >= 0:
                self._hold = b""
                await up.drain()
                return

    async def _inward(
        self, down: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: asyncio.Task[None]
    ) -> None:
        while data := await down.read(65536):
            if connection in self._dead:
                continue
            if self._left is not None:
                data, self._left = data[: self._left], self._left - len(data)
                if self._left <= 0:
                    self._left = None
                    writer.write(data)
                    await writer.drain()
                    return
            writer.write(data)

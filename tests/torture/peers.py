"""Peers on real loopback sockets that play a script of the corpus, whatever callcore says."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Self

from .corpus import cut

Script = list[tuple[str, bytes]]


class AmiPlayer:
    """A manager port for one connection; later ones are closed at once."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._ids: dict[str, bytes] = {}
        self._silent = asyncio.Event()
        self._served = False
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._silent.set()
        self._server.close()
        await self._server.wait_closed()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            if not self._served:
                self._served = True
                await self._play(reader, writer)
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for word, data in self._script:
            if word == "silence":
                await self._silent.wait()
            elif word:
                await self._until(word, reader)
            writer.write(re.sub(rb"\{\{(\w+)\}\}", lambda found: self._ids[found[1].decode()], data))
            await writer.drain()

    async def _until(self, word: str, reader: asyncio.StreamReader) -> None:
        while word not in self._ids:
            raw = await reader.readuntil(b"\r\n\r\n")
            headers = dict(line.split(b": ", 1) for line in raw.split(b"\r\n") if line)
            self._ids[headers[b"Action"].decode()] = headers[b"ActionID"]


class Ends:
    """The server's counters, for one connection: how it ended."""

    def __init__(self) -> None:
        self.refusal = ""
        self.result = ""
        self.known = asyncio.Event()

    def session_started(self) -> None:
        pass

    def timed_out(self, verb: str) -> None:
        pass

    def refused(self, reason: str) -> None:
        self.refusal = reason
        self.known.set()

    def session_ended(self, result: str) -> None:
        self.result = result
        self.known.set()


async def play_agi(port: int, script: Script, how: str) -> None:
    """Plays Asterisk's side to a FastAGI server; ``how`` the bytes are cut, the loop turning in between."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for heard, data in script:
            if heard == "silence":
                await reader.read()
            elif heard:
                await reader.readuntil(b"\n")
            for piece in cut(data, how):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        if writer.can_write_eof():
            writer.write_eof()
        await reader.read()
    except (OSError, asyncio.IncompleteReadError):
        pass  # the server had enough; what it made of it, its counters tell
    finally:
        writer.transport.abort()

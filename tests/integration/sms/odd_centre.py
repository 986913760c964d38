"""An SMS centre that says whatever bytes a test gives it, for what no well-behaved one would."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

from callcore.testing.patience import PATIENCE_SECONDS

HEADER = struct.Struct("!IIII")
BIND, SUBMIT, DELIVER, ENQUIRE, UNBIND = 0x09, 0x04, 0x05, 0x15, 0x06
ANSWER = 0x80000000


def pdu(command: int, status: int = 0, sequence: int = 1, body: bytes = b"") -> bytes:
    return HEADER.pack(16 + len(body), command, status, sequence) + body


class OddCentre:
    """Takes binds, answers each submit with the next of ``answers``, and says what it is told to."""

    def __init__(self) -> None:
        self.port = 0
        self.bind_status = 0
        self.answers: list[tuple[int, int, bytes]] = []
        """Command, status, body."""
        self.binds = 0
        self.heard: list[tuple[int, int, int]] = []
        """Command, status, sequence of everything but binds and submits."""
        self._writer: asyncio.StreamWriter | None = None
        self._news = asyncio.Event()

    def say(self, octets: bytes) -> None:
        assert self._writer is not None
        self._writer.write(octets)

    async def hears(self, *wanted: tuple[int, int, int]) -> None:
        """Waits until all of these have come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not set(wanted) <= set(self.heard):
                self._news.clear()
                await self._news.wait()

    async def bound(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.binds < times:
                self._news.clear()
                await self._news.wait()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                length, command, status, sequence = HEADER.unpack(await reader.readexactly(16))
                await reader.readexactly(length - 16)
                self._take(writer, command, status, sequence)
        writer.close()

    def _take(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int) -> None:
        if command == BIND:
            self.binds += 1
            body = b"" if self.bind_status else b"odd\0"
            writer.write(pdu(BIND | ANSWER, self.bind_status, sequence, body))
        elif command == SUBMIT:
            answer, answer_status, body = self.answers.pop(0)
            writer.write(pdu(answer, answer_status, sequence, body))
        else:
            self.heard.append((command, status, sequence))
            if not command & ANSWER:
                writer.write(pdu(command | ANSWER, 0, sequence))
        self._news.set()


@contextlib.asynccontextmanager
async def odd_centre() -> AsyncIterator[OddCentre]:
    centre = OddCentre()
    server = await asyncio.start_server(centre.talk, "127.0.0.1", 0)
    async with server:
        centre.port = server.sockets[0].getsockname()[1]
        yield centre

"""A wire between Asterisk and callcore on which Asterisk's answers come late, or are not what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

Bend = Callable[[int, bytes], Awaitable[bytes]]
"""The nth answer of a call, as callcore is to have it."""


async def straight(_nth: int, line: bytes) -> bytes:
    return line


def late(seconds: float) -> Bend:
    async def bend(_nth: int, line: bytes) -> bytes:
        await asyncio.sleep(seconds)
        return line

    return bend


def instead(nth: int, words: bytes) -> Bend:
    """These words in place of that answer."""

    async def bend(place: int, line: bytes) -> bytes:
        return words if place == nth else line

    return bend


def twice(nth: int) -> Bend:
    async def bend(place: int, line: bytes) -> bytes:
        return line * 2 if place == nth else line

    return bend


class Crooked:
    """Listens on ``port``, callcore on ``target``; each call keeps the ``bend`` with which it began."""

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.bend: Bend = straight

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, limit=2**20)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, asterisk: asyncio.StreamReader, to_asterisk: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        callcore, to_callcore = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [
            asyncio.create_task(self._answers(asterisk, to_callcore, self.bend)),
            asyncio.create_task(_commands(callcore, to_asterisk)),
        ]
        with suppress(asyncio.CancelledError):
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        to_asterisk.close()
        to_callcore.close()
        self._tasks.discard(task)

    async def _answers(self, asterisk: asyncio.StreamReader, out: asyncio.StreamWriter, bend: Bend) -> None:
        while (line := await asterisk.readline()).strip():  # what Asterisk says of the call
            out.write(line)
        out.write(line)
        nth = 0
        while line := await asterisk.readline():
            nth += 1
            out.write(await bend(nth, line))
            await out.drain()


async def _commands(callcore: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
    while data := await callcore.read(65536):
        out.write(data)
        await out.drain()

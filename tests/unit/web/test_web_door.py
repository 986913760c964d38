"""Connections that never ask for anything, and too many of them; on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.door import DOOR, Door, Runner, room

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[Door], Awaitable[int]]


@web.middleware
async def _hear(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[DOOR].heard(request.protocol)
    return await handler(request)


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello\n")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(door: Door) -> int:
            app = web.Application(middlewares=[_hear])
            app[DOOR] = door
            app.router.add_get("/", _hello)
            runner = Runner(app, shutdown_timeout=0.1)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return int(runner.addresses[0][1])

        yield start


async def _asks(port: int) -> Line | None:
    """A connection that has got an answer; None if the house is full."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        if (await reader.readline()).startswith(b"HTTP/1.1 200"):
            return reader, writer
    except ConnectionError:
        pass
    writer.close()
    return None


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
async def test_who_never_asks_is_shown_out(serve: Serve, said: bytes) -> None:
    port = await serve(Door(most=10, seconds=0.2))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await reader.read() == b""
    writer.close()


async def test_who_has_asked_may_stay(serve: Serve) -> None:
    door = Door(most=10, seconds=0.05)
    port = await serve(door)
    line = await _asks(port)
    assert line is not None
    reader, writer = line
    silent, other = await asyncio.open_connection("127.0.0.1", port)
    assert await silent.read() == b"", "came later and is out"
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await reader.readline()).startswith(b"HTTP/1.1 200"):
            pass
    writer.close()
    other.close()
    assert not door._silent


async def test_a_full_house(serve: Serve) -> None:
    port = await serve(Door(most=2, seconds=5))
    first, second = await _asks(port), await _asks(port)
    assert first is not None
    assert second is not None
    assert await _asks(port) is None
    first[1].close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (third := await _asks(port)) is None:  # noqa: ASYNC110 - until the server has noticed
            await asyncio.sleep(0)
    for _reader, writer in (second, third):
        writer.close()


def test_there_is_room() -> None:
    assert 0 < room() <= 4000

"""Connections that never ask for anything, and too many of them; on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from callcore.web.door import DOOR, Door, Runner, room

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[Door], Awaitable[int]]


@web.middleware
async def _hear(request: web.Request, handler: Callable[[web.Request], Awaitable[web.Response]]) -> web.Response:
    request.app[DOOR].heard(request.protocol)
    return await handler(request)


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


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


async def _asks(port: int) -> Line:
    line = await asyncio.open_connection("127.0.0.1", port)
    line[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await line[0].readline()).startswith(b"HTTP/1.1 200")
    return line


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: a"])
async def test_who_never_asks_is_shown_out(serve: Serve, said: bytes) -> None:
    port = await serve(Door(most=10, seconds=0.2))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_who_has_asked_may_stay(serve: Serve) -> None:
    door = Door(most=10, seconds=0.05)
    port = await serve(door)
    reader, writer = await _asks(port)
    silent, other = await asyncio.open_connection("127.0.0.1", port)
    assert await silent.read() == b"", "came later and is out"
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(5):
        while not (await reader.readline()).startswith(b"HTTP/1.1 200"):
            pass
    writer.close()
    other.close()
    assert not door._silent


async def test_a_full_house(serve: Serve) -> None:
    port = await serve(Door(most=2, seconds=5))
    lines = [await _asks(port) for _ in range(2)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(ConnectionResetError):
        assert await reader.read() == b""
        raise ConnectionResetError  # closed instead of reset: as good
    writer.close()
    lines[0][1].close()
    await lines[0][1].wait_closed()
    async with asyncio.timeout(5):
        while True:
            try:
                lines.append(await _asks(port))
                break
            except (AssertionError, ConnectionError):
                await asyncio.sleep(0.01)
    for _reader, open_ in lines:
        open_.close()


def test_there_is_room() -> None:
    assert 0 < room() <= 4000

"""Rubbish over FastAGI; strangers there: every caller is served (on a real Asterisk)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from callcore.ivr.agi_session import Session
from callcore.ivr.fastagi import NoMetrics, Server

Says = Callable[[asyncio.StreamWriter], Awaitable[None]]
LINES = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>No.</html>\r\n",
    bytes(range(256)) * 64 + b"\n",
    b"EXEC NoSuchApplication x\nMAKE COFFEE\n\n\n" * 50,
)
"""After them it says nothing more."""
UNFINISHED = (b"SET VARIABLE CALLCORE_RC O", b"VERBOSE " + b"x" * 100_000)
"""After them it is gone: as long as the connection lives Asterisk waits for the line's end, so that callcore
writes each line at once."""


async def trickles(writer: asyncio.StreamWriter) -> None:
    """Right commands, one now and then, and never the last one."""
    while True:
        writer.write(b"NOOP\n")
        await asyncio.sleep(0.7)


async def floods(writer: asyncio.StreamWriter) -> None:
    """Right commands without an end, and without a look at their answers."""
    while True:
        writer.write(b"NOOP\n" * 100)
        await writer.drain()


async def goes(writer: asyncio.StreamWriter) -> None:
    writer.close()


def says(words: bytes, *, stays: bool) -> Says:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await writer.drain()
        if stays:
            await asyncio.Event().wait()

    return say


RUBBISH: tuple[Says, ...] = (
    *(says(words, stays=True) for words in LINES),
    *(says(words, stays=False) for words in UNFINISHED),
    trickles,
    floods,
    goes,
)


@asynccontextmanager
async def babbling() -> AsyncIterator[int]:
    """A server of which each connection gets the next rubbish; gives its port."""
    tasks: list[asyncio.Task[None]] = []
    rest = iter(RUBBISH)

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        with suppress(OSError, asyncio.CancelledError):
            await next(rest, goes)(writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_whatever_rubbish_it_says_the_callers_reach_the_static_queue(world):
    async with babbling() as port, world(port) as w:
        for nth in range(len(RUBBISH)):
            await w.call(number=f"7916000000{nth}")
        for nth in range(len(RUBBISH)):
            await w.ear.hears("QueueCallerJoin", Queue="corporate", CallerIDNum=f"7916000000{nth}")


# --- who may not come in


class Refusals(NoMetrics):
    """Notes why somebody was refused."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def refused(self, reason: str) -> None:
        self.reasons.append(reason)


async def never(session: Session) -> None:
    raise AssertionError("it must not come here")


@pytest.mark.parametrize(
    ("peers", "reason"),
    [
        ({"lab": ["192.0.2.7", "198.51.100.0/24"]}, "stranger"),
        ({"lab": ["192.0.2.7"], "other": ["127.0.0.1"]}, "pbx"),
    ],
)
async def test_an_asterisk_of_a_foreign_address(world, peers, reason):
    """Nobody is told of its call, not even if it has the name of one that is ours; its caller is not lost."""
    refusals = Refusals()
    server = Server("127.0.0.1", 0, {"inbound": never}, peers, metrics=refusals)
    await server.start()
    try:
        async with world(server.port) as w:
            await w.call()
            await w.ear.hears("UserEvent", UserEvent="CallcoreFallback", Queue="corporate")
            await w.ear.hears("QueueCallerJoin", Queue="corporate")
    finally:
        await server.close()
    assert refusals.reasons == [reason]


async def test_a_foreigner_beside_a_call(world, serving):
    """He says just what Asterisk would; he hears nothing, and the call of that moment goes on."""
    came = asyncio.Event()
    goes_on = asyncio.Event()

    async def route(session: Session) -> None:
        await session.answer()
        came.set()
        while not goes_on.is_set():
            await session.wait_for_digit(100)
        await session.hand_over("callcore-queue", "finance")

    async with serving(route) as server, world(server.port) as w:
        await w.call()
        await came.wait()
        theirs = await asyncio.open_connection("127.0.0.1", server.port, local_addr=("127.0.0.9", 0))
        reader, writer = theirs
        writer.write(b"agi_network: yes\nagi_network_script: inbound/lab\n")
        writer.write(b"agi_channel: PJSIP/trunk-1\nagi_uniqueid: 1.1\nagi_callerid: 1\n\n")
        with suppress(OSError):
            assert await reader.read() == b""
        writer.close()
        assert server.sessions == 1
        goes_on.set()
        await w.ear.hears("QueueCallerJoin", Queue="finance")

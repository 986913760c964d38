"""Connections that say nothing, or nonsense, while somebody goes through the menu (on a real Asterisk)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from callcore.testing.house import TO_FINANCE

SILENT, GARBAGE = 200, 50
NONSENSE = (
    b"GET / HTTP/1.1\r\nHost: callcore\r\n\r\n",
    b"\x00\xff" * 5000,
    b"agi_network: yes\n" * 10_000 + b"\n",
    b"agi_network_script: inbound/main\nagi_channel: \n\n",
    b"A" * 1_000_000,
)


async def connect(port: int, said: bytes) -> asyncio.StreamWriter:
    _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    return writer


async def test_a_crowd_at_the_door(open_hall):
    """Before he calls, and while he is in the menu; he is where he wanted to be, and the crowd is let go."""
    hall = await open_hall()
    port = hall.stage.agi_port
    async with AsyncExitStack() as stack:

        async def crowd() -> None:
            said = [b""] * SILENT + [NONSENSE[nth % len(NONSENSE)] for nth in range(GARBAGE)]
            for writer in await asyncio.gather(*(connect(port, each) for each in said)):
                stack.callback(writer.close)

        await crowd()
        caller = asyncio.create_task(hall.house.call(*TO_FINANCE))
        await hall.menu(1)
        await crowd()
        await hall.waits_in("finance")
        await (await caller).hang_up()
        await hall.contact()
        await hall.house.until(lambda: is_empty(hall))


async def is_empty(hall) -> bool:
    return not hall.daemon.answering.reception.places

"""A FastAGI server in a process of its own, to be killed and stopped: prints its port, then serves.

Argument: what the route does. ``prompt`` plays its second argument for long; ``silent`` accepts and says
nothing; ``half`` dies between the three lines that name the next place; ``queue`` sends to its second
argument, for as many seconds as its third.
"""

import asyncio
import os
import signal
import sys

from callcore.ivr.agi_session import Session
from callcore.ivr.fastagi import Server


async def prompt(session: Session) -> None:
    await session.answer()
    asyncio.get_running_loop().call_later(0.5, lambda: print("playing", flush=True))
    await session.stream_file(sys.argv[2], seconds=2)
    await session.hand_over("callcore-queue", "finance")


async def half(session: Session) -> None:
    await session.answer()
    await session._step("SET PRIORITY", 1)
    if sys.argv[2] == "2":
        await session._step("SET EXTENSION", "finance")
    os.kill(os.getpid(), signal.SIGKILL)


async def queue(session: Session) -> None:
    await session.set_variable("CALLCORE_LIMIT", sys.argv[3])
    await session.hand_over("callcore-queue", sys.argv[2])


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def main() -> None:
    if sys.argv[1] == "silent":
        listening = await asyncio.start_server(silent, "127.0.0.1", 0)
        print("port", listening.sockets[0].getsockname()[1], flush=True)
    else:
        routes = {"inbound": {"prompt": prompt, "half": half, "queue": queue}[sys.argv[1]]}
        server = Server("127.0.0.1", 0, routes, {"lab": ["127.0.0.1"]})
        await server.start()
        print("port", server.port, flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

"""The bare WebSocket beside the pop benchmark: aiohttp, and nothing of callcore.

    python -m benchmarks.pop_floor

Prints its two ports (HTTP, TCP) as a JSON array. A WebSocket client of ``/CLIENT`` gets whatever comes after
``CLIENT `` in a line on the TCP port, as one text message. Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys

from aiohttp import web

_LONGEST_LINE = 1 << 20


class Forwarder:
    """Who is connected, by the number in his path."""

    def __init__(self) -> None:
        self._clients: dict[bytes, web.WebSocketResponse] = {}

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        self._clients[request.match_info["client"].encode()] = socket
        async for _message in socket:
            pass
        return socket

    async def forward(self, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            client, _, payload = line.rstrip(b"\n").partition(b" ")
            await self._clients[client].send_str(payload.decode())


async def main() -> None:
    forwarder = Forwarder()
    app = web.Application()
    app.router.add_get("/{client}", forwarder.connect)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    triggers = await asyncio.start_server(forwarder.forward, "127.0.0.1", 0, limit=_LONGEST_LINE)
    print(json.dumps([runner.addresses[0][1], triggers.sockets[0].getsockname()[1]]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    triggers.close()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())

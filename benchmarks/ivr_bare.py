"""The bare FastAGI server beside the IVR benchmark: says what it was told, and thinks of nothing.

    python -m benchmarks.ivr_bare PORT FILE

FILE: commands, one a line. Each answer of Asterisk gets the next of them; after the last one the first that
plays something, until the caller hangs up.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, cycle
from pathlib import Path


class Speaker(asyncio.Protocol):
    """One call."""

    def __init__(self, script: Sequence[bytes]) -> None:
        begins = next((n for n, line in enumerate(script) if line.startswith(b"STREAM FILE")), 0)
        self._lines: Iterator[bytes] = chain(script, cycle(script[begins:]))
        self._is_told = False
        self._transport: asyncio.Transport | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._read += data
        if not self._read.endswith(b"\n\n" if not self._is_told else b"\n"):
            return
        self._is_told = True
        if b"HANGUP" in self._read:
            self._transport.close()
        else:
            self._transport.write(next(self._lines))
        self._read = b""


async def serve(port: int, script: Sequence[bytes]) -> None:
    """For ever."""
    server = await asyncio.get_running_loop().create_server(
        lambda: Speaker(script), "127.0.0.1", port, backlog=256
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes().splitlines(keepends=True)))

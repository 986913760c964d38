"""What a softphone sends as RTP: a tone, the quiet of an open line, keys (RFC 4733)."""

from __future__ import annotations

import asyncio
import random
import re
import struct
from collections.abc import Callable

KEY_TYPE = 101
"""Payload type of keys."""
_PACKET_SECONDS = 0.02
_SAMPLES = 160
_TONE = (b"\x8a" * 10 + b"\x0a" * 10) * (_SAMPLES // 20)
"""A square wave of 400 Hz, loud but not clipped, in mu-law."""
_QUIET = b"\xff" * _SAMPLES
_KEYS = "0123456789*#"
_KEY_PACKETS = 5
"""While it is pressed: 100 ms."""
_END_PACKETS = 3
"""Its end is told three times: one may be lost."""
_END, _MARKER, _VOLUME = 0x80, 0x80, 10


class Stream:
    """The sound of one call, in real time. ``port``: where the other side wants it."""

    def __init__(self, send: Callable[[bytes, int], None]) -> None:
        self._send = send
        self.port = 0
        self._sent = 0
        self._source = random.getrandbits(32)

    async def tone(self, seconds: float, is_over: Callable[[], bool], *, is_loud: bool) -> None:
        """A tone, or quiet, for so long or until the call is over."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(1, round(seconds / _PACKET_SECONDS) + 1):
            if is_over():
                return
            self._packet(0, _TONE if is_loud else _QUIET, self._sent)
            await asyncio.sleep(max(0.0, start + number * _PACKET_SECONDS - loop.time()))

    async def key(self, key: str, packet_seconds: float = _PACKET_SECONDS) -> None:
        stamp = self._sent
        for place in range(_KEY_PACKETS + _END_PACKETS):
            end = _END if place >= _KEY_PACKETS else 0
            length = _SAMPLES * min(place + 1, _KEY_PACKETS)
            body = struct.pack("!BBH", _KEYS.index(key), end | _VOLUME, length)
            self._packet(KEY_TYPE | (0 if place else _MARKER), body, stamp)
            await asyncio.sleep(packet_seconds)

    def _packet(self, kind: int, body: bytes, stamp: int) -> None:
        header = struct.pack(
            "!BBHII", 0x80, kind, self._sent % 65_536, stamp * _SAMPLES % 2**32, self._source
        )
        self._sent += 1
        self._send(header + body, self.port)


def media_port(description: str) -> int:
    """Where the other side of a session wants its voice; 0: nowhere."""
    found = re.search(r"^m=audio (\d+)", description, re.MULTILINE)
    return int(found[1]) if found else 0

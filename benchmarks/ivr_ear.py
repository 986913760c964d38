"""What the callers of the IVR benchmark hear and press: one socket for all of them.

    python -m benchmarks.ivr_ear PORT KEYS LEAST MOST

A caller begins to listen with the first sound that comes to PORT on a stream of its own; LEAST to MOST
seconds later he presses the first of KEYS (RFC 4733), as long after that the next one, and so on. All packets
of a key leave together: how long it was pressed stands in them.
"""

from __future__ import annotations

import heapq
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from callcore.testing.lab.sound import KEY_TYPE

TICK_MICROSECONDS: Final = 10_000
"""How late a key may be."""
BUFFER_BYTES: Final = 1 << 22
HEADER: Final = struct.Struct("!BBHII")
SAMPLES, PACKETS, ENDS = 160, 5, 3
"""A key lasts so many packets, and its end is told so often."""
MARKER = END = 0x80
VOLUME = 10


@dataclass(slots=True)
class Keys:
    """Those of one caller: where they go, and which of them comes next."""

    address: tuple[str, int]
    source: int
    place: int = 0
    sent: int = 0

    def packets(self, key: str) -> Iterator[bytes]:
        stamp = self.place * SAMPLES * PACKETS * 10
        for packet in range(PACKETS + ENDS):
            ends = END if packet >= PACKETS else 0
            kind = KEY_TYPE | (0 if packet else MARKER)
            length = SAMPLES * min(packet + 1, PACKETS)
            header = HEADER.pack(0x80, kind, self.sent, stamp, self.source)
            yield header + struct.pack("!BBH", "0123456789*#".index(key), ends | VOLUME, length)
            self.sent += 1
        self.place += 1


def listen(ear: socket.socket, keys: str, least: float, most: float) -> None:
    """For ever."""
    dice, numbers = random.Random(5), count()
    heard: set[bytes] = set()
    waiting: list[tuple[float, int, Keys]] = []
    packet = bytearray(2048)
    while True:
        try:
            _, address = ear.recvfrom_into(packet)
        except BlockingIOError:
            pass
        else:
            stream = address[1].to_bytes(2, "big") + packet[8:12]
            if stream not in heard:
                heard.add(bytes(stream))
                caller = Keys(address, dice.getrandbits(32))
                heapq.heappush(waiting, (time.monotonic() + dice.uniform(least, most), next(numbers), caller))
        while waiting and waiting[0][0] <= time.monotonic():
            moment, _, caller = heapq.heappop(waiting)
            for sent in caller.packets(keys[caller.place]):
                ear.sendto(sent, caller.address)
            if caller.place < len(keys):
                heapq.heappush(waiting, (moment + dice.uniform(least, most), next(numbers), caller))


def main(arguments: Sequence[str]) -> None:
    port, keys, least, most = arguments
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, TICK_MICROSECONDS))
        ear.bind(("127.0.0.1", int(port)))
        listen(ear, keys, float(least), float(most))


if __name__ == "__main__":
    main(sys.argv[1:])

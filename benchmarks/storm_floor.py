"""The reference of ``storm`` and ``resync``: the same bytes off a socket, split in plain Python into dicts.

No link, no model, nobody is told: what reading costs at the least. Every message is split, since whether it
is wanted stands in it.

    python -m benchmarks.storm_floor PORT EVENTS     prints {"seconds", "cpu_seconds", "events"}
"""

from __future__ import annotations

import json
import socket
import sys
import time

CHUNK_BYTES = 256 * 1024
"""What asyncio reads at most at a time."""
ASK = b"Action: UserEvent\r\nUserEvent: Burst\r\n\r\n"


def main() -> int:
    port, expected = int(sys.argv[1]), int(sys.argv[2])
    seen, rest, began, cpu = 0, b"", 0.0, 0.0
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.recv(CHUNK_BYTES)  # the greeting
        peer.sendall(ASK)
        while seen < expected:
            data = peer.recv(CHUNK_BYTES)
            if not data:
                break
            began, cpu = began or time.perf_counter(), cpu or time.process_time()
            *messages, rest = (rest + data).split(b"\r\n\r\n")
            for message in messages:
                headers = dict(line.split(": ", 1) for line in message.decode().split("\r\n"))
                seen += "Event" in headers
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}
    print(json.dumps({**took, "events": seen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

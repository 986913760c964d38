"""Decoding of AMI traffic: our way from bytes to facts beside stock panoramisk's from bytes to messages.

Both get the same recording of an account with ``read=all`` in chunks of a socket's size, in turns. Ours
frames, drops unwanted events by name, parses and translates; stock panoramisk frames, parses and dispatches
to nobody.

    python -m benchmarks.ami_decode
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from panoramisk.manager import Manager

from callcore.ami.session import Counters, Session
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.domain import PbxName

RECORDING = Path(__file__).parent / "data" / "queue_calls.ami.gz"
ROUNDS = 5
REPLAYS = 10
CHUNK_BYTES = 16 * 1024
GOAL = 3.0


class _NoTransport:
    """What a protocol wants of a transport while it only reads."""

    def abort(self) -> None:
        pass

    close = abort


def run() -> Iterator[dict[str, Any]]:
    """One line of results (the format is that of ``make bench``)."""
    yield asyncio.run(_measure())


async def _measure() -> dict[str, Any]:
    logging.disable(logging.INFO)
    recording = gzip.decompress(RECORDING.read_bytes())
    chunks = [recording[at : at + CHUNK_BYTES] for at in range(0, len(recording), CHUNK_BYTES)]
    events = recording.count(b"\r\n\r\nEvent: ") * REPLAYS
    ours, stock = [], []
    _replay(_stock, chunks, 1)
    _replay(_ours, chunks, 1)
    for _ in range(ROUNDS):
        stock.append(events / _replay(_stock, chunks, REPLAYS))
        ours.append(events / _replay(_ours, chunks, REPLAYS))
    value, floor = median(ours), median(stock)
    return {
        "bench": "ami_decode",
        "value": round(value),
        "unit": "events/s",
        "floor": round(floor),
        "ratio": round(value / floor, 2),
        "goal": f"at least {GOAL:g} times stock panoramisk's events per second",
        "met": value >= GOAL * floor,
        "n": events * ROUNDS,
    }


def _replay(receiver: Callable[[], Callable[[bytes], None]], chunks: list[bytes], times: int) -> float:
    """Seconds that ``times`` readings of the recording take, each on a fresh connection."""
    taken = 0.0
    for _ in range(times):
        receive = receiver()
        began = time.perf_counter()
        for chunk in chunks:
            receive(chunk)
        taken += time.perf_counter() - began
    return taken


def _ours() -> Callable[[bytes], None]:
    translator = Translator(PbxName("main"))
    session = Session("callcore-", WANTED_EVENTS, translator.translate, Counters())
    protocol = session.config["protocol_factory"]()
    protocol.connection_made(_NoTransport())
    receive: Callable[[bytes], None] = protocol.data_received
    return receive


def _stock() -> Callable[[bytes], None]:
    manager = Manager(loop=asyncio.get_running_loop())
    protocol = manager.config["protocol_factory"]()
    protocol.connection_made(_NoTransport())
    protocol.factory, protocol.encoding = manager, manager.config["encoding"]
    receive: Callable[[bytes], None] = protocol.data_received
    return receive


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line))

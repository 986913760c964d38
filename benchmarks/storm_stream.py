"""A hundred thousand events as one burst: recorded queue calls, told by many callers at once."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import pop_call
from benchmarks.pop_call import Cast
from benchmarks.pop_house import QUEUES, number_of

EVENTS = 100_000
CALLS_PER_SECOND = 100
"""In the telling's own time, which gives some two hundred calls that live at once."""
FIRST_PHONE = 1000
PHONES = 500
"""Called in turn: each is free again long before his next call."""


@dataclass(frozen=True, slots=True)
class Stream:
    """``wire``: the bytes; ``calls`` of them are whole, and told apart by ``number_of`` 1 to ``calls``."""

    wire: bytes
    events: int
    calls: int


def build(events: int = EVENTS) -> Stream:
    """Whole calls, interleaved as their own times say, until there are at least so many events."""
    story = pop_call.load()
    told: list[tuple[float, bytes]] = []
    serial = 0
    while len(told) < events:
        serial += 1
        phone = str(FIRST_PHONE + serial % PHONES)
        cast = Cast(serial, number_of(serial).lstrip("+"), phone, QUEUES)
        begin = serial / CALLS_PER_SECOND
        told += [(begin + message.after, message.wire) for message in story.tell(cast)]
    told.sort(key=lambda message: message[0])
    return Stream(b"".join(wire for _, wire in told), len(told), serial)

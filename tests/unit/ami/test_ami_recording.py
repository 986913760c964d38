"""The committed recording of twenty queue calls (``read=all``), read whole and from any moment on."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from callcore.ami.protocol import Frames, event_name, parse
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.calls import facts
from callcore.domain import PbxName

PLACE = Path(__file__).parents[3] / "benchmarks" / "data" / "queue_calls.ami.gz"
WANTED = {name.encode() for name in WANTED_EVENTS}


def read(stream: bytes, chunk: int = 1460) -> tuple[list[facts.Fact], Translator]:
    frames, translator = Frames(), Translator(PbxName("main"))
    found = []
    for at in range(0, len(stream), chunk):
        for raw in frames.feed(stream[at : at + chunk]):
            if event_name(raw) in WANTED:
                fact = translator.translate(parse(raw))
                if fact is not None:
                    found.append(fact)
    return found, translator


@pytest.fixture(scope="module")
def stream() -> bytes:
    return gzip.decompress(PLACE.read_bytes())


def test_every_wanted_event_is_understood(stream: bytes) -> None:
    found, translator = read(stream)
    assert not translator.odd
    kinds = Counter(type(fact) for fact in found)
    assert kinds[facts.ChannelCreated] == kinds[facts.ChannelHungUp] == 34
    assert kinds[facts.QueueJoined] == kinds[facts.AgentConnected] == 14
    callers = {fact.caller_number for fact in found if isinstance(fact, facts.ChannelCreated)}
    assert {number for number in callers if number} == {
        *(f"7900000{number:04}" for number in range(20)),
        "101",
        "102",
        "103",
    }


def test_the_size_of_chunks_does_not_matter(stream: bytes) -> None:
    part = stream[:60_000]
    assert read(part, 1)[0] == read(part, 7)[0] == read(part, 60_000)[0]


def test_it_is_readable_from_any_byte_on(stream: bytes) -> None:
    greeting = stream[: stream.index(b"\r\n") + 2]
    for at in range(40, 40_000, 997):
        read(greeting + stream[at : at + 4_000])

"""Very many frames through framing, translation and the model.

60,000 by default; ``CALLCORE_FUZZ_FRAMES=1000000`` for a million, ``CALLCORE_FUZZ_SEED`` for other ones.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.ami.protocol import Frames, event_name, parse
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.calls.agent import AgentRules
from callcore.calls.facts import (
    AgentBecameReady,
    AgentSignedIn,
    DeskOpened,
    Fact,
    LinkUp,
    Snapshot,
)
from callcore.calls.tracker import Tracker
from callcore.domain import CallId, ChannelRef, Interface, Login, PbxName, QueueName

from .generator import PHONES, QUEUES, Traffic

FRAMES = int(os.environ.get("CALLCORE_FUZZ_FRAMES", "60000"))
SEED = int(os.environ.get("CALLCORE_FUZZ_SEED", "4"))
ROUND = 5_000
"""Frames between two moments at which everybody has hung up."""
GREETING = b"Asterisk Call Manager/9.0.0\r\n"
PBX = PbxName("main")
WANTED = frozenset(name.encode() for name in WANTED_EVENTS)
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
LONG_AFTER = timedelta(hours=1)
"""By then all that is remembered for a while is forgotten."""


@dataclass
class Reader:
    """Bytes to facts, as a link does it."""

    frames: Frames = field(default_factory=Frames)
    translator: Translator = field(default_factory=lambda: Translator(PBX))

    def feed(self, data: bytes) -> list[Fact]:
        read = (
            self.translator.translate(parse(raw))
            for raw in self.frames.feed(data)
            if event_name(raw) in WANTED
        )
        return [fact for fact in read if fact is not None]


def pieces(stream: bytes, chance: random.Random, longest: int) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        size = chance.randint(1, longest)
        yield stream[at : at + size]
        at += size


def heard(reader: Reader, stream: Iterable[bytes]) -> list[Fact]:
    return [fact for piece in stream for fact in reader.feed(piece)]


def channels_in(facts: list[Fact]) -> list[str]:
    """All that were named, in the order in which they were."""
    values = (getattr(fact, one.name) for fact in facts for one in fields(fact))
    return list(dict.fromkeys(value.id for value in values if isinstance(value, ChannelRef)))


def a_floor() -> Tracker:
    """A tracker with an operator at every phone but one."""
    count = iter(range(10**9))
    tracker = Tracker(
        mint=lambda _now: CallId(f"call{next(count)}"), canonical=lambda number: number, rules=AgentRules()
    )
    tracker.handle(LinkUp(PBX, 1), START)
    tracker.handle(Snapshot(PBX, 1, (), (), ()), START)
    queues = tuple(QueueName(queue) for queue in QUEUES)
    for number, phone in enumerate(PHONES[:-1]):
        login = Login(f"operator{number}")
        tracker.handle(DeskOpened(login), START)
        tracker.handle(AgentSignedIn(login, "Name", PBX, Interface(phone), queues), START)
        tracker.handle(AgentBecameReady(login), START)
    return tracker


def held(thing: object, seen: set[int]) -> int:
    """How many things all containers reachable from ``thing`` hold together."""
    if id(thing) in seen or isinstance(thing, str | bytes | int | float | type) or callable(thing):
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        return len(thing) + sum(held(one, seen) for pair in thing.items() for one in pair)
    if isinstance(thing, list | tuple | set | frozenset):
        return len(thing) + sum(held(one, seen) for one in thing)
    names = [*getattr(thing, "__dict__", ()), *getattr(type(thing), "__slots__", ())]
    return sum(held(getattr(thing, name, None), seen) for name in names)


def test_frames_without_end() -> None:
    """Nothing raises; however the bytes are cut, the facts are the same; and what is over is forgotten."""
    traffic, chance = Traffic(SEED), random.Random(SEED)
    one, other, tracker = Reader(), Reader(), a_floor()
    for reader in (one, other):
        reader.feed(GREETING)
    now, told, made = START, 0, 0
    at_rest: list[int] = []
    effects: Counter[str] = Counter()
    while made < FRAMES:
        count = min(ROUND, FRAMES - made)
        made += count
        stream = b"".join(traffic.frames(count))
        facts = heard(one, pieces(stream, chance, 4_000))
        assert facts == heard(other, pieces(stream, chance, 65_000))
        told += len(facts)
        ends = b"".join(traffic.everybody_hangs_up(channels_in(facts)))
        facts += heard(one, [ends])
        assert heard(other, [ends]) == facts[-ends.count(b"Uniqueid") :]
        for fact in facts:
            now += timedelta(milliseconds=chance.choice((0, 0, 1, 20, 400)))
            if (due := tracker.next_deadline()) is not None and due <= now:
                tracker.handle_timeout(now)
            effects.update(type(effect).__name__ for effect in tracker.handle(fact, now))
        now += LONG_AFTER
        tracker.handle_timeout(now)
        assert tracker.calls == {}
        assert tracker.mirror.channels == {}
        at_rest.append(held(tracker, set()))
        assert len(one.translator.odd) <= 4 * len(WANTED_EVENTS), "reasons are words of ours, none of theirs"
    assert one.translator.odd == other.translator.odd
    assert told > FRAMES / 2, "most of the frames tell something"
    assert effects["PopCard"] > FRAMES / 1000, "the model is not merely refusing everything"
    assert max(at_rest) <= at_rest[0] + 100, f"what the floor holds at rest grows: {at_rest}"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((1, 2, 5, 60, 3000)))
def test_any_split_tells_the_same(seed: int, longest: int) -> None:
    chance = random.Random(seed)
    stream = GREETING + b"".join(Traffic(seed).frames(30))
    whole, split = Reader(), Reader()
    assert heard(split, pieces(stream, chance, longest)) == whole.feed(stream)
    assert whole.translator.odd == split.translator.odd


@given(
    st.lists(st.sampled_from((b"\r\n", b"\r", b"\n", b"Event: Hangup", b"Uniqueid: 1", b"\0", b"x", b": ")))
)
def test_any_split_of_line_ends_tells_the_same(parts: list[bytes]) -> None:
    """The worst places to cut: within what ends a message."""
    stream = GREETING + b"".join(parts) + b"\r\n\r\nEvent: Hangup\r\nUniqueid: 2\r\n\r\n"
    whole, split = Reader(), Reader()
    at_once = whole.feed(stream)
    assert heard(split, (bytes([byte]) for byte in stream)) == at_once
    assert at_once, "the last event stands by itself, whatever comes before"

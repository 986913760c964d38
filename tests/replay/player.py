"""Plays a recording to the model of a call: bytes to frames, facts, effects; by its own clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from callcore.ami.protocol import GREETING, Frames, parse
from callcore.ami.translate import WANTED_EVENTS, Translator
from callcore.calls.agent import AgentRules
from callcore.calls.effects import Effect, Party, StepEvent, TellStep
from callcore.calls.facts import Fact
from callcore.calls.tracker import Tracker
from callcore.domain import CallId, PbxName

FOLDER = Path(__file__).parents[1] / "fixtures/ami"
START = datetime(2026, 1, 1, tzinfo=UTC)
SETTLED = timedelta(minutes=5)
"""After which nothing of a call is awaited any more."""
PBX = PbxName("main")


@dataclass(frozen=True, slots=True)
class Heard:
    """A fact, when it came, and which channels its event names, first the one that it is of."""

    at: datetime
    fact: Fact
    channels: tuple[str, ...]


def frames(raw: bytes) -> list[bytes]:
    """The messages of a recording; one that begins in the middle of a session has no greeting."""
    greeting = f"{GREETING}1\r\n".encode()
    return Frames().feed(raw if raw.startswith(GREETING.encode()) else greeting + raw)


def heard(messages: Iterable[bytes], pbx: PbxName = PBX) -> list[Heard]:
    """The facts in these messages."""
    translator = Translator(pbx)
    found: list[Heard] = []
    at = START
    for message in messages:
        event = parse(message)
        if event.get("event") not in WANTED_EVENTS:
            continue
        stamp = event.get("timestamp")
        at = datetime.fromtimestamp(float(stamp), UTC) if isinstance(stamp, str) else at
        fact = translator.translate(event)
        if fact is not None:
            named = {header: value for header, value in event.items() if header.endswith("uniqueid")}
            named.pop("bridgeuniqueid", None)
            first = str(named.pop("uniqueid", ""))
            found.append(Heard(at, fact, (first, *(str(value) for value in named.values()))))
    assert not translator.odd, f"events that cannot be read: {dict(translator.odd)}"
    return found


class Player:
    """One tracker, which lives through a recording."""

    def __init__(self) -> None:
        numbers = count(1)
        self.tracker = Tracker(
            mint=lambda _now: CallId(f"c{next(numbers):03}"),
            canonical=lambda number: number,
            rules=AgentRules(),
        )
        self.effects: list[Effect] = []
        self._now = START

    def play(self, facts: Sequence[Heard]) -> Player:
        for one in facts:
            self.wait_until(one.at)
            self.effects += self.tracker.handle(one.fact, self._now)
        return self

    def wait_until(self, at: datetime) -> None:
        """Time goes on, never back; what is due until then happens at its own moment."""
        while (due := self.tracker.next_deadline()) is not None and due <= at:
            self._now = max(self._now, due)
            self.effects += self.tracker.handle_timeout(self._now)
        self._now = max(self._now, at)

    def settle(self) -> Player:
        """Wait until nothing more is to come."""
        self.wait_until(self._now + SETTLED)
        return self

    @property
    def steps(self) -> list[TellStep]:
        """Each step once, as the one who carries effects out does it."""
        by_key = {effect.key: effect for effect in self.effects if isinstance(effect, TellStep)}
        return list(by_key.values())


def story_of(raw: bytes) -> list[TellStep]:
    return Player().play(heard(frames(raw))).settle().steps


# --- steps in words


def row(step: TellStep) -> str:
    """``answered 102``, ``transferred 102 blind by 101``, ``ended completed``."""
    words: list[str] = [step.event.value]
    if step.targets:
        words.append(" ".join(sorted(map(_number, step.targets))))
    if step.kind is not None:
        words.append(step.kind.value)
    if step.by is not None:
        words.append(f"by {_number(step.by)}")
    if step.reason is not None:
        words.append(step.reason.value)
    return " ".join(words)


def _number(party: Party) -> str:
    return party.number or "unknown"


def calls_of(steps: Iterable[TellStep]) -> dict[CallId, list[TellStep]]:
    calls: dict[CallId, list[TellStep]] = {}
    for step in steps:
        calls.setdefault(step.call, []).append(step)
    return calls


def told(steps: Iterable[TellStep]) -> list[str]:
    """Each call as ``caller: step; step; …``."""
    found = []
    for call in calls_of(steps).values():
        caller = next((step.caller for step in call if step.caller is not None), None)
        who = _number(caller) if caller else "nobody"
        found.append(f"{who}: " + "; ".join(row(step) for step in call))
    return found


def outline(steps: Iterable[TellStep]) -> list[tuple[str, tuple[str, ...], tuple[str, ...], str]]:
    """What stays the same in whatever order Asterisk tells it: of each call the caller, who answered, the
    kinds of transfers, and how it ended."""
    found = []
    for call in calls_of(steps).values():
        caller = next((_number(step.caller) for step in call if step.caller is not None), "nobody")
        answered = {row(step).split(" ", 1)[1] for step in call if step.event is StepEvent.answered}
        kinds = [step.kind.value for step in call if step.kind is not None]
        ends = [row(step) for step in call if step.event is StepEvent.ended]
        found.append((caller, tuple(sorted(answered)), tuple(sorted(kinds)), "; ".join(ends)))
    return sorted(found)

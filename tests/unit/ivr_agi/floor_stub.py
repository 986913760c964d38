"""A floor, a voice and a book for the scripts: what is played is a path that says the words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from callcore.calls import facts as f
from callcore.domain import CallId, ChannelId, Customer, Language, PbxName, QueueName, Text, TopicCode
from callcore.ivr.flow import Flow, FlowTexts
from callcore.ivr.visit import Book
from callcore.routing.decide import Closed, Route, ToQueue
from callcore.routing.menu import Menu, MenuItem

from .scripted_asterisk import FakeAsterisk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOPIC, OPERATOR = TopicCode("finance.balance"), TopicCode("expert.diagnosis")


def text(word: str) -> Text:
    return Text(f"{word}-ru", f"{word}-en")


NAMES = "wrong silence default connecting goodbye other outagekeys noticekeys thanks optedout"
TEXTS = FlowTexts(*(text(name) for name in NAMES.split()))
MENU = Menu((MenuItem("4", text("finance"), TOPIC),))
FLOW = Flow(text("greeting"), TEXTS, MENU, "ru", "9", 5, 3, OPERATOR)


def book(*, closed: bool = False) -> Book:
    def decide(topic: TopicCode, at: datetime, customer: Customer | None) -> Route:
        target = Closed(text("closed"), None) if closed else ToQueue(QueueName("expert"))
        return Route(topic, "expert", target, ())

    return Book(FLOW, decide)


@dataclass
class Floor:
    facts: list[f.Fact] = field(default_factory=list)
    settled: list[ChannelId] = field(default_factory=list)

    def entered(self, fact: f.CallEntered) -> CallId:
        self.facts.append(fact)
        return CallId("c1")

    def report(self, fact: f.LanguageChosen | f.RouteChosen | f.IvrLeft) -> None:
        self.facts.append(fact)

    def customer(self, call: CallId) -> Customer | None:
        return None

    def take_settled(self, pbx: PbxName, limit: int) -> list[ChannelId]:
        taken, self.settled = self.settled[:limit], self.settled[limit:]
        return taken

    def left(self) -> f.IvrLeft:
        (fact,) = [fact for fact in self.facts if isinstance(fact, f.IvrLeft)]
        return fact

    def languages(self) -> list[Language]:
        return [fact.language for fact in self.facts if isinstance(fact, f.LanguageChosen)]


@dataclass(frozen=True)
class Spoken:
    path: str
    seconds: float = 1.0


class Voice:
    """Speaks everything in a second, but for ``mute``."""

    def __init__(self, *mute: str) -> None:
        self.mute = mute

    async def prompt(self, pbx: PbxName, text: str, language: str) -> Spoken | None:
        path = text.split()[0].rstrip(":")
        return None if text in self.mute else Spoken(f"/p/{path}")


@dataclass
class Ear:
    """The caller's side. ``keys``: what he presses during which words, or ``"wait"`` for a key."""

    pbx: FakeAsterisk
    keys: dict[str, list[str]] = field(default_factory=dict)
    hangs_up: dict[str, int] = field(default_factory=dict)
    """During which words, after how many samples."""
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pbx.replies |= {"STREAM FILE": self._stream, "WAIT FOR DIGIT": self._wait}

    def _stream(self, command: str) -> bytes:
        words, keys = re.findall(r'"([^"]*)"', command)
        name = words.removeprefix("/p/")
        self.heard.append(name)
        if name in self.hangs_up:
            return f"HANGUP\n200 result=-1 endpos={self.hangs_up[name]}\n".encode()
        if (key := self._key(name)) and key in keys:
            return f"200 result={ord(key)} endpos=4000\n".encode()
        return b"200 result=0 endpos=8000\n"

    def _wait(self, command: str) -> bytes:
        if "wait" in self.hangs_up:
            return b"HANGUP\n200 result=-1\n"
        key = self._key("wait")
        return f"200 result={ord(key) if key else 0}\n".encode()

    def _key(self, moment: str) -> str | None:
        """\"\" in a list: nothing is pressed this time."""
        keys = self.keys.get(moment)
        return (keys.pop(0) or None) if keys else None

"""A floor, a voice, a house and a book for the scripts: what is played is a path that says the words."""

from __future__ import annotations

import asyncio
import re
import wave
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from callcore.calls import facts as f
from callcore.domain import (
    CallId,
    ChannelId,
    Customer,
    CustomerId,
    Interface,
    Language,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)
from callcore.ivr.flow import Flow, FlowTexts
from callcore.ivr.ports import Caller, Message, Profile
from callcore.ivr.reception import Book, Reception
from callcore.ivr.script import Question, Script
from callcore.ivr.slips import Slips
from callcore.routing.legs import Leg, Voicemail
from callcore.routing.menu import Menu, MenuItem
from callcore.routing.rows import Row, When
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours

from .scripted_asterisk import FakeAsterisk

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOPIC, OPERATOR = TopicCode("finance.balance"), TopicCode("expert.diagnosis")
NUMBER = "79161234567"


def text(word: str) -> Text:
    return Text(f"{word}-ru", f"{word}-en")


NAMES = (
    "wrong silence default connecting goodbye other outagekeys noticekeys thanks optedout again leavemessage "
    "messagekept casekept callbackoffer callbackkept"
)
TEXTS = FlowTexts(*(text(name) for name in NAMES.split()))
MENU = Menu((MenuItem("4", text("finance"), TOPIC),))
FLOW = Flow(text("greeting"), TEXTS, MENU, "ru", "9", 5, 3, OPERATOR)


def hours(*, closed: bool) -> Hours:
    return Hours(ZoneInfo("UTC"), ((() if closed else ALL_DAY),) * 7)  # type: ignore[arg-type]


def tables(*rows: Row, closed: bool = False, closed_then: Sequence[Leg] = (Voicemail(),)) -> TopicTables:
    """``rows``: of ``finance``."""
    made = [
        TopicTable(
            code,
            text(code),
            hours(closed=closed),
            text("closed"),
            (Topic(topic, text(topic), QueueName(code)),),
            rows=rows if code == "finance" else (),
            closed_then=tuple(closed_then),
        )
        for code, topic in (("finance", TOPIC), ("expert", OPERATOR))
    ]
    return TopicTables(tuple(made), OPERATOR)


def book(
    *legs: Leg,
    closed: bool = False,
    closed_then: Sequence[Leg] = (Voicemail(),),
    script: Script | None = None,
) -> Book:
    """``legs``: of all finance topics, by a row ``own``."""
    rows = (Row("own", When(), legs),) if legs else ()
    flow = FLOW if script is None else replace(FLOW, script=script)
    return Book(flow, tables(*rows, closed=closed, closed_then=closed_then))


@dataclass
class Floor:
    facts: list[f.Fact] = field(default_factory=list)
    settled: list[ChannelId] = field(default_factory=list)
    whose: Customer | None = None
    """Who calls."""
    is_withheld: bool = False

    def entered(self, fact: f.CallEntered) -> CallId:
        self.facts.append(fact)
        return CallId("c1")

    def report(
        self, fact: f.LanguageChosen | f.RouteChosen | f.MessageBegun | f.WordToCome | f.IvrLeft
    ) -> None:
        self.facts.append(fact)

    def number(self, call: CallId) -> str | None:
        return None if self.is_withheld else f"+{NUMBER}"

    def customer(self, call: CallId) -> Customer | None:
        return self.whose

    def take_settled(self, pbx: PbxName, limit: int) -> list[ChannelId]:
        taken, self.settled = self.settled[:limit], self.settled[limit:]
        return taken

    def left(self) -> f.IvrLeft:
        (fact,) = [fact for fact in self.facts if isinstance(fact, f.IvrLeft)]
        return fact

    def routes(self) -> list[f.RouteChosen]:
        return [fact for fact in self.facts if isinstance(fact, f.RouteChosen)]

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
        self.personal: list[str] = []

    async def prompt(
        self, pbx: PbxName, text: str, language: str, *, is_personal: bool = False
    ) -> Spoken | None:
        if is_personal:
            self.personal.append(text)
        path = text.split()[0].rstrip(":")
        return None if text in self.mute else Spoken(f"/p/{path}")


@dataclass
class House:
    """Answers ``knows``; an answer that is an exception is raised, ``...`` never comes."""

    knows: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    profiles: list[tuple[str | None, CustomerId | None]] = field(default_factory=list)
    kept: list[tuple[str, Caller, Any]] = field(default_factory=list)

    async def _answer(self, what: str, otherwise: Any) -> Any:
        answer = self.knows.get(what, otherwise)
        if answer is ...:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def profile(self, number: str | None, customer: CustomerId | None) -> Profile:
        self.profiles.append((number, customer))
        found: Profile = await self._answer("profile", Profile())
        return found

    async def announcements(self) -> tuple[Text, ...]:
        found: tuple[Text, ...] = await self._answer("announcements", ())
        return found

    async def find(
        self, call: CallId, what: Question, arguments: Mapping[str, str]
    ) -> Mapping[str, str] | None:
        self.asked.append((what, arguments))
        answer = await self._answer(what, None)
        found: Mapping[str, str] | None = answer.pop(0) if isinstance(answer, list) else answer
        return found

    async def switch(self, note: str, is_on: bool, call: CallId) -> bool:
        self.asked.append(("switch", {"note": note, "is_on": str(is_on)}))
        return bool(await self._answer("switch", False))

    async def personal(self, customer: CustomerId, pbx: PbxName) -> tuple[Interface, ...]:
        found: tuple[Interface, ...] = await self._answer("personal", ())
        return found

    async def keep_message(self, caller: Caller, message: Message) -> str:
        return await self._keep("message", caller, message)

    async def open_case(self, caller: Caller, type: str, message: Message | None) -> str:
        return await self._keep(type, caller, message)

    async def call_back(
        self, caller: Caller, queue: str, place: int | None = None, is_closed: bool = False
    ) -> bool:
        return bool(await self._keep("closed" if is_closed else "call_back", caller, queue))

    async def _keep(self, what: str, caller: Caller, more: Any) -> str:
        await self._answer("keep", None)
        self.kept.append((what, caller, more))
        return f"N{len(self.kept)}"


class Books:
    def __init__(self, newest: Book, *older: Book) -> None:
        self.newest = newest
        self._all = {each.edition: each for each in (newest, *older)}

    def book(self, edition: int | None) -> Book | None:
        return self._all.get(edition)


def reception(folder: Path, it: Book, floor: Floor, *, older: Sequence[Book] = (), **more: Any) -> Reception:
    """``more``: fields of the reception; ``house`` among them."""
    house = more.pop("house", None) or House()
    slips = Slips(folder / "recordings", house, lambda: datetime.now(UTC))
    slips.open()
    speech = more.pop("speech", None) or Voice()
    return Reception(Books(it, *older), floor, speech, house, slips, lambda: NOW, **more)


@dataclass
class Ear:
    """The caller's side. ``keys``: what he presses during which words, or ``"wait"`` for a key."""

    pbx: FakeAsterisk
    keys: dict[str, list[str]] = field(default_factory=dict)
    hangs_up: dict[str, int] = field(default_factory=dict)
    """During which words, after how many samples; ``wait`` and ``record`` are moments, too."""
    says: list[float] = field(default_factory=list)
    """Seconds of each recording; then nothing."""
    cannot_write: bool = False
    heard: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Of the channel."""

    def __post_init__(self) -> None:
        self.pbx.replies |= {
            "STREAM FILE": self._stream,
            "WAIT FOR DIGIT": self._wait,
            "RECORD FILE": self._record,
            "GET VARIABLE": self._get,
        }

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
        if "wait" in self.hangs_up and not self.keys.get("wait"):
            return b"HANGUP\n200 result=-1\n"
        key = self._key("wait")
        return f"200 result={ord(key) if key else 0}\n".encode()

    def _record(self, command: str) -> bytes:
        if self.cannot_write:
            return b"200 result=-1 (writefile) endpos=0\n"
        path = re.findall(r'"([^"]*)"', command)[0]
        seconds = self.says.pop(0) if self.says else 0.0
        write_speech(Path(f"{path}.wav"), seconds)
        self.heard.append("*record*")
        if "record" in self.hangs_up:
            return f"HANGUP\n200 result=-1 (hangup) endpos={round(seconds * 8000)}\n".encode()
        return f"200 result=0 (timeout) endpos={round(seconds * 8000)}\n".encode()

    def _get(self, command: str) -> bytes:
        value = self.variables.get(command.split('"')[1])
        return b"200 result=0\n" if value is None else f"200 result=1 ({value})\n".encode()

    def _key(self, moment: str) -> str | None:
        """\"\" in a list: nothing is pressed this time."""
        keys = self.keys.get(moment)
        return (keys.pop(0) or None) if keys else None


def write_speech(file: Path, seconds: float, *, peak: int = 8000) -> None:
    """What Asterisk writes: a WAV of 8 kHz, 16 bit, mono."""
    samples = array("h", [peak, -peak] * round(seconds * 4000))
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(samples.tobytes())


def variables(commands: Sequence[str]) -> dict[str, str]:
    """What was set on the channel, without underscores and CALLCORE_RC."""
    pairs = (re.findall(r'"((?:[^"\\]|\\.)*)"', each) for each in commands if each.startswith("SET VARIABLE"))
    return {name.lstrip("_"): value for name, value in pairs if not name.endswith("_RC")}


def handed_to(commands: Sequence[str]) -> tuple[str, str] | None:
    """Context and extension where the call goes on; None: nowhere."""
    said = {
        each.split()[1]: each.split('"')[1]
        for each in commands
        if each.startswith(("SET CONTEXT", "SET EXT"))
    }
    return (said["CONTEXT"], said["EXTENSION"]) if "CONTEXT" in said else None

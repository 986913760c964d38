"""The events of one queue call, cut out of the recording of a real Asterisk and told again with other people.

Only what an account with ``READ`` sees is kept, in the order, the groups and the bytes of the recording.
Silences are shortened: what matters to the measurement is what comes at once, not what callers wait for.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

RECORDING = Path(__file__).parent / "data" / "queue_calls.ami.gz"
READ = frozenset(("system", "call", "agent", "user", "cdr"))
"""Classes of events in the account's ``read=``."""
TOGETHER_SECONDS = 0.02
"""Messages closer than this belong to one beat."""
LONGEST_PAUSE_SECONDS = 0.3
TALK_SECONDS = 1.5
POP_EVENT = "AgentConnect"
_ENDS_TALK = "HangupRequest"
_PER_QUEUE = "QueueMemberStatus"

Headers = dict[str, str]


class NoSuchCall(Exception):
    """The recording holds no complete queue call."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in one telling."""

    serial: int
    """From 1, another for each call: channel and bridge names are made of it."""
    number: str
    """The caller's, as the carrier sends it: digits only."""
    phone: str
    """The operator's: ``1000`` for PJSIP/1000."""
    queues: tuple[str, ...]
    """Where he is a member; the call waits in the first."""

    @property
    def caller(self) -> str:
        """Uniqueid of the caller's channel."""
        return f"bench-1795302610.{2 * self.serial}"

    @property
    def leg(self) -> str:
        """Uniqueid of the operator's channel."""
        return f"bench-1795302610.{2 * self.serial + 1}"


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way to the socket."""

    after: float
    """Seconds since the call began."""
    event: str
    wire: bytes


@dataclass(frozen=True, slots=True)
class _Row:
    after: float
    event: str
    text: str


class Story:
    """One recorded call; ``tell`` gives its messages for another cast."""

    def __init__(self, rows: tuple[_Row, ...], names: dict[str, str]) -> None:
        """``names``: the recording's words, each with the name of the property that takes its place."""
        self._rows = rows
        self._names = names
        longest_first = sorted(map(re.escape, names), key=len, reverse=True)
        self._words = re.compile(rf"(?<![\w.-])(?:{'|'.join(longest_first)})(?![\w.-])")

    @property
    def seconds(self) -> float:
        """From the first message to the last."""
        return self._rows[-1].after

    @property
    def pop_after(self) -> float:
        """When the operator is connected, in seconds since the call began."""
        return next(row.after for row in self._rows if row.event == POP_EVENT)

    def tell(self, cast: Cast) -> tuple[Message, ...]:
        """All messages in order; the member's status once for each of his queues."""
        told: list[Message] = []
        for row in self._rows:
            for queue in cast.queues if row.event == _PER_QUEUE else cast.queues[:1]:
                words = _words_of(cast, queue)
                text = self._words.sub(lambda found, words=words: words[self._names[found[0]]], row.text)
                told.append(Message(row.after, row.event, text.encode() + b"\r\n\r\n"))
        return tuple(told)


def _words_of(cast: Cast, queue: str) -> dict[str, str]:
    return {
        "caller": cast.caller,
        "leg": cast.leg,
        "caller_channel": f"PJSIP/trunk-{2 * cast.serial:08x}",
        "leg_channel": f"PJSIP/{cast.phone}-{2 * cast.serial + 1:08x}",
        "bridge": f"0a1b2c3d-0000-4000-8000-{cast.serial:012x}",
        "number": cast.number,
        "phone": cast.phone,
        "queue": queue,
    }


def load(path: Path = RECORDING) -> Story:
    """The first complete call of the recording that has a caller's name. Raises ``NoSuchCall``."""
    return cut(gzip.decompress(path.read_bytes()).decode())


def cut(recording: str) -> Story:
    """The same, of a recording in hand."""
    rows = [(text, _headers(text)) for text in recording.split("\r\n\r\n")]
    rows = [(text, headers) for text, headers in rows if _is_read(headers)]
    for _text, connect in rows:
        if connect["Event"] == POP_EVENT and connect["CallerIDName"] != "<unknown>":
            story = _story(rows, connect)
            if story is not None:
                return story
    raise NoSuchCall("the recording holds no complete queue call")


def _headers(text: str) -> Headers:
    pairs = (line.partition(": ") for line in text.split("\r\n"))
    return {name: value for name, _, value in pairs}


def _is_read(headers: Headers) -> bool:
    return headers.get("Privilege", "").split(",")[0] in READ and "Timestamp" in headers


def _story(rows: list[tuple[str, Headers]], connect: Headers) -> Story | None:
    channels = {connect["Uniqueid"], connect["DestUniqueid"]}
    bridge = next(
        (h["BridgeUniqueid"] for _, h in rows if h["Event"] == "BridgeEnter" and h["Uniqueid"] in channels),
        "",
    )
    own = [(text, headers) for text, headers in rows if channels & {*headers.values()}]
    if not bridge or not own or own[-1][1]["Event"] != "Hangup":
        return None
    called = next((float(h["Timestamp"]) for _, h in own if h["Event"] == "AgentCalled"), None)
    if called is None:
        return None
    first, last = _at(own[0]), _at(own[-1])

    def belongs(headers: Headers) -> bool:
        at = float(headers["Timestamp"])
        is_members = connect["Interface"] in (headers.get("Interface"), headers.get("Device"))
        return (
            bool(channels & {*headers.values()})
            or headers.get("BridgeUniqueid") == bridge
            or (is_members and called - TOGETHER_SECONDS <= at)
        ) and first <= at <= last + TOGETHER_SECONDS

    told = sorted((row for row in rows if belongs(row[1])), key=_at)
    names = {
        connect["Uniqueid"]: "caller",
        connect["DestUniqueid"]: "leg",
        connect["Channel"]: "caller_channel",
        connect["DestChannel"]: "leg_channel",
        bridge: "bridge",
        connect["CallerIDNum"]: "number",
        connect["Interface"].partition("/")[2]: "phone",
        connect["Queue"]: "queue",
    }
    return Story(_paced(told), names)


def _at(row: tuple[str, Headers]) -> float:
    return float(row[1]["Timestamp"])


def _paced(told: list[tuple[str, Headers]]) -> tuple[_Row, ...]:
    """With the pauses of the telling; the recorded queue knew no callcore that pauses its members."""
    rows: list[_Row] = []
    before, after, has_popped = _at(told[0]), 0.0, False
    for text, headers in told:
        pause = _at((text, headers)) - before
        before += pause
        if headers["Event"] == _ENDS_TALK:
            after += TALK_SECONDS
        elif pause > TOGETHER_SECONDS:
            after += min(pause, LONGEST_PAUSE_SECONDS)
        if has_popped and headers["Event"] == _PER_QUEUE:
            text = text.replace("Paused: 0\r\nPausedReason: ", "Paused: 1\r\nPausedReason: call")
        has_popped |= headers["Event"] == POP_EVENT
        rows.append(_Row(after, headers["Event"], text))
    return tuple(rows)

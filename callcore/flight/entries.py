"""What a story is made of: entries and frames, masked, and the bytes they are kept as. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

VERSION = 1
MOST_ENTRIES = 500
MOST_FRAMES = 400
"""Of one call; of the frames the oldest go first, of the entries those in the middle."""
LARGEST_BODY = 4 << 20
_MILLISECOND = timedelta(milliseconds=1)

Detail = str | int | None


class What(StrEnum):
    """What an entry tells. ``words.py`` says each in a sentence."""

    begun = "begun"
    adopted = "adopted"
    """Found alive after a restart, or after the link to the PBX came back."""
    language = "language"
    routed = "routed"
    message = "message"
    """He speaks after the tone."""
    ivr_left = "ivr_left"
    lookup = "lookup"
    found = "found"
    queued = "queued"
    left_queue = "left_queue"
    abandoned = "abandoned"
    rang = "rang"
    missed = "missed"
    connected = "connected"
    blind = "blind"
    attended = "attended"
    parked = "parked"
    ordered = "ordered"
    """What the operator ordered at his desk for the living call."""
    refused = "refused"
    """The PBX refused it."""
    asked_in_vain = "asked_in_vain"
    """The consultation is over, or nobody answered it."""
    returned = "returned"
    sent_on = "sent_on"
    """His operator had gone, and callcore did not let him wait."""
    dialing = "dialing"
    dial_ended = "dial_ended"
    answered = "answered"
    held = "held"
    resumed = "resumed"
    transferred = "transferred"
    ended = "ended"
    policy = "policy"
    ring_shown = "ring_shown"
    ring_hidden = "ring_hidden"
    popped = "popped"
    asked = "asked"
    """The operator asked for the card."""
    card_updated = "card_updated"
    card_ended = "card_ended"
    card_closed = "card_closed"
    card_dropped = "card_dropped"
    saved = "saved"
    published = "published"
    painted = "painted"
    unpainted = "unpainted"
    logged = "logged"
    link_lost = "link_lost"
    link_back = "link_back"


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    what: What
    who: str = ""
    """Login of the operator it is about, or his device."""
    data: Mapping[str, Detail] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self.data.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> int | None:
        value = self.data.get(name)
        return value if isinstance(value, int) else None


class Way(StrEnum):
    """Between whom a frame went."""

    ami_in = "ami_in"
    ami_out = "ami_out"
    agi_in = "agi_in"
    agi_out = "agi_out"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of AMI, or one line of AGI, as text."""

    at: datetime
    way: Way
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """All that is kept of one call. Nothing in it tells who the caller was."""

    call: str
    pbx: str
    began_at: datetime
    ended_at: datetime | None = None
    """None: the call lives, or nobody saw its end."""
    direction: str = ""
    number: str = ""
    """Pseudonym of the other side's number; "" if there is none."""
    entries: tuple[Entry, ...] = ()
    frames: tuple[Frame, ...] = ()
    left_out: int = 0
    """Entries and frames that did not fit."""

    @property
    def logins(self) -> tuple[str, ...]:
        """Operators who took part: whose phone rang, or who had the card."""
        return tuple(dict.fromkeys(e.who for e in self.entries if e.who and e.what in _TAKING_PART))


_TAKING_PART = frozenset((What.ring_shown, What.popped, What.asked))


class Unreadable(ValueError):
    """The bytes are not a story that this version can read."""


def joined(first: Story, second: Story) -> Story:
    """One story of the two parts that a restart made of it."""
    entries = (*first.entries, *(e for e in second.entries if e not in first.entries))
    frames = (*first.frames, *(f for f in second.frames if f not in first.frames))
    return bounded(
        replace(
            second,
            began_at=min(first.began_at, second.began_at),
            direction=second.direction or first.direction,
            number=second.number or first.number,
            entries=tuple(sorted(entries, key=lambda entry: entry.at)),
            frames=tuple(sorted(frames, key=lambda frame: frame.at)),
            left_out=first.left_out + second.left_out,
        )
    )


def bounded(story: Story) -> Story:
    """The story without what is too much."""
    entries, frames = story.entries, story.frames[-MOST_FRAMES:]
    if len(entries) > MOST_ENTRIES:
        half = MOST_ENTRIES // 2
        entries = (*entries[:half], *entries[-half:])
    left = len(story.entries) - len(entries) + len(story.frames) - len(frames)
    return replace(story, entries=entries, frames=frames, left_out=story.left_out + left)


def pack(story: Story) -> bytes:
    """Compressed JSON, with its version."""
    began = story.began_at
    body = {
        "v": VERSION,
        "call": story.call,
        "pbx": story.pbx,
        "began_at": began.isoformat(),
        "ended_at": story.ended_at.isoformat() if story.ended_at else None,
        "direction": story.direction,
        "number": story.number,
        "left_out": story.left_out,
        "entries": [[_ms(e.at, began), e.what.value, e.who, dict(e.data)] for e in story.entries],
        "frames": [[_ms(f.at, began), f.way.value, f.text] for f in story.frames],
    }
    return zlib.compress(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )


def unpack(body: bytes) -> Story:
    """Raises ``Unreadable``."""
    try:
        unzip = zlib.decompressobj()
        text = unzip.decompress(body, LARGEST_BODY)
        if not unzip.eof:
            raise Unreadable("a story that was cut off, or is too large")
        raw: dict[str, Any] = json.loads(text)
        if raw["v"] != VERSION:
            raise Unreadable(f"version {raw['v']!r}, this callcore reads {VERSION}")
        began = datetime.fromisoformat(raw["began_at"]).astimezone(UTC)
        ended = raw["ended_at"]
        return Story(
            call=raw["call"],
            pbx=raw["pbx"],
            began_at=began,
            ended_at=datetime.fromisoformat(ended).astimezone(UTC) if ended else None,
            direction=raw["direction"],
            number=raw["number"],
            entries=tuple(
                Entry(began + ms * _MILLISECOND, What(what), who, data)
                for ms, what, who, data in raw["entries"]
            ),
            frames=tuple(Frame(began + ms * _MILLISECOND, Way(way), text) for ms, way, text in raw["frames"]),
            left_out=raw["left_out"],
        )
    except Unreadable:
        raise
    except (zlib.error, ValueError, KeyError, TypeError, OverflowError) as fault:
        raise Unreadable(f"a damaged story: {type(fault).__name__}") from fault


def _ms(at: datetime, began: datetime) -> int:
    return round((at - began) / _MILLISECOND)

"""A story told: the verdict first, then what happened, then the traffic. Pure; JSON comes from here too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callcore.domain import Text
from callcore.flight.entries import Frame, Story
from callcore.flight.verdict import Verdict, verdicts
from callcore.flight.words import DIRECTIONS, Lane, Tone, in_words, line


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline."""

    at: datetime
    lane: Lane
    tone: Tone
    what: str
    who: str
    text: Text


@dataclass(frozen=True, slots=True)
class Told:
    call: str
    pbx: str
    direction: str
    direction_words: Text
    number: str
    began_at: datetime
    ended_at: datetime | None
    verdicts: tuple[Verdict, ...]
    steps: tuple[Step, ...]
    frames: tuple[Frame, ...]
    logins: tuple[str, ...]
    left_out: int

    @property
    def seconds(self) -> int | None:
        return None if self.ended_at is None else max(0, int((self.ended_at - self.began_at).total_seconds()))


def tell(story: Story) -> Told:
    """The story in words."""
    steps = []
    for entry in story.entries:
        said = line(entry)
        steps.append(Step(entry.at, said.lane, said.tone, entry.what.value, entry.who, said.text))
    return Told(
        call=story.call,
        pbx=story.pbx,
        direction=story.direction,
        direction_words=in_words(DIRECTIONS, story.direction),
        number=story.number,
        began_at=story.began_at,
        ended_at=story.ended_at,
        verdicts=verdicts(story),
        steps=tuple(steps),
        frames=story.frames,
        logins=story.logins,
        left_out=story.left_out,
    )


def head_of(story: Story) -> dict[str, str]:
    """The first verdict, as it is kept beside the story for lists."""
    first = verdicts(story)[0]
    return {"code": first.code, "tone": first.tone.value, "ru": first.text.ru, "en": first.text.en}


def to_json(told: Told) -> dict[str, Any]:
    """What ``GET /api/v1/calls/CALL/story`` and ``callcore why --json`` give."""
    return {
        "call": told.call,
        "pbx": told.pbx,
        "direction": told.direction,
        "number": told.number,
        "began_at": iso(told.began_at),
        "ended_at": iso(told.ended_at) if told.ended_at else None,
        "verdict": [
            {"code": v.code, "tone": v.tone.value, "who": v.who, "text": _both(v.text)} for v in told.verdicts
        ],
        "timeline": [
            {
                "at": iso(step.at),
                "lane": step.lane.value,
                "tone": step.tone.value,
                "what": step.what,
                "who": step.who,
                "text": _both(step.text),
            }
            for step in told.steps
        ],
        "traffic": [{"at": iso(f.at), "way": f.way.value, "text": f.text} for f in told.frames],
        "left_out": told.left_out,
    }


def _both(text: Text) -> dict[str, str]:
    return {"ru": text.ru, "en": text.en}


def iso(at: datetime) -> str:
    """With milliseconds, in UTC."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

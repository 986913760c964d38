"""A row of a switching table: when it holds, and where the call goes then. The first that holds decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from callcore.domain import Language, QueueName, Text, TopicCode
from callcore.routing.legs import Leg
from callcore.routing.situation import Mark, Standing
from callcore.routing.timetable import Hours

Rule = Literal[
    "topic", "segment", "standing", "legal_form", "region", "language", "marks", "repeat", "queue", "hours"
]
"""A condition's name, in the order in which they are looked at: the cheap ones first, the hours last."""


@dataclass(frozen=True, slots=True)
class QueueWhen:
    """All that is set must hold of this queue; a queue that is not known fails."""

    queue: QueueName
    nobody: bool = False
    """Nobody is signed in."""
    all_paused: bool = False
    """Somebody is signed in, nobody is ready."""
    waits_longer_than: timedelta | None = None
    waiting_more_than: int | None = None


@dataclass(frozen=True, slots=True)
class When:
    """Whatever is empty or None asks nothing. Words of the base are stored casefolded."""

    topics: frozenset[TopicCode] = frozenset()
    segments: frozenset[str] = frozenset()
    standings: frozenset[Standing] = frozenset()
    legal_forms: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    languages: frozenset[Language] = frozenset()
    hours: Hours | None = None
    """``is_open`` says whether they must be open or closed."""
    is_open: bool = True
    marks: frozenset[Mark] = frozenset()
    """All of them."""
    without: frozenset[Mark] = frozenset()
    """None of them."""
    repeat_within: timedelta | None = None
    """He was in contact so shortly before."""
    queue: QueueWhen | None = None


@dataclass(frozen=True, slots=True)
class Row:
    code: str
    """Within its table."""
    when: When
    legs: tuple[Leg, ...]
    why: Text | None = None
    """Why the house wants it so; shown wherever the row is."""
    at_any_hour: bool = False
    """The file says so: its queue is meant even while the table is closed."""

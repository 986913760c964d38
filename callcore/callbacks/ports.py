"""What carrying out wishes needs of the house and of the floor. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callcore.callbacks.plan import Call, Desk, Rules, Waits, Wish
from callcore.calls.attempt import Attempt
from callcore.domain import Language, PbxName, QueueName, Text
from callcore.outbound.gate import Profile
from callcore.outbound.ports import Way
from callcore.routing.tables import TopicTables, UnknownTopic
from callcore.routing.timetable import Hours


@dataclass(frozen=True, slots=True)
class House:
    """By the settings that hold now."""

    country: str
    zone: str
    language: Language
    profile: Profile
    ways: Mapping[PbxName, Way]
    rules: Mapping[QueueName, Rules]
    tables: TopicTables
    greeting: Text
    """What somebody hears whose number is rung first."""

    def hours(self, topic: str, queue: QueueName) -> Hours | None:
        """Those of the topic's table, or of the first table that leads into the queue; None: always."""
        try:
            return self.tables.find(topic)[0].hours
        except UnknownTopic:
            pass
        leads = (table for table in self.tables if any(each.queue == queue for each in table.walk()))
        return next((table.hours for table in leads), None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How one wish stands, at that moment."""

    wish: Wish
    step: Call | Waits
    rules: Rules | None
    at: datetime
    is_ringing: bool
    """The gate has said yes, the number is rung."""
    trouble: Text | None


class FloorView(Protocol):
    """What is going on, as far as it matters here."""

    def desk(self, queue: QueueName) -> Desk:
        """``under_way`` is not its concern."""

    def on_line(self) -> Mapping[str, bool]:
        """Numbers that have called us and are here; whether anybody has talked with them."""

    def has_answered(self, attempt: Attempt) -> bool:
        """Whoever is rung by it is on the line, or may be."""


class Nowhere:
    """A floor that knows of nothing."""

    def desk(self, _queue: QueueName) -> Desk:
        return Desk(None)

    def on_line(self) -> Mapping[str, bool]:
        return {}

    def has_answered(self, _attempt: Attempt) -> bool:
        return True


Zones = Callable[[str], Awaitable[Sequence[str]]]
"""tz names of where the people who have this canonical number are, by their records; none known: empty."""
Prepare = Callable[[str, str, Language], Awaitable[str | None]]
"""PBX, text, language: the prompt's path as that PBX sees it; None: it cannot be spoken."""


def wish_of(row: Any) -> Wish:
    """``row``: has the columns of ``follow_ups``."""
    return Wish(
        row.id,
        row.number,
        row.asked_at,
        row.position,
        row.due_at,
        row.wait,
        row.tries,
        row.taken_by,
        row.postponed_by,
    )

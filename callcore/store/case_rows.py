"""Cases and tasks as values (D-42, D-47): what the store keeps and the rooms above decide on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from callcore.domain import CallId, CustomerId, Login, TopicCode

_NO_TOPIC = TopicCode("")


class Status(StrEnum):
    """D-42."""

    open = "open"
    """In its owner's folder: just made and not sent yet, or accepted from a queue."""
    dispatch = "dispatch"
    """Passed on for work: in a department's queue, or in the folder of whom it was handed to."""
    reject = "reject"
    """Returned to its owner's folder because of errors; he mends it and sends it again."""
    closed = "closed"


OPEN = (Status.open, Status.dispatch, Status.reject)


class Priority(IntEnum):
    low = 0
    normal = 1
    high = 2
    urgent = 3


@dataclass(frozen=True, slots=True)
class StageRun:
    """One stay of a case in a stage."""

    n: int
    """Counts the stays of one case, from 1."""
    stage: str
    department: str
    """Who works on it; "" for the initiator himself."""
    entered_at: datetime
    began_at: datetime | None = None
    """None: it waits for its precondition, and its term does not run."""
    due_at: datetime | None = None
    ended_at: datetime | None = None
    result: str = ""
    ended_by: Login | None = None
    worked_seconds: float | None = None
    """Working time from its begin to its end."""

    @property
    def is_blocked(self) -> bool:
        return self.began_at is None and self.ended_at is None


@dataclass(frozen=True, slots=True)
class Case:
    """A request or problem passed to a department. ``id`` 0: not stored yet."""

    id: int
    revision: int
    """Grows by one with every change; two people who change the same revision: the first wins."""
    type: str
    queue: str
    """Code of the leaf that was chosen level by level (D-43)."""
    department: str
    """Who has it at present; "" for the initiator himself."""
    status: Status
    initiator: Login
    owner: Login | None
    """In whose folder it is; None: it lies in the department's queue."""
    customer: CustomerId
    created_at: datetime
    changed_at: datetime
    priority: Priority = Priority.normal
    number: str = ""
    """The phone number it is about; "" for none."""
    contact: CallId | None = None
    interaction: int | None = None
    topic: TopicCode = _NO_TOPIC
    comment: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    """What is known to have happened, such as ``paid`` or ``signed``."""
    result: str = ""
    sent_at: datetime | None = None
    """First time; None: saved, not sent yet."""
    queued_at: datetime | None = None
    """Since when it lies in the present queue."""
    closed_at: datetime | None = None
    runs: tuple[StageRun, ...] = ()
    """Stages so far; the last one is the present one. Empty until it is sent, and in lists."""

    @property
    def is_open(self) -> bool:
        return self.status is not Status.closed

    @property
    def run(self) -> StageRun | None:
        """The present stage; None before it is sent and once it is closed."""
        return self.runs[-1] if self.runs and self.runs[-1].ended_at is None else None

    @property
    def due_at(self) -> datetime | None:
        return self.run.due_at if self.run else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a case's history."""

    at: datetime
    login: Login
    """"" for callcore itself."""
    act: str
    field: str = ""
    """What changed: ``status``, ``owner``, ``department``, ``priority``, ``stage``, ``due_at``, ``flag:…``,
    ``form:…``, ``comment``, ``result``."""
    was: str = ""
    became: str = ""
    reason: str = ""
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the clock does once: a reminder before the term ends, or a step of escalation after it."""

    key: str
    """Unique for one stage of one case."""
    kind: str
    """``reminder`` or ``overdue``."""
    at: datetime
    to: str
    """``responsible``, ``controller``, ``head`` or ``supervisor``."""


@dataclass(frozen=True, slots=True)
class Change:
    """A case as it becomes, and the history of how. ``before`` None: a new one."""

    before: Case | None
    after: Case
    entries: tuple[Entry, ...]
    alarm_at: datetime | None = None
    events: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    """For the outbox: type, and what beside the case's number; written with the change."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as lists and cards show it."""

    id: int
    number: str
    type: str
    queue: str
    department: str
    status: Status
    stage: str
    initiator: Login
    owner: Login | None
    priority: Priority
    customer: CustomerId
    customer_name: str
    topic: TopicCode
    comment: str
    created_at: datetime
    sent_at: datetime | None
    queued_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    revision: int

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at < now and self.status is not Status.closed


@dataclass(frozen=True, slots=True)
class Task:
    """Something that somebody has to do by then (D-47). ``customer`` 0: for nobody in particular."""

    id: int
    customer: CustomerId
    case: int | None
    text: str
    responsible: Login
    author: Login
    created_at: datetime
    due_at: datetime | None = None
    done_at: datetime | None = None
    done_by: Login | None = None

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and self.due_at < now and self.done_at is None


_NUMBER = re.compile(r"(?:[CСcс]-?(?:[0-9]{4}-)?)?0*([1-9][0-9]{0,17})", re.ASCII)


def number_of(id: int, created_at: datetime) -> str:
    """``C-2026-000123``: the id counts on over the years."""
    return f"C-{created_at.year}-{id:06}"


def id_of(number: str) -> int | None:
    """Of ``C-2026-000123``, ``с-123`` or ``123``; None for what is no number of a case."""
    found = _NUMBER.fullmatch(number.strip())
    return int(found[1]) if found else None

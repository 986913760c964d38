"""Rows of the work list of people to call, as values, and how a list is narrowed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_

from callcore.domain import CallId, CustomerId, Language, Login, QueueName, TopicCode
from callcore.store.schema.work import follow_ups

HOUSE = Login("")
"""Callcore itself: nobody's login."""


class FollowUpKind(StrEnum):
    wish = "wish"
    """He asked to be called."""
    missed = "missed"
    """He called, and nobody talked with him."""
    voicemail = "voicemail"
    """He left a message."""


class FollowUpState(StrEnum):
    open = "open"
    done = "done"
    withdrawn = "withdrawn"
    """It is no longer needed: a mistake, or it was settled some other way."""


class AskedBy(StrEnum):
    key = "key"
    """The caller, by a key in a queue or in the menu."""
    closed = "closed"
    """The caller, on the announcement that we are closed."""
    operator = "operator"
    api = "api"
    contact = "contact"
    """A call that nobody took, or a message: callcore itself."""


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """``number``: canonical, "" where it was withheld; topic, queue and language "" where nobody knows."""

    kind: FollowUpKind
    number: str
    topic: TopicCode
    queue: QueueName
    language: Language | None
    call: CallId | None = None
    customer: CustomerId | None = None
    source: AskedBy = AskedBy.key
    asked_by: Login | None = None
    position: int | None = None
    """Of his place in the queue; None: he stood in none."""
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody to be called. One is open at most for each number and kind; ``""`` is no number."""

    id: int
    kind: FollowUpKind
    number: str
    topic: TopicCode
    queue: QueueName
    language: Language | None
    asked_at: datetime
    """The first time: his place in the list."""
    last_at: datetime
    times: int = 1
    state: FollowUpState = FollowUpState.open
    call: CallId | None = None
    """The first."""
    last_call: CallId | None = None
    customer: CustomerId | None = None
    customer_name: str = ""
    """Read with the row, not stored with it; empty if unknown."""
    source: AskedBy = AskedBy.key
    asked_by: Login | None = None
    position: int | None = None
    due_at: datetime | None = None
    """Not before; None: now."""
    zone: str = ""
    tries: int = 0
    wait: str = ""
    responsible_login: Login | None = None
    responsible_department: str = ""
    responsible_at: datetime | None = None
    why_responsible: str = ""
    """A rule of ``crm.responsible``, ``given``, ``postponed``; "" while nobody has looked."""
    taken_at: datetime | None = None
    taken_by: Login | None = None
    """Who calls; nobody else need then."""
    postponed_by: Login | None = None
    settled_at: datetime | None = None
    settled_by: Login | None = None
    """``HOUSE``, which is empty: somebody unknown talked with him."""
    settled_call: CallId | None = None
    """In which he was reached, if that settled it."""
    note: str = ""
    """What came of it."""
    reason: str = ""
    """Why it was postponed or given away last."""

    def is_postponed(self, now: datetime) -> bool:
        return self.postponed_by is not None and self.due_at is not None and self.due_at > now


@dataclass(frozen=True, slots=True)
class Whose:
    """What concerns somebody: taken by him, given to him, or to his department, or to everybody of his rank.

    ``login`` None: only what lies with the department."""

    login: Login | None = None
    department: str = ""
    is_default: bool = False
    """He is one of those who look after what nobody else does."""


@dataclass(frozen=True, slots=True)
class FollowUpLook:
    """What a list shows; everything that is set must fit. ``state``, ``kinds`` None: any."""

    state: FollowUpState | None = FollowUpState.open
    kinds: Collection[FollowUpKind] | None = None
    queues: Collection[QueueName] | None = None
    customer: CustomerId | None = None
    number: str = ""
    is_taken: bool | None = None
    taken_by: Login | None = None
    whose: Whose | None = None
    postponed: bool | None = None
    """Against ``now``, which must be set then."""
    now: datetime | None = None
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait in a list, and since when the oldest."""

    count: int = 0
    oldest_at: datetime | None = None


def postponed(now: datetime) -> ColumnElement[bool]:
    c = follow_ups.c
    return and_(c.postponed_by.is_not(None), c.due_at.is_not(None), c.due_at > now)


def not_postponed(now: datetime) -> ColumnElement[bool]:
    c = follow_ups.c
    return or_(c.postponed_by.is_(None), c.due_at.is_(None), c.due_at <= now)


def conditions(look: FollowUpLook) -> list[ColumnElement[bool]]:
    c = follow_ups.c
    where: list[ColumnElement[bool]] = []
    if look.state is not None:
        where.append(c.state == look.state.value)
    if look.kinds is not None:
        where.append(c.kind.in_([kind.value for kind in look.kinds]))
    if look.queues is not None:
        where.append(c.queue.in_(tuple(look.queues)))
    if look.customer is not None:
        where.append(c.customer == look.customer)
    if look.number:
        where.append(c.number == look.number)
    if look.is_taken is not None:
        where.append(c.taken_by.is_not(None) if look.is_taken else c.taken_by.is_(None))
    if look.taken_by is not None:
        where.append(c.taken_by == look.taken_by)
    if look.whose is not None:
        where.append(_concerns(look.whose))
    if look.postponed is not None:
        if look.now is None:
            raise ValueError("postponed, until when? now is missing")
        where.append(postponed(look.now) if look.postponed else not_postponed(look.now))
    return where


def _concerns(whose: Whose) -> ColumnElement[bool]:
    c = follow_ups.c
    parts: list[ColumnElement[bool]] = []
    if whose.login is not None:
        parts += [c.taken_by == whose.login, c.responsible_login == whose.login]
    if whose.department:
        parts.append(c.responsible_department == whose.department)
    if whose.is_default:
        parts.append(and_(c.responsible_login.is_(None), c.why_responsible == "default"))
    return or_(*parts) if parts else c.id.is_(None)


def follow_up(row: Row[Any]) -> FollowUp:
    values = dict(row._mapping)
    values |= {
        "kind": FollowUpKind(values["kind"]),
        "state": FollowUpState(values["state"]),
        "source": AskedBy(values["source"]),
        "language": values["language"] or None,
        "customer_name": values["customer_name"] or "",
    }
    return FollowUp(**values)

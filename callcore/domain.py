"""Identifiers and small values that every room of the house shares. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, NewType

CallId = NewType("CallId", str)
"""Minted by callcore at first sight of a call; lower-case letters and digits, sorts by time."""
PbxName = NewType("PbxName", str)
"""Key of the PBX in the settings, e.g. ``main``."""
ChannelId = NewType("ChannelId", str)
"""Asterisk's Uniqueid: opaque, unique only within one PBX."""
Login = NewType("Login", str)
"""Sign-in name of a person; as an agent's identity it never changes."""
QueueName = NewType("QueueName", str)
TopicCode = NewType("TopicCode", str)
"""``table.topic``, e.g. ``finance.recalculation``."""
CustomerId = NewType("CustomerId", int)
NULL_CUSTOMER = CustomerId(0)
"""Stands for somebody who is not in the base and leaves nothing (D-41); contract ``0``, as typed."""
Interface = NewType("Interface", str)
"""An operator's device as Asterisk spells it: ``PJSIP/101``, ``SIP/101``, ``Local/101@agents``."""

OutageId = NewType("OutageId", int)
NodeCode = NewType("NodeCode", str)
"""Code of a node of the network tree, as the control room spells it, e.g. ``F-12``."""

Language = Literal["ru", "en"]
LANGUAGES: tuple[Language, ...] = ("ru", "en")

UNCLASSIFIED = TopicCode("unclassified")
"""Topic of a contact that nobody classified."""


class ChannelRef(NamedTuple):
    """A channel anywhere: two PBXs may use one uniqueid."""

    pbx: PbxName
    id: ChannelId

    def __str__(self) -> str:
        return f"{self.pbx}:{self.id}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that a person reads or hears, in both languages."""

    ru: str
    en: str

    def in_(self, language: str) -> str:
        """The text in ``language``; Russian for a language that we do not speak."""
        return self.en if language == "en" else self.ru


class Direction(StrEnum):
    inbound = "inbound"
    outbound = "outbound"
    internal = "internal"


class EndReason(StrEnum):
    """Why a call or one ring of it ended; the raw hangup cause stands beside it."""

    completed = "completed"
    no_answer = "no_answer"
    busy = "busy"
    rejected = "rejected"
    cancelled = "cancelled"
    answered_elsewhere = "answered_elsewhere"
    failed = "failed"
    lost = "lost"


class RecordMode(StrEnum):
    """What becomes of the talks of a queue's callers."""

    never = "never"
    auto = "auto"
    demand = "demand"
    """Nothing is heard in the file until an operator opens it."""


class Outcome(StrEnum):
    """What became of an inbound contact."""

    answered = "answered"
    abandoned_ivr = "abandoned_ivr"
    abandoned_queue = "abandoned_queue"
    abandoned_ringing = "abandoned_ringing"
    left_by_key = "left_by_key"
    timeout = "timeout"
    closed = "closed"
    voicemail = "voicemail"
    callback_requested = "callback_requested"
    self_served = "self_served"
    failed = "failed"


class Source(StrEnum):
    """How callcore learnt of a call."""

    live = "live"
    snapshot = "snapshot"
    journal = "journal"
    cdr = "cdr"


class AgentState(StrEnum):
    offline = "offline"
    ready = "ready"
    ringing = "ringing"
    talking = "talking"
    wrap_up = "wrap_up"
    paused = "paused"


class PauseReason(StrEnum):
    """Reasons an operator may choose, and two that callcore sets itself."""

    lunch = "lunch"
    rest = "break"
    training = "training"
    paperwork = "paperwork"
    no_desk = "no_desk"
    no_answer = "no_answer"


@dataclass(frozen=True, slots=True)
class Customer:
    """What the card shows of a customer (D-30). Money is in minor units (kopecks)."""

    id: CustomerId
    name: str
    contract: str
    address: str = ""
    tariff: str = ""
    balance_minor: int | None = None
    currency: str = "RUB"
    segment: str = ""
    legal_form: str = ""
    language: Language | None = None
    numbers: tuple[str, ...] = ()
    """Canonical numbers (E.164 where possible), the main one first."""


class NodeKind(StrEnum):
    """Levels of the network tree, from the top."""

    feeder = "feeder"
    house = "house"
    point = "point"
    """A connection point: where one customer's premises begin."""


class OutageKind(StrEnum):
    planned = "planned"
    emergency = "emergency"


class OutageState(StrEnum):
    confirmed = "confirmed"
    """It is known; nobody knows yet how long it lasts."""
    estimated = "estimated"
    changed = "changed"
    """Cause, time or area were corrected after the first news."""
    restored = "restored"
    cancelled = "cancelled"


@dataclass(frozen=True, slots=True)
class Outage:
    """An affected area, a period and a cause, as last published (D-64, D-66)."""

    id: OutageId
    number: str
    """The sender's own number of it; unique."""
    revision: int
    """Counts the sender's changes, from 1."""
    source: str
    """Who published this revision: a login, or ``cli``."""
    kind: OutageKind
    state: OutageState
    cause: Text
    starts_at: datetime
    estimated_restoration_at: datetime | None
    ended_at: datetime | None
    """When it was restored or cancelled."""
    nodes: tuple[NodeCode, ...]
    published_at: datetime
    """Of the first revision."""
    changed_at: datetime
    """Of this revision."""

    @property
    def is_open(self) -> bool:
        return self.state not in (OutageState.restored, OutageState.cancelled)

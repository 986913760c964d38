"""What may be done with a call, one after the other until somebody has taken it (D-20, D-21, D-24, D-26).

A leg that nobody takes in its time leads to the next one; the last one of a row must end the call's way by
itself: ``is_last``. Which legs leave something on somebody's list says ``leaves_word``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from callcore.domain import QueueName, Text, TopicCode


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Asterisk's queue. ``max_wait`` None: the PBX's longest wait, which makes it a last leg."""

    queue: QueueName | None = None
    """None: the topic's own."""
    priority: int = 0
    """app_queue's: the higher, the further in front."""
    skills: tuple[str, ...] = ()
    """Who has them is rung first; members without them by their penalty."""
    max_wait: timedelta | None = None
    department: str | None = None
    """Whose it is, where a row names a department."""


@dataclass(frozen=True, slots=True)
class ToDepartment:
    """Whoever the department puts through (D-14); becomes its queue or its number when settings are read."""

    department: str
    rings: timedelta | None = None
    """None: its number rings as any, in its queue he waits to the end."""


@dataclass(frozen=True, slots=True)
class ToPersonal:
    """The customer's personal operators who are on shift and ready, in the record's order."""

    rings: timedelta


@dataclass(frozen=True, slots=True)
class ToNumber:
    """An internal number; ``department`` for the record, if it is one's."""

    number: str
    rings: timedelta
    department: str | None = None


@dataclass(frozen=True, slots=True)
class ToExternal:
    """A number outside, through the gate."""

    number: str
    rings: timedelta


@dataclass(frozen=True, slots=True)
class ToTopic:
    """Another topic decides, by its own table (D-29). Always the only leg of its row."""

    topic: TopicCode


@dataclass(frozen=True, slots=True)
class Announce:
    text: Text


@dataclass(frozen=True, slots=True)
class Voicemail:
    """A message of the caller, which becomes an appeal (D-61). ``greeting`` None: the house's own."""

    greeting: Text | None = None


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of this type (D-24 to D-26). What its form needs and the PBX knows is filled in; the rest the
    caller says after ``ask`` (None: nothing is asked), and whoever takes the case writes it down. Whoever is
    asked and says nothing is led to the next leg, if there is one (D-26); else the case has what is known."""

    type: str
    ask: Text | None = None
    words: Text | None = None
    """Said once it is there: what happens next, and when. None: the house's own."""


@dataclass(frozen=True, slots=True)
class OfferCallBack:
    """He presses a key and is called back in working hours; without a key the next leg follows."""

    queue: QueueName | None = None
    """Who calls; None: the topic's own."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """With the house's last words."""


Leg = (
    ToQueue
    | ToDepartment
    | ToPersonal
    | ToNumber
    | ToExternal
    | ToTopic
    | Announce
    | Voicemail
    | OpenCase
    | OfferCallBack
    | HangUp
)


def is_last(leg: Leg) -> bool:
    """Whether the call's way ends here whatever the caller does."""
    match leg:
        case ToQueue(max_wait=limit):
            return limit is None
        case ToTopic() | Voicemail() | OpenCase() | HangUp():
            return True
        case _:
            return False


def leaves_word(leg: Leg) -> bool:
    """Whether somebody will know that he called, and has it on a list."""
    return isinstance(leg, Voicemail | OpenCase | OfferCallBack)


def department_of(leg: Leg) -> str | None:
    """Which a file named, also where its queue or number has come in its place."""
    return leg.department if isinstance(leg, ToDepartment | ToQueue | ToNumber) else None


KINDS: Mapping[type, str] = {
    ToQueue: "queue",
    ToDepartment: "department",
    ToPersonal: "personal_operator",
    ToNumber: "number",
    ToExternal: "external",
    ToTopic: "topic",
    Announce: "announce",
    Voicemail: "voicemail",
    OpenCase: "case",
    OfferCallBack: "call_back",
    HangUp: "hang_up",
}
"""As the tables' files call them."""


def kind_of(leg: Leg) -> str:
    return KINDS[type(leg)]

"""What the script's machine asks of the shell, and what the shell tells it. Pure.

``begin`` and ``step`` (``ivr.machine``) give one action after another; whoever runs them carries the action
out and hands back the event it names. A caller who hangs up is told to nobody: the shell just stops. An event
of another kind than the one that was asked for counts as silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callcore.domain import Language, Text, TopicCode
from callcore.ivr.flow import Phrase
from callcore.ivr.ports import Message
from callcore.ivr.script import Question
from callcore.routing.legs import Leg


@dataclass(frozen=True, slots=True)
class Ask:
    """Say all, stopped by any key, then wait for one. Gives ``Key``."""

    phrases: tuple[Phrase, ...]
    wait_seconds: int
    """0: nothing is waited for, a key counts that was pressed meanwhile."""
    outages: tuple[Phrase, ...] = ()
    """Those of ``phrases`` that tell of an outage: how much of them is heard counts."""


@dataclass(frozen=True, slots=True)
class AskDigits:
    """Say all, stopped by the first digit, then take digits until ``#``, ``most``, or ``wait_seconds``
    without one. Gives ``Digits``, without the ``#``. Without ``phrases`` he has begun to type already."""

    phrases: tuple[Phrase, ...]
    most: int
    wait_seconds: int
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Say all, a tone, record. Gives ``Recorded``."""

    phrases: tuple[Phrase, ...]
    most_seconds: int


@dataclass(frozen=True, slots=True)
class Find:
    """Ask the record. Gives ``Answer``."""

    what: Question
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    """``ARGUMENTS`` of the question, and ``language``, in which he will hear the answer."""


@dataclass(frozen=True, slots=True)
class SwitchNote:
    """Switch an emergency announcement. Gives ``Answer``."""

    note: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """Say all; then the topic tables decide. The last action."""

    topic: TopicCode
    phrases: tuple[Phrase, ...] = ()
    by_default: bool = False
    """He did not choose it himself."""
    message: Message | None = None
    """What he said into a ``Record`` on his way: part of the case or voicemail that comes of this."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Say all; then these legs. The last action."""

    legs: tuple[Leg, ...]
    topic: TopicCode
    phrases: tuple[Phrase, ...] = ()
    message: Message | None = None


Action = Ask | AskDigits | TakeMessage | Find | SwitchNote | Leave | Finish


@dataclass(frozen=True, slots=True)
class Key:
    """``key`` None: silence."""

    key: str | None


@dataclass(frozen=True, slots=True)
class Digits:
    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recorded:
    """``file``: name of the recording; None: nothing was said."""

    file: str | None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``values`` None: not found, wrong, or nobody answered."""

    values: Mapping[str, str] | None


Event = Key | Digits | Recorded | Answer


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when the script begins; see ``ivr.script`` for the names of ``values``."""

    values: Mapping[str, str] = field(default_factory=dict)
    language: Language | None = None
    """His own, if it is known."""
    outages: tuple[Text, ...] = ()
    """What is out at his address."""
    emergencies: tuple[Text, ...] = ()
    """The announcements that are switched on."""

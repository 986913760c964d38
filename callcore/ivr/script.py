"""The IVR's file as values: nodes by name, each with what is said, what is asked and where it goes on. Pure.

A text may hold ``{NAME}`` or ``{NAME:KIND}``: the value of that name in words, ``KIND`` one of
``SAYABLE``. Names are set by ``collect``, ``look_up``, ``set`` and ``record``; there from the start are
``caller.number``, ``caller.standing`` (``Standing``), ``caller.segment``, ``caller.language``, ``language``,
``dialled``, ``hours.TABLE`` (``open`` or ``closed``) for each topic table, ``hint.NAME`` for each
``CALLCORE_HINT_NAME`` that the dialplan set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from callcore.domain import Language, Text, TopicCode
from callcore.routing.legs import Leg

NodeName = str
ValueName = str

SAYABLE = ("text", "digits", "number", "money", "date", "time")
"""How a value is said: as it is; digit by digit; as a whole number; money (minor units and the currency of
``NAME.currency``, else the house's); a date (ISO); a time of day (``HH:MM``)."""

Question = Literal["contract_pin", "customer", "balance", "tariff", "request", "staff_pin"]
"""What ``look_up`` can ask the record.

``contract_pin``: identify by ``contract`` and ``pin`` (both digits); the rest is about whoever is identified:
``customer``: ``name``, ``contract``, ``segment``; ``balance``: ``balance`` (minor units) and
``balance.currency``; ``tariff``: ``tariff``, ``tariff.since``; ``request``: ``request.number``,
``request.state``, ``request.due``.
``staff_pin``: whether ``pin`` is the house's own, of the settings.
"""

ARGUMENTS: Mapping[Question, tuple[str, ...]] = {"contract_pin": ("contract", "pin"), "staff_pin": ("pin",)}
"""What a question wants to be told."""

ANSWERS: Mapping[Question, tuple[ValueName, ...]] = {
    "contract_pin": (),
    "customer": ("name", "contract", "segment"),
    "balance": ("balance", "balance.currency"),
    "tariff": ("tariff", "tariff.since"),
    "request": ("request.number", "request.state", "request.due"),
    "staff_pin": (),
}
"""The values it sets; one that the record does not know is empty."""


@dataclass(frozen=True, slots=True)
class Play:
    """Says something; a key goes on at once and is not lost: it is the choice in the menu that follows, or
    the first digit of what is asked; what would be played until there is left out."""

    say: Text
    then: NodeName


@dataclass(frozen=True, slots=True)
class Menu:
    """Asks for one key; ``*`` and ``#`` may be keys too."""

    say: Text
    keys: Mapping[str, NodeName]
    otherwise: NodeName
    """After ``tries`` wrong keys or silences in a row."""
    tries: int = 3
    wait_seconds: int = 5
    wrong: Text | None = None
    silence: Text | None = None
    """None: the house's words (``FlowTexts``)."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The menu of the topic tables, in two levels, with the key for the other language in the first. It ends
    with a topic; after ``wrong_keys`` of the settings with the default one. Goes nowhere by itself."""

    say: Text | None = None
    """Said after the first menu: what ``keys`` do."""
    keys: Mapping[str, NodeName] = field(default_factory=dict)
    """More keys of the first menu. Those of the tables and the one for the language are not among them."""


@dataclass(frozen=True, slots=True)
class Outages:
    """What is out at his address: 0 operator, 1 or silence goes on, the language key says it again."""

    then: NodeName


@dataclass(frozen=True, slots=True)
class Emergency:
    """The house's emergency announcements, if any is switched on (a flash note with ``spoken``)."""

    then: NodeName


@dataclass(frozen=True, slots=True)
class Collect:
    """Digits, ended by ``#``, by ``most`` of them, or by a pause."""

    say: Text
    into: ValueName
    then: NodeName
    otherwise: NodeName
    """After ``tries`` answers with too few digits, or none; before that the house's word for it and ``say``
    again."""
    least: int = 1
    most: int = 20
    tries: int = 3
    wait_seconds: int = 5
    is_secret: bool = False
    """Neither logged nor recorded nor kept once it was looked up."""


@dataclass(frozen=True, slots=True)
class Branch:
    """By a value: the case of the same word (without regard to case), else ``otherwise``."""

    on: ValueName
    cases: Mapping[str, NodeName]
    otherwise: NodeName


@dataclass(frozen=True, slots=True)
class LookUp:
    what: Question
    then: NodeName
    otherwise: NodeName
    """Not found, wrong, or nobody answers."""
    using: Mapping[str, ValueName] = field(default_factory=dict)
    """Argument -> name of the value: ``contract_pin`` wants ``contract`` and ``pin``."""
    tries: int | None = None
    """So often a caller may fail here before ``failed``; ``otherwise`` leads back to the question."""
    failed: NodeName | None = None


@dataclass(frozen=True, slots=True)
class Set:
    values: Mapping[ValueName, str]
    then: NodeName


@dataclass(frozen=True, slots=True)
class Record:
    """What he says after the tone; ended by ``#``, silence or ``most_seconds``. No sound: ``otherwise``."""

    say: Text
    into: ValueName
    then: NodeName
    otherwise: NodeName
    most_seconds: int = 120


@dataclass(frozen=True, slots=True)
class Speak:
    """Changes the language: to this one, or (None) to the other."""

    language: Language | None
    then: NodeName


@dataclass(frozen=True, slots=True)
class Transfer:
    """The topic tables decide where he goes. The call's way in the script ends here."""

    topic: TopicCode


@dataclass(frozen=True, slots=True)
class Do:
    """These legs, without asking the tables: voicemail, a call-back, an announcement and the end."""

    legs: tuple[Leg, ...]
    topic: TopicCode
    """What it is about, for the record."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Switches an emergency announcement on or off: for staff, behind a ``collect`` and a ``branch``."""

    note: str
    """Number of the flash note, or a value's name that holds it."""
    is_on: bool
    then: NodeName
    otherwise: NodeName


Node = (
    Play
    | Menu
    | Topics
    | Outages
    | Emergency
    | Collect
    | Branch
    | LookUp
    | Set
    | Record
    | Speak
    | Transfer
    | Do
    | Switch
)


@dataclass(frozen=True, slots=True)
class Script:
    start: NodeName
    nodes: Mapping[NodeName, Node]
    has_greeting: bool = True
    """The house's greeting comes before whatever is said first."""


DEFAULT = Script(
    "outages", {"outages": Outages("emergency"), "emergency": Emergency("topics"), "topics": Topics()}
)
"""Where no file is set: what is out, what everybody must know, the menu of the tables."""

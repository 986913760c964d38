"""Where a caller is in the script, and what every node does alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from callcore.domain import Language, Text
from callcore.ivr.actions import Action, Ask, Event, Key, Known, Leave
from callcore.ivr.flow import Flow, Phrase, other, phrases
from callcore.ivr.ports import Message
from callcore.ivr.script import NodeName, ValueName
from callcore.routing.menu import Menu


@dataclass(frozen=True, slots=True)
class Place:
    """Where a caller is. The shell may show ``node`` and ``language``; the rest is the machine's own."""

    node: NodeName
    language: Language
    known: Known = field(default_factory=Known, repr=False)
    values: Mapping[ValueName, str] = field(default_factory=dict, repr=False)
    before: tuple[Phrase, ...] = ()
    """Said with whatever is said next: the greeting."""
    held: str | None = field(default=None, repr=False)
    """A key pressed while something was played: the next node that asks for one has it."""
    failures: int = 0
    """Wrong answers and silences in this node, one after another."""
    submenu: Menu | None = None
    """In ``topics``: the second menu, once he is in it."""
    tries: Mapping[NodeName, int] = field(default_factory=dict)
    """How often a ``look_up`` failed."""
    switches: int = 0
    """Changes of the language by its key."""
    message: Message | None = None
    idle: int = 0
    """Events since he last did something."""
    events: int = 0


Next = tuple[Place, Action | NodeName]
"""An action, or the node to go to."""


def ask(place: Place, said: tuple[Phrase, ...], wait_seconds: int, outages: tuple[Phrase, ...] = ()) -> Next:
    """Say all this, after what is to be said before, and wait for a key."""
    return replace(place, before=()), Ask((*place.before, *said), wait_seconds, outages)


def words(place: Place, *texts: Text) -> tuple[Phrase, ...]:
    """Texts of the house, in his language."""
    return tuple(Phrase(text.in_(place.language), place.language) for text in texts)


def filled(flow: Flow, place: Place, text: Text) -> tuple[Phrase, ...]:
    """A text of the script, in his language and with his values."""
    return phrases(text, place.language, place.values, flow.currency)


def complaint(flow: Flow, place: Place, key: str | None) -> tuple[Phrase, ...]:
    """The house's words for a wrong key, or for silence."""
    return words(place, flow.texts.silence if key is None else flow.texts.wrong_key)


def to_default(flow: Flow, place: Place, said: tuple[Phrase, ...] = ()) -> Next:
    """To the default topic, after what is to be said."""
    place, said = replace(place, before=()), (*place.before, *said)
    return place, Leave(flow.default_topic, said, by_default=True, message=place.message)


def given_up(flow: Flow, place: Place) -> Next:
    """To the default topic, and he is told so."""
    return to_default(flow, place, words(place, flow.texts.to_default))


def spoken(place: Place, language: Language | None) -> Place:
    """In this language from now on; None: the other one."""
    language = language or other(place.language)
    return replace(place, language=language, values={**place.values, "language": language})


def key_of(event: Event) -> str | None:
    return event.key if isinstance(event, Key) else None

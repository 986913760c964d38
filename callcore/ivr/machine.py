"""The IVR as a machine: what to say next, given what the caller pressed. Pure.

    greeting + outage ──1, silence──┐   (only for a caller whose address is affected; the language key says it
          │ 0: default topic        ▼    again, any other key counts as pressed in the menu)
          │             greeting + menu ──key──> second menu ──key──> topic
          │                   │  ▲ language key, wrong key, silence       │
          │                   └──┘ (three in a row: default topic) ───────┤
          └───────────────────────────────────────────────────────────────┴──> the topic tables ──> last words

Whoever runs it plays ``Ask.phrases`` one after another, each stopped by any key, then waits ``wait_seconds``
for a key, and hands the key (or None) to ``press``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from callcore.domain import Language, QueueName, Text, TopicCode
from callcore.ivr.flow import Flow, Phrase, language_offer, other
from callcore.routing.decide import Closed, Target, ToQueue
from callcore.routing.menu import Menu

OUTAGE_KEYS = OPERATOR_KEY, MENU_KEY = "0", "1"
"""Of a caller who is told of an outage."""


@dataclass(frozen=True, slots=True)
class Ask:
    phrases: tuple[Phrase, ...]
    wait_seconds: int
    outages: tuple[Phrase, ...] = ()
    """Those of ``phrases`` that tell of an outage: how much of them is heard counts."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The topic is known; ``by_default`` if the caller did not choose it himself."""

    topic: TopicCode
    phrases: tuple[Phrase, ...] = ()
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class LastWords:
    """What is said before the caller is put into ``queue``, or, with None, before the call ends."""

    phrases: tuple[Phrase, ...]
    queue: QueueName | None


@dataclass(frozen=True, slots=True)
class Ivr:
    """Where a caller is in the menus."""

    language: Language
    menu: Menu
    failures: int = 0
    switches: int = 0
    """Changes of the language."""
    outages: tuple[Text, ...] = ()
    """What he hears before the menu; empty from there on."""


def begin(
    flow: Flow, outages: tuple[Text, ...] = (), language: Language | None = None
) -> tuple[Ivr, Ask | Chosen]:
    """A new caller. Without any menu he gets the default topic after the greeting.

    ``outages``: what is out at his address; ``language``: his own, if it is known.
    """
    state = Ivr(language or flow.language, flow.menu, outages=outages)
    greeting = _phrase(state, flow.greeting)
    if outages:
        has_offer = language is None and flow.language_key not in OUTAGE_KEYS
        offer = language_offer(flow, state.language) if has_offer else None
        return state, _tell(flow, state, (greeting, offer) if offer else (greeting,))
    if not flow.menu.items:
        return state, _default(flow, (greeting,))
    return state, _ask(flow, state, (greeting,))


def press(flow: Flow, state: Ivr, key: str | None) -> tuple[Ivr, Ask | Chosen]:
    """What follows a key, or silence (None)."""
    own = OUTAGE_KEYS if state.outages else ()
    if key is not None and key == flow.language_key and key not in own and state.menu is flow.menu:
        return _switched(flow, state)
    if state.outages:
        state = replace(state, outages=())
        if key == OPERATOR_KEY or not flow.menu.items:
            return state, _default(flow, ())
        if key == MENU_KEY or key is None:
            return state, _ask(flow, state)
    item = state.menu.choose(key) if key is not None else None
    if item is None:
        return _failed(flow, state, key)
    if item.menu is not None:
        state = replace(state, menu=item.menu, failures=0)
        return state, _ask(flow, state)
    if item.topic is None:
        return state, _default(flow, ())
    return state, Chosen(item.topic)


def last_words(flow: Flow, language: Language, target: Target) -> LastWords:
    match target:
        case ToQueue(queue):
            return LastWords((Phrase(flow.texts.connecting.in_(language), language),), queue)
        case Closed(announcement):
            words = (announcement, flow.texts.goodbye)
            return LastWords(tuple(Phrase(text.in_(language), language) for text in words), None)
        case _:  # pragma: no cover - no other targets
            assert_never(target)


def _switched(flow: Flow, state: Ivr) -> tuple[Ivr, Ask | Chosen]:
    state = replace(state, language=other(state.language), failures=0, switches=state.switches + 1)
    if state.switches > 2 * flow.wrong_keys:  # somebody plays, or a machine does
        return state, _default(flow, (_phrase(state, flow.texts.to_default),))
    return state, _tell(flow, state) if state.outages else _ask(flow, state)


def _tell(flow: Flow, state: Ivr, before: tuple[Phrase, ...] = ()) -> Ask:
    outages = tuple(_phrase(state, text) for text in state.outages)
    keys = _phrase(state, flow.texts.outage_keys)
    return Ask((*before, *outages, keys), flow.silence_seconds, outages)


def _failed(flow: Flow, state: Ivr, key: str | None) -> tuple[Ivr, Ask | Chosen]:
    state = replace(state, failures=state.failures + 1)
    complaint = _phrase(state, flow.texts.silence if key is None else flow.texts.wrong_key)
    if state.failures >= flow.wrong_keys:
        return state, _default(flow, (_phrase(state, flow.texts.to_default),))
    return state, _ask(flow, state, (complaint,))


def _ask(flow: Flow, state: Ivr, before: tuple[Phrase, ...] = ()) -> Ask:
    offer = language_offer(flow, state.language) if state.menu is flow.menu else None
    items = tuple(_phrase(state, item.sentence) for item in state.menu.items)
    return Ask((*before, *((offer,) if offer else ()), *items), flow.silence_seconds)


def _default(flow: Flow, phrases: tuple[Phrase, ...]) -> Chosen:
    return Chosen(flow.default_topic, phrases, by_default=True)


def _phrase(state: Ivr, text: Text) -> Phrase:
    return Phrase(text.in_(state.language), state.language)

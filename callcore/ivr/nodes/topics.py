"""``outages`` and ``topics``: what is out at his address, and the menu of the topic tables.

greeting + outage ──1, silence──> then          (only where something is out; the language key says it again,
      │ 0: default topic                         any other key is pressed in the menu that follows)

greeting + menu ──key──> second menu ──key──> topic
      │  ▲ language key, wrong key, silence
      └──┘ (several in a row: default topic)
"""

from __future__ import annotations

from dataclasses import replace

from callcore.ivr.actions import Leave
from callcore.ivr.flow import Flow, Phrase, language_offer
from callcore.ivr.nodes.frame import Next, Place, ask, complaint, filled, given_up, spoken, to_default, words
from callcore.ivr.script import Outages, Topics

OUTAGE_KEYS = OPERATOR_KEY, GO_ON_KEY = "0", "1"
"""Of a caller who is told of an outage."""

# --- outages


def tell(flow: Flow, node: Outages, place: Place) -> Next:
    """A key pressed before does not count: he does not know yet what is out."""
    if not place.known.outages:
        return place, node.then
    has_offer = place.known.language is None and flow.language_key not in OUTAGE_KEYS
    return _tell(flow, replace(place, held=None), _offer(flow, place) if has_offer else ())


def after_outages(flow: Flow, node: Outages, place: Place, key: str | None) -> Next:
    if key is not None and key == flow.language_key and key not in OUTAGE_KEYS:
        place = _switched(place)
        return given_up(flow, place) if _plays_with_languages(flow, place) else _tell(flow, place)
    if key == OPERATOR_KEY:
        return to_default(flow, place)
    return replace(place, held=None if key == GO_ON_KEY else key), node.then


def _tell(flow: Flow, place: Place, before: tuple[Phrase, ...] = ()) -> Next:
    told = words(place, *place.known.outages)
    keys = words(place, flow.texts.outage_keys)
    return ask(place, (*before, *told, *keys), flow.silence_seconds, told)


# --- topics


def offer(flow: Flow, node: Topics, place: Place) -> Next:
    """Without any menu he gets the default topic."""
    if not flow.menu.items and not node.keys:
        return to_default(flow, replace(place, held=None))
    if place.held is not None:
        return choose(flow, node, replace(place, held=None), place.held)
    return _ask(flow, node, place)


def choose(flow: Flow, node: Topics, place: Place, key: str | None) -> Next:
    if key is not None and key == flow.language_key and place.submenu is None:
        place = replace(_switched(place), failures=0)
        return given_up(flow, place) if _plays_with_languages(flow, place) else _ask(flow, node, place)
    item = (place.submenu or flow.menu).choose(key) if key is not None else None
    if item is None and key is not None and key in node.keys and place.submenu is None:
        return place, node.keys[key]
    if item is None:
        return _failed(flow, node, place, key)
    if item.menu is not None:
        return _ask(flow, node, replace(place, submenu=item.menu, failures=0))
    if item.topic is None:
        return to_default(flow, place)
    return place, Leave(item.topic, message=place.message)


def _failed(flow: Flow, node: Topics, place: Place, key: str | None) -> Next:
    place = replace(place, failures=place.failures + 1)
    if place.failures >= flow.wrong_keys:
        return given_up(flow, place)
    return _ask(flow, node, place, complaint(flow, place, key))


def _ask(flow: Flow, node: Topics, place: Place, before: tuple[Phrase, ...] = ()) -> Next:
    if place.submenu is not None:
        items = words(place, *(item.sentence for item in place.submenu.items))
        return ask(place, (*before, *items), flow.silence_seconds)
    items = words(place, *(item.sentence for item in flow.menu.items))
    own = filled(flow, place, node.say) if node.say else ()
    return ask(place, (*before, *_offer(flow, place), *items, *own), flow.silence_seconds)


def _offer(flow: Flow, place: Place) -> tuple[Phrase, ...]:
    other_language = language_offer(flow, place.language)
    return (other_language,) if other_language else ()


def _switched(place: Place) -> Place:
    return replace(spoken(place, None), switches=place.switches + 1)


def _plays_with_languages(flow: Flow, place: Place) -> bool:
    """Somebody plays, or a machine does: it must not keep a line for ever."""
    return place.switches > 2 * flow.wrong_keys

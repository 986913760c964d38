"""Nodes that say something and listen: ``play``, ``emergency``, ``menu``, ``collect``, ``record``."""

from __future__ import annotations

from dataclasses import replace

from callcore.ivr.actions import AskDigits, Event, Recorded, TakeMessage
from callcore.ivr.actions import Digits as DigitsTyped
from callcore.ivr.flow import Flow, Phrase
from callcore.ivr.nodes.frame import Next, Place, ask, complaint, filled, words
from callcore.ivr.ports import Message
from callcore.ivr.script import Collect, Emergency, Menu, Play, Record

DIGITS = "0123456789"

# --- play


def play(flow: Flow, node: Play, place: Place) -> Next:
    if place.held is not None:
        return place, node.then
    return ask(place, filled(flow, place, node.say), 0)


def played(node: Play | Emergency, place: Place, key: str | None) -> Next:
    return replace(place, held=key), node.then


def announce(node: Emergency, place: Place) -> Next:
    """Everybody has to hear it: whoever pressed a key before must press it again."""
    if not place.known.emergencies:
        return place, node.then
    return ask(replace(place, held=None), words(place, *place.known.emergencies), 0)


# --- menu


def offer(flow: Flow, node: Menu, place: Place) -> Next:
    if place.held is not None:
        return choose(flow, node, replace(place, held=None), place.held)
    return ask(place, filled(flow, place, node.say), node.wait_seconds)


def choose(flow: Flow, node: Menu, place: Place, key: str | None) -> Next:
    if key is not None and key in node.keys:
        return place, node.keys[key]
    place = replace(place, failures=place.failures + 1)
    if place.failures >= node.tries:
        return place, node.otherwise
    own = node.silence if key is None else node.wrong
    said = filled(flow, place, own) if own else complaint(flow, place, key)
    return ask(place, (*said, *filled(flow, place, node.say)), node.wait_seconds)


# --- collect


def collect(flow: Flow, node: Collect, place: Place) -> Next:
    """A digit that he pressed before is the first one; the rest is waited for in silence."""
    if place.held is None or place.held not in DIGITS:
        return _ask_digits(replace(place, held=None), node, filled(flow, place, node.say))
    if node.most == 1:
        return typed(flow, node, replace(place, held=None), DigitsTyped(place.held))
    return place, AskDigits((), node.most - 1, node.wait_seconds, node.is_secret)


def typed(flow: Flow, node: Collect, place: Place, event: Event) -> Next:
    begun, place = place.held or "", replace(place, held=None)
    pressed = event.digits if isinstance(event, DigitsTyped) else ""
    digits = "".join(char for char in begun + pressed if char in DIGITS)
    if node.least <= len(digits) <= node.most:
        return replace(place, values={**place.values, node.into: digits}), node.then
    place = replace(place, failures=place.failures + 1)
    if place.failures >= node.tries:
        return place, node.otherwise
    said = words(place, flow.texts.again if digits else flow.texts.silence)
    return _ask_digits(place, node, (*said, *filled(flow, place, node.say)))


def _ask_digits(place: Place, node: Collect, said: tuple[Phrase, ...]) -> Next:
    action = AskDigits((*place.before, *said), node.most, node.wait_seconds, node.is_secret)
    return replace(place, before=()), action


# --- record


def record(flow: Flow, node: Record, place: Place) -> Next:
    said = (*place.before, *filled(flow, place, node.say))
    return replace(place, before=(), held=None), TakeMessage(said, node.most_seconds)


def recorded(node: Record, place: Place, event: Event) -> Next:
    if not isinstance(event, Recorded) or event.file is None:
        return place, node.otherwise
    place = replace(
        place,
        values={**place.values, node.into: event.file},
        message=Message(event.file, event.seconds),
    )
    return place, node.then

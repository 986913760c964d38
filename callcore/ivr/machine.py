"""The IVR's file as a machine: what to do next, given what the caller did. Pure and total.

    begin(flow, known) -> (place, action)
    step(flow, place, event) -> (place, action)      until the action is ``Leave`` or ``Finish``

Whoever runs it carries out the action (``ivr.actions``) and hands back its event. The script is
``flow.script``; ``place.node`` is where the caller is, ``place.language`` what he speaks. Nobody stays for
ever: a caller who does nothing, a telephone that presses keys without end, a script whose nodes lead in a
circle, all come to the default topic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from callcore.ivr.actions import Action, Digits, Event, Finish, Key, Known, Leave, Recorded
from callcore.ivr.flow import Flow, Phrase
from callcore.ivr.nodes import talk, topics, values
from callcore.ivr.nodes.frame import Next, Place, given_up, key_of
from callcore.ivr.script import (
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Node,
    Outages,
    Play,
    Record,
    Set,
    Speak,
    Switch,
    Topics,
    Transfer,
)

__all__ = ["MOST_EVENTS", "MOST_IDLE", "MOST_PASSED", "Place", "begin", "step"]

MOST_PASSED: Final = 100
"""Nodes between two actions: more are a circle."""
MOST_IDLE: Final = 50
"""Events in a row in which the caller did nothing."""
MOST_EVENTS: Final = 300


def begin(flow: Flow, known: Known | None = None) -> tuple[Place, Action]:
    """A new caller."""
    known = known or Known()
    language = known.language or flow.language
    place = Place(flow.script.start, language, known, {**known.values, "language": language})
    if flow.script.has_greeting:
        place = replace(place, before=(Phrase(flow.greeting.in_(language), language),))
    return _go_on(flow, (place, flow.script.start))


def step(flow: Flow, place: Place, event: Event) -> tuple[Place, Action]:
    """What follows the event of the last action."""
    idle = 0 if _is_his(event) else place.idle + 1
    place = replace(place, idle=idle, events=place.events + 1)
    node = flow.script.nodes.get(place.node)
    if node is None or idle >= MOST_IDLE or place.events >= MOST_EVENTS:
        return _ended(given_up(flow, place))
    return _go_on(flow, _take(flow, node, place, event))


def _is_his(event: Event) -> bool:
    """He did something himself."""
    match event:
        case Key(key):
            return key is not None
        case Digits(digits):
            return bool(digits)
        case Recorded(file):
            return file is not None
        case _:
            return False


def _go_on(flow: Flow, then: Next) -> tuple[Place, Action]:
    """From node to node until there is something to do."""
    for _ in range(MOST_PASSED):
        place, action = then
        if not isinstance(action, str):
            return place, action
        node = flow.script.nodes.get(action)
        if node is None:
            break
        then = _enter(flow, node, replace(place, node=action, failures=0, submenu=None))
    return _ended(given_up(flow, then[0]))


def _ended(last: Next) -> tuple[Place, Action]:
    place, action = last
    assert not isinstance(action, str), "giving up leads to no node"
    return place, action


def _enter(flow: Flow, node: Node, place: Place) -> Next:
    match node:
        case Play():
            return talk.play(flow, node, place)
        case Emergency():
            return talk.announce(node, place)
        case Menu():
            return talk.offer(flow, node, place)
        case Collect():
            return talk.collect(flow, node, place)
        case Record():
            return talk.record(flow, node, place)
        case Outages():
            return topics.tell(flow, node, place)
        case Topics():
            return topics.offer(flow, node, place)
        case Branch():
            return values.branch(node, place)
        case Set():
            return values.remember(node, place)
        case Speak():
            return values.speak(node, place)
        case LookUp():
            return values.look_up(flow, node, place)
        case Switch():
            return values.switch(node, place)
        case Transfer():
            return replace(place, before=()), Leave(node.topic, place.before, message=place.message)
        case Do():
            last = Finish(node.legs, node.topic, place.before, place.message)
            return replace(place, before=()), last
        case _:  # pragma: no cover
            assert_never(node)


def _take(flow: Flow, node: Node, place: Place, event: Event) -> Next:
    match node:
        case Play() | Emergency():
            return talk.played(node, place, key_of(event))
        case Menu():
            return talk.choose(flow, node, place, key_of(event))
        case Collect():
            return talk.typed(flow, node, place, event)
        case Record():
            return talk.recorded(node, place, event)
        case Outages():
            return topics.after_outages(flow, node, place, key_of(event))
        case Topics():
            return topics.choose(flow, node, place, key_of(event))
        case LookUp():
            return values.answered(flow, node, place, event)
        case Switch():
            return values.switched(node, place, event)
        case Branch() | Set() | Speak() | Transfer() | Do():  # they wait for nothing: he is past them
            return _enter(flow, node, place)
        case _:  # pragma: no cover
            assert_never(node)

"""Nodes that ask the record or remember: ``branch``, ``look_up``, ``set``, ``speak``, ``switch``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from callcore.ivr.actions import Answer, Event, Find, SwitchNote
from callcore.ivr.flow import Flow
from callcore.ivr.nodes.frame import Next, Place, spoken
from callcore.ivr.script import ANSWERS, Branch, Collect, LookUp, Set, Speak, Switch, ValueName


def branch(node: Branch, place: Place) -> Next:
    word = place.values.get(node.on, "").casefold()
    ways = {case.casefold(): target for case, target in node.cases.items()}
    return place, ways.get(word, node.otherwise)


def remember(node: Set, place: Place) -> Next:
    return replace(place, values={**place.values, **node.values}), node.then


def speak(node: Speak, place: Place) -> Next:
    return spoken(place, node.language), node.then


# --- the record


def look_up(flow: Flow, node: LookUp, place: Place) -> Next:
    """A question that lacks what it must be told has no answer."""
    place = replace(place, held=None)
    told = {argument: place.values.get(value, "") for argument, value in node.using.items()}
    if not all(told.values()):
        return answered(flow, node, place, Answer(None))
    return place, Find(node.what, {**told, "language": place.language})


def answered(flow: Flow, node: LookUp, place: Place, event: Event) -> Next:
    place = replace(place, values=_without(place.values, set(node.using.values()) & secrets_of(flow)))
    values = event.values if isinstance(event, Answer) else None
    if values is not None:
        found = {name: values.get(name, "") for name in ANSWERS[node.what]}
        tries = {name: count for name, count in place.tries.items() if name != place.node}
        return replace(place, values={**place.values, **found}, tries=tries), node.then
    failed = place.tries.get(place.node, 0) + 1
    place = replace(place, tries={**place.tries, place.node: failed})
    if node.tries is not None and failed >= node.tries:
        return place, node.failed or node.otherwise
    return place, node.otherwise


def secrets_of(flow: Flow) -> frozenset[ValueName]:
    """Values that are typed in secret."""
    nodes = flow.script.nodes.values()
    return frozenset(node.into for node in nodes if isinstance(node, Collect) and node.is_secret)


def _without(values: Mapping[ValueName, str], names: Collection[ValueName]) -> Mapping[ValueName, str]:
    return {name: value for name, value in values.items() if name not in names}


# --- the emergency announcements


def switch(node: Switch, place: Place) -> Next:
    note = node.note if node.note.isdigit() else place.values.get(node.note, "")
    return replace(place, held=None), SwitchNote(note, node.is_on)


def switched(node: Switch, place: Place, event: Event) -> Next:
    is_done = isinstance(event, Answer) and event.values is not None
    return place, node.then if is_done else node.otherwise

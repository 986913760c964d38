"""Where the nodes of a script lead, and what it takes to get there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from callcore.ivr.script import (
    ANSWERS,
    Branch,
    Collect,
    Do,
    Emergency,
    LookUp,
    Menu,
    Node,
    NodeName,
    Outages,
    Play,
    Record,
    Script,
    Set,
    Speak,
    Switch,
    Topics,
    Transfer,
    ValueName,
)


@dataclass(frozen=True, slots=True)
class Way:
    path: tuple[str, ...]
    """Where it stands in the node: ``("then",)``, ``("keys", "1")``."""
    to: NodeName
    by_itself: bool = True
    """A caller who does nothing may be led here, and again and again."""
    sets: tuple[ValueName, ...] = ()


def ways(node: Node) -> tuple[Way, ...]:
    """All ways out of a node, in the order of the file. None: the script ends here."""
    match node:
        case Play() | Set() | Speak() | Emergency() | Outages():
            names = tuple(node.values) if isinstance(node, Set) else ()
            return (Way(("then",), node.then, sets=names),)
        case Menu():
            keys = (Way(("keys", key), target, by_itself=False) for key, target in node.keys.items())
            return (*keys, Way(("otherwise",), node.otherwise))
        case Collect() | Record():
            typed = Way(("then",), node.then, by_itself=False, sets=(node.into,))
            return (typed, Way(("otherwise",), node.otherwise))
        case Branch():
            cases = (Way(("cases", case), target) for case, target in node.cases.items())
            return (*cases, Way(("otherwise",), node.otherwise))
        case LookUp():
            found = Way(("then",), node.then, sets=ANSWERS[node.what])
            again = Way(("otherwise",), node.otherwise, by_itself=node.tries is None)
            return (found, again) if node.failed is None else (found, again, Way(("failed",), node.failed))
        case Switch():
            return (Way(("then",), node.then), Way(("otherwise",), node.otherwise))
        case Topics():
            return tuple(Way(("keys", key), target, by_itself=False) for key, target in node.keys.items())
        case Transfer() | Do():
            return ()
        case _:  # pragma: no cover
            assert_never(node)


def may_end(node: Node) -> bool:
    """The way in the script may end in this node."""
    return isinstance(node, Topics | Transfer | Do | Outages)


def reached(script: Script, names: Iterable[NodeName], *, by_itself: bool = False) -> frozenset[NodeName]:
    """These nodes and all behind them, as far as they exist; ``by_itself``: where a caller who does nothing
    may come."""
    found: set[NodeName] = set()
    waiting = [name for name in names if name in script.nodes]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            out = ways(script.nodes[name])
            waiting += [way.to for way in out if way.to in script.nodes and way.by_itself >= by_itself]
    return frozenset(found)


def arrivals(script: Script) -> Mapping[NodeName, tuple[tuple[NodeName, Way], ...]]:
    """By node the ways that lead to it, each with the node that it comes from."""
    found: dict[NodeName, list[tuple[NodeName, Way]]] = {name: [] for name in script.nodes}
    for name, node in script.nodes.items():
        for way in ways(node):
            if way.to in found:
                found[way.to].append((name, way))
    return {name: tuple(come) for name, come in found.items()}

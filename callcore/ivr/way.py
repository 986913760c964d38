"""The way of one call: which legs, by which row or node, and how they are found again after a queue."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from callcore.calls.facts import RouteChosen
from callcore.domain import QueueName, Text, TopicCode
from callcore.ivr.reception import Book
from callcore.ivr.script import Do, NodeName
from callcore.ivr.visit import Visit
from callcore.ivr.who import Who
from callcore.routing.decide import decide, legs_of, named
from callcore.routing.explain import explain, summary
from callcore.routing.legs import Leg, ToQueue, leaves_word
from callcore.routing.tables import UnknownTopic

log = structlog.get_logger("callcore.ivr")

IVR = "ivr"
"""In place of a topic: the IVR's file itself gave the legs. No topic is called so."""


@dataclass(frozen=True, slots=True)
class Way:
    """``source``: the topic and the row that decided, or ``ivr`` and the node: ``finance.balance/queue``,
    ``ivr/night``. ``name``: of the route, for the record."""

    topic: TopicCode
    name: str
    source: str
    legs: tuple[Leg, ...]

    @property
    def queue(self) -> QueueName | None:
        """The first one on it."""
        return next((leg.queue for leg in self.legs if isinstance(leg, ToQueue)), None)


async def way_by_tables(visit: Visit, topic: TopicCode, who: Who) -> Way:
    """What the tables decide now; told to the floor. Raises UnknownTopic."""
    book = visit.book
    at = await who.situation(topic)
    route = decide(book.tables, at)
    reason = summary(explain(book.tables, at, route))
    visit.routed(
        RouteChosen(visit.channel, route.topic, route.table, route.queue, route.name, reason, book.edition)
    )
    log.info("routed", topic=route.topic, route=route.name, queue=route.queue)
    return Way(route.topic, route.name, f"{route.hops[-1].topic}/{route.row}", route.legs)


def way_by_script(visit: Visit, node: NodeName, topic: TopicCode, legs: tuple[Leg, ...]) -> Way:
    """What a node of the IVR's file says; told to the floor."""
    source = f"{IVR}/{node}"
    way = Way(topic, source, source, named(visit.book.tables, topic, legs))
    reason = Text(f"Так велит узел {node} сценария.", f"Node {node} of the script says so.")
    table = topic.partition(".")[0]
    visit.routed(RouteChosen(visit.channel, topic, table, way.queue, way.name, reason, visit.book.edition))
    log.info("routed", topic=topic, route=way.name, queue=way.queue)
    return way


def way_again(book: Book, topic: TopicCode, name: str, source: str) -> Way | None:
    """The way of a call that comes back; None: this book has no such topic, row or node."""
    owner, _, place = source.partition("/")
    try:
        book.tables.find(topic)
        if owner == IVR:
            node = book.flow.script.nodes.get(place)
            legs = named(book.tables, topic, node.legs) if isinstance(node, Do) else None
        else:
            legs = legs_of(book.tables, TopicCode(owner), place)
    except UnknownTopic:
        return None
    return None if legs is None else Way(topic, name, source, legs)


def resumed_at(way: Way) -> int:
    """Where a call goes on whose earlier legs nobody knows: he leaves word, or takes the last leg."""
    places = (place for place, leg in enumerate(way.legs) if leaves_word(leg))
    return next(places, len(way.legs) - 1)

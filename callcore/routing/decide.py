"""Where a call goes: topic + customer + moment + queues -> Route. Total: some row of a table always holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callcore.domain import QueueName, TopicCode
from callcore.routing.legs import Leg, OfferCallBack, ToQueue, ToTopic
from callcore.routing.match import Opened, fails, once_each
from callcore.routing.rows import Row, Rule
from callcore.routing.situation import Situation, folded
from callcore.routing.tables import CLOSED, Topic, TopicTables


@dataclass(frozen=True, slots=True)
class Hop:
    """What one topic's table said. ``failed``: of each row that was looked at, in the order of
    ``TopicTables.about``, the first rule that did not hold; None, at the end, for the row that decided."""

    topic: TopicCode
    failed: tuple[Rule | None, ...]


@dataclass(frozen=True, slots=True)
class Route:
    topic: TopicCode
    """The one asked for."""
    table: str
    row: str
    """The row that decided, and its table: another one's if the topic was handed on (D-29)."""
    legs: tuple[Leg, ...]
    """Tried one after another; queues are named, nothing is left to look up but the customer's own people."""
    hops: tuple[Hop, ...]
    """One for each topic that was asked; more than one if the call was handed on."""

    @property
    def name(self) -> str:
        """Stable short name for logs and records, e.g. ``finance.recalculation/queue``; with the table where
        another one decided: ``corporate.mobile_budget/telesales.prospective``."""
        own = self.topic.partition(".")[0] == self.table
        return f"{self.topic}/{self.row}" if own else f"{self.topic}/{self.table}.{self.row}"

    @property
    def queue(self) -> QueueName | None:
        """The first queue he comes to; None if there is none on his way."""
        return next((leg.queue for leg in self.legs if isinstance(leg, ToQueue)), None)

    @property
    def is_closed(self) -> bool:
        """He is told that nobody is there."""
        return self.row == CLOSED


def decide(tables: TopicTables, at: Situation) -> Route:
    """Where a caller goes. Raises UnknownTopic: topics are our own words, one can only choose among them.

    A row may hand the topic on to another one, whose table then decides. Tables that hand on in a circle are
    refused when they are read; should one slip through, the last row of the table that closes it decides.
    """
    hops: list[Hop] = []
    here, opened = folded(at), once_each()
    while True:
        table, topic, rows = tables.about(here.topic)
        failed = _look(rows, here, opened)
        hops.append(Hop(here.topic, failed))
        row = rows[len(failed) - 1]
        leg = row.legs[0]
        if not isinstance(leg, ToTopic):
            break
        if any(leg.topic == hop.topic for hop in hops):
            row = rows[-1]
            break
        here = replace(here, topic=leg.topic)
    return Route(at.topic, table.code, row.code, _named(row.legs, topic), tuple(hops))


def _look(rows: tuple[Row, ...], at: Situation, opened: Opened) -> tuple[Rule | None, ...]:
    failed: list[Rule | None] = []
    for row in rows:
        rule = fails(row.when, at, opened)
        failed.append(rule)
        if rule is None:
            return tuple(failed)
    raise AssertionError("a table's last row always holds")


def legs_of(tables: TopicTables, topic: TopicCode, row: str) -> tuple[Leg, ...] | None:
    """Of a row that decided about ``topic`` earlier; None: there is no such row. Raises UnknownTopic."""
    _table, its, rows = tables.about(topic)
    return next((_named(each.legs, its) for each in rows if each.code == row), None)


def named(tables: TopicTables, topic: TopicCode, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Legs that no table gave, as if ``topic``'s had. Raises UnknownTopic."""
    return _named(legs, tables.find(topic)[1])


def _named(legs: tuple[Leg, ...], topic: Topic) -> tuple[Leg, ...]:
    """The topic's own queue in the place of None."""
    return tuple(
        replace(leg, queue=topic.queue)
        if isinstance(leg, ToQueue | OfferCallBack) and leg.queue is None
        else leg
        for leg in legs
    )

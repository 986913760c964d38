"""The switching tables as values: which topics a department takes, when, and in which queue (D-14, D-20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.legs import Announce, Leg, OfferCallBack, ToQueue, Voicemail
from callcore.routing.rows import Row, When
from callcore.routing.timetable import Hours
from callcore.routing.trial import Trial

OWN_ROWS = QUEUE, CLOSED = "queue", "closed"
"""Each table ends with these two, so that some row always holds: while it is open the topic's queue, at any
other time the announcement."""

PLACEHOLDERS = ("name", "contract", "number", "record")
"""What a macro's text may hold between braces: name, contract and number of the customer, record number."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A ready text for the comment (D-34)."""

    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class Topic:
    code: TopicCode
    """``table.topic``, of a child ``table.topic.child``, to any depth."""
    title: Text
    queue: QueueName
    key: str | None = None
    """Digit in the table's menu; None: not offered to callers. Only those of the first level have one."""
    say: Text | None = None
    """What the menu says before "press …"."""
    script: Text | None = None
    """A short prompt, shown to the operator once the topic is chosen (D-34)."""
    article: str | None = None
    """Address of an article in the knowledge base."""
    macros: tuple[Macro, ...] = ()
    children: tuple[Topic, ...] = ()

    def walk(self) -> Iterator[Topic]:
        """Itself and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class TopicTable:
    """One department's part of the switching table."""

    code: str
    title: Text
    hours: Hours
    closed: Text
    """Said when nobody is there."""
    topics: tuple[Topic, ...]
    key: str | None = None
    say: Text | None = None
    rows: tuple[Row, ...] = ()
    """In their order; the first that holds decides. Behind them come the two of ``OWN_ROWS``."""
    closed_then: tuple[Leg, ...] = (Voicemail(),)
    """What a caller can do once he has heard ``closed``: he must be able to leave something behind."""
    trials: tuple[Trial, ...] = ()

    @cached_property
    def all_rows(self) -> tuple[Row, ...]:
        """Its rows and the two that every table has."""
        return (
            *self.rows,
            Row(QUEUE, When(hours=self.hours), (ToQueue(),)),
            Row(CLOSED, When(), (Announce(self.closed), *self.closed_then)),
        )

    @property
    def keyed_topics(self) -> tuple[Topic, ...]:
        return tuple(topic for topic in self.topics if topic.key is not None)

    def walk(self) -> Iterator[Topic]:
        """Every topic of every level, parents first."""
        for topic in self.topics:
            yield from topic.walk()


class UnknownTopic(LookupError):
    """No table has a topic of this code."""


@dataclass(frozen=True)
class TopicTables:
    """All tables, in the order of their files' names."""

    tables: tuple[TopicTable, ...]
    default_topic: TopicCode
    """Where a caller goes who chooses nothing."""
    macros: tuple[Macro, ...] = ()
    """Those that go with any topic."""

    def __iter__(self) -> Iterator[TopicTable]:
        return iter(self.tables)

    def find(self, code: str) -> tuple[TopicTable, Topic]:
        """The topic and its table; raises UnknownTopic."""
        table, topic, _rows = self.about(code)
        return table, topic

    def about(self, code: str) -> tuple[TopicTable, Topic, tuple[Row, ...]]:
        """With those rows of its table that concern the topic; raises UnknownTopic."""
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownTopic(code) from None

    @cached_property
    def _by_code(self) -> dict[str, tuple[TopicTable, Topic, tuple[Row, ...]]]:
        return {
            topic.code: (
                table,
                topic,
                tuple(row for row in table.all_rows if not row.when.topics or topic.code in row.when.topics),
            )
            for table in self.tables
            for topic in table.walk()
        }

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """Of every level."""
        return tuple(topic for table in self.tables for topic in table.walk())

    @cached_property
    def queues(self) -> tuple[QueueName, ...]:
        """Every queue that a topic or a row leads to, once, in order."""
        named = [
            leg.queue
            for table in self.tables
            for row in table.all_rows
            for leg in row.legs
            if isinstance(leg, ToQueue | OfferCallBack)
        ]
        return tuple(dict.fromkeys([*(topic.queue for topic in self.topics), *filter(None, named)]))

    @cached_property
    def skills(self) -> Mapping[QueueName, frozenset[str]]:
        """What calls may ask for, by queue: all that the rows name of it. A queue that is missing asks for
        nothing."""
        found: dict[QueueName, frozenset[str]] = {}
        for table in self.tables:
            for row in table.all_rows:
                for leg in row.legs:
                    if isinstance(leg, ToQueue) and leg.skills:
                        for queue in queues_of(leg, row, table):
                            found[queue] = found.get(queue, frozenset()) | frozenset(leg.skills)
        return found


def queues_of(leg: ToQueue, row: Row, table: TopicTable) -> Iterator[QueueName]:
    """Where the leg leads: it may be each topic's own queue."""
    if leg.queue is not None:
        yield leg.queue
        return
    for topic in table.walk():
        if not row.when.topics or topic.code in row.when.topics:
            yield topic.queue

"""What the rows can tell apart: a finite space of situations, in which each row is a box. Pure.

Faults that show only when rows are laid over each other are found in it: rows that no call reaches, calls
that are handed on in a circle. On each axis stand the answers that some row tells from others, and one for
all the rest; a box holds for each axis the set of its answers, as bits. Hours of different tables count as
independent, and so do the length of a queue and its operators.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from operator import and_, ne
from typing import Generic, TypeVar

from callcore.domain import LANGUAGES, TopicCode
from callcore.routing.rows import QueueWhen, When
from callcore.routing.situation import Mark, Standing
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.timetable import Hours

Box = tuple[int, ...]
"""For each axis the answers that are in it; empty as soon as one axis is 0."""

MOST_PIECES = 500
"""So many are looked at to tell whether a box is covered."""
NO, YES = 1, 2
UNKNOWN, NOBODY, ALL_PAUSED, READY = 1, 2, 4, 8
OPEN, CLOSED = 1, 2


class Space:
    """The space of all tables together."""

    def __init__(self, tables: TopicTables) -> None:
        whens = [row.when for table in tables for row in table.all_rows]
        self._topics = _Answers(topic.code for topic in tables.topics)
        self._words = {
            name: _Answers((word for when in whens for word in getattr(when, name)), others=True)
            for name in ("segments", "legal_forms", "regions")
        }
        self._repeats = _Steps(when.repeat_within for when in whens)
        asked = [when.queue for when in whens if when.queue is not None]
        self._queues = {
            name: _QueueAxes([each for each in asked if each.queue == name])
            for name in dict.fromkeys(each.queue for each in asked)
        }
        self._hours = tuple(dict.fromkeys(when.hours for when in whens if when.hours is not None))

    def box(self, table: TopicTable, when: When) -> Box:
        """Every situation in which this row of the table holds."""
        here = self._topics.of([topic.code for topic in table.walk()])
        return (
            here & self._topics.of(when.topics) if when.topics else here,
            *(words.asked(getattr(when, name)) for name, words in self._words.items()),
            _bits(Standing, when.standings),
            _bits(LANGUAGES, when.languages),
            *(self._marked(mark, when) for mark in Mark),
            self._repeats.at_most(when.repeat_within),
            *(
                answers
                for name, axes in self._queues.items()
                for answers in axes.asked(when.queue if when.queue and when.queue.queue == name else None)
            ),
            *(self._at_hours(hours, when) for hours in self._hours),
        )

    def about(self, box: Box, topic: TopicCode) -> Box:
        """The same callers at the same moments with this topic."""
        return (self._topics.of([topic]), *box[1:])

    def while_closed(self, box: Box, hours: Hours) -> Box:
        """What of the box lies outside these hours."""
        axis = len(box) - len(self._hours) + self._hours.index(hours)
        return (*box[:axis], box[axis] & CLOSED, *box[axis + 1 :])

    @staticmethod
    def _marked(mark: Mark, when: When) -> int:
        return (YES if mark in when.marks else NO | YES) & (NO if mark in when.without else NO | YES)

    @staticmethod
    def _at_hours(hours: Hours, when: When) -> int:
        possible = OPEN if hours.is_always_open else CLOSED if hours.is_never_open else OPEN | CLOSED
        if when.hours != hours:
            return possible
        return possible & (OPEN if when.is_open else CLOSED)


def is_empty(box: Box) -> bool:
    return not all(box)


def common(first: Box, second: Box) -> Box:
    return tuple(map(and_, first, second))


def meet(first: Box, second: Box) -> bool:
    """Whether anything is in both."""
    return all(map(and_, first, second))


def is_covered(box: Box, by: Sequence[Box]) -> bool:
    """Whether all of the box lies in the others together. Where that takes long to tell, it counts as no."""
    return is_empty(box) or _Cover().holds(box, by)


class _Cover:
    """Cuts one of the others out of the box, then looks at each piece that is left."""

    def __init__(self) -> None:
        self._pieces = 0

    def holds(self, box: Box, by: Sequence[Box]) -> bool:
        by = [other for other in by if meet(box, other)]
        if not by:
            return False
        # the one that restricts the fewest axes leaves the fewest pieces: none, if it holds the whole box
        first = min(by, key=lambda other: sum(map(ne, common(box, other), box)))
        for piece in _without(box, first):
            self._pieces += 1
            if self._pieces > MOST_PIECES or not self.holds(piece, by):
                return False
        return True


def _without(box: Box, cut: Box) -> Iterator[Box]:
    """What is left of the box, in pieces that do not overlap. Both meet."""
    for axis, its in enumerate(cut):
        outside = box[axis] & ~its
        if outside:
            yield (*box[:axis], outside, *box[axis + 1 :])
            box = (*box[:axis], box[axis] & its, *box[axis + 1 :])


# --- axes


class _Answers:
    """Words, and with ``others`` one more for all the rest."""

    def __init__(self, words: Iterable[str], *, others: bool = False) -> None:
        self._bit = {word: 1 << place for place, word in enumerate(dict.fromkeys(words))}
        self._all = (1 << (len(self._bit) + others)) - 1

    def of(self, words: Iterable[str]) -> int:
        """Those that are known."""
        return sum(self._bit.get(word, 0) for word in words)

    def asked(self, words: Iterable[str]) -> int:
        """The same; of no words all."""
        return self.of(words) or self._all


LimitT = TypeVar("LimitT", timedelta, int)


class _Steps(Generic[LimitT]):
    """Amounts between the limits that rows name: not above the first, above it but not above the second …"""

    def __init__(self, limits: Iterable[LimitT | None]) -> None:
        self._limits: list[LimitT] = sorted({limit for limit in limits if limit is not None})
        self._all = (1 << (len(self._limits) + 1)) - 1

    def at_most(self, limit: LimitT | None) -> int:
        return self._all if limit is None else (1 << (self._limits.index(limit) + 1)) - 1

    def above(self, limit: LimitT | None) -> int:
        return self._all if limit is None else self._all & ~self.at_most(limit)


class _QueueAxes:
    """Of one queue: its operators, the longest wait, how many wait."""

    def __init__(self, asked: Sequence[QueueWhen]) -> None:
        self._waits = _Steps(each.waits_longer_than for each in asked)
        self._counts = _Steps(each.waiting_more_than for each in asked)

    def asked(self, when: QueueWhen | None) -> tuple[int, int, int]:
        operators = UNKNOWN | NOBODY | ALL_PAUSED | READY
        if when is None:
            return operators, self._waits.at_most(None), self._counts.at_most(None)
        operators &= ~UNKNOWN
        operators &= NOBODY if when.nobody else operators
        operators &= ALL_PAUSED if when.all_paused else operators
        return (
            operators,
            self._waits.above(when.waits_longer_than),
            self._counts.above(when.waiting_more_than),
        )


def _bits(known: Iterable[str], wanted: Iterable[str]) -> int:
    """Of no wanted ones all."""
    chosen = frozenset(wanted)
    return sum(1 << place for place, word in enumerate(known) if not chosen or word in chosen)

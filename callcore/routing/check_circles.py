"""Topics that hand a call on in a circle: whether some caller, at some moment, would go round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from callcore.domain import Text, TopicCode
from callcore.routing.faults import TableFault
from callcore.routing.legs import ToTopic
from callcore.routing.rows import Row
from callcore.routing.space import Box, Space, common, is_covered
from callcore.routing.tables import TopicTables

Path = tuple[TopicCode, ...]
MOST_ROWS = 20_000
"""Beyond, no more circles are looked for: ``decide`` leaves those that slip through by the last row."""


@dataclass(frozen=True, slots=True)
class Circle:
    """``path`` begins and ends with the same topic; the row of ``table`` closes it."""

    path: Path
    table: str
    row: str


def check_circles(space: Space, tables: TopicTables) -> Iterator[TableFault]:
    """Each circle once, by the row that closes it."""
    for circle in _Search(space, tables).circles():
        way = " → ".join(circle.path)
        yield TableFault(
            circle.table,
            ("rows", circle.row, "to", 0, "topic"),
            Text(f"Темы передают звонок по кругу: {way}.", f"Topics hand the call on in a circle: {way}."),
            Text("Разорвите круг.", "Break the circle."),
        )


@dataclass(slots=True)
class _Search:
    space: Space
    tables: TopicTables
    _onward: Mapping[TopicCode, frozenset[TopicCode]] = field(init=False)
    """From each topic every one that its rows may lead to in the end, whoever calls."""
    _found: dict[frozenset[TopicCode], Circle] = field(default_factory=dict)
    _looked: int = 0

    def __post_init__(self) -> None:
        direct = {
            topic.code: frozenset(filter(None, map(_handed_to, self.tables.about(topic.code)[2])))
            for topic in self.tables.topics
        }
        self._onward = {topic: _reach(direct, topic) for topic in direct}

    def circles(self) -> tuple[Circle, ...]:
        for topic, onward in self._onward.items():
            if topic in onward:
                table, _topic, rows = self.tables.about(topic)
                self._follow(self.space.box(table, rows[-1].when), (), (topic,))
        return tuple(self._found.values())

    def _follow(self, callers: Box, but: tuple[Box, ...], path: Path) -> None:
        """Those callers, without those of ``but``, from the last topic of ``path`` on, as far as it may lead
        back to the first."""
        table, _topic, rows = self.tables.about(path[-1])
        callers, *others = (self.space.about(box, path[-1]) for box in (callers, *but))
        for row in rows:
            self._looked += 1
            if self._looked > MOST_ROWS:
                return
            box = self.space.box(table, row.when)
            onward, going = _handed_to(row), common(callers, box)
            if onward is not None and not is_covered(going, others):
                if onward == path[0]:
                    circle = Circle((*path, onward), table.code, row.code)
                    self._found.setdefault(frozenset(path), circle)
                elif onward not in path and path[0] in self._onward[onward]:
                    self._follow(going, tuple(others), (*path, onward))
            others.append(box)


def _handed_to(row: Row) -> TopicCode | None:
    leg = row.legs[0]
    return leg.topic if isinstance(leg, ToTopic) else None


def _reach(direct: Mapping[TopicCode, frozenset[TopicCode]], topic: TopicCode) -> frozenset[TopicCode]:
    found: set[TopicCode] = set()
    new = set(direct[topic])
    while new:
        found |= new
        new = {code for each in new for code in direct[each]} - found
    return frozenset(found)

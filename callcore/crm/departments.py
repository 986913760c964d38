"""Who does what in the house, and how work reaches them (D-14). Pure.

A department takes work by some ways and refuses the others: ``accepts`` names the way that it does take.
The same matter may be taken by several departments, each by a way of its own: the way decides (D-15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from callcore.domain import Login, QueueName, Text
from callcore.rights import Role
from callcore.routing.timetable import Hours


class Way(StrEnum):
    """How work may reach a department."""

    transfer = "transfer"
    """The caller is put through, to its internal number or queue."""
    appeal = "appeal"
    """A written appeal (обращение): a case."""
    request = "request"
    """A service request (заявка): work at the customer's or on the network."""
    walk_in = "walk_in"
    """The customer comes in person."""


WAYS: Mapping[Way, Text] = {
    Way.transfer: Text("перевод звонка", "a transferred call"),
    Way.appeal: Text("обращение", "an appeal"),
    Way.request: Text("заявка", "a request"),
    Way.walk_in: Text("клиент приходит сам", "customers in person"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """Who answers for a department: one person, or whoever has a role. Exactly one is set."""

    login: Login | None = None
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    title: Text
    functions: Text
    ways: frozenset[Way]
    hours: Hours | None = None
    """None: it tells no hours."""
    number: str | None = None
    """Internal number; at most one of ``number`` and ``queue`` is set."""
    queue: QueueName | None = None
    transfer_code: str | None = None
    """What a telephone dials to hand a caller on to it, besides its number."""
    head: Head | None = None
    matters: frozenset[str] = frozenset()
    """Codes of what it decides, such as ``recalculation``: see ``Departments.taking``."""

    def accepts(self, way: Way) -> Refusal | None:
        """None if work may come that way."""
        return None if way in self.ways else Refusal(self, way, self.open_ways)

    @property
    def open_ways(self) -> tuple[Way, ...]:
        """The ways that it does take, always in the order of ``Way``."""
        return tuple(way for way in Way if way in self.ways)

    @property
    def reached_at(self) -> str | None:
        """The internal number or the queue's name that a transfer goes to."""
        return self.number or self.queue


@dataclass(frozen=True, slots=True)
class Refusal:
    """Work may not come that way; ``instead`` are those by which it may, never empty."""

    department: Department
    way: Way
    instead: tuple[Way, ...]

    @property
    def message(self) -> Text:
        title, way = self.department.title, WAYS[self.way]
        return Text(f"{title.ru}: этот путь закрыт — {way.ru}.", f"{title.en} does not take {way.en}.")

    @property
    def remedy(self) -> Text:
        """Names the ways that are open."""
        ways = [WAYS[way] for way in self.instead]
        return Text(
            f"Принимает: {', '.join(way.ru for way in ways)}.",
            f"It takes: {', '.join(way.en for way in ways)}.",
        )


class UnknownDepartment(LookupError):
    """There is no department of this code."""


@dataclass(frozen=True, slots=True)
class Departments:
    """All of them, in the order of the file."""

    all: tuple[Department, ...] = ()

    def __iter__(self) -> Iterator[Department]:
        return iter(self.all)

    def __contains__(self, code: object) -> bool:
        return any(department.code == code for department in self.all)

    def find(self, code: str) -> Department:
        """Raises UnknownDepartment."""
        for department in self.all:
            if department.code == code:
                return department
        raise UnknownDepartment(code)

    def taking(self, matter: str, way: Way) -> tuple[Department, ...]:
        """Those that decide this matter and take it this way (D-15)."""
        return tuple(each for each in self.all if matter in each.matters and way in each.ways)

    def of_queue(self, queue: str) -> Department | None:
        """Whose queue it is."""
        return next((each for each in self.all if each.queue == queue), None)

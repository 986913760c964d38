"""A trial of the tables: in this situation the call must go there. ``check`` runs it."""

from __future__ import annotations

from dataclasses import dataclass

from callcore.domain import QueueName
from callcore.routing.situation import Situation


@dataclass(frozen=True, slots=True)
class Expectation:
    """Whatever is None or empty is not looked at."""

    row: str | None = None
    """``ROW`` of the own table, or ``TABLE.ROW``."""
    queue: QueueName | None = None
    """The first queue he comes to."""
    legs: tuple[str, ...] = ()
    """The kinds of the legs, as the file calls them: ``queue``, ``announce``, ``case`` …"""


@dataclass(frozen=True, slots=True)
class Trial:
    given: Situation
    expect: Expectation
    place: int
    """Which of the file's ``tests`` it is, from 0: for the fault's path."""

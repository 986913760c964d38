"""Who wants to know that something of a customer changed: desks and pages that show him (D-35)."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from callcore.domain import CustomerId, Login

log = structlog.get_logger("callcore.desks")

KEPT = 1000
"""Pieces of news that are remembered for pages which were made before they hear."""


@dataclass(frozen=True, slots=True)
class CustomerChanged:
    customer: CustomerId


@dataclass(frozen=True, slots=True)
class NoteRead:
    """This person has read a note: only what he sees himself changes."""

    login: Login


@dataclass(frozen=True, slots=True)
class QueueChanged:
    office: str


@dataclass(frozen=True, slots=True)
class WorkChanged:
    """Somebody's work lists may have: by cases, tasks, terms that ended."""


@dataclass(frozen=True, slots=True)
class CallsChanged:
    """Somebody is being called now, or no longer."""


@dataclass(frozen=True, slots=True)
class AllChanged:
    """A note on a topic, a district, an outage: nobody counts whom it concerns."""


News = CustomerChanged | NoteRead | QueueChanged | WorkChanged | CallsChanged | AllChanged
Wanted = Callable[[News], bool]


def on_card(customer: CustomerId, reader: Login) -> Wanted:
    """Whatever may change this customer's card before this reader."""
    wanted: set[News] = {CustomerChanged(customer), NoteRead(reader), AllChanged()}
    return wanted.__contains__


class CardNews:
    """News are told after the commit; watchers return at once, and fetch by themselves what they show.
    Telling never raises."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[News], None]] = []
        self._latest: deque[News] = deque(maxlen=KEPT)
        self._told = 0
        self._run = secrets.token_hex(4)

    @property
    def mark(self) -> str:
        """Here and now, for ``missed``; of this run of callcore."""
        return f"{self._run}.{self._told}"

    def missed(self, wanted: Wanted, since: str) -> bool:
        """Whether one that is wanted was told after that mark, or may have been."""
        run, _, text = since.partition(".")
        if run != self._run or not text.isascii() or not text.isdigit() or len(text) > 18:
            return True
        count = self._told - int(text)
        return not 0 <= count <= len(self._latest) or any(
            wanted(self._latest[-n]) for n in range(1, count + 1)
        )

    def watch(self, watcher: Callable[[News], None]) -> Callable[[], None]:
        """Call it with each piece; the result ends that."""
        self._watchers.append(watcher)

        def end() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return end

    def changed(self, customer: CustomerId | None) -> None:
        """Something of this customer was saved; None is nobody."""
        if customer is not None:
            self.tell(CustomerChanged(customer))

    def tell(self, piece: News) -> None:
        self._told += 1
        self._latest.append(piece)
        for watcher in tuple(self._watchers):
            try:
                watcher(piece)
            except Exception:
                log.exception("card_watcher_failed")

"""Whether a card was seen: from its publishing to the screen that painted it, or to the deadline.

``Deliveries`` is pure bookkeeping for everybody; ``PopTimer`` is the one timer that strikes for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callcore.domain import CallId, Login
from callcore.screenpop.card import Unpainted


@dataclass(slots=True)
class _Card:
    login: Login
    seq: int
    call: CallId | None
    at: float
    is_hidden: bool = False
    """A page has it and shows it to nobody."""
    is_overdue: bool = False
    is_settled: bool = False
    """Painted, or no longer on the desk."""


class Deliveries:
    """Cards that nobody has painted yet. Seconds are those of a monotonic clock.

    A card is told of as unpainted when its time is up or when it leaves the desk before, and once more if a
    page says only then that it has it and nobody looks; one that is painted later is told of as painted, too.
    """

    def __init__(
        self,
        confirm_seconds: float,
        *,
        painted: Callable[[Login, CallId | None, float], None],
        unpainted: Callable[[Login, CallId | None, Unpainted], None],
        has_page: Callable[[Login], bool],
        most: int,
    ) -> None:
        """``most``: cards of one person that may be awaited; the oldest one counts as missed beyond that."""
        self._confirm_seconds = confirm_seconds
        self._painted = painted
        self._unpainted = unpainted
        self._has_page = has_page
        self._most = most
        self._open: dict[Login, list[_Card]] = {}
        self._due: deque[_Card] = deque()
        """In the order in which their time is up, since all have the same; settled ones among them."""

    def publish(self, login: Login, seq: int, call: CallId | None, now: float) -> None:
        if call is not None:
            self.withdraw(login, call)  # popped once more: the newer one is what his screen is asked about
        cards = self._open.get(login, [])
        if len(cards) >= self._most:
            self._forget(cards[0])
        card = _Card(login, seq, call, now)
        self._open.setdefault(login, []).append(card)
        self._due.append(card)

    def paint(self, login: Login, seq: int, now: float) -> None:
        """A screen shows everything up to ``seq``."""
        for card in [card for card in self._open.get(login, ()) if card.seq <= seq]:
            self._settle(card)
            self._painted(login, card.call, max(0.0, now - card.at))

    def hide(self, login: Login, seq: int) -> None:
        """A page has everything up to ``seq``, and nobody sees the page."""
        for card in self._open.get(login, ()):
            if card.is_hidden or card.seq > seq:
                continue
            card.is_hidden = True
            if card.is_overdue:
                self._unpainted(card.login, card.call, Unpainted.hidden)

    def withdraw(self, login: Login, call: CallId | None = None) -> None:
        """The card (all of his, for None) is no longer on the desk: nobody can see it any more."""
        for card in [c for c in self._open.get(login, ()) if call is None or c.call == call]:
            self._forget(card)

    def expire(self, now: float) -> None:
        """Tell of the cards whose time is up."""
        while self._due and (self._due[0].is_settled or self._due_at(self._due[0]) <= now):
            card = self._due.popleft()
            if not card.is_settled:
                self._miss(card)

    def next_due(self) -> float | None:
        """When ``expire`` will have something to tell; None: nothing is awaited."""
        while self._due and self._due[0].is_settled:
            self._due.popleft()
        return self._due_at(self._due[0]) if self._due else None

    def waiting(self, login: Login) -> int:
        return len(self._open.get(login, ()))

    def waiting_by_login(self) -> Iterator[tuple[Login, int]]:
        return ((login, len(cards)) for login, cards in self._open.items())

    def _due_at(self, card: _Card) -> float:
        return card.at + self._confirm_seconds

    def _forget(self, card: _Card) -> None:
        self._settle(card)
        self._miss(card)

    def _settle(self, card: _Card) -> None:
        card.is_settled = True
        cards = self._open[card.login]
        cards.remove(card)
        if not cards:
            del self._open[card.login]

    def _miss(self, card: _Card) -> None:
        if card.is_overdue:
            return
        card.is_overdue = True
        if card.is_hidden:
            why = Unpainted.hidden
        else:
            why = Unpainted.unconfirmed if self._has_page(card.login) else Unpainted.no_page
        self._unpainted(card.login, card.call, why)


class PopTimer:
    """One timer for all cards: it sleeps until the oldest one is due."""

    def __init__(
        self, next_due: Callable[[], float | None], expire: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._next_due = next_due
        self._expire = expire
        self._clock = clock
        self._handle: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """A card was published; an earlier one is due before it, so a timer that runs stays."""
        due = self._next_due()
        if self._handle is None and due is not None:
            wait = max(0.0, due - self._clock())
            self._handle = asyncio.get_running_loop().call_later(wait, self._strike)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _strike(self) -> None:
        self._handle = None
        self._expire()
        self.arm()

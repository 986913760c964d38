"""The desks of everybody on shift as they stand. Every change is told to the person's stream at the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from callcore.domain import CallId, CustomerId, Login
from callcore.screenpop.background import Background
from callcore.screenpop.card import Desk, Tab, Unpainted
from callcore.screenpop.changes import miss, see
from callcore.screenpop.hub import MISSED, Hub
from callcore.screenpop.missedbook import MissedBook
from callcore.screenpop.ports import DeskRefused, Seat

UPDATED = "card.updated"
TOGETHER_SECONDS = 0.05
"""What fills a card within it is told in one go: each telling is a render of the page."""


class DeskBook:
    def __init__(
        self, hub: Hub, missed: MissedBook | None, now: Callable[[], datetime], beside: Background
    ) -> None:
        self._hub = hub
        self._missed = missed
        self._now = now
        self._beside = beside
        self._desks: dict[Login, Desk] = {}
        self._seats: dict[Login, Seat] = {}
        self._opened: dict[tuple[Login, CallId], datetime] = {}
        """Since when each card is open."""
        self._untold: dict[tuple[Login, CallId], None] = {}
        """Cards that changed and of which it was not told yet, in order."""

    # --- what there is

    def find(self, login: Login) -> Desk | None:
        return self._desks.get(login)

    def desk(self, login: Login) -> Desk:
        """Refused if he is not on shift."""
        desk = self._desks.get(login)
        if desk is None:
            raise DeskRefused("not_signed_in")
        return desk

    def tab(self, login: Login, call: CallId) -> tuple[Desk, Tab]:
        """Refused if he has no such card."""
        desk = self.desk(login)
        tab = desk.tab(call)
        if tab is None:
            raise DeskRefused("no_such_contact")
        return desk, tab

    def open_tab(self, login: Login, call: CallId) -> Tab | None:
        desk = self._desks.get(login)
        return desk.tab(call) if desk else None

    def seat(self, login: Login) -> Seat:
        return self._seats[login]

    def logins(self) -> tuple[Login, ...]:
        return tuple(self._desks)

    def cards(self, customer: CustomerId | None = None) -> Iterator[tuple[Login, Tab]]:
        """All open cards, or those of one customer."""
        for login, desk in list(self._desks.items()):
            for tab in desk.tabs:
                if customer is None or (tab.matched is not None and tab.matched.id == customer):
                    yield login, tab

    def open_for(self, login: Login, call: CallId) -> int | None:
        """Milliseconds that the card has been open."""
        since = self._opened.get((login, call))
        return None if since is None else (self._now() - since) // timedelta(milliseconds=1)

    # --- what changes

    def arrive(self, desk: Desk, seat: Seat) -> None:
        self._desks[desk.login] = desk
        self._seats[desk.login] = seat

    def go(self, login: Login) -> None:
        self._desks.pop(login, None)
        self._seats.pop(login, None)

    def keep(self, desk: Desk) -> None:
        """This is his desk now; who shows it is told by somebody else, or knows already."""
        self._desks[desk.login] = desk

    def keep_tab(self, login: Login, tab: Tab) -> None:
        self.keep(self.desk(login).with_tab(tab))

    def show(self, desk: Desk, event: str, data: dict[str, Any]) -> None:
        self.keep(desk)
        self.tell(desk.login, event, data)

    def show_tab(self, login: Login, tab: Tab) -> None:
        self.show(self.desk(login).with_tab(tab), UPDATED, {"call": tab.view.call})

    def show_tab_soon(self, login: Login, tab: Tab) -> None:
        """The same for what comes in parts: told together with what else comes in a moment."""
        self.keep_tab(login, tab)
        if not self._untold:
            self._beside.start(self._tell_later())
        self._untold[login, tab.view.call] = None

    def tell(self, login: Login, event: str, data: dict[str, Any]) -> None:
        if event == UPDATED and "call" in data and isinstance(data["call"], str):
            self._untold.pop((login, CallId(data["call"])), None)
        self._hub.publish(login, event, data, self._now())

    async def _tell_later(self) -> None:
        await asyncio.sleep(TOGETHER_SECONDS)
        untold, self._untold = self._untold, {}
        for login, call in untold:
            if self.open_tab(login, call) is not None:
                self.tell(login, UPDATED, {"call": call})

    def follow(self, desk: Desk) -> None:
        """The call model has changed his desk. Of a card that is gone, no screen can tell anything."""
        login = desk.login
        for tab in self._desks[login].tabs:
            if desk.tab(tab.view.call) is None:
                self._hub.withdraw(login, tab.view.call)
                self._opened.pop((login, tab.view.call), None)
        for tab in desk.tabs:
            self._opened.setdefault((login, tab.view.call), self._now())
        self._desks[login] = replace(
            desk, missed=self._desks[login].missed
        )  # a card may just have been missed

    # --- cards that nobody saw

    def unpainted(self, login: Login, call: CallId | None, why: Unpainted) -> None:
        if call is None or self.open_tab(login, call) is None:
            return
        desk = miss(self.desk(login), call, why, self._now())
        self.show(desk, MISSED, {"call": call, "why": why})
        if self._missed is not None:
            self._missed.keep(login, desk.missed[:1])

    def painted(self, login: Login, call: CallId | None, _seconds: float) -> None:
        if call is not None:
            self.seen(login, call)

    def seen(self, login: Login, call: CallId | None) -> None:
        """He knows of a card that he had missed (of all of them, for None)."""
        desk = self._desks.get(login)
        fresh = see(desk, call, self._now()) if desk else None
        if desk is None or fresh is None or fresh == desk:
            return
        self.show(fresh, "card.seen", {"call": call})
        if self._missed is not None:
            pairs = zip(desk.missed, fresh.missed, strict=True)
            self._missed.keep(login, tuple(new for old, new in pairs if new is not old))

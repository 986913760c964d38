"""What the database tells the desks: it is asked beside them, and fills in when it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from callcore.domain import CallId, CustomerId, Login, QueueName, TopicCode
from callcore.screenpop.background import Background
from callcore.screenpop.card import Tab, WorkCounts
from callcore.screenpop.cardfill import CardFill, CardSource
from callcore.screenpop.cardnews import (
    AllChanged,
    CallsChanged,
    CardNews,
    CustomerChanged,
    News,
    NoteRead,
    QueueChanged,
    WorkChanged,
)
from callcore.screenpop.deskbook import DeskBook
from callcore.screenpop.facts import CardFacts, read
from callcore.screenpop.missedbook import MissedBook, newest_first
from callcore.screenpop.ports import DeskRefused
from callcore.screenpop.shelf import Shelf
from callcore.screenpop.worklists import WorkLists, WorkSource
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.desks")

AFTER_SECONDS = 0.02
"""The card itself goes out first; and what is asked for within it is one question for each card."""


class DeskReads:
    def __init__(
        self,
        book: DeskBook,
        shelf: Shelf,
        beside: Background,
        now: Callable[[], datetime],
        news: CardNews,
        missed: MissedBook | None,
        source: CardSource | None,
        work: WorkSource | None,
    ) -> None:
        self._book = book
        self._shelf = shelf
        self._beside = beside
        self._now = now
        self._news = news
        self._missed = missed
        self._fill = CardFill(source, book.open_tab, self._show_facts)
        self._work = WorkLists(work, book.logins, self._show_work, beside.start)
        self._waiting: dict[tuple[Login, CallId], bool] = {}
        """Cards that are to be filled, and whether their facts are asked for too."""
        self._turn = 0
        self._today_of: dict[Login, int] = {}
        """Which of all questions for somebody's day his list comes from."""
        news.watch(self._hear)

    def _hear(self, piece: News) -> None:
        match piece:
            case CustomerChanged(customer):
                self.refresh(customer)
            case NoteRead(login):
                self.refresh_of(login)
            case AllChanged():
                self.refresh_all()
            case WorkChanged():
                self._work.changed()
                self.refresh_wishes()
            case QueueChanged() | CallsChanged():
                pass  # no desk shows an office's, or whom others call

    # --- a card

    def ask(self, login: Login, call: CallId) -> None:
        """Everything that fills this card; of facts what is not known or on its way. Tells nobody: until the
        answers come, the card only forgets what was known of somebody else."""
        tab = self._book.open_tab(login, call)
        facts = self._fill.asked_for(tab) if tab else None
        if tab is not None and facts is not None:
            self._book.keep_tab(login, replace(tab, facts=facts))
        self._put_off(login, call, with_facts=facts is not None)

    def refresh(self, customer: CustomerId) -> None:
        """Something of this customer was saved, here or by somebody else: every card of his shows it."""
        for login, tab in self._book.cards(customer):
            self._put_off(login, tab.view.call, with_facts=True)

    def refresh_of(self, login: Login) -> None:
        """He read a note, on another page or here: every card of his shows it."""
        for reader, tab in self._book.cards():
            if reader == login:
                self._put_off(login, tab.view.call, with_facts=True)

    def refresh_wishes(self) -> None:
        """Cards of people who wait to be called back: why they wait, or that they need not any more."""
        for login, tab in self._book.cards():
            if tab.facts.wishes.value:
                self._put_off(login, tab.view.call, with_facts=True)

    def refresh_all(self) -> None:
        """Something changed that may concern anybody: a note on a topic, a district, an outage."""
        for login, tab in self._book.cards():
            self._put_off(login, tab.view.call, with_facts=True)

    def _put_off(self, login: Login, call: CallId, *, with_facts: bool) -> None:
        if not self._waiting:
            self._beside.start(self._ask_waiting())
        self._waiting[login, call] = self._waiting.get((login, call), False) or with_facts

    async def _ask_waiting(self) -> None:
        await asyncio.sleep(AFTER_SECONDS)
        waiting, self._waiting = self._waiting, {}
        for (login, call), with_facts in waiting.items():
            self._beside.start(self._fetch_history(login, call))
            if with_facts:
                self._beside.start(self._fill.fill(login, call))

    async def read_flash(self, login: Login, flash: int) -> None:
        """He says that he has read it; it may be on several cards."""
        try:
            await self._fill.read_flash(flash, login)
        except StoreError:
            raise DeskRefused("store_down") from None
        for tab in self._book.desk(login).tabs:
            fresh = replace(tab, facts=read(tab.facts, flash))
            if fresh != tab:
                self._book.show_tab(login, fresh)
        self._news.tell(NoteRead(login))

    def _show_facts(self, login: Login, call: CallId, facts: CardFacts) -> None:
        tab = self._book.open_tab(login, call)
        if tab is not None and tab.facts != facts:
            self._book.show_tab_soon(login, replace(tab, facts=facts))

    async def _fetch_history(self, login: Login, call: CallId) -> None:
        tab = self._book.open_tab(login, call)
        if tab is None or (not tab.view.customers_known and tab.picked is None):
            return
        customer = tab.matched.id if tab.matched else None
        if customer is None and len(tab.view.customers) > 1:
            return  # whose, the operator has to say first
        lines = await self._shelf.history(customer, tab.view.caller_number, call)
        usual = await self._usual(tab.view.queue)
        now = self._book.open_tab(login, call)
        if now is None or _whose(now) != _whose(tab):
            return  # closed meanwhile, or it is somebody else's card by now
        fresh = replace(now, history=lines, history_known=True, usual=usual)
        if fresh != now:
            self._book.show_tab_soon(login, fresh)

    async def _usual(self, queue: QueueName | None) -> tuple[TopicCode, ...]:
        return await self._shelf.usual(queue, self._now())

    # --- the desk

    def count_work(self, login: Login) -> None:
        self._work.ask(login)

    def _show_work(self, login: Login, counts: WorkCounts) -> None:
        desk = self._book.find(login)
        if desk is not None and desk.work != counts:
            self._book.show(replace(desk, work=counts), "desk.work", {})

    async def missed(self, login: Login) -> None:
        """Cards of his day that he has not seen; told with the day's list."""
        if self._missed is None:
            return
        try:
            stored = await self._missed.of_login(login, self._shelf.midnight(self._now()))
        except StoreError as error:
            log.warning("missed_cards_not_read", login=login, why=str(error))
            return
        desk = self._book.find(login)
        if desk is not None:
            cards = {card.call: card for card in (*stored, *desk.missed)}
            self._book.keep(replace(desk, missed=newest_first(cards)))

    async def today(self, login: Login, event: str, data: dict[str, Any]) -> None:
        """His day's list, told with this event, which is told even if there is no answer."""
        self._turn = turn = self._turn + 1
        try:
            today, figures = await self._shelf.today(login, self._now())
        except StoreError as error:
            log.warning("today_not_read", login=login, why=str(error))
            self._book.tell(login, event, data)
            return
        desk = self._book.find(login)
        if desk is None:
            return
        if turn > self._today_of.get(login, 0):  # else the answer to a later question has overtaken this one
            self._today_of[login] = turn
            midnight = self._shelf.midnight(self._now())
            missed = tuple(card for card in desk.missed if card.at >= midnight)
            desk = replace(desk, today=today, figures=figures, missed=missed)
        self._book.show(desk, event, data)


def _whose(tab: Tab) -> tuple[object, ...]:
    return tab.matched, tab.customer

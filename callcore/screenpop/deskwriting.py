"""What an operator writes on his contacts: saved, moved with the card, kept for the next daemon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from callcore.domain import CallId, Customer, CustomerId, Login, TopicCode
from callcore.screenpop import entries
from callcore.screenpop.background import Background
from callcore.screenpop.card import Desk, Draft, Entry, Stage, Tab
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.deskbook import UPDATED, DeskBook
from callcore.screenpop.deskreads import DeskReads
from callcore.screenpop.draftbook import DraftBook
from callcore.screenpop.entries import Registration
from callcore.screenpop.ports import DeskRefused
from callcore.screenpop.shelf import Shelf, line_view
from callcore.store.errors import StoreError, TextRefused

log = structlog.get_logger("callcore.desks")


class DeskWriting:
    def __init__(
        self,
        book: DeskBook,
        shelf: Shelf,
        reads: DeskReads,
        beside: Background,
        *,
        topics: Callable[[], frozenset[TopicCode]],
        now: Callable[[], datetime],
        news: CardNews,
        drafts: DraftBook | None,
    ) -> None:
        self._book = book
        self._shelf = shelf
        self._reads = reads
        self._beside = beside
        self._topics = topics
        self._now = now
        self._news = news
        self._drafts = drafts
        self._kept: dict[Login, dict[CallId, Mapping[int, Draft]]] = {}
        """Typed before the daemon ended; until its contact is on the desk again."""

    def forget(self, login: Login) -> None:
        self._kept.pop(login, None)

    # --- saved

    async def save(self, login: Login, call: CallId, n: int, words: Draft) -> int | None:
        """One topic into the database, and onto the desk as saved."""
        tab = self._book.open_tab(login, call)
        entry = tab.entry(n) if tab else None
        about = entries.registration(tab, n, self._book.open_for(login, call)) if tab else Registration(None)
        topic = TopicCode(words.topic)
        try:
            record = await self._shelf.save(
                call, login, topic, words.comment, about.customer, self._now(), n=n, about=about
            )
        except TextRefused:
            raise DeskRefused("too_long") from None
        except StoreError:
            raise DeskRefused("store_down") from None
        tab = self._book.open_tab(login, call)
        if tab is not None:
            before = entry.draft if entry else None
            self._book.keep_tab(login, entries.saved(tab, n, before, words, record, about))
        self.keep_draft(login, call, n)
        # Today's list first: a page whose tab goes while the list still says `unclassified` would think that
        # the text was not saved, and offer it again.
        await self._reads.today(login, "interaction.saved", {"call": call, "record": record})
        self._news.changed(about.customer)
        return record

    async def save_rest(self, login: Login, call: CallId) -> None:
        """Everything that is typed and not saved; refused where a topic is missing."""
        _, tab = self._book.tab(login, call)
        for entry in entries.unsaved(tab, self._topics()):
            await self.save(login, call, entry.n, entry.draft)

    def put_customer(self, login: Login, tab: Tab) -> None:
        """The card is somebody else's from now on: what was saved on it goes with it."""
        self._book.keep_tab(login, replace(tab, history=(), history_known=False))
        self._reads.ask(login, tab.view.call)
        self._book.tell(login, UPDATED, {"call": tab.view.call})
        self.follow(login, tab)

    def follow(self, login: Login, tab: Tab) -> None:
        if entries.astray(tab):
            self._beside.start(self._follow(login, tab.view.call))

    async def _follow(self, login: Login, call: CallId) -> None:
        tab = self._book.open_tab(login, call)
        for entry in entries.astray(tab) if tab else ():
            try:
                if tab is not None and tab.matched is not None and tab.matched.id == entry.saved_on:
                    await self._move(login, call, entry)
                else:
                    await self.save(login, call, entry.n, entry.saved)
            except DeskRefused as refused:
                log.warning("interaction_not_moved", login=login, call=call, why=refused.code)

    async def _move(self, login: Login, call: CallId, entry: Entry) -> None:
        """To the other number of the same customer; what it was stays in its history (D-48)."""
        tab = self._book.open_tab(login, call)
        about = entries.registration(tab, entry.n) if tab else Registration(None)
        if entry.record is None or about.customer is None:
            raise DeskRefused(
                "store_down"
            )  # its number is not there yet: the save waits outside the database
        try:
            await self._shelf.move(entry.record, about, login, self._now())
        except StoreError:
            raise DeskRefused("store_down") from None
        tab = self._book.open_tab(login, call)
        now = tab.entry(entry.n) if tab else None
        if tab is not None and now is not None:
            self._book.keep_tab(login, tab.with_entry(replace(now, saved_number=about.number)))
        self._news.changed(about.customer)

    async def customer(self, customer: CustomerId) -> Customer:
        try:
            found = await self._shelf.customer(customer)
        except StoreError:
            raise DeskRefused("store_down") from None
        if found is None:
            raise DeskRefused("unknown_customer")
        return found

    # --- typed

    def keep_draft(self, login: Login, call: CallId, n: int) -> None:
        """A copy for the next daemon; none of what is saved."""
        if self._drafts is None:
            return
        tab = self._book.open_tab(login, call)
        entry = tab.entry(n) if tab else None
        words = entry.draft if entry is not None and entry.is_dirty else Draft()
        self._drafts.keep(login, call, n, words, self._now())

    async def fetch(self, login: Login) -> None:
        """His favourites, and what he typed before the daemon ended; told with the day's list."""
        try:
            favourites = await self._shelf.favourites(login)
            kept = await self._drafts.of_login(login) if self._drafts else {}
        except StoreError as error:
            log.warning("typed_not_read", login=login, why=str(error))
            return
        desk = self._book.find(login)
        if desk is None:
            return
        self._book.keep(replace(desk, favourites=favourites))
        self._kept[login] = dict(kept)
        for tab in desk.tabs:
            self.put_kept(login, tab.view.call)

    def put_kept(self, login: Login, call: CallId) -> None:
        """What was typed for this card before the daemon ended stands in it again."""
        kept = self._kept.get(login, {}).pop(call, None)
        tab = self._book.open_tab(login, call)
        if kept and tab is not None:
            self._book.keep_tab(login, entries.restored(tab, kept))

    def reopen_kept(self, login: Login, call: CallId | None = None) -> None:
        """A call that ended while no daemon ran: its card comes back for the sake of the words."""
        for each in tuple(self._kept.get(login, ())):
            if call in (None, each):
                self._beside.start(self._reopen_kept(login, each))

    async def _reopen_kept(self, login: Login, call: CallId) -> None:
        if self._book.find(login) is None or self._book.open_tab(login, call) is not None:
            return
        try:
            desk = await self.reopened(login, call)
        except DeskRefused:
            return  # the contact is not there yet: recovery writes it
        self._book.keep(desk)
        self.put_kept(login, call)
        desk, tab = self._book.tab(login, call)
        if not tab.is_dirty:
            self._book.follow(desk.without_tab(call))
            return
        self._reads.ask(login, call)
        self._book.tell(login, UPDATED, {"call": call})

    def refill(self, login: Login, call: CallId) -> None:
        """What he has saved of this call stands in its card, also if it is a new one: he had closed the one
        before and the caller comes back to him, or the daemon has begun anew."""
        tab = self._book.open_tab(login, call)
        if tab is not None and _is_blank(tab):
            self._beside.start(self._refill(login, call))

    async def _refill(self, login: Login, call: CallId) -> None:
        try:
            written = await self._shelf.written(call, login)
        except StoreError as error:
            log.warning("written_not_read", login=login, call=call, why=str(error))
            return
        tab = self._book.open_tab(login, call)
        if not written or tab is None or not _is_blank(tab):
            return  # he has typed meanwhile
        number = written[-1].saved_number or tab.picked_number
        self._book.keep_tab(login, replace(tab, entries=written, picked_number=number))
        self._book.tell(login, UPDATED, {"call": call})

    async def reopened(self, login: Login, call: CallId) -> Desk:
        """His desk with a card from the database: the contact, and what he wrote of it."""
        try:
            line = await self._shelf.line(call, login)
            if line is None:
                raise DeskRefused("no_such_contact")
            view, saved = await line_view(self._shelf, line)
            written = await self._shelf.written(call, login)
        except StoreError:
            raise DeskRefused("store_down") from None
        tab = Tab(
            view=view,
            stage=Stage.unfinished,
            customer=line.customer,
            entries=written or (Entry(1, saved, saved, line.record),),
            picked_number=written[-1].saved_number if written else None,
            ended_at=line.ended_at,
            talk_ms=line.talk_ms,
        )
        desk = self._book.desk(login)  # anew: it may have changed while the database was asked
        return desk if desk.tab(call) else replace(desk, tabs=(*desk.tabs, tab))


def _is_blank(tab: Tab) -> bool:
    return all(entry.is_blank for entry in tab.entries)

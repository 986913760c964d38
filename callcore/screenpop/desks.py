"""The desks of everybody on shift: what each one shows, and what his pages order.

Effects of the call model come in by ``carry``. The desks stand in ``DeskBook``, what the database tells comes
by ``DeskReads``, what an operator writes goes by ``DeskWriting``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from callcore.calls import facts as f
from callcore.calls.agent import WrongState
from callcore.calls.effects import (
    CloseCard,
    Contact,
    DropCard,
    Effect,
    EndCard,
    HideRinging,
    PopCard,
    ShowAgent,
    ShowDialling,
    ShowLine,
    ShowRinging,
    UpdateCard,
)
from callcore.calls.tracker import UnknownAgent
from callcore.domain import (
    AgentState,
    CallId,
    CustomerId,
    Interface,
    Login,
    PauseReason,
    PbxName,
    TopicCode,
)
from callcore.screenpop import entries
from callcore.screenpop.background import Background
from callcore.screenpop.callorders import CallOrders
from callcore.screenpop.card import Desk, Draft, Stage, Tab
from callcore.screenpop.cardfill import CardSource
from callcore.screenpop.cardmarks import CardMarks
from callcore.screenpop.cardnews import CardNews
from callcore.screenpop.changes import DeskEffect, apply
from callcore.screenpop.deskbook import UPDATED, DeskBook
from callcore.screenpop.deskdials import DeskDials
from callcore.screenpop.deskreads import DeskReads
from callcore.screenpop.deskwriting import DeskWriting
from callcore.screenpop.draftbook import DraftBook
from callcore.screenpop.hub import LEFT, Hub, HubCallbacks
from callcore.screenpop.missedbook import MissedBook
from callcore.screenpop.news import event_data, event_type
from callcore.screenpop.ports import (
    DeskRefused,
    Seat,
)
from callcore.screenpop.shelf import Shelf
from callcore.screenpop.shiftbook import ShiftBook
from callcore.screenpop.worklists import WorkSource
from callcore.store.errors import NotStored, StoreError

COMMENT_LIMIT = 10_000


class Desks:
    """Implements ``DeskService``, and carries out the desk effects."""

    def __init__(
        self,
        hub: Hub,
        shelf: Shelf,
        *,
        take: Callable[[f.Fact], None],
        seat: Callable[[Login, Interface], Coroutine[Any, Any, Seat | None]],
        topics: Callable[[], frozenset[TopicCode]],
        now: Callable[[], datetime],
        wrap_up: timedelta,
        missed: MissedBook | None = None,
        source: CardSource | None = None,
        news: CardNews | None = None,
        drafts: DraftBook | None = None,
        work: WorkSource | None = None,
    ) -> None:
        """``seat`` gives None for a phone that the person may not take. Without ``missed``, cards that
        nobody saw are forgotten when the shift ends. ``source`` fills the cards, ``news`` tells what changed
        on them; both may be missing. Without ``drafts``, what is typed lives as long as the process. ``work``
        counts the work lists."""
        self._hub = hub
        self._shelf = shelf
        self._take = take
        self._seat = seat
        self._topics = topics
        self._now = now
        self._wrap_up = wrap_up
        self._shifts = ShiftBook(shelf)
        self._books = tuple(book for book in (self._shifts, missed, drafts) if book is not None)
        self._linked: dict[PbxName, bool] = {}
        self._dropped: dict[Login, Tab] = {}
        """The last card taken away from him: what he was just typing may be on its way."""
        self._beside = Background()
        self._book = DeskBook(hub, missed, now, self._beside)
        self.marks = CardMarks(self._book)
        self.dials = DeskDials(self._book, self._beside, self.attach)
        self.call_orders = CallOrders(self._book, self.dials)
        news = news or CardNews()
        self._reads = DeskReads(self._book, shelf, self._beside, now, news, missed, source, work)
        self._writing = DeskWriting(
            self._book, shelf, self._reads, self._beside, topics=topics, now=now, news=news, drafts=drafts
        )
        self._timer = hub.timer()
        hub.listen(HubCallbacks(painted=self._book.painted, unpainted=self._book.unpainted))

    async def close(self) -> None:
        """What is still on its way into the database gets a moment; then nothing is written any more."""
        self._timer.close()
        await asyncio.gather(*(book.close() for book in self._books))

    async def idle(self) -> None:
        """Until everything that is asked beside the desks has been answered."""
        await self._beside.idle()

    @property
    def is_writing(self) -> bool:
        """Something of the desks is still on its way into the database."""
        return any(book.is_writing for book in self._books)

    def view(self, login: Login) -> Desk | None:
        return self._book.find(login)

    # --- effects

    def carry(self, effect: Effect) -> None:
        match effect:
            case (
                ShowRinging()
                | ShowDialling()
                | HideRinging()
                | PopCard()
                | UpdateCard()
                | EndCard()
                | CloseCard()
                | DropCard()
                | ShowAgent()
                | ShowLine()
            ):
                self._show(effect)
            case _:
                return

    def _show(self, effect: DeskEffect) -> None:
        login, desk = effect.login, self._book.find(effect.login)
        if desk is None:
            return
        now = self._now()
        until = now + self._wrap_up if isinstance(effect, EndCard) and self._wrap_up else None
        if isinstance(effect, DropCard) and (tab := desk.tab(effect.call)) is not None:
            self._dropped[login] = replace(
                tab, stage=Stage.unfinished, wrap_up_until=None, dropped=effect.reason
            )
        self._book.follow(apply(desk, effect, now, until))
        if isinstance(effect, PopCard):
            self._writing.put_kept(login, effect.view.call)
            self._writing.refill(login, effect.view.call)
            self.marks.popped(login, effect.view.call)
            self.dials.popped(login, effect.view.call)
        if isinstance(effect, PopCard | UpdateCard):
            self._reads.ask(login, effect.view.call)
        self._book.tell(login, event_type(effect), event_data(effect))
        if isinstance(effect, PopCard):
            self._timer.arm()  # after the card was told: before, nothing is due
        if isinstance(effect, ShowAgent):
            self._shifts.show(effect, self._book.seat(login))

    def link(self, pbx: PbxName, *, up: bool) -> None:
        """The link to a PBX came or went: its operators see it."""
        self._linked[pbx] = up
        for login in self._book.logins():
            desk = self._book.desk(login)
            if self._book.seat(login).pbx == pbx and desk.is_pbx_linked != up:
                self._book.show(replace(desk, is_pbx_linked=up), "agent.link", {"up": up})

    async def contact_logged(self, contact: Contact) -> None:
        """A contact is in the database: its operators' lists of today show it."""
        # Who answered may have no ring: the journal does not always tell at which moment.
        rung = (ring.login for ring in contact.operators)
        for login in dict.fromkeys((contact.answered_by, *rung)):
            if login is not None and self._book.find(login) is not None and contact.answered_by is not None:
                await self._reads.today(login, "contact.saved", {"call": contact.call})
                self._writing.reopen_kept(login, contact.call)

    # --- shifts

    async def open(self, login: Login, interface: Interface) -> None:
        if self._book.find(login) is not None:
            raise DeskRefused("already_on_shift")
        seat = await self._seat(login, interface)
        if seat is None:
            raise DeskRefused("phone_not_allowed")
        await self.resume(login, seat, AgentState.paused, None)

    async def resume(self, login: Login, seat: Seat, state: AgentState, reason: PauseReason | None) -> None:
        """Begin a shift, or go on with one that a restart interrupted."""
        if self._book.find(login) is not None:
            raise DeskRefused("already_on_shift")
        desk = Desk(login, seat.name, seat.interface, seat.queues, state, self._now(), reason)
        self._book.arrive(replace(desk, is_pbx_linked=self._linked.get(seat.pbx, False)), seat)
        signed_in = f.AgentSignedIn(
            login,
            seat.name,
            seat.pbx,
            seat.interface,
            seat.queues,
            state,
            reason,
            seat.also,
            seat.penalties,
        )
        try:
            self._take(signed_in)
        except WrongState:
            self._book.go(login)
            raise DeskRefused("phone_taken") from None
        if self._hub.connections(login):
            self._take(f.DeskOpened(login))
        await self._reads.missed(login)
        await self._writing.fetch(login)
        await self._reads.today(login, "agent.opened", {})
        self._reads.count_work(login)
        self._writing.reopen_kept(login)

    async def leave(self, login: Login) -> None:
        self._command(f.AgentSignedOut(login))
        self._hub.withdraw(login)
        self._dropped.pop(login, None)
        self._writing.forget(login)
        self._book.go(login)
        self._shifts.end(login)
        self._book.tell(login, LEFT, {})

    def ready(self, login: Login) -> None:
        self._command(f.AgentBecameReady(login))

    def pause(self, login: Login, reason: PauseReason) -> None:
        self._command(f.AgentPaused(login, reason))

    def desk_opened(self, login: Login) -> None:
        self._take(f.DeskOpened(login))

    def desk_closed(self, login: Login) -> None:
        self._take(f.DeskClosed(login))

    # --- whose card it is

    def choose(self, login: Login, call: CallId, customer: CustomerId | None) -> None:
        _, tab = self._book.tab(login, call)
        if customer is not None and all(c.id != customer for c in tab.view.customers):
            raise DeskRefused("unknown_customer")
        self._writing.put_customer(login, replace(tab, customer=customer, picked=None, is_cleared=False))

    async def attach(self, login: Login, call: CallId, customer: CustomerId) -> None:
        self._book.tab(login, call)
        found = await self._writing.customer(customer)
        _, tab = self._book.tab(login, call)  # anew: it may have changed while the database was asked
        self._writing.put_customer(login, replace(tab, picked=found, is_cleared=False))

    async def another(self, login: Login, call: CallId, customer: CustomerId) -> None:
        await self._writing.save_rest(login, call)
        found = await self._writing.customer(customer)
        _, tab = self._book.tab(login, call)
        self._writing.put_customer(login, entries.on_another(tab, found))

    def clear(self, login: Login, call: CallId) -> None:
        _, tab = self._book.tab(login, call)
        self._writing.put_customer(login, replace(tab, customer=None, picked=None, is_cleared=True))

    def open_number(self, login: Login, call: CallId, number: str) -> None:
        _, tab = self._book.tab(login, call)
        tab = entries.on_number(tab, number)
        self._book.show_tab(login, tab)
        self._writing.follow(login, tab)

    async def read_flash(self, login: Login, call: CallId, flash: int) -> None:
        self._book.tab(login, call)
        await self._reads.read_flash(login, flash)

    # --- cards in front and out of sight

    async def front(self, login: Login, call: CallId) -> None:
        desk = self._book.desk(login)
        if desk.tab(call) is None:
            if not any(row.call == call for row in desk.today):
                raise DeskRefused("no_such_contact")
            desk = await self._writing.reopened(login, call)
        self._book.keep(replace(desk, active=call))
        self._reads.ask(login, call)
        self._book.tell(login, "card.front", {"call": call})
        self._book.seen(login, call)

    def take_card(self, login: Login, call: CallId) -> None:
        if not self._book.desk(login).takes(call):
            raise DeskRefused("call_gone")
        self._command(f.CardTaken(login, call), "call_gone")

    def dismiss(self, login: Login, call: CallId | None) -> None:
        self._book.desk(login)
        self._book.seen(login, call)

    # --- what he writes

    def draft(self, login: Login, call: CallId, draft: Draft, n: int = 1) -> None:
        if len(draft.comment) > COMMENT_LIMIT or len(draft.topic) > COMMENT_LIMIT:
            raise DeskRefused("too_long")
        self._undrop(login, call)
        _, tab = self._book.tab(login, call)
        before = tab.entry(n)
        keep = (
            self._book.keep_tab if before else self._book.show_tab
        )  # one that was lost, no page has before it
        keep(login, entries.typed(tab, n, draft))
        self._writing.keep_draft(login, call, n)
        # The page that types knows its words already, and a render would only disturb it; but what goes with
        # a topic (script, article, ready texts) it has to be told.
        changed = {before.draft.topic if before else "", draft.topic}
        if len(changed) > 1 and changed & self._topics():
            self._book.tell(login, UPDATED, {"call": call})

    def _undrop(self, login: Login, call: CallId) -> None:
        """The words were on their way when the card was taken away: it comes back for their sake."""
        desk, tab = self._book.desk(login), self._dropped.get(login)
        if tab is None or tab.view.call != call or desk.tab(call) is not None:
            return
        del self._dropped[login]
        self._book.show(replace(desk, tabs=(*desk.tabs, tab)), UPDATED, {"call": call})

    def add_topic(self, login: Login, call: CallId) -> None:
        _, tab = self._book.tab(login, call)
        self._book.show_tab(login, entries.added(tab))

    def drop_topic(self, login: Login, call: CallId, n: int) -> None:
        _, tab = self._book.tab(login, call)
        self._book.show_tab(login, entries.removed(tab, n))

    async def favourite(self, login: Login, topic: TopicCode, *, is_on: bool) -> None:
        self._book.desk(login)
        if topic not in self._topics():
            raise DeskRefused("unknown_topic")
        try:
            favourites = await self._shelf.favourite(login, topic, self._now(), is_on=is_on)
        except NotStored:
            raise DeskRefused("too_many_favourites") from None
        except StoreError:
            raise DeskRefused("store_down") from None
        desk = replace(self._book.desk(login), favourites=favourites)
        self._book.show(desk, "desk.favourites", {"topic": topic})

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool, n: int = 1
    ) -> int | None:
        desk = self._book.desk(login)
        if topic not in self._topics():
            raise DeskRefused("unknown_topic")
        tab = desk.tab(call)
        if tab is None and not any(row.call == call for row in desk.today):
            raise DeskRefused("no_such_contact")
        if tab is not None:
            entries.entry_of(tab, n)
        record = await self._writing.save(login, call, n, Draft(topic, comment))
        if close:
            if self._book.open_tab(login, call) is not None:
                await self._writing.save_rest(login, call)
            self._close(login, call)
        return record

    def _close(self, login: Login, call: CallId) -> None:
        if self._book.find(login) is None:
            return  # he left while his text was being stored: stored it is
        self._command(f.WrapUpDone(login, call))
        desk = self._book.find(login)
        tab = desk.tab(call) if desk else None
        if desk is not None and tab is not None and tab.stage is not Stage.talking:
            self._book.follow(desk.without_tab(call))

    def _command(
        self,
        fact: f.AgentSignedOut | f.AgentBecameReady | f.AgentPaused | f.WrapUpDone | f.CardTaken,
        wrong_state: str = "busy_with_call",
    ) -> None:
        try:
            self._take(fact)
        except UnknownAgent:
            raise DeskRefused("not_signed_in") from None
        except WrongState:
            raise DeskRefused(wrong_state) from None

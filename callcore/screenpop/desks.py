"""The desks of everybody on shift: keeps what each one shows, carries out what his pages order.

Effects of the call model come in by ``carry``; every change goes out to the person's stream at the hub. What
needs the database (last contacts, today's list) is fetched beside it and fills in when it comes.

One class of more than 400 lines: every method is a few of them, and all share the dictionary of desks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

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
    QueueName,
    TopicCode,
)
from callcore.screenpop.card import Desk, DeskEffect, Draft, Stage, Tab, Unpainted, apply, miss, see
from callcore.screenpop.hub import LEFT, MISSED, Hub, HubCallbacks
from callcore.screenpop.missedbook import MissedBook, newest_first
from callcore.screenpop.news import event_data, event_type
from callcore.screenpop.ports import DeskRefused
from callcore.screenpop.shelf import Shelf, line_view
from callcore.screenpop.shiftbook import ShiftBook
from callcore.store.errors import StoreError, TextRefused
from callcore.store.shifts import Shift

log = structlog.get_logger("callcore.desks")

COMMENT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person may work: his phone, and the queues it serves."""

    name: str
    pbx: PbxName
    interface: Interface
    queues: tuple[QueueName, ...]
    chosen: Interface
    """The phone as he chose it, with the PBX's name where there are several."""
    also: tuple[Interface, ...] = ()
    """His other phones."""


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
    ) -> None:
        """``seat`` gives None for a phone that the person may not take. Without ``missed``, cards that
        nobody saw are forgotten when the shift ends."""
        self._hub = hub
        self._shelf = shelf
        self._missed = missed
        self._take = take
        self._seat = seat
        self._topics = topics
        self._now = now
        self._wrap_up = wrap_up
        self._desks: dict[Login, Desk] = {}
        self._seats: dict[Login, Seat] = {}
        self._shifts = ShiftBook(shelf)
        self._linked: dict[PbxName, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = 0
        self._today_of: dict[Login, int] = {}
        """Which of all questions for somebody's day his list comes from."""
        self._dropped: dict[Login, Tab] = {}
        """The last card taken away from him: what he was just typing may be on its way."""
        self._timer = hub.timer()
        hub.listen(HubCallbacks(painted=self._painted, unpainted=self._unpainted))

    def close(self) -> None:
        """Nothing is written any more."""
        self._timer.close()
        self._shifts.close()
        if self._missed is not None:
            self._missed.close()

    def view(self, login: Login) -> Desk | None:
        return self._desks.get(login)

    # --- effects

    def carry(self, effect: Effect) -> None:
        match effect:
            case (
                ShowRinging()
                | HideRinging()
                | PopCard()
                | UpdateCard()
                | EndCard()
                | CloseCard()
                | DropCard()
                | ShowAgent()
            ):
                self._show(effect)
            case _:
                return

    def _show(self, effect: DeskEffect) -> None:
        desk = self._desks.get(effect.login)
        if desk is None:
            return
        now = self._now()
        until = now + self._wrap_up if isinstance(effect, EndCard) and self._wrap_up else None
        if isinstance(effect, DropCard) and (tab := desk.tab(effect.call)) is not None:
            self._dropped[effect.login] = replace(
                tab, stage=Stage.unfinished, wrap_up_until=None, dropped=effect.reason
            )
        self._put(apply(desk, effect, now, until))
        self._hub.publish(effect.login, event_type(effect), event_data(effect), now)
        match effect:
            case PopCard() | UpdateCard():
                self._timer.arm()
                self._start(self._fetch_history(effect.login, effect.view.call))
            case ShowAgent():
                self._keep_shift(effect)
            case _:
                return

    def link(self, pbx: PbxName, *, up: bool) -> None:
        """The link to a PBX came or went: its operators see it."""
        self._linked[pbx] = up
        for login, desk in list(self._desks.items()):
            if self._seats[login].pbx == pbx and desk.is_pbx_linked != up:
                self._change(replace(desk, is_pbx_linked=up), "agent.link", {"up": up})

    async def contact_logged(self, contact: Contact) -> None:
        """A contact is in the database: its operators' lists of today show it."""
        # Who answered may have no ring: the journal does not always tell at which moment.
        rung = (ring.login for ring in contact.operators)
        for login in dict.fromkeys((contact.answered_by, *rung)):
            if login is not None and login in self._desks and contact.answered_by is not None:
                await self._fetch_today(login, "contact.saved", {"call": contact.call})

    # --- commands

    async def open(self, login: Login, interface: Interface) -> None:
        if login in self._desks:
            raise DeskRefused("already_on_shift")
        seat = await self._seat(login, interface)
        if seat is None:
            raise DeskRefused("phone_not_allowed")
        await self.resume(login, seat, AgentState.paused, None)

    async def resume(self, login: Login, seat: Seat, state: AgentState, reason: PauseReason | None) -> None:
        """Begin a shift, or go on with one that a restart interrupted."""
        if login in self._desks:
            raise DeskRefused("already_on_shift")
        now = self._now()
        desk = Desk(login, seat.name, seat.interface, seat.queues, state, now, reason)
        self._desks[login] = replace(desk, is_pbx_linked=self._linked.get(seat.pbx, False))
        self._seats[login] = seat
        try:
            self._take(
                f.AgentSignedIn(
                    login, seat.name, seat.pbx, seat.interface, seat.queues, state, reason, seat.also
                )
            )
        except WrongState:
            del self._desks[login], self._seats[login]
            raise DeskRefused("phone_taken") from None
        if self._hub.connections(login):
            self._take(f.DeskOpened(login))
        await self._fetch_missed(login)
        await self._fetch_today(login, "agent.opened", {})

    async def leave(self, login: Login) -> None:
        self._command(f.AgentSignedOut(login))
        self._hub.withdraw(login)
        self._dropped.pop(login, None)
        self._desks.pop(login, None)
        self._seats.pop(login, None)
        self._shifts.end(login)
        self._hub.publish(login, LEFT, {}, self._now())

    def ready(self, login: Login) -> None:
        self._command(f.AgentBecameReady(login))

    def pause(self, login: Login, reason: PauseReason) -> None:
        self._command(f.AgentPaused(login, reason))

    def draft(self, login: Login, call: CallId, draft: Draft) -> None:
        if len(draft.comment) > COMMENT_LIMIT or len(draft.topic) > COMMENT_LIMIT:
            raise DeskRefused("too_long")
        self._undrop(login, call)
        desk, tab = self._tab(login, call)
        # Not published: the page that types knows it already, and a render would only disturb it.
        self._desks[login] = desk.with_tab(replace(tab, draft=draft))

    def choose(self, login: Login, call: CallId, customer: CustomerId | None) -> None:
        desk, tab = self._tab(login, call)
        if customer is not None and all(c.id != customer for c in tab.view.customers):
            raise DeskRefused("unknown_customer")
        tab = replace(tab, customer=customer, history=(), history_known=False)
        self._change(desk.with_tab(tab), "card.updated", {"call": call})
        self._start(self._fetch_history(login, call))

    async def front(self, login: Login, call: CallId) -> None:
        desk = self._desk(login)
        if desk.tab(call) is None:
            desk = await self._reopened(login, call)
        self._change(replace(desk, active=call), "card.front", {"call": call})
        self._see(login, call)
        self._start(self._fetch_history(login, call))

    def take_card(self, login: Login, call: CallId) -> None:
        if not self._desk(login).takes(call):
            raise DeskRefused("call_gone")
        self._command(f.CardTaken(login, call), "call_gone")

    def dismiss(self, login: Login, call: CallId | None) -> None:
        self._desk(login)
        self._see(login, call)

    async def save(
        self, login: Login, call: CallId, topic: TopicCode, comment: str, *, close: bool
    ) -> int | None:
        desk = self._desk(login)
        if topic not in self._topics():
            raise DeskRefused("unknown_topic")
        tab = desk.tab(call)
        if tab is None and not any(row.call == call for row in desk.today):
            raise DeskRefused("no_such_contact")
        customer = tab.matched.id if tab and tab.matched else None
        before = tab.draft if tab else None
        try:
            record = await self._shelf.save(call, login, topic, comment, customer, self._now())
        except TextRefused:
            raise DeskRefused("too_long") from None
        except StoreError:
            raise DeskRefused("store_down") from None
        self._saved(login, call, before, Draft(topic, comment), record)
        # Today's list first: a page whose tab goes while the list still says `unclassified` would think that
        # the text was not saved, and offer it again.
        await self._fetch_today(login, "interaction.saved", {"call": call, "record": record})
        if close:
            self._close(login, call)
        return record

    def desk_opened(self, login: Login) -> None:
        self._take(f.DeskOpened(login))

    def desk_closed(self, login: Login) -> None:
        self._take(f.DeskClosed(login))

    # --- inside

    def _keep_shift(self, effect: ShowAgent) -> None:
        """Busy states are not worth a row: whoever is talking goes on ready after a restart."""
        if effect.state is AgentState.offline:
            return
        is_paused = effect.state is AgentState.paused
        seat = self._seats[effect.login]
        shift = Shift(effect.login, seat.chosen, not is_paused, effect.pause_reason if is_paused else None)
        self._shifts.keep(shift)

    def _put(self, desk: Desk) -> None:
        """This is his desk now; of a card that is no longer on it, no screen can tell anything."""
        login = desk.login
        for tab in self._desks[login].tabs:
            if desk.tab(tab.view.call) is None:
                self._hub.withdraw(login, tab.view.call)
        self._desks[login] = replace(desk, missed=self._desks[login].missed)

    def _unpainted(self, login: Login, call: CallId | None, why: Unpainted) -> None:
        desk = self._desks.get(login)
        if desk is None or call is None or desk.tab(call) is None:
            return
        desk = miss(desk, call, why, self._now())
        self._change(desk, MISSED, {"call": call, "why": why})
        if self._missed is not None:
            self._missed.keep(login, desk.missed[:1])

    def _painted(self, login: Login, call: CallId | None, _seconds: float) -> None:
        if call is not None:
            self._see(login, call)

    def _see(self, login: Login, call: CallId | None) -> None:
        """He knows of a card that he had missed (of all of them, for None)."""
        desk = self._desks.get(login)
        fresh = see(desk, call, self._now()) if desk else None
        if desk is None or fresh is None or fresh == desk:
            return
        self._change(fresh, "card.seen", {"call": call})
        if self._missed is not None:
            pairs = zip(desk.missed, fresh.missed, strict=True)
            self._missed.keep(login, tuple(new for old, new in pairs if new is not old))

    def _undrop(self, login: Login, call: CallId) -> None:
        """The words were on their way when the card was taken away: it comes back for their sake."""
        desk, tab = self._desk(login), self._dropped.get(login)
        if tab is None or tab.view.call != call or desk.tab(call) is not None:
            return
        del self._dropped[login]
        self._change(replace(desk, tabs=(*desk.tabs, tab)), "card.updated", {"call": call})

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

    def _desk(self, login: Login) -> Desk:
        desk = self._desks.get(login)
        if desk is None:
            raise DeskRefused("not_signed_in")
        return desk

    def _tab(self, login: Login, call: CallId) -> tuple[Desk, Tab]:
        desk = self._desk(login)
        tab = desk.tab(call)
        if tab is None:
            raise DeskRefused("no_such_contact")
        return desk, tab

    def _saved(
        self, login: Login, call: CallId, before: Draft | None, saved: Draft, record: int | None
    ) -> None:
        """He may have typed on while the commit was under way: then his draft is no longer ``before``."""
        desk = self._desks.get(login)
        tab = desk.tab(call) if desk else None
        if desk is None or tab is None:
            return
        draft = saved if tab.draft in (before, tab.saved) else tab.draft
        tab = replace(tab, draft=draft, saved=saved, record=record if record is not None else tab.record)
        self._desks[login] = desk.with_tab(tab)

    def _close(self, login: Login, call: CallId) -> None:
        if login not in self._desks:
            return  # he left while his text was being stored: stored it is
        self._command(f.WrapUpDone(login, call))
        desk = self._desks.get(login)
        tab = desk.tab(call) if desk else None
        if desk is not None and tab is not None and tab.stage is not Stage.talking:
            self._put(desk.without_tab(call))

    async def _reopened(self, login: Login, call: CallId) -> Desk:
        if not any(row.call == call for row in self._desk(login).today):
            raise DeskRefused("no_such_contact")
        try:
            line = await self._shelf.line(call, login)
            if line is None:
                raise DeskRefused("no_such_contact")
            view, saved = await line_view(self._shelf, line)
        except StoreError:
            raise DeskRefused("store_down") from None
        tab = Tab(
            view=view,
            stage=Stage.unfinished,
            customer=line.customer,
            draft=saved,
            saved=saved,
            record=line.record,
            ended_at=line.ended_at,
            talk_ms=line.talk_ms,
        )
        desk = self._desk(login)  # anew: it may have changed while the database was asked
        return desk if desk.tab(call) else replace(desk, tabs=(*desk.tabs, tab))

    def _change(self, desk: Desk, event: str, data: dict[str, Any]) -> None:
        self._desks[desk.login] = desk
        self._hub.publish(desk.login, event, data, self._now())

    async def _fetch_history(self, login: Login, call: CallId) -> None:
        desk = self._desks.get(login)
        tab = desk.tab(call) if desk else None
        if tab is None or not tab.view.customers_known:
            return
        customer = tab.matched.id if tab.matched else None
        if customer is None and len(tab.view.customers) > 1:
            return  # whose, the operator has to say first
        lines = await self._shelf.history(customer, tab.view.caller_number, call)
        desk = self._desks.get(login)
        now = desk.tab(call) if desk else None
        if desk is None or now is None or (now.matched, now.customer) != (tab.matched, tab.customer):
            return  # closed meanwhile, or it is somebody else's card by now
        now = replace(now, history=lines, history_known=True)
        self._change(desk.with_tab(now), "card.updated", {"call": call})

    async def _fetch_missed(self, login: Login) -> None:
        if self._missed is None:
            return
        try:
            stored = await self._missed.of_login(login, self._shelf.midnight(self._now()))
        except StoreError as error:
            log.warning("missed_cards_not_read", login=login, why=str(error))
            return
        desk = self._desks.get(login)
        if desk is not None:  # published with the day's list, which comes next
            cards = {card.call: card for card in (*stored, *desk.missed)}
            self._desks[login] = replace(desk, missed=newest_first(cards))

    async def _fetch_today(self, login: Login, event: str, data: dict[str, Any]) -> None:
        self._turn = turn = self._turn + 1
        try:
            today, figures = await self._shelf.today(login, self._now())
        except StoreError as error:
            log.warning("today_not_read", login=login, why=str(error))
            self._hub.publish(login, event, data, self._now())
            return
        desk = self._desks.get(login)
        if desk is None:
            return
        if turn > self._today_of.get(login, 0):  # else the answer to a later question has overtaken this one
            self._today_of[login] = turn
            midnight = self._shelf.midnight(self._now())
            missed = tuple(card for card in desk.missed if card.at >= midnight)
            desk = replace(desk, today=today, figures=figures, missed=missed)
        self._change(desk, event, data)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("desk_work_failed", why=str(error) or type(error).__name__)

"""What one operator's desk shows, and how each effect changes it. Pure.

A ``Desk`` is the whole truth of a page: the page is rendered from it and from nothing else, so a page that
reconnects only needs the newest one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from callcore.calls.effects import (
    CallView,
    CloseCard,
    DropCard,
    EndCard,
    HideRinging,
    PopCard,
    ShowAgent,
    ShowRinging,
    UpdateCard,
)
from callcore.domain import (
    UNCLASSIFIED,
    AgentState,
    CallId,
    Customer,
    CustomerId,
    Direction,
    EndReason,
    Interface,
    Login,
    Outcome,
    PauseReason,
    QueueName,
    TopicCode,
)


class Stage(StrEnum):
    """Where the contact of a tab is."""

    ringing = "ringing"
    """The card opened before anybody answered."""
    talking = "talking"
    wrap_up = "wrap_up"
    unfinished = "unfinished"
    """Wrap-up ran out while nothing had been saved: kept as `unclassified`, still open."""


class Unpainted(StrEnum):
    """Why nobody saw a card in time."""

    no_page = "no_page"
    """No page of the operator was open."""
    hidden = "hidden"
    """Only pages that were not on the screen: another tab, another window, a locked machine."""
    unconfirmed = "unconfirmed"
    """A page was there and said nothing."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the operator has typed and not saved yet."""

    topic: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class PastContact:
    """What one operator wrote of an earlier contact of this customer or number, a line on the card."""

    at: datetime
    topic: TopicCode
    outcome: Outcome
    operator: str
    """The operator's name; empty if nobody answered."""
    comment: str
    direction: Direction = Direction.inbound


@dataclass(frozen=True, slots=True)
class TodayContact:
    """One of the operator's own contacts of today, newest first."""

    call: CallId
    record: int | None
    at: datetime
    number: str | None
    customer: str
    """Name, empty if unknown."""
    topic: TopicCode
    talk_ms: int
    comment: str = ""

    @property
    def is_unclassified(self) -> bool:
        return self.topic == UNCLASSIFIED


@dataclass(frozen=True, slots=True)
class MissedCard:
    """A card of today that no screen showed in time."""

    call: CallId
    at: datetime
    why: Unpainted
    number: str | None
    customer: CustomerId | None
    customer_name: str
    """Empty if unknown."""
    queue: QueueName | None
    seen_at: datetime | None = None
    """Since when he knows of it: painted after all, opened, or dismissed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The operator's own day."""

    answered: int = 0
    talk_ms: int = 0
    unclassified: int = 0


@dataclass(frozen=True, slots=True)
class Tab:
    """One contact on the desk, from pickup until the operator closes it."""

    view: CallView
    stage: Stage
    customer: CustomerId | None = None
    """Chosen among several matches; None with one match means that one."""
    history: tuple[PastContact, ...] = ()
    history_known: bool = False
    draft: Draft = Draft()
    """What stands in the form now."""
    saved: Draft = Draft()
    """What was saved last; the same as ``draft`` unless something was typed since."""
    record: int | None = None
    """Record number once something was saved."""
    ended_at: datetime | None = None
    wrap_up_until: datetime | None = None
    talk_ms: int = 0
    dropped: EndReason | None = None
    """It opened while the phone rang, he typed in it, and then he did not get the call."""

    @property
    def is_dirty(self) -> bool:
        """Something was typed that is not saved."""
        return self.draft != self.saved

    @property
    def matched(self) -> Customer | None:
        """The customer whose card this is; None if unknown or not chosen yet."""
        if len(self.view.customers) == 1:
            return self.view.customers[0]
        return next((c for c in self.view.customers if c.id == self.customer), None)


@dataclass(frozen=True, slots=True)
class Desk:
    login: Login
    name: str
    interface: Interface
    queues: tuple[QueueName, ...]
    state: AgentState
    since: datetime
    pause_reason: PauseReason | None = None
    pause_next: PauseReason | None = None
    """Asked for while busy."""
    ringing: CallView | None = None
    can_take: bool = False
    """The card of what rings opens when he asks for it."""
    untaken: CallView | None = None
    """The call he talks on, while he has not asked for its card."""
    tabs: tuple[Tab, ...] = ()
    active: CallId | None = None
    """The tab in front."""
    today: tuple[TodayContact, ...] = ()
    missed: tuple[MissedCard, ...] = ()
    """Newest first, those he knows of among them."""
    figures: Figures = Figures()
    is_pbx_linked: bool = True

    def tab(self, call: CallId) -> Tab | None:
        return next((t for t in self.tabs if t.view.call == call), None)

    def with_tab(self, tab: Tab) -> Desk:
        """This desk with ``tab`` in the place of the one of the same call."""
        return replace(self, tabs=tuple(tab if t.view.call == tab.view.call else t for t in self.tabs))

    def without_tab(self, call: CallId) -> Desk:
        tabs = tuple(t for t in self.tabs if t.view.call != call)
        active = self.active if self.active != call else (tabs[-1].view.call if tabs else None)
        return replace(self, tabs=tabs, active=active)

    def takes(self, call: CallId) -> bool:
        """Whether he may ask for the card of this call now."""
        rings = self.can_take and self.ringing is not None and self.ringing.call == call
        return rings or (self.untaken is not None and self.untaken.call == call)


DeskEffect = ShowRinging | HideRinging | PopCard | UpdateCard | EndCard | CloseCard | DropCard | ShowAgent


def apply(desk: Desk, effect: DeskEffect, now: datetime, wrap_up_until: datetime | None = None) -> Desk:
    """The desk after one effect of the call model.

    A new card comes to the front only if no unfinished text would be covered: a tab whose draft has been
    typed in keeps its place, the new one waits beside it with a mark.
    """
    match effect:
        case ShowRinging():
            return _ring(desk, effect)
        case HideRinging():
            return _hide(desk, effect)
        case PopCard():
            return _pop(desk, effect.view)
        case UpdateCard():
            return _update(desk, effect.view)
        case EndCard():
            return _end(_without_bar(desk, effect.call), effect, now, wrap_up_until)
        case CloseCard():
            return _close(_without_bar(desk, effect.call), effect.call)
        case DropCard():
            return _drop(_without_bar(desk, effect.call), effect)
        case ShowAgent():
            is_busy = effect.state in (AgentState.ringing, AgentState.talking)
            return replace(
                desk,
                state=effect.state,
                since=effect.since,
                pause_reason=effect.pause_reason,
                pause_next=effect.pause_next,
                untaken=desk.untaken if is_busy else None,
            )
        case _:
            assert_never(effect)


def miss(desk: Desk, call: CallId, why: Unpainted, at: datetime) -> Desk:
    """The desk after a card on it was not seen in time."""
    tab = desk.tab(call)
    if tab is None:
        return desk
    customer = tab.matched
    card = MissedCard(
        call=call,
        at=at,
        why=why,
        number=tab.view.caller_number,
        customer=customer.id if customer else None,
        customer_name=customer.name if customer else "",
        queue=tab.view.queue,
    )
    return replace(desk, missed=(card, *(other for other in desk.missed if other.call != call)))


def see(desk: Desk, call: CallId | None, at: datetime) -> Desk:
    """The desk after he learned of a missed card, or of all."""
    missed = tuple(
        replace(card, seen_at=at) if card.seen_at is None and call in (None, card.call) else card
        for card in desk.missed
    )
    return replace(desk, missed=missed)


def _rings(desk: Desk, call: CallId) -> bool:
    return desk.ringing is not None and desk.ringing.call == call


def _without_bar(desk: Desk, call: CallId) -> Desk:
    is_its = desk.untaken is not None and desk.untaken.call == call
    return replace(desk, untaken=None) if is_its else desk


def _ring(desk: Desk, effect: ShowRinging) -> Desk:
    """The phone rings, or he talks already and may still ask for the card."""
    view = effect.view
    can_take = effect.can_take and desk.tab(view.call) is None
    is_known = desk.untaken is not None and desk.untaken.call == view.call
    if can_take and (is_known or (desk.state is AgentState.talking and view.answered_at is not None)):
        return replace(desk, untaken=view)
    return replace(desk, ringing=view, can_take=can_take)


def _hide(desk: Desk, effect: HideRinging) -> Desk:
    """It stops because he answered (``completed``), or it does not. Said of a call that does not ring any
    more: his part in it is over."""
    if not _rings(desk, effect.call):
        return _without_bar(desk, effect.call)
    is_his = effect.reason is EndReason.completed
    untaken = desk.ringing if is_his and desk.can_take else desk.untaken
    desk = replace(desk, ringing=None, can_take=False, untaken=untaken)
    tab = desk.tab(effect.call)
    if tab and is_his and tab.stage is Stage.ringing:
        return desk.with_tab(replace(tab, stage=Stage.talking))
    return desk


def _pop(desk: Desk, view: CallView) -> Desk:
    """While the phone rings, the band stays beside the card; ``HideRinging`` tells how it ended."""
    is_ringing = _rings(desk, view.call)
    if is_ringing:
        desk = replace(desk, ringing=view, can_take=False)
    desk = _without_bar(desk, view.call)
    stage = Stage.ringing if is_ringing else Stage.talking
    front = desk.tab(desk.active) if desk.active else None
    active = desk.active if front is not None and front.is_dirty else view.call
    known = desk.tab(view.call)
    if known is None:
        return replace(desk, tabs=(*desk.tabs, Tab(view=view, stage=stage)), active=active)
    # The same call once more: he answered it, or it came back to him from whom he gave it to.
    tab = replace(known, view=view, stage=stage, ended_at=None, wrap_up_until=None, dropped=None)
    is_new = known.stage not in (Stage.ringing, Stage.talking)
    return replace(desk.with_tab(tab), active=active if is_new else desk.active)


def _update(desk: Desk, view: CallView) -> Desk:
    if _rings(desk, view.call):
        desk = replace(desk, ringing=view)
    if desk.untaken is not None and desk.untaken.call == view.call:
        desk = replace(desk, untaken=view)
    tab = desk.tab(view.call)
    if tab is None:
        return desk
    is_answered = tab.stage is Stage.ringing and view.answered_at is not None and not _rings(desk, view.call)
    return desk.with_tab(replace(tab, view=view, stage=Stage.talking if is_answered else tab.stage))


def _end(desk: Desk, effect: EndCard, now: datetime, wrap_up_until: datetime | None) -> Desk:
    tab = desk.tab(effect.call)
    if tab is None or tab.stage is Stage.wrap_up:
        return desk  # his part is over already, and his wrap-up runs since then
    if tab.stage is Stage.unfinished:
        wrap_up_until = None  # his own part ended before the call did, and his wrap-up with it
    stage = Stage.wrap_up if wrap_up_until else Stage.unfinished
    done = replace(tab, stage=stage, ended_at=now, wrap_up_until=wrap_up_until, talk_ms=effect.talk_ms)
    return desk.with_tab(done)


def _close(desk: Desk, call: CallId) -> Desk:
    """Nothing typed, or everything saved: the tab goes. A typed draft stays, marked unfinished."""
    tab = desk.tab(call)
    if tab is None:
        return desk
    if not tab.is_dirty:
        return desk.without_tab(call)
    return desk.with_tab(replace(tab, stage=Stage.unfinished, wrap_up_until=None))


def _drop(desk: Desk, effect: DropCard) -> Desk:
    """The same for a card whose call went elsewhere; what was typed stays with the reason."""
    desk = _close(desk, effect.call)
    tab = desk.tab(effect.call)
    return desk.with_tab(replace(tab, dropped=effect.reason)) if tab else desk

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
    Interface,
    Login,
    Outcome,
    PauseReason,
    QueueName,
    TopicCode,
)


class Stage(StrEnum):
    """Where the contact of a tab is."""

    talking = "talking"
    wrap_up = "wrap_up"
    unfinished = "unfinished"
    """Wrap-up ran out while nothing had been saved: kept as `unclassified`, still open."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the operator has typed and not saved yet."""

    topic: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class PastContact:
    """One earlier contact of this customer or number, a line on the card."""

    at: datetime
    topic: TopicCode
    outcome: Outcome
    operator: str
    """The operator's name; empty if nobody answered."""
    comment: str


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
    tabs: tuple[Tab, ...] = ()
    active: CallId | None = None
    """The tab in front."""
    today: tuple[TodayContact, ...] = ()
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


DeskEffect = ShowRinging | HideRinging | PopCard | UpdateCard | EndCard | CloseCard | ShowAgent


def apply(desk: Desk, effect: DeskEffect, now: datetime, wrap_up_until: datetime | None = None) -> Desk:
    """The desk after one effect of the call model.

    A new card comes to the front only if no unfinished text would be covered: a tab whose draft has been
    typed in keeps its place, the new one waits beside it with a mark.
    """
    match effect:
        case ShowRinging():
            return replace(desk, ringing=effect.view)
        case HideRinging():
            return replace(desk, ringing=None) if _rings(desk, effect.call) else desk
        case PopCard():
            return _pop(desk, effect.view)
        case UpdateCard():
            return _update(desk, effect.view)
        case EndCard():
            return _end(desk, effect, now, wrap_up_until)
        case CloseCard():
            return _close(desk, effect.call)
        case ShowAgent():
            return replace(
                desk,
                state=effect.state,
                since=effect.since,
                pause_reason=effect.pause_reason,
                pause_next=effect.pause_next,
            )
        case _:
            assert_never(effect)


def _rings(desk: Desk, call: CallId) -> bool:
    return desk.ringing is not None and desk.ringing.call == call


def _pop(desk: Desk, view: CallView) -> Desk:
    ringing = None if _rings(desk, view.call) else desk.ringing
    if desk.tab(view.call):
        return replace(_update(desk, view), ringing=ringing)
    front = desk.tab(desk.active) if desk.active else None
    is_typing = front is not None and front.is_dirty
    active = desk.active if is_typing else view.call
    tab = Tab(view=view, stage=Stage.talking)
    return replace(desk, ringing=ringing, tabs=(*desk.tabs, tab), active=active)


def _update(desk: Desk, view: CallView) -> Desk:
    if _rings(desk, view.call):
        desk = replace(desk, ringing=view)
    tab = desk.tab(view.call)
    return desk.with_tab(replace(tab, view=view)) if tab else desk


def _end(desk: Desk, effect: EndCard, now: datetime, wrap_up_until: datetime | None) -> Desk:
    tab = desk.tab(effect.call)
    if tab is None:
        return desk
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

"""What one operator's desk shows. Pure; how it changes is told in ``changes``.

A ``Desk`` is the whole truth of a page: the page is rendered from it and from nothing else, so a page that
reconnects only needs the newest one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from callcore.calls.attempt import AttemptResult
from callcore.calls.effects import CallView, DialStage
from callcore.calls.line import LineView
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
from callcore.screenpop.facts import NO_FACTS, CardFacts


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
class Entry:
    """One topic of a contact: an interaction of its own (D-32)."""

    n: int = 1
    """Counts the operator's topics on this contact; stays when another is taken away."""
    draft: Draft = Draft()
    """What stands in the form now."""
    saved: Draft = Draft()
    """What was saved last; the same as ``draft`` unless something was typed since."""
    record: int | None = None
    """Record number once something was saved."""
    saved_on: CustomerId | None = None
    """Whose card it was saved on."""
    saved_number: str | None = None
    """Which of his numbers was open then."""
    is_pinned: bool = False
    """It stays with that customer, whoever is chosen now (D-36)."""

    @property
    def is_dirty(self) -> bool:
        """Something was typed that is not saved."""
        return self.draft != self.saved

    @property
    def is_blank(self) -> bool:
        """Nothing was typed, nothing saved."""
        return self.record is None and self.draft == Draft()

    @property
    def is_saved(self) -> bool:
        """A person has saved it: a number alone may come from callcore itself."""
        return self.saved.topic != ""


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
    record: int | None = None
    """Record number, if anything was written."""


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
    """Of the first topic."""
    more: tuple[TopicCode, ...] = ()
    """His other topics of this contact, in the order in which he wrote them."""

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
class WorkCounts:
    """How much lies in the operator's work lists of cases and tasks (D-44), and in those of everybody."""

    mine: int = 0
    returned: int = 0
    """Of his: sent back to be mended."""
    my_overdue: int = 0
    queue: int = 0
    """Lying in the queues of his departments."""
    overdue: int = 0
    """Of all that is open."""
    tasks: int = 0
    tasks_overdue: int = 0
    voicemails: int = 0
    """That nobody has heard yet (D-61)."""
    call_backs: int = 0
    """Callers who wait to be called."""
    call_backs_since: datetime | None = None
    """Of each list: since when the oldest waits."""
    missed: int = 0
    """Callers whom nobody took."""
    missed_since: datetime | None = None
    postponed: int = 0
    """Of all these: put off until later."""
    unknown_calls: int = 0
    """Placed calls of the last days of which nobody knows what became of them."""
    unclassified: int = 0
    """His own contacts without a topic, of any day."""
    unclassified_since: datetime | None = None
    late_seconds: int = 0
    """How long one may wait; 0: for ever."""


@dataclass(frozen=True, slots=True)
class OtherPage:
    """What another program wants opened beside the card; ``url`` is http or https."""

    url: str
    title: str


TalkState = Literal["", "ready", "on", "paused"]
"""Of a talk's recording: there is none; it is silent until somebody opens it; it runs; it is paused."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One contact on the desk, from pickup until the operator closes it."""

    view: CallView
    stage: Stage
    customer: CustomerId | None = None
    """Chosen among several matches; None with one match means that one."""
    history: tuple[PastContact, ...] = ()
    history_known: bool = False
    entries: tuple[Entry, ...] = (Entry(),)
    """One for each topic, at least one; in the order of their numbers."""
    usual: tuple[TopicCode, ...] = ()
    """What operators choose most for this queue."""
    ended_at: datetime | None = None
    wrap_up_until: datetime | None = None
    talk_ms: int = 0
    dropped: EndReason | None = None
    """It opened while the phone rang, he typed in it, and then he did not get the call."""
    picked: Customer | None = None
    """Found by hand, whatever the number says; comes before every match."""
    facts: CardFacts = NO_FACTS
    """What else is known of the customer, or of the number; fills in by itself."""

    other_page: OtherPage | None = None
    recording: TalkState = ""
    picked_number: str | None = None
    """Which of his numbers the operator opened; see ``number``."""
    is_cleared: bool = False
    """The operator took the customer away: whoever the number belongs to, it is not he."""

    @property
    def draft(self) -> Draft:
        """What stands in the form of the first topic."""
        return self.entries[0].draft

    @property
    def saved(self) -> Draft:
        return self.entries[0].saved

    @property
    def record(self) -> int | None:
        """The first record number there is."""
        return next((entry.record for entry in self.entries if entry.record is not None), None)

    @property
    def words(self) -> Entry:
        """The newest topic of his on which anything stands, else the first: what goes along with the call."""
        return next((entry for entry in reversed(self.entries) if not entry.is_blank), self.entries[0])

    def entry(self, n: int) -> Entry | None:
        return next((entry for entry in self.entries if entry.n == n), None)

    def with_entry(self, entry: Entry) -> Tab:
        """This tab with ``entry`` in the place of the one of its number, or after all others."""
        if self.entry(entry.n) is None:
            return replace(self, entries=(*self.entries, entry))
        return replace(self, entries=tuple(entry if e.n == entry.n else e for e in self.entries))

    @property
    def is_dirty(self) -> bool:
        """Something was typed that is not saved."""
        return any(entry.is_dirty for entry in self.entries)

    @property
    def matched(self) -> Customer | None:
        """The customer whose card this is; None if unknown or not chosen yet."""
        if self.picked is not None or self.is_cleared:
            return self.picked
        if len(self.view.customers) == 1:
            return self.view.customers[0]
        return next((c for c in self.view.customers if c.id == self.customer), None)

    @property
    def number(self) -> str | None:
        """Which of the customer's numbers the contact is about (D-30, D-48): the one that the operator
        opened, else the caller's if it is his, else his first."""
        numbers = self.matched.numbers if self.matched else ()
        wanted = (self.picked_number, self.view.caller_number)
        return next((number for number in wanted if number in numbers), next(iter(numbers), None))


@dataclass(frozen=True, slots=True)
class Dialling:
    """A call that he has had placed, until the number answers; one that nobody answered stays until he
    dismisses it."""

    view: CallView
    stage: DialStage
    since: datetime
    """In this stage."""
    result: AttemptResult | None = None
    why: str = ""
    """See ``effects.ShowDialling``."""
    can_take: bool = False


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
    dialling: Dialling | None = None
    tabs: tuple[Tab, ...] = ()
    active: CallId | None = None
    """The tab in front."""
    today: tuple[TodayContact, ...] = ()
    missed: tuple[MissedCard, ...] = ()
    """Newest first, those he knows of among them."""
    figures: Figures = Figures()
    favourites: tuple[TopicCode, ...] = ()
    """Topics that he marked with a star."""
    work: WorkCounts | None = None
    """None: not known yet, or nobody counts."""
    is_pbx_linked: bool = True
    lines: Mapping[CallId, LineView] = field(default_factory=dict)
    """How he and his calls stand; a call that he talks on and that is not named stands as ``line.PLAIN``."""

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
        dials = self.dialling is not None and self.dialling.can_take and self.dialling.view.call == call
        return rings or dials or (self.untaken is not None and self.untaken.call == call)

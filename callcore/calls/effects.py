"""Effects: what is to be done, as values. The shells carry them out; each ``key`` is done at most once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from callcore.calls.attempt import AttemptResult
from callcore.calls.line import LineView, Target
from callcore.domain import (
    AgentState,
    CallId,
    ChannelRef,
    Customer,
    Direction,
    EndReason,
    Interface,
    Language,
    Login,
    Outage,
    Outcome,
    PauseReason,
    PbxName,
    QueueName,
    Source,
    Text,
    TopicCode,
)


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring of one operator for one call."""

    login: Login | None
    """None: the device belongs to nobody who is signed in."""
    interface: Interface
    began_at: datetime
    ended_at: datetime | None = None
    result: EndReason | None = None
    """``completed``: he answered."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One visit of a caller, complete; times are aware UTC, durations whole milliseconds."""

    call: CallId
    pbx: PbxName
    channel: str
    direction: Direction
    source: Source
    caller_number: str | None
    caller_number_raw: str
    caller_name: str | None
    dialed_number: str | None
    language: Language | None
    customer: int | None
    """Set when exactly one customer matched (or the operator chose one)."""
    topic: TopicCode | None
    route: str | None
    route_reason: Text | None
    queue: QueueName | None
    started_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    wait_ms: int
    ring_ms: int
    talk_ms: int
    operators: tuple[Ring, ...]
    """In the order in which they were rung."""
    answered_by: Login | None
    end_reason: EndReason
    hangup_cause: int | None
    outcome: Outcome
    edition: int | None = None
    """Of the tables and the IVR that decided; None: they were not asked."""
    node: str | None = None
    """Of the IVR's file: where he was last."""


class HandingState(StrEnum):
    """How it stands with a call that is handed from one operator to another."""

    asked = "asked"
    taken = "taken"
    returned = "returned"
    """Nobody took it: the sender has the caller again, or will in a moment."""
    withdrawn = "withdrawn"
    """The sender took him back, or the caller hung up."""


@dataclass(frozen=True, slots=True)
class HandedWords:
    """What goes along with a call that an operator hands on (D-22); see ``store.handovers``."""

    handover: int
    by: Login
    name: str
    """Of that person."""
    to: Text
    """To whom, in words."""
    topic: TopicCode
    number: str
    """Which it is about; "" if unknown."""
    comment: str
    at: datetime
    state: HandingState = HandingState.asked
    why: str = ""
    """A word of ``store.handovers.Why``."""


@dataclass(frozen=True, slots=True)
class CallView:
    """A call as the desk shows it."""

    call: CallId
    caller_number: str | None
    caller_name: str | None
    dialed_number: str | None
    language: Language | None
    queue: QueueName | None
    topic: TopicCode | None
    customers: tuple[Customer, ...]
    customers_known: bool
    """False while the customer base has not answered yet; the card fills in later."""
    lookup_failed: bool
    waiting_since: datetime | None
    answered_at: datetime | None
    outages: tuple[Outage, ...] = ()
    """Open ones at these customers' addresses."""
    direction: Direction = Direction.inbound
    """``outbound``: we rang with a notice, and he asked for an operator."""
    silent: tuple[str, ...] = ()
    """Other systems that did not answer who he is, by their names in the settings."""
    handed: HandedWords | None = None
    """Somebody hands it on, or has."""
    returned: str | None = None
    """He comes back from where he was sent: why, in Asterisk's word; empty: nobody took him in time."""
    is_placed: bool = False
    """callcore has placed it, so that people talk: a machine may have answered."""


class StepEvent(StrEnum):
    """What can happen in the life of a call, as ``callcore replay`` tells it."""

    dialing = "dialing"
    dial_ended = "dial_ended"
    answered = "answered"
    held = "held"
    resumed = "resumed"
    transferred = "transferred"
    ended = "ended"


class TransferKind(StrEnum):
    blind = "blind"
    attended = "attended"
    blonde = "blonde"
    """Attended, but let go of before the target answered."""
    redirect = "redirect"


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on a call, as far as he is known."""

    channel: str | None
    """Its name in Asterisk; None: nobody has been rung yet."""
    number: str | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class TellStep:
    """One step in the life of a call, for the flight recorder and for ``replay``. What does not apply is
    None or empty."""

    key: str
    call: CallId
    at: datetime
    event: StepEvent
    caller: Party | None = None
    targets: tuple[Party, ...] = ()
    kind: TransferKind | None = None
    by: Party | None = None
    reason: EndReason | None = None


@dataclass(frozen=True, slots=True)
class RememberCall:
    """Store the call's id beside (pbx, uniqueid), so that a restarted daemon adopts it."""

    key: str
    call: CallId
    channel: ChannelRef
    at: datetime


@dataclass(frozen=True, slots=True)
class LookUpCustomers:
    """Ask the customer base who calls; the answer comes back as CustomersFound."""

    key: str
    call: CallId
    number: str


@dataclass(frozen=True, slots=True)
class ShowRinging:
    """The operator's phone rings: band with queue and topic, no card yet."""

    key: str
    login: Login
    view: CallView
    can_take: bool = False
    """The policy leaves it to him to ask for the card (``CardTaken``)."""


DialStage = Literal["phone", "number", "over"]
"""Of a call that callcore places for a person: his phone rings; he has it in his hand, and the number is
rung; the number answered, or it did not."""


@dataclass(frozen=True, slots=True)
class ShowDialling:
    """How a call that he has callcore place stands."""

    key: str
    login: Login
    view: CallView
    stage: DialStage
    result: AttemptResult | None = None
    """Once it is over."""
    why: str = ""
    """What the ledger noted, as in ``attempt.Outcome.detail``."""
    can_take: bool = False
    """As in ``ShowRinging``."""


@dataclass(frozen=True, slots=True)
class HideRinging:
    key: str
    login: Login
    call: CallId
    reason: EndReason


@dataclass(frozen=True, slots=True)
class PopCard:
    """The card, now."""

    key: str
    login: Login
    view: CallView


@dataclass(frozen=True, slots=True)
class UpdateCard:
    """More is known of a call that an operator already has on his desk."""

    key: str
    login: Login
    view: CallView


@dataclass(frozen=True, slots=True)
class EndCard:
    """The caller is gone; the operator may write on until his wrap-up ends."""

    key: str
    login: Login
    call: CallId
    talk_ms: int


@dataclass(frozen=True, slots=True)
class CloseCard:
    """Wrap-up is over: whatever was not saved is kept as `unclassified`."""

    key: str
    login: Login
    call: CallId


@dataclass(frozen=True, slots=True)
class DropCard:
    """It popped while the phone rang, and somebody else took the call, or nobody: take the card away."""

    key: str
    login: Login
    call: CallId
    reason: EndReason


@dataclass(frozen=True, slots=True)
class ShowLine:
    """How the operator and his call stand has changed. None: as on any call (``line.PLAIN``), or over."""

    key: str
    login: Login
    call: CallId
    line: LineView | None


@dataclass(frozen=True, slots=True)
class CallParked:
    """A customer waits without anybody."""

    key: str
    login: Login
    """Who parked him, or left him alone on hold."""
    view: CallView


UnparkedWhy = Literal["taken", "returned"]
"""``returned``: he has waited for as long as he may."""


@dataclass(frozen=True, slots=True)
class CallUnparked:
    """He rings somebody again. One who hangs up while he is parked has no other news than his contact."""

    key: str
    login: Login | None
    """Whose telephone rings; None: nobody's of ours, or it is not known yet."""
    view: CallView
    why: UnparkedWhy


EndWhy = Literal["held_gone", "ghost", "alone_in_room"]


@dataclass(frozen=True, slots=True)
class EndChannel:
    """Nobody can hear this channel any more: hang it up."""

    key: str
    call: CallId | None
    channel: ChannelRef
    name: str
    why: EndWhy


@dataclass(frozen=True, slots=True)
class SendOn:
    """A customer waits, and his operator has gone: to whom was about to be asked, or None: back."""

    key: str
    call: CallId
    channel: ChannelRef
    name: str
    target: Target | None


@dataclass(frozen=True, slots=True)
class LogContact:
    key: str
    contact: Contact


@dataclass(frozen=True, slots=True)
class SettleHandover:
    """It turned out what became of a call that was handed on."""

    key: str
    handover: int
    state: HandingState
    login: Login | None
    """Who took it; None: nobody, or the telephone of nobody."""
    why: str


@dataclass(frozen=True, slots=True)
class ShowAgent:
    """State of an agent changed."""

    key: str
    login: Login
    state: AgentState
    pause_reason: PauseReason | None
    since: datetime
    call: CallId | None = None
    pause_next: PauseReason | None = None
    """Asked for, and taking effect when the call is done with."""


@dataclass(frozen=True, slots=True)
class AddMember:
    key: str
    pbx: PbxName
    queue: QueueName
    interface: Interface
    name: str
    paused: bool
    reason: str
    penalty: int = 0
    """The higher, the later his phone is rung."""


@dataclass(frozen=True, slots=True)
class RemoveMember:
    key: str
    pbx: PbxName
    queue: QueueName
    interface: Interface


@dataclass(frozen=True, slots=True)
class PauseMember:
    """Pause or unpause one device in all queues that callcore added it to."""

    key: str
    pbx: PbxName
    queues: tuple[QueueName, ...]
    interface: Interface
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SetPenalty:
    """Of a member that callcore added."""

    key: str
    pbx: PbxName
    queue: QueueName
    interface: Interface
    penalty: int


Effect = (
    TellStep
    | RememberCall
    | LookUpCustomers
    | ShowRinging
    | ShowDialling
    | HideRinging
    | PopCard
    | UpdateCard
    | EndCard
    | CloseCard
    | DropCard
    | ShowLine
    | CallParked
    | CallUnparked
    | EndChannel
    | SendOn
    | LogContact
    | SettleHandover
    | ShowAgent
    | AddMember
    | RemoveMember
    | PauseMember
    | SetPenalty
)

"""Level two, the values: a call, and the moves that level one hands to ``callcore.calls.step``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from callcore.calls.effects import CallView, Contact, HandedWords, Ring
from callcore.calls.facts import (
    CustomersFound,
    Handed,
    HandingFailed,
    IvrLeft,
    LanguageChosen,
    MessageBegun,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RouteChosen,
    WordToCome,
)
from callcore.calls.line import Line, ParkedCall
from callcore.domain import (
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
    QueueName,
    Source,
    Text,
    TopicCode,
)


class Phase(StrEnum):
    ivr = "ivr"
    dialling = "dialling"
    """Phones ring without a queue: direct dial, ring group, an operator's own call."""
    announced = "announced"
    """Closed: the caller heard, or hears, the announcement."""
    waiting = "waiting"
    talking = "talking"
    left_queue = "left_queue"
    """The queue let go of him without an operator; the dialplan goes on."""
    ended = "ended"


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """Whose phone callcore rings before it rings the number."""

    login: Login
    interface: Interface


@dataclass(frozen=True)
class Call:
    id: CallId
    channel: ChannelRef
    source: Source
    started_at: datetime
    caller_number: str | None
    caller_number_raw: str
    caller_name: str | None
    dialed_number: str | None
    direction: Direction = Direction.inbound
    is_ours: bool = True
    """It came to our IVR, to a queue, or to an operator's phone: it gets a contact."""
    party: ChannelRef | None = None
    """Whom the operator called, once he is there: from then on the call lives as long as he stays."""
    phase: Phase = Phase.ivr
    language: Language | None = None
    topic: TopicCode | None = None
    route: str | None = None
    route_reason: Text | None = None
    edition: int | None = None
    node: str | None = None
    """Where he left the IVR's file."""
    word: Outcome | None = None
    """What he left or got without an operator."""
    is_leaving_word: bool = False
    """The IVR has him, or records him: its IvrLeft will tell."""
    queue: QueueName | None = None
    queued_at: datetime | None = None
    left_queue_at: datetime | None = None
    is_abandoned: bool = False
    rings: tuple[Ring, ...] = ()
    answered_at: datetime | None = None
    answered_by: Login | None = None
    talking_with: tuple[Interface, ...] = ()
    """Operators' devices in one bridge with the caller now."""
    talk_since: datetime | None = None
    talk_ms: int = 0
    takers: tuple[Login, ...] = ()
    """Operators who took the call."""
    cards: tuple[Login, ...] = ()
    """Operators who have this call's card."""
    pops: int = 0
    done: tuple[Login, ...] = ()
    """Those whose part in it is over."""
    parts: int = 0
    """How often an operator's part was over: one who gets the call back has a new one."""
    customers: tuple[Customer, ...] = ()
    customers_known: bool = False
    lookup_failed: bool = False
    silent: tuple[str, ...] = ()
    outages: tuple[Outage, ...] = ()
    outage_heard: bool = False
    own_phone: OwnPhone | None = None
    """callcore places it for this operator."""
    dial_stage: Literal["", "phone", "number", "over"] = ""
    """How far that is; "" for calls that nobody has placed. See ``effects.DialStage``."""
    line: Line | None = None
    """An operator works on it."""
    was_ordered: bool = False
    """Somebody has: its channels were moved by us."""
    parked: ParkedCall | None = None
    """He waits without anybody."""
    muted: tuple[ChannelRef, ...] = ()
    """Operators' channels of which nothing is heard."""
    returned: str | None = None
    """He comes back to the one who sent him on; see ``CallView.returned``."""
    not_reached: EndReason | None = None
    """We placed it, the operator's phone first, and the number did not answer: why."""
    handed: HandedWords | None = None
    """The newest hand-over from one operator to another."""
    ends_by: datetime | None = None
    """If the PBX says nothing until then, the caller is gone."""
    updates: int = 0
    unlogged: Contact | None = None
    """The contact of an ended call, while its customer is still looked up, or the IVR has its last word to
    say."""

    def is_own_ring(self, interface: Interface) -> bool:
        """Would this ring be that of the operator's phone, so that he can be put through to the number?"""
        is_his = self.own_phone is not None and self.own_phone.interface == interface
        return is_his and self.dial_stage == "phone"

    @property
    def anchor(self) -> ChannelRef:
        """The channel that the call lives and dies with: the caller's, or that of the one who was called."""
        return self.party or self.channel

    def newest_ring(self, interface: Interface) -> int | None:
        """Place of the newest ring of this device in ``rings``."""
        places = range(len(self.rings) - 1, -1, -1)
        return next((at for at in places if self.rings[at].interface == interface), None)

    @property
    def view(self) -> CallView:
        return CallView(
            call=self.id,
            caller_number=self.caller_number,
            caller_name=self.caller_name,
            dialed_number=self.dialed_number,
            language=self.language,
            queue=self.queue,
            topic=self.topic,
            customers=self.customers,
            customers_known=self.customers_known,
            lookup_failed=self.lookup_failed,
            waiting_since=self.queued_at,
            answered_at=self.answered_at,
            outages=self.outages,
            direction=self.direction,
            silent=self.silent,
            handed=self.handed,
            returned=self.returned,
            is_placed=self.is_placed,
        )

    @property
    def is_placed(self) -> bool:
        """By callcore, for people to talk; where a queue has it, who was rung waited in it."""
        is_queued = self.direction is Direction.outbound and self.queue is not None
        return self.dial_stage != "" or is_queued


@dataclass(frozen=True, slots=True)
class Leg:
    """An operator's channel within a call."""

    call: CallId
    interface: Interface
    ring: int | None = None
    """Which of the call's rings it is; None: the newest of this device."""


# --- moves that level one derives from channels and bridges; facts of IVR and queue are moves as they are


@dataclass(frozen=True, slots=True)
class RingStarted:
    login: Login | None
    interface: Interface


@dataclass(frozen=True, slots=True)
class RingGivenUp:
    """The queue took the ring back because nobody answered in time."""

    interface: Interface


@dataclass(frozen=True, slots=True)
class RingLegEnded:
    """The ringing leg is gone, with this cause."""

    interface: Interface
    reason: EndReason
    ring: int | None = None
    """Place in ``Call.rings``: the same device may ring anew before its old leg is gone."""


@dataclass(frozen=True, slots=True)
class PickedUp:
    """Whoever has callcore place the call has his phone in his hand; the number is yet to answer."""

    login: Login
    interface: Interface


@dataclass(frozen=True, slots=True)
class Answered:
    """A person took the call: the moment of the card."""

    login: Login | None
    interface: Interface


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """The operator's leg is in one bridge with the caller's."""

    interface: Interface


@dataclass(frozen=True, slots=True)
class TalkStopped:
    interface: Interface


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller's channel ended; cause None: it vanished unseen."""

    cause: int | None
    last_ring: EndReason | None = None
    """How the last ring without an answer ended."""


@dataclass(frozen=True, slots=True)
class EndTold:
    """The call ended unseen, and somebody else tells how: this is its contact."""

    contact: Contact


@dataclass(frozen=True, slots=True)
class CardAsked:
    """The operator asked for the card himself."""

    login: Login


@dataclass(frozen=True, slots=True)
class TimeIsUp:
    """``ends_by`` has passed."""


Move = (
    RingStarted
    | RingGivenUp
    | RingLegEnded
    | PickedUp
    | Answered
    | TalkStarted
    | TalkStopped
    | CallerGone
    | EndTold
    | CardAsked
    | TimeIsUp
    | LanguageChosen
    | RouteChosen
    | MessageBegun
    | WordToCome
    | IvrLeft
    | QueueJoined
    | QueueLeft
    | QueueAbandoned
    | CustomersFound
    | Handed
    | HandingFailed
)

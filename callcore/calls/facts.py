"""Facts: what happened, in the past tense, in callcore's own words.

AMI, the IVR, the customer base and the desk all speak to the model in these. Every fact of a PBX carries
its name; channels are named by ``ChannelRef``. Times are not part of a fact: whoever hands a fact to the
tracker says when it came. Over 400 lines: it is one list, read from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcore.calls.attempt import AttemptResult, Plan
from callcore.calls.effects import HandedWords
from callcore.calls.line import Do, Target
from callcore.domain import (
    AgentState,
    CallId,
    ChannelRef,
    Customer,
    Direction,
    Interface,
    Language,
    Login,
    Outage,
    Outcome,
    PauseReason,
    PbxName,
    QueueName,
    Text,
    TopicCode,
)

# --- the link to a PBX


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A new AMI session; everything known of this PBX is stale until the Snapshot that follows."""

    pbx: PbxName
    epoch: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    pbx: PbxName


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A row of a Snapshot: one channel that lives, with the variables callcore set on it."""

    channel: ChannelRef
    name: str
    state: str
    caller_number: str | None
    caller_name: str | None
    dialed_number: str | None
    bridge: str | None
    seconds: int
    call: CallId | None
    topic: TopicCode | None
    member_interface: Interface | None
    linked: str = ""
    """Linkedid: at its beginning every leg has that of the call it belongs to."""
    context: str = ""
    """Where in the dialplan it is."""
    mark: CallId | None = None
    """The id that it carries itself: operators' legs have inherited their caller's."""
    word: str = ""
    """``CALLCORE_WORD``: why the dialplan sent its caller on from where he was, if it did."""


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """A row of a Snapshot: one caller who waits in a queue."""

    queue: QueueName
    channel: ChannelRef
    waited_seconds: int


@dataclass(frozen=True, slots=True)
class LiveMember:
    """A row of a Snapshot: one member of a queue."""

    queue: QueueName
    interface: Interface
    paused: bool
    paused_reason: str
    in_call: bool
    state_interface: Interface | None = None
    """The device behind a Local member, where the queue knows it."""
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What our dialplan's hangup handler wrote of one call that ended (``callcore-journal`` in AstDB)."""

    channel: ChannelRef
    started_at: datetime
    number: str | None
    dialed_number: str | None
    queue: QueueName | None
    queued_at: datetime | None
    member: Interface | None
    """Who answered."""
    hold_seconds: int | None
    """From joining the queue to the answer."""
    seconds: int
    """From the start to the end."""
    cause: int | None
    call: CallId | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that lives on one PBX, whole: a list that was cut off never becomes a Snapshot."""

    pbx: PbxName
    epoch: int
    channels: tuple[LiveChannel, ...]
    entries: tuple[LiveEntry, ...]
    members: tuple[LiveMember, ...]
    journal: tuple[JournalRow, ...] = ()
    """Calls that ended and were not told of yet; none of them has a stored contact."""
    has_journal: bool = False
    """The journal could be read: a call of our dialplan that ended while the PBX ran stands in it."""
    queues: tuple[QueueName, ...] = ()
    """All that this PBX has, the empty ones too."""


# --- channels and bridges


@dataclass(frozen=True, slots=True)
class ChannelCreated:
    channel: ChannelRef
    name: str
    """As Asterisk spells it, e.g. ``PJSIP/101-00000002``: the device is the part before the last -."""
    linked: str
    caller_number: str | None
    caller_name: str | None
    dialed_number: str | None
    context: str


@dataclass(frozen=True, slots=True)
class ChannelRenamed:
    channel: ChannelRef
    name: str


@dataclass(frozen=True, slots=True)
class ChannelAnswered:
    """The channel's state became Up."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class DialBegan:
    channel: ChannelRef | None
    """The caller's leg; None for an originated one."""
    target: ChannelRef
    target_name: str
    channel_name: str = ""
    caller_number: str | None = None
    target_number: str | None = None


@dataclass(frozen=True, slots=True)
class DialEnded:
    """Of the status only CANCEL (the caller's side gave up) and NOANSWER (its time was up) tell something
    that the Hangup cause does not."""

    target: ChannelRef
    status: str


@dataclass(frozen=True, slots=True)
class CallerIdChanged:
    """The dialplan gave the channel another number or name."""

    channel: ChannelRef
    caller_number: str | None
    caller_name: str | None


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    channel: ChannelRef
    bridge: str
    is_holding: bool = False
    """A bridge for waiting (parking lot): those in it do not hear each other."""
    is_room: bool = False
    """A conference of ours, made for one call."""


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    channel: ChannelRef
    bridge: str


@dataclass(frozen=True, slots=True)
class ChannelHungUp:
    channel: ChannelRef
    cause: int | None
    cause_text: str = ""


@dataclass(frozen=True, slots=True)
class HangupAsked:
    """Somebody has hung this channel up; its end is about to follow."""

    channel: ChannelRef


# --- what people do with a call they have


@dataclass(frozen=True, slots=True)
class PutOnHold:
    """By the phone behind this channel."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class TakenOffHold:
    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class BlindTransferred:
    by: ChannelRef
    transferee: ChannelRef | None
    extension: str
    """Where to, as it was dialled."""


@dataclass(frozen=True, slots=True)
class AttendedTransferred:
    """``by`` joined whom he talked with on his first leg to what was on his second. Comes before the answer
    when he hung up while the target still rang (blonde)."""

    by: ChannelRef
    by_second: ChannelRef
    transferee: ChannelRef | None
    target: ChannelRef | None
    to_application: bool = False
    """The second leg was in no bridge but still dialled or waited: blonde."""
    bridge: str | None = None
    """Where transferee and target are together now, or will be in an instant."""


@dataclass(frozen=True, slots=True)
class Parked:
    """He waits in a parking lot."""

    channel: ChannelRef


# --- what callcore itself does with a living call, by an operator's order


@dataclass(frozen=True, slots=True)
class LineOrdered:
    """What we are about to do with a call: the PBX tells it as moves of channels that mean nothing else."""

    call: CallId
    login: Login
    do: Do
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class LineRefused:
    """The PBX has refused what was ordered last, and nothing was done."""

    call: CallId
    login: Login


@dataclass(frozen=True, slots=True)
class Consulted:
    """A consultation is over, and the operator's channel waits in silence."""

    channel: ChannelRef
    """The operator's."""
    status: str
    """``ANSWER`` or ``CONTINUE``: who was asked has hung up after the talk. Others: nobody answered."""


@dataclass(frozen=True, slots=True)
class Returned:
    """The customer comes back to the operator who sent him on, parked him or held him too long."""

    channel: ChannelRef
    why: str
    """``BUSY``, ``NOANSWER``, ``TIMEOUT``, …; empty: he has waited long enough."""


# --- calls that callcore places; the channel's id is the attempt's


@dataclass(frozen=True, slots=True)
class OriginateFailed:
    """Asterisk is done with an Originate that nobody answered. It says so of a call that rang, of one that
    could not be made, and of a second one under an id that is in use; before or after the Hangup."""

    channel: ChannelRef
    reason: int | None
    """3: our own time limit; 0 says nothing."""


@dataclass(frozen=True, slots=True)
class RecordingBegan:
    """Asterisk writes what is said on this channel into a file."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class DialledOut:
    """The dialplan's word on the leg to the carrier, once that is over."""

    channel: ChannelRef
    status: str
    """DIALSTATUS; CHANUNAVAIL with 38: the trunk did not take the call."""
    cause: int | None


@dataclass(frozen=True, slots=True)
class CallPlaced:
    """callcore is about to place this call; said before anything leaves, and again, of what is still open,
    after a restart."""

    channel: ChannelRef
    """Its id is the attempt's."""
    call: CallId
    login: Login | None
    """Who wants it; None: callcore itself."""
    interface: Interface | None
    """The phone that is rung first."""
    number: str
    """Canonical."""
    plan: Plan
    queue: QueueName | None = None


@dataclass(frozen=True, slots=True)
class PlacedOver:
    """The ledger knows what became of it. Said of a talk that was put through elsewhere while it goes on."""

    channel: ChannelRef
    result: AttemptResult
    why: str
    """As in ``attempt.Outcome.detail``."""


# --- queues


@dataclass(frozen=True, slots=True)
class QueueJoined:
    channel: ChannelRef
    queue: QueueName
    position: int
    caller_number: str | None
    caller_name: str | None


@dataclass(frozen=True, slots=True)
class QueueLeft:
    channel: ChannelRef
    queue: QueueName


@dataclass(frozen=True, slots=True)
class QueueAbandoned:
    """The queue's own word for it; also comes after our own Redirect."""

    channel: ChannelRef
    queue: QueueName


@dataclass(frozen=True, slots=True)
class AgentCalled:
    """A member's device begins to ring for a waiting caller."""

    channel: ChannelRef
    queue: QueueName
    interface: Interface
    member_channel: ChannelRef | None


@dataclass(frozen=True, slots=True)
class AgentDidNotAnswer:
    channel: ChannelRef
    queue: QueueName
    interface: Interface
    ring_ms: int | None


@dataclass(frozen=True, slots=True)
class AgentConnected:
    channel: ChannelRef
    queue: QueueName
    interface: Interface
    member_channel: ChannelRef | None
    hold_seconds: int | None
    ring_seconds: int | None


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What a queue says of one member: after QueueMemberAdded, -Status or -Pause."""

    pbx: PbxName
    queue: QueueName
    interface: Interface
    paused: bool
    paused_reason: str
    in_call: bool
    """True while the device is in use, ringing or on hold."""
    state_interface: Interface | None = None


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    pbx: PbxName
    queue: QueueName
    interface: Interface


# --- the IVR


@dataclass(frozen=True, slots=True)
class CallEntered:
    """A caller's channel reached our IVR; or somebody whom we rang wants an operator (``outbound``)."""

    channel: ChannelRef
    caller_number: str | None
    """As it came; the tracker makes it canonical. Outbound: whom we rang."""
    caller_name: str | None
    dialed_number: str | None
    direction: Direction = Direction.inbound
    channel_name: str = ""
    """As Asterisk spells it; the IVR may be quicker than the event that tells it."""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    channel: ChannelRef
    language: Language


@dataclass(frozen=True, slots=True)
class RouteChosen:
    """The topic tables have decided; ``reason`` is for people, one step a line."""

    channel: ChannelRef
    topic: TopicCode
    table: str
    queue: QueueName | None
    """The first one on his way; None: there is none, he hears an announcement or leaves word."""
    route: str
    reason: Text
    edition: int | None = None
    """Which edition of the tables and the IVR decided."""


@dataclass(frozen=True, slots=True)
class MessageBegun:
    """The IVR records what he says: how that came out is told by its IvrLeft, even after his Hangup."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class WordToCome:
    """He is in the IVR's hands, may leave something there or get what he wants: its IvrLeft tells what, and
    where he was last, even after his Hangup, which is often quicker."""

    channel: ChannelRef


@dataclass(frozen=True, slots=True)
class IvrLeft:
    """The IVR is done with the caller: handed over, announced, or he hung up."""

    channel: ChannelRef
    hung_up: bool
    closed: bool = False
    outage_heard: bool = False
    """He was told of the outage at his address, and stayed to hear it."""
    word: Outcome | None = None
    """What he left or got without an operator: ``voicemail``, ``callback_requested``, ``self_served``; or
    ``left_by_key``: he came out of a queue by its key."""
    node: str | None = None
    """Of the IVR's file: where he was last."""


# --- the customer base


@dataclass(frozen=True, slots=True)
class CustomersFound:
    """Answer to LookUpCustomers. Empty: unknown caller. ``failed``: the base did not answer."""

    call: CallId
    customers: tuple[Customer, ...]
    failed: bool = False
    outages: tuple[Outage, ...] = ()
    """Open ones at these customers' addresses."""
    silent: tuple[str, ...] = ()
    """Other systems that did not answer, by their names in the settings."""


# --- the house


@dataclass(frozen=True, slots=True)
class PhonesKnown:
    """Every phone that some operator may take, whether or not he is on shift; replaces what was told."""

    phones: frozenset[tuple[PbxName, Interface]]


@dataclass(frozen=True, slots=True)
class PenaltiesKnown:
    """How far behind the others each operator is rung, by queues whose calls may ask for skills; replaces
    what was told. Who or what is not named has no penalty."""

    penalties: Mapping[Login, Mapping[QueueName, int]]


# --- operators: what a person did at his desk (commands are checked by AgentModel, then become facts)


@dataclass(frozen=True, slots=True)
class AgentSignedIn:
    login: Login
    name: str
    pbx: PbxName
    interface: Interface
    queues: tuple[QueueName, ...]
    state: AgentState = AgentState.paused
    """``ready`` for a shift that a restarted daemon resumes; a new shift begins paused."""
    pause_reason: PauseReason | None = None
    also: tuple[Interface, ...] = ()
    """His other phones: a call there is his, too."""
    penalties: Mapping[QueueName, int] = field(default_factory=dict)
    """See PenaltiesKnown."""


@dataclass(frozen=True, slots=True)
class AgentSignedOut:
    login: Login


@dataclass(frozen=True, slots=True)
class AgentBecameReady:
    login: Login


@dataclass(frozen=True, slots=True)
class AgentPaused:
    login: Login
    reason: PauseReason


@dataclass(frozen=True, slots=True)
class WrapUpDone:
    """The operator saved and closed the contact, or has no more to do for it."""

    login: Login
    call: CallId


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The operator asked for the card of a call that rings at, or is talked on, his phone."""

    login: Login
    call: CallId


@dataclass(frozen=True, slots=True)
class Found:
    """Where in the dialplan a Snapshot has the caller, and ``LiveChannel.word``."""

    context: str
    word: str


@dataclass(frozen=True, slots=True)
class Handed:
    """An operator hands this call on: his words are stored, the telephone system is about to be asked."""

    call: CallId
    words: HandedWords
    found: Found | None = None
    """Of a hand-over that went on, or was never begun, while nobody looked: how the caller was found."""


@dataclass(frozen=True, slots=True)
class HandingFailed:
    """The telephone system did not do it: the sender still has the caller."""

    call: CallId
    handover: int


@dataclass(frozen=True, slots=True)
class DeskOpened:
    """At least one page of this operator is connected."""

    login: Login


@dataclass(frozen=True, slots=True)
class DeskClosed:
    """The last page of this operator went away."""

    login: Login


Fact = (
    LinkUp
    | LinkLost
    | Snapshot
    | ChannelCreated
    | ChannelRenamed
    | ChannelAnswered
    | DialBegan
    | DialEnded
    | CallerIdChanged
    | BridgeEntered
    | BridgeLeft
    | ChannelHungUp
    | PutOnHold
    | TakenOffHold
    | BlindTransferred
    | AttendedTransferred
    | Parked
    | HangupAsked
    | LineOrdered
    | LineRefused
    | Consulted
    | Returned
    | OriginateFailed
    | DialledOut
    | RecordingBegan
    | CallPlaced
    | PlacedOver
    | QueueJoined
    | QueueLeft
    | QueueAbandoned
    | AgentCalled
    | AgentDidNotAnswer
    | AgentConnected
    | MemberStatus
    | MemberRemoved
    | CallEntered
    | LanguageChosen
    | RouteChosen
    | MessageBegun
    | WordToCome
    | IvrLeft
    | CustomersFound
    | PhonesKnown
    | PenaltiesKnown
    | AgentSignedIn
    | AgentSignedOut
    | AgentBecameReady
    | AgentPaused
    | WrapUpDone
    | CardTaken
    | Handed
    | HandingFailed
    | DeskOpened
    | DeskClosed
)

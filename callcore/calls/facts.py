"""Facts: what happened, in the past tense, in callcore's own words.

AMI, the IVR, the customer base and the desk all speak to the model in these. Every fact of a PBX carries
its name; channels are named by ``ChannelRef``. Times are not part of a fact: whoever hands a fact to the
tracker says when it came.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    PauseReason,
    PbxName,
    QueueName,
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


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that lives on one PBX, whole: a list that was cut off never becomes a Snapshot."""

    pbx: PbxName
    epoch: int
    channels: tuple[LiveChannel, ...]
    entries: tuple[LiveEntry, ...]
    members: tuple[LiveMember, ...]


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


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    channel: ChannelRef
    bridge: str


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    channel: ChannelRef
    bridge: str


@dataclass(frozen=True, slots=True)
class ChannelHungUp:
    channel: ChannelRef
    cause: int | None
    cause_text: str = ""


# --- calls that callcore places; the channel's id is the attempt's


@dataclass(frozen=True, slots=True)
class OriginateFailed:
    """Asterisk is done with an Originate that nobody answered. It says so of a call that rang, of one that
    could not be made, and of a second one under an id that is in use; before or after the Hangup."""

    channel: ChannelRef
    reason: int | None
    """3: our own time limit; 0 says nothing."""


@dataclass(frozen=True, slots=True)
class DialledOut:
    """The dialplan's word on the leg to the carrier, once that is over."""

    channel: ChannelRef
    status: str
    """DIALSTATUS; CHANUNAVAIL with 38: the trunk did not take the call."""
    cause: int | None


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


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    channel: ChannelRef
    language: Language


@dataclass(frozen=True, slots=True)
class RouteChosen:
    """The topic table has decided; ``reason`` is for people, one step a line."""

    channel: ChannelRef
    topic: TopicCode
    table: str
    queue: QueueName | None
    """None: closed, the caller hears an announcement."""
    route: str
    reason: str


@dataclass(frozen=True, slots=True)
class IvrLeft:
    """The IVR is done with the caller: handed over, announced, or he hung up."""

    channel: ChannelRef
    hung_up: bool
    closed: bool = False
    outage_heard: bool = False
    """He was told of the outage at his address, and stayed to hear it."""


# --- the customer base


@dataclass(frozen=True, slots=True)
class CustomersFound:
    """Answer to LookUpCustomers. Empty: unknown caller. ``failed``: the base did not answer."""

    call: CallId
    customers: tuple[Customer, ...]
    failed: bool = False
    outages: tuple[Outage, ...] = ()
    """Open ones at these customers' addresses."""


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
    | BridgeEntered
    | BridgeLeft
    | ChannelHungUp
    | OriginateFailed
    | DialledOut
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
    | IvrLeft
    | CustomersFound
    | AgentSignedIn
    | AgentSignedOut
    | AgentBecameReady
    | AgentPaused
    | WrapUpDone
    | DeskOpened
    | DeskClosed
)

"""AMI events to facts of one PBX; AMI words stop here. Pure.

``WANTED_EVENTS`` is read off the table of readers below, so that an event is dropped by name exactly if
nobody here can read it. Whatever comes in, nothing raises: an event that lacks what its fact needs gives
None and a count under a short reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from callcore.ami import headers as h
from callcore.ami.protocol import Headers
from callcore.calls.facts import (
    AgentCalled,
    AgentConnected,
    AgentDidNotAnswer,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    CallerIdChanged,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    ChannelRenamed,
    Consulted,
    DialBegan,
    DialEnded,
    DialledOut,
    Fact,
    HangupAsked,
    MemberRemoved,
    MemberStatus,
    OriginateFailed,
    Parked,
    PutOnHold,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    RecordingBegan,
    Returned,
    TakenOffHold,
)
from callcore.domain import PbxName

ROOM = "cc-"
"""So the names of our own conferences begin (``dialplans/callcore-line.conf``)."""
_NO_EXTENSION = frozenset({"", "s", "h", "i", "t"})


class Translator:
    """Reads the events of one PBX; ``odd`` counts those that could not be read, by reason."""

    def __init__(self, pbx: PbxName) -> None:
        self.pbx = pbx
        self.odd: Counter[str] = Counter()
        self.odd_count = 0
        """Sum of ``odd``."""

    def count_odd(self, reason: str, times: int = 1) -> None:
        self.odd[reason] += times
        self.odd_count += times

    def translate(self, headers: Headers) -> Fact | None:
        """The fact that this event tells; None if it tells nothing to callcore or is odd."""
        name = headers.get("event")
        reader = _READERS.get(name) if isinstance(name, str) else None
        if reader is None:
            self.count_odd("unknown event")
            return None
        try:
            return reader(headers, self.pbx)
        except h.OddError as odd:
            self.count_odd(f"{name}: {odd}")
            return None


# --- channels and bridges


def _newchannel(headers: Headers, pbx: PbxName) -> Fact:
    channel = h.channel(headers, pbx)
    extension = h.text(headers, "exten")
    return ChannelCreated(
        channel,
        h.need(headers, "channel"),
        h.text(headers, "linkedid") or channel.id,
        h.known(headers, "calleridnum"),
        h.caller_name(headers),
        None if extension in _NO_EXTENSION else extension,
        h.text(headers, "context"),
    )


def _rename(headers: Headers, pbx: PbxName) -> Fact:
    return ChannelRenamed(h.channel(headers, pbx), h.need(headers, "newname"))


def _newstate(headers: Headers, pbx: PbxName) -> Fact | None:
    if h.need(headers, "channelstate") != "6":
        return None
    return ChannelAnswered(h.channel(headers, pbx))


def _dial_begin(headers: Headers, pbx: PbxName) -> Fact:
    return DialBegan(
        h.channel_or_none(headers, pbx, "uniqueid"),
        h.channel(headers, pbx, "destuniqueid"),
        h.need(headers, "destchannel"),
        h.text(headers, "channel"),
        h.known(headers, "calleridnum"),
        h.known(headers, "destcalleridnum"),
    )


def _dial_end(headers: Headers, pbx: PbxName) -> Fact:
    return DialEnded(h.channel(headers, pbx, "destuniqueid"), h.text(headers, "dialstatus"))


def _new_caller_id(headers: Headers, pbx: PbxName) -> Fact:
    return CallerIdChanged(h.channel(headers, pbx), h.known(headers, "calleridnum"), h.caller_name(headers))


def _bridge_enter(headers: Headers, pbx: PbxName) -> Fact:
    is_holding = h.text(headers, "bridgetechnology") == "holding_bridge"
    is_room = h.text(headers, "bridgename").startswith(ROOM)
    return BridgeEntered(h.channel(headers, pbx), h.need(headers, "bridgeuniqueid"), is_holding, is_room)


def _bridge_leave(headers: Headers, pbx: PbxName) -> Fact:
    return BridgeLeft(h.channel(headers, pbx), h.need(headers, "bridgeuniqueid"))


def _hangup(headers: Headers, pbx: PbxName) -> Fact:
    return ChannelHungUp(h.channel(headers, pbx), h.number(headers, "cause"), h.text(headers, "cause-txt"))


# --- what people do with a call they have


def _hold(headers: Headers, pbx: PbxName) -> Fact:
    return PutOnHold(h.channel(headers, pbx))


def _unhold(headers: Headers, pbx: PbxName) -> Fact:
    return TakenOffHold(h.channel(headers, pbx))


def _blind_transfer(headers: Headers, pbx: PbxName) -> Fact | None:
    if h.need(headers, "result") != "Success":
        return None
    return BlindTransferred(
        h.channel(headers, pbx, "transfereruniqueid"),
        h.channel_or_none(headers, pbx, "transfereeuniqueid"),
        h.text(headers, "extension"),
    )


def _attended_transfer(headers: Headers, pbx: PbxName) -> Fact | None:
    if h.need(headers, "result") != "Success":
        return None
    return AttendedTransferred(
        h.channel(headers, pbx, "origtransfereruniqueid"),
        h.channel(headers, pbx, "secondtransfereruniqueid"),
        h.channel_or_none(headers, pbx, "transfereeuniqueid"),
        h.channel_or_none(headers, pbx, "transfertargetuniqueid"),
        h.text(headers, "desttype") == "App",
        h.known(headers, "destbridgeuniqueid") if h.text(headers, "desttype") == "Bridge" else None,
    )


def _parked(headers: Headers, pbx: PbxName) -> Fact:
    return Parked(h.channel(headers, pbx, "parkeeuniqueid"))


# --- calls that callcore places


def _originate_response(headers: Headers, pbx: PbxName) -> Fact | None:
    """The Uniqueid is the one we chose, even if no channel was made of it."""
    if h.need(headers, "response") != "Failure":
        return None
    return OriginateFailed(h.channel(headers, pbx), h.number(headers, "reason"))


def _user_event(headers: Headers, pbx: PbxName) -> Fact | None:
    match h.need(headers, "userevent"):
        case "CallcoreDialled":
            channel = h.channel(headers, pbx, "attempt")
            return DialledOut(channel, h.text(headers, "status"), h.number(headers, "cause"))
        case "CallcoreConsulted":
            return Consulted(h.channel(headers, pbx), h.text(headers, "status"))
        case "CallcoreReturned":
            return Returned(h.channel(headers, pbx), h.text(headers, "status"))
        case _:
            return None


def _recording_began(headers: Headers, pbx: PbxName) -> Fact:
    return RecordingBegan(h.channel(headers, pbx))


def _hangup_request(headers: Headers, pbx: PbxName) -> Fact:
    return HangupAsked(h.channel(headers, pbx))


# --- queues


def _queue_join(headers: Headers, pbx: PbxName) -> Fact:
    position = h.number(headers, "position")
    if position is None:
        raise h.OddError("no position")
    return QueueJoined(
        h.channel(headers, pbx),
        h.queue(headers),
        position,
        h.known(headers, "calleridnum"),
        h.caller_name(headers),
    )


def _queue_leave(headers: Headers, pbx: PbxName) -> Fact:
    return QueueLeft(h.channel(headers, pbx), h.queue(headers))


def _queue_abandon(headers: Headers, pbx: PbxName) -> Fact:
    return QueueAbandoned(h.channel(headers, pbx), h.queue(headers))


def _agent_called(headers: Headers, pbx: PbxName) -> Fact:
    return AgentCalled(
        h.channel(headers, pbx),
        h.queue(headers),
        h.interface(headers),
        h.channel_or_none(headers, pbx, "destuniqueid"),
    )


def _agent_no_answer(headers: Headers, pbx: PbxName) -> Fact:
    """RingTime is in milliseconds here."""
    return AgentDidNotAnswer(
        h.channel(headers, pbx), h.queue(headers), h.interface(headers), h.number(headers, "ringtime")
    )


def _agent_connect(headers: Headers, pbx: PbxName) -> Fact:
    """HoldTime and RingTime are in seconds here."""
    return AgentConnected(
        h.channel(headers, pbx),
        h.queue(headers),
        h.interface(headers),
        h.channel_or_none(headers, pbx, "destuniqueid"),
        h.number(headers, "holdtime"),
        h.number(headers, "ringtime"),
    )


def _member_status(headers: Headers, pbx: PbxName) -> Fact:
    return MemberStatus(
        pbx,
        h.queue(headers),
        h.interface(headers),
        h.text(headers, "paused") == "1",
        h.text(headers, "pausedreason"),
        h.text(headers, "status") in h.BUSY_DEVICE,
        h.state_interface(headers, h.interface(headers)),
    )


def _member_removed(headers: Headers, pbx: PbxName) -> Fact:
    return MemberRemoved(pbx, h.queue(headers), h.interface(headers))


_READERS: dict[str, Callable[[Headers, PbxName], Fact | None]] = {
    "Newchannel": _newchannel,
    "Rename": _rename,
    "Newstate": _newstate,
    "DialBegin": _dial_begin,
    "DialEnd": _dial_end,
    "NewCallerid": _new_caller_id,
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "Hangup": _hangup,
    "HangupRequest": _hangup_request,
    "MixMonitorStart": _recording_began,
    "Hold": _hold,
    "Unhold": _unhold,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "ParkedCall": _parked,
    "OriginateResponse": _originate_response,
    "UserEvent": _user_event,
    "QueueCallerJoin": _queue_join,
    "QueueCallerLeave": _queue_leave,
    "QueueCallerAbandon": _queue_abandon,
    "AgentCalled": _agent_called,
    "AgentRingNoAnswer": _agent_no_answer,
    "AgentConnect": _agent_connect,
    "QueueMemberAdded": _member_status,
    "QueueMemberStatus": _member_status,
    "QueueMemberPause": _member_status,
    "QueueMemberRemoved": _member_removed,
}

WANTED_EVENTS = frozenset(_READERS)
"""Names of the events that become facts."""

"""AMI events to facts of one PBX; AMI words stop here. Pure.

``WANTED_EVENTS`` is read off the table of readers below, so that an event is dropped by name exactly if
nobody here can read it. Whatever comes in, nothing raises: an event that lacks what its fact needs gives
None and a count under a short reason. Over 400 lines: one short reader for each event.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

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
    LiveChannel,
    LiveEntry,
    LiveMember,
    MemberRemoved,
    MemberStatus,
    OriginateFailed,
    Parked,
    PutOnHold,
    QueueAbandoned,
    QueueJoined,
    QueueLeft,
    Returned,
    Snapshot,
    TakenOffHold,
)
from callcore.domain import CallId, ChannelId, ChannelRef, Interface, PbxName, QueueName, TopicCode

_NOBODY = frozenset({"", "<unknown>", "(null)", "<null>"})
_BUSY_DEVICE = frozenset({"2", "3", "6", "7", "8"})
"""Device states in use, busy, ringing, ring+in use, on hold (include/asterisk/devicestate.h)."""
ROOM = "cc-"
"""So the names of our own conferences begin (``dialplans/callcore-line.conf``)."""
_NO_EXTENSION = frozenset({"", "s", "h", "i", "t"})
_MAX_DIGITS = 9
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "?": "?"} | dict.fromkeys("abfnrtv", " ")
_Row = TypeVar("_Row")


class _OddError(Exception):
    """A header is missing or senseless; the text is the reason that is counted."""


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
        except _OddError as odd:
            self.count_odd(f"{name}: {odd}")
            return None


class SnapshotBuilder:
    """Collects the rows of Status and QueueStatus; ``build`` once both lists are complete.

    A list that was cut off is thrown away by throwing away its builder. Odd rows are left out and counted.
    """

    def __init__(self, pbx: PbxName, epoch: int) -> None:
        self._pbx = pbx
        self._epoch = epoch
        self.odd: Counter[str] = Counter()

    def build(self, status_rows: Sequence[Headers], queue_rows: Sequence[Headers]) -> Snapshot:
        return Snapshot(
            self._pbx,
            self._epoch,
            self._each(status_rows, "Status", _live_channel),
            self._each(queue_rows, "QueueEntry", _live_entry),
            self._each(queue_rows, "QueueMember", _live_member),
            queues=self._each(queue_rows, "QueueParams", lambda row, _pbx: _queue(row)),
        )

    def _each(
        self, rows: Sequence[Headers], event: str, read: Callable[[Headers, PbxName], _Row]
    ) -> tuple[_Row, ...]:
        found: list[_Row] = []
        for row in rows:
            if row.get("event") != event:
                continue
            try:
                found.append(read(row, self._pbx))
            except _OddError as odd:
                self.odd[f"{event}: {odd}"] += 1
        return tuple(found)


# --- headers


def _text(headers: Headers, name: str) -> str:
    """Value of a header that may be missing or empty; of a repeated one the first."""
    value = headers.get(name, "")
    return value if isinstance(value, str) else value[0]


def _need(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if not value or not isinstance(value, str):
        raise _OddError(f"no {name}")
    return value


def _known(headers: Headers, name: str) -> str | None:
    value = _text(headers, name).strip()
    return None if value in _NOBODY else value


def _name(headers: Headers) -> str | None:
    """The caller's name, as he sent it: Asterisk escapes it as a C string, in events and in Status alike.

    The line ends, tabs and bells that such a string can hold become blanks.
    """
    name = _known(headers, "calleridname")
    if name is None or "\\" not in name:
        return name
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[0]), name).strip() or None


def _number(headers: Headers, name: str) -> int | None:
    value = _text(headers, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS else None


def _channel(headers: Headers, pbx: PbxName, name: str = "uniqueid") -> ChannelRef:
    return ChannelRef(pbx, ChannelId(_need(headers, name)))


def _channel_or_none(headers: Headers, pbx: PbxName, name: str) -> ChannelRef | None:
    value = _known(headers, name)
    return ChannelRef(pbx, ChannelId(value)) if value else None


def _queue(headers: Headers) -> QueueName:
    return QueueName(_need(headers, "queue"))


def _interface(headers: Headers) -> Interface:
    return Interface(_need(headers, "interface"))


# --- channels and bridges


def _newchannel(headers: Headers, pbx: PbxName) -> Fact:
    channel = _channel(headers, pbx)
    extension = _text(headers, "exten")
    return ChannelCreated(
        channel,
        _need(headers, "channel"),
        _text(headers, "linkedid") or channel.id,
        _known(headers, "calleridnum"),
        _name(headers),
        None if extension in _NO_EXTENSION else extension,
        _text(headers, "context"),
    )


def _rename(headers: Headers, pbx: PbxName) -> Fact:
    return ChannelRenamed(_channel(headers, pbx), _need(headers, "newname"))


def _newstate(headers: Headers, pbx: PbxName) -> Fact | None:
    if _need(headers, "channelstate") != "6":
        return None
    return ChannelAnswered(_channel(headers, pbx))


def _dial_begin(headers: Headers, pbx: PbxName) -> Fact:
    return DialBegan(
        _channel_or_none(headers, pbx, "uniqueid"),
        _channel(headers, pbx, "destuniqueid"),
        _need(headers, "destchannel"),
        _text(headers, "channel"),
        _known(headers, "calleridnum"),
        _known(headers, "destcalleridnum"),
    )


def _dial_end(headers: Headers, pbx: PbxName) -> Fact:
    return DialEnded(_channel(headers, pbx, "destuniqueid"), _text(headers, "dialstatus"))


def _new_caller_id(headers: Headers, pbx: PbxName) -> Fact:
    return CallerIdChanged(_channel(headers, pbx), _known(headers, "calleridnum"), _name(headers))


def _bridge_enter(headers: Headers, pbx: PbxName) -> Fact:
    is_holding = _text(headers, "bridgetechnology") == "holding_bridge"
    is_room = _text(headers, "bridgename").startswith(ROOM)
    return BridgeEntered(_channel(headers, pbx), _need(headers, "bridgeuniqueid"), is_holding, is_room)


def _bridge_leave(headers: Headers, pbx: PbxName) -> Fact:
    return BridgeLeft(_channel(headers, pbx), _need(headers, "bridgeuniqueid"))


def _hangup(headers: Headers, pbx: PbxName) -> Fact:
    return ChannelHungUp(_channel(headers, pbx), _number(headers, "cause"), _text(headers, "cause-txt"))


# --- what people do with a call they have


def _hold(headers: Headers, pbx: PbxName) -> Fact:
    return PutOnHold(_channel(headers, pbx))


def _unhold(headers: Headers, pbx: PbxName) -> Fact:
    return TakenOffHold(_channel(headers, pbx))


def _blind_transfer(headers: Headers, pbx: PbxName) -> Fact | None:
    if _need(headers, "result") != "Success":
        return None
    return BlindTransferred(
        _channel(headers, pbx, "transfereruniqueid"),
        _channel_or_none(headers, pbx, "transfereeuniqueid"),
        _text(headers, "extension"),
    )


def _attended_transfer(headers: Headers, pbx: PbxName) -> Fact | None:
    if _need(headers, "result") != "Success":
        return None
    return AttendedTransferred(
        _channel(headers, pbx, "origtransfereruniqueid"),
        _channel(headers, pbx, "secondtransfereruniqueid"),
        _channel_or_none(headers, pbx, "transfereeuniqueid"),
        _channel_or_none(headers, pbx, "transfertargetuniqueid"),
        _text(headers, "desttype") == "App",
        _known(headers, "destbridgeuniqueid") if _text(headers, "desttype") == "Bridge" else None,
    )


def _parked(headers: Headers, pbx: PbxName) -> Fact:
    return Parked(_channel(headers, pbx, "parkeeuniqueid"))


# --- calls that callcore places


def _originate_response(headers: Headers, pbx: PbxName) -> Fact | None:
    """The Uniqueid is the one we chose, even if no channel was made of it."""
    if _need(headers, "response") != "Failure":
        return None
    return OriginateFailed(_channel(headers, pbx), _number(headers, "reason"))


def _user_event(headers: Headers, pbx: PbxName) -> Fact | None:
    match _need(headers, "userevent"):
        case "CallcoreDialled":
            channel = _channel(headers, pbx, "attempt")
            return DialledOut(channel, _text(headers, "status"), _number(headers, "cause"))
        case "CallcoreConsulted":
            return Consulted(_channel(headers, pbx), _text(headers, "status"))
        case "CallcoreReturned":
            return Returned(_channel(headers, pbx), _text(headers, "status"))
        case _:
            return None


def _hangup_request(headers: Headers, pbx: PbxName) -> Fact:
    return HangupAsked(_channel(headers, pbx))


# --- queues


def _queue_join(headers: Headers, pbx: PbxName) -> Fact:
    position = _number(headers, "position")
    if position is None:
        raise _OddError("no position")
    return QueueJoined(
        _channel(headers, pbx),
        _queue(headers),
        position,
        _known(headers, "calleridnum"),
        _name(headers),
    )


def _queue_leave(headers: Headers, pbx: PbxName) -> Fact:
    return QueueLeft(_channel(headers, pbx), _queue(headers))


def _queue_abandon(headers: Headers, pbx: PbxName) -> Fact:
    return QueueAbandoned(_channel(headers, pbx), _queue(headers))


def _agent_called(headers: Headers, pbx: PbxName) -> Fact:
    return AgentCalled(
        _channel(headers, pbx),
        _queue(headers),
        _interface(headers),
        _channel_or_none(headers, pbx, "destuniqueid"),
    )


def _agent_no_answer(headers: Headers, pbx: PbxName) -> Fact:
    """RingTime is in milliseconds here."""
    return AgentDidNotAnswer(
        _channel(headers, pbx), _queue(headers), _interface(headers), _number(headers, "ringtime")
    )


def _agent_connect(headers: Headers, pbx: PbxName) -> Fact:
    """HoldTime and RingTime are in seconds here."""
    return AgentConnected(
        _channel(headers, pbx),
        _queue(headers),
        _interface(headers),
        _channel_or_none(headers, pbx, "destuniqueid"),
        _number(headers, "holdtime"),
        _number(headers, "ringtime"),
    )


def _member_status(headers: Headers, pbx: PbxName) -> Fact:
    return MemberStatus(
        pbx,
        _queue(headers),
        _interface(headers),
        _text(headers, "paused") == "1",
        _text(headers, "pausedreason"),
        _text(headers, "status") in _BUSY_DEVICE,
        _state_interface(headers, _interface(headers)),
    )


def _state_interface(headers: Headers, interface: Interface) -> Interface | None:
    """The device whose state the queue watches for this member, if that is another one."""
    watched = _text(headers, "stateinterface")
    return Interface(watched) if watched and watched != interface else None


def _member_removed(headers: Headers, pbx: PbxName) -> Fact:
    return MemberRemoved(pbx, _queue(headers), _interface(headers))


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


# --- rows of a snapshot


def _live_channel(row: Headers, pbx: PbxName) -> LiveChannel:
    variables = _variables(row)
    call = variables.get("CALLCORE_CALL")
    topic = variables.get("CALLCORE_TOPIC")
    member = variables.get("MEMBERINTERFACE")
    return LiveChannel(
        _channel(row, pbx),
        _need(row, "channel"),
        _text(row, "channelstatedesc"),
        _known(row, "calleridnum"),
        _name(row),
        _known(row, "dnid"),
        _known(row, "bridgeid"),
        _number(row, "seconds") or 0,
        CallId(call) if call else None,
        TopicCode(topic) if topic else None,
        Interface(member) if member else None,
        _text(row, "linkedid"),
        _text(row, "context"),
    )


def _variables(row: Headers) -> dict[str, str]:
    """``Variable: NAME=value`` lines of a Status row that are set (an unset one reads ``(null)``)."""
    lines = row.get("variable", [])
    pairs = (line.partition("=") for line in ([lines] if isinstance(lines, str) else lines))
    return {name: value for name, _, value in pairs if value not in _NOBODY}


def _live_entry(row: Headers, pbx: PbxName) -> LiveEntry:
    return LiveEntry(_queue(row), _channel(row, pbx), _number(row, "wait") or 0)


def _live_member(row: Headers, pbx: PbxName) -> LiveMember:
    interface = Interface(_need(row, "location"))
    return LiveMember(
        _queue(row),
        interface,
        _text(row, "paused") == "1",
        _text(row, "pausedreason"),
        _text(row, "status") in _BUSY_DEVICE,
        _state_interface(row, interface),
        _number(row, "penalty") or 0,
    )

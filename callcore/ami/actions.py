"""The closed list of AMI actions that callcore sends, as frozen values; ``originate.py`` has the one that
places calls. Pure.

Each builder closes the holes that a well-formed line still leaves: a missing channel makes Setvar global,
a channel that begins with a slash is a regular expression to Hangup, a missing queue pauses a member
everywhere. All raise BadAction.
"""

from __future__ import annotations

import re
from typing import assert_never

from callcore.ami.journal import FAMILY as CALL_JOURNAL
from callcore.ami.protocol import AmiAction, BadAction, check_variable
from callcore.calls.effects import AddMember, PauseMember, RemoveMember, SetPenalty
from callcore.domain import Interface, QueueName

STATUS_VARIABLES = (
    "CALLCORE_CALL",
    "CALLCORE_TOPIC",
    "MEMBERINTERFACE",
    "CALLCORE_ATTEMPT",
    "CALLCORE_WORD",
)
"""Channel variables asked for in a snapshot; Asterisk answers ``(null)`` for one that is not set."""

NEEDED_ACTIONS: dict[str, str] = {
    "Status": "call",
    "Hangup": "call",
    "Setvar": "call",
    "Redirect": "call",
    "QueueAdd": "agent",
    "QueueRemove": "agent",
    "QueuePause": "agent",
    "QueuePenalty": "agent",
    "CoreSettings": "reporting",
    "ShowDialPlan": "reporting",
    "DBGetTree": "reporting",
    "QueueStatus": "",
    "ListCommands": "",
    "Ping": "",
}
"""Actions used, and the class in ``write=`` that allows each ("" = every account may)."""

DIALLING_ACTIONS: dict[str, str] = {
    "Originate": "originate",
    "Getvar": "reporting",
}
"""Needed besides where callcore places calls by itself."""

RECORDING_ACTIONS: dict[str, str] = {
    "MixMonitorMute": "call",
}
"""Needed besides where talks are recorded."""

DIAL_CONTEXT, ANSWERED_CONTEXT = "callcore-dial", "callcore-campaign"
"""Of ``dialplans/callcore.conf``: what dials, and where an answered call comes to."""
PHONE_CONTEXT, PLACED_CONTEXT = "callcore-phone", "callcore-placed"
"""Of ``dialplans/callcore-placed.conf``: what rings an operator's phone, and where he comes to."""
CARRY_CONTEXT = "callcore-carry"
"""Likewise: where a living channel is as long as it rings a number outside."""
WAIT_CONTEXT, CALLED_CONTEXT = "callcore-cbq", "callcore-called"
"""Of ``dialplans/callcore-callback.conf``: what waits in a queue for somebody, and where somebody comes to
who was rung first."""
DIALLING_CONTEXTS = (
    DIAL_CONTEXT,
    "callcore-dialled",
    ANSWERED_CONTEXT,
    "callcore-told",
    PHONE_CONTEXT,
    "callcore-phoned",
    PLACED_CONTEXT,
    "callcore-carried",
    CARRY_CONTEXT,
    "callcore-carrytaken",
    "callcore-carryleft",
    WAIT_CONTEXT,
    "callcore-stood",
    CALLED_CONTEXT,
)
DIAL_GLOBALS = ("CALLCORE_DIAL_BEFORE", "CALLCORE_DIAL_AFTER")
"""Of the dialplan: what stands before and after the number in Dial."""
JOURNAL = "callcore-dial"
"""Family in AstDB that both write to."""
_INTERFACE = re.compile(r"[A-Za-z0-9]+/[A-Za-z0-9_.@:+/-]+\Z")
_SEPARATORS = re.compile(r"[;|,&\s]+")

MemberEffect = AddMember | RemoveMember | PauseMember | SetPenalty


def login(username: str, secret: str) -> AmiAction:
    return AmiAction("Login", (("Username", username), ("Secret", secret), ("Events", "on")))


def ping() -> AmiAction:
    return AmiAction("Ping")


def status() -> AmiAction:
    """List of all living channels with ``STATUS_VARIABLES``."""
    return AmiAction("Status", (("Variables", ",".join(STATUS_VARIABLES)),))


def queue_status() -> AmiAction:
    """List of all queues, their members and waiting callers."""
    return AmiAction("QueueStatus")


def core_settings() -> AmiAction:
    return AmiAction("CoreSettings")


def list_commands() -> AmiAction:
    """Actions this account may use, as headers ``name: description``."""
    return AmiAction("ListCommands")


def show_dialplan(context: str) -> AmiAction:
    """List of one context's priorities; refused by Asterisk if there is no such context."""
    return AmiAction("ShowDialPlan", (("Context", _given("context", context)),))


def hangup(channel: str, cause: int = 16) -> AmiAction:
    """``channel``: name or uniqueid of exactly one channel. ``cause``: Q.850, 1 to 127."""
    if not 1 <= cause <= 127:
        raise BadAction(f"Hangup: cause {cause} is not between 1 and 127")
    return AmiAction("Hangup", (("Channel", channel_name(channel)), ("Cause", str(cause))))


def mute_recording(channel: str, *, is_muted: bool) -> AmiAction:
    """Silence in the recording of that channel, both ways, or sound again. ``channel``: name or uniqueid."""
    headers = (("Channel", channel_name(channel)), ("Direction", "both"), ("State", "1" if is_muted else "0"))
    return AmiAction("MixMonitorMute", headers)


def setvar(channel: str, name: str, value: str) -> AmiAction:
    """Sets one plain variable on one channel; never a function, never a global."""
    check_variable(name, value)
    return AmiAction("Setvar", (("Channel", channel_name(channel)), ("Variable", name), ("Value", value)))


def queue_add(
    queue: QueueName, interface: Interface, name: str, *, paused: bool, reason: str, penalty: int = 0
) -> AmiAction:
    """``name`` is what Asterisk shows; characters its member database separates by become blanks."""
    headers = [
        ("Queue", _given("queue", queue)),
        ("Interface", _interface(interface)),
        ("MemberName", _SEPARATORS.sub(" ", name).strip() or interface),
        ("Paused", "true" if paused else "false"),
        ("Penalty", _penalty(penalty)),
    ]
    if paused and reason:
        headers.append(("Reason", reason))
    return AmiAction("QueueAdd", tuple(headers))


def queue_remove(queue: QueueName, interface: Interface) -> AmiAction:
    return AmiAction("QueueRemove", (("Queue", _given("queue", queue)), ("Interface", _interface(interface))))


def queue_pause(queue: QueueName, interface: Interface, *, paused: bool, reason: str) -> AmiAction:
    headers = [
        ("Queue", _given("queue", queue)),
        ("Interface", _interface(interface)),
        ("Paused", "true" if paused else "false"),
    ]
    if paused and reason:
        headers.append(("Reason", reason))
    return AmiAction("QueuePause", tuple(headers))


def queue_penalty(queue: QueueName, interface: Interface, penalty: int) -> AmiAction:
    headers = (("Interface", _interface(interface)), ("Penalty", _penalty(penalty)))
    return AmiAction("QueuePenalty", (("Queue", _given("queue", queue)), *headers))


def dial_journal() -> AmiAction:
    """List of all that the dialplan wrote about calls of ours; refused by Asterisk while there is nothing."""
    return AmiAction("DBGetTree", (("Family", JOURNAL),))


def call_journal() -> AmiAction:
    """List of what the dialplan wrote about calls that ended; refused by Asterisk while there is nothing."""
    return AmiAction("DBGetTree", (("Family", CALL_JOURNAL),))


def get_global(name: str) -> AmiAction:
    """One of the dialplan's globals; a function is not one."""
    check_variable(name, "")
    return AmiAction("Getvar", (("Variable", name),))


def for_effect(effect: MemberEffect) -> tuple[AmiAction, ...]:
    """The actions that carry out ``effect``, in order; each concerns one queue that callcore named."""
    match effect:
        case AddMember(queue=queue, interface=interface, name=name, paused=paused, reason=reason):
            penalty = effect.penalty
            return (queue_add(queue, interface, name, paused=paused, reason=reason, penalty=penalty),)
        case SetPenalty(queue=queue, interface=interface, penalty=penalty):
            return (queue_penalty(queue, interface, penalty),)
        case RemoveMember(queue=queue, interface=interface):
            return (queue_remove(queue, interface),)
        case PauseMember(queues=queues, interface=interface, paused=paused, reason=reason):
            return tuple(queue_pause(queue, interface, paused=paused, reason=reason) for queue in queues)
        case _:  # pragma: no cover
            assert_never(effect)


def is_device(text: str) -> bool:
    """Is it a device as Asterisk spells one: ``PJSIP/101``, ``SIP/101``, ``Local/101@agents``?"""
    return _INTERFACE.match(text) is not None


def _given(what: str, value: str) -> str:
    if not value.strip():
        raise BadAction(f"no {what} given: Asterisk would take all of them")
    return value


def _penalty(penalty: int) -> str:
    if not 0 <= penalty <= 1000:
        raise BadAction(f"a penalty of {penalty} is not between 0 and 1000")
    return str(penalty)


def channel_name(channel: str) -> str:
    """``channel``, if it names exactly one. Raises BadAction."""
    if _given("channel", channel).lstrip().startswith("/"):
        raise BadAction("a channel that begins with / would be a regular expression")
    return channel


def _interface(interface: str) -> str:
    if not is_device(interface):
        raise BadAction(f"{interface[:60]!r} is not a device such as PJSIP/101 or Local/101@agents")
    return interface

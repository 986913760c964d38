"""Values of the headers of one AMI event, read as what they mean. Pure.

What is needed and is not there, or makes no sense, raises ``OddError``; what may be missing gives "" or None.
"""

from __future__ import annotations

import re

from callcore.ami.protocol import Headers
from callcore.domain import ChannelId, ChannelRef, Interface, PbxName, QueueName

NOBODY = frozenset({"", "<unknown>", "(null)", "<null>"})
BUSY_DEVICE = frozenset({"2", "3", "6", "7", "8"})
"""Device states in use, busy, ringing, ring+in use, on hold (include/asterisk/devicestate.h)."""
_MAX_DIGITS = 9
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "?": "?"} | dict.fromkeys("abfnrtv", " ")


class OddError(Exception):
    """A header is missing or senseless; the text is the reason that is counted."""


def text(headers: Headers, name: str) -> str:
    """Value of a header that may be missing or empty; of a repeated one the first."""
    value = headers.get(name, "")
    return value if isinstance(value, str) else value[0]


def need(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if not value or not isinstance(value, str):
        raise OddError(f"no {name}")
    return value


def known(headers: Headers, name: str) -> str | None:
    value = text(headers, name).strip()
    return None if value in NOBODY else value


def caller_name(headers: Headers) -> str | None:
    """The caller's name, as he sent it: Asterisk escapes it as a C string, in events and in Status alike.

    The line ends, tabs and bells that such a string can hold become blanks.
    """
    name = known(headers, "calleridname")
    if name is None or "\\" not in name:
        return name
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[0]), name).strip() or None


def number(headers: Headers, name: str) -> int | None:
    value = text(headers, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS else None


def channel(headers: Headers, pbx: PbxName, name: str = "uniqueid") -> ChannelRef:
    return ChannelRef(pbx, ChannelId(need(headers, name)))


def channel_or_none(headers: Headers, pbx: PbxName, name: str) -> ChannelRef | None:
    value = known(headers, name)
    return ChannelRef(pbx, ChannelId(value)) if value else None


def queue(headers: Headers) -> QueueName:
    return QueueName(need(headers, "queue"))


def interface(headers: Headers) -> Interface:
    return Interface(need(headers, "interface"))


def state_interface(headers: Headers, interface: Interface) -> Interface | None:
    """The device whose state the queue watches for this member, if that is another one."""
    watched = text(headers, "stateinterface")
    return Interface(watched) if watched and watched != interface else None

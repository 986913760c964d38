"""Call ids: sort by time, are never guessed, can be read out over the phone."""

from __future__ import annotations

import secrets
from datetime import datetime

from callcore.domain import CallId

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without i, l, o, u."""


def mint_call_id(now: datetime) -> CallId:
    """``c`` + 9 digits of milliseconds since 1970 + 8 random ones."""
    return CallId("c" + _base32(int(now.timestamp() * 1000), 9) + _base32(secrets.randbits(40), 8))


def _base32(value: int, width: int) -> str:
    return "".join(_DIGITS[(value >> (5 * i)) & 31] for i in reversed(range(width)))

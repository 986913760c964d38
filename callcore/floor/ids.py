"""Call ids: sort by time, are never guessed, can be read out over the phone."""

from __future__ import annotations

import secrets
from datetime import datetime

from callcore.calls.attempt import AttemptId
from callcore.domain import CallId

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without i, l, o, u."""


def mint_call_id(now: datetime) -> CallId:
    """``c`` + 9 digits of milliseconds since 1970 + 8 random ones."""
    return CallId("c" + _base32(int(now.timestamp() * 1000), 9) + _base32(secrets.randbits(40), 8))


def call_of_attempt(attempt: AttemptId) -> CallId:
    """Of a call that callcore places for a person: told by its attempt, so that the ledger needs no column
    for it. ``attempt``: as ``assembly.placing`` mints them, a letter, 11 and 12 hexadecimal digits."""
    at, chance = int(attempt[1:12], 16), int(attempt[12:], 16)
    return CallId("c" + _base32(at, 9) + _base32(chance & ((1 << 40) - 1), 8))


def _base32(value: int, width: int) -> str:
    return "".join(_DIGITS[(value >> (5 * i)) & 31] for i in reversed(range(width)))

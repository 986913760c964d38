"""Which contacts leave somebody behind who has to be called. Pure."""

from __future__ import annotations

from datetime import timedelta

from callcore.calls.effects import Contact
from callcore.domain import Direction, Outcome

MISSED = frozenset(
    {
        Outcome.abandoned_ivr,
        Outcome.abandoned_queue,
        Outcome.abandoned_ringing,
        Outcome.left_by_key,
        Outcome.timeout,
        Outcome.failed,
        Outcome.closed,
    }
)
"""He wanted somebody and got nobody. Who left a message, or asked to be called, is listed as such."""
AFTER = timedelta(seconds=5)
"""Whoever hangs up in the menu sooner has dialled wrongly."""


def is_missed(contact: Contact, after: timedelta = AFTER) -> bool:
    """``after``: how long he must have stayed where he hung up in the menu."""
    if contact.direction is not Direction.inbound or contact.outcome not in MISSED:
        return False
    if contact.outcome is not Outcome.abandoned_ivr:
        return True
    # who hid his number and wanted nobody yet can neither be called nor told from the next one
    return contact.caller_number is not None and contact.ended_at - contact.started_at >= after


def is_talk(contact: Contact) -> bool:
    """Somebody of the house has talked with him, whoever called whom."""
    return contact.outcome is Outcome.answered and contact.direction is not Direction.internal

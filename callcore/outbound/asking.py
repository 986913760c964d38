"""A question to the gate, and its no. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from callcore.calls.attempt import AttemptId, Medium, Purpose
from callcore.domain import Text
from callcore.outbound.profile import Profile, Rule


@dataclass(frozen=True, slots=True)
class Ask:
    """May this leave now?"""

    attempt: AttemptId
    medium: Medium
    purpose: Purpose
    number: str
    zone: str
    """tz name of where the recipient is, by his record. Where his number is at home counts besides."""
    route: str
    profile: Profile
    login: str = ""
    """Who has it placed; "" for callcore itself."""
    more_zones: tuple[str, ...] = ()
    """Where else he may be: others have the number, too, or he has several addresses."""


@dataclass(frozen=True, slots=True)
class Look:
    """What must be known to answer several questions: as ``store.gate_facts`` takes it."""

    since: datetime
    people: bool
    usage: datetime | None


def look(questions: Sequence[Ask], now: datetime) -> Look:
    """At least one question."""
    days = [ask.profile.limits.day_begins(now) for ask in questions if ask.profile.limits.budgets]
    return Look(
        min(now - ask.profile.reach for ask in questions),
        any(ask.profile.needs_person for ask in questions),
        min(days, default=None),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    rule: Rule
    until: datetime | None
    """When to ask again; None: never."""
    evidence: Text
    """What made the rule apply, e.g. ``on the list since 2026-11-01``."""

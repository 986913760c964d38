"""What is known when a call is routed: the topic, the hour, who calls, how busy the queues are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from callcore.domain import Language, QueueName, TopicCode


class Standing(StrEnum):
    """What a caller is to the house (D-23, D-29)."""

    existing = "existing"
    prospective = "prospective"
    """In the base, without a contract in force: he wants to become a customer."""
    unknown = "unknown"
    """Nobody of this number is in the base, or it could not be asked."""


class Mark(StrEnum):
    """What a row may ask of a customer beyond his kind."""

    debt = "debt"
    """His balance is below zero."""
    personal_operator = "personal_operator"
    """Somebody is named who serves him."""
    blocked = "blocked"
    """His contract is blocked."""


@dataclass(frozen=True, slots=True)
class CallerFacts:
    """As far as routing asks. ``segment``, ``legal_form``, ``region``: words of the base; rows compare them
    without regard to case."""

    standing: Standing = Standing.unknown
    segment: str = ""
    legal_form: str = ""
    region: str = ""
    marks: frozenset[Mark] = frozenset()


@dataclass(frozen=True, slots=True)
class QueueState:
    """``signed_in``: its members; ``ready``: those of them not paused; ``waiting``: callers."""

    signed_in: int = 0
    ready: int = 0
    waiting: int = 0
    longest_wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Situation:
    topic: TopicCode
    at: datetime
    """Aware."""
    language: Language = "ru"
    caller: CallerFacts = CallerFacts()
    last_contact_at: datetime | None = None
    """Of the same caller, before this call; aware."""
    queues: Mapping[QueueName, QueueState] = field(default_factory=dict)
    """A queue that is missing is not known: no condition on it holds."""


def folded(at: Situation) -> Situation:
    """With the base's words as rows have them: without regard to case."""
    caller = at.caller
    facts = CallerFacts(
        caller.standing,
        caller.segment.casefold(),
        caller.legal_form.casefold(),
        caller.region.casefold(),
        caller.marks,
    )
    return Situation(at.topic, at.at, at.language, facts, at.last_contact_at, at.queues)

"""Campaigns and the people whom they tell, as values. Pure.

    campaign (one revision of one outage) ── target (one person, one number) ── attempt (one dial or message)

A target ends once, in one ``TargetResult`` with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from callcore.calls.attempt import AttemptId, CampaignId, Medium, TargetId
from callcore.domain import CustomerId, Language, OutageId, Text


class CampaignState(StrEnum):
    running = "running"
    paused = "paused"
    """By a person."""
    halted = "halted"
    """By callcore, with a reason: trunk or gateway gone. A person lets it go on."""
    stopped = "stopped"
    """For good, by a person."""
    superseded = "superseded"
    """A newer revision of the outage took its place."""
    done = "done"

    @property
    def is_over(self) -> bool:
        return self in (CampaignState.stopped, CampaignState.superseded, CampaignState.done)


class News(StrEnum):
    """What a campaign tells."""

    outage = "outage"
    changed = "changed"
    restored = "restored"
    cancelled = "cancelled"


@dataclass(frozen=True, slots=True)
class Campaign:
    """The notice of one revision of one outage. ``voice``: what is spoken; ``sms``: what is written."""

    id: CampaignId
    outage: OutageId
    number: str
    """The outage's number, for people."""
    revision: int
    news: News
    profile: str
    voice: Text
    sms: Text
    state: CampaignState
    reason: str
    """Code of why it is in this state: ``trunk_gone``, ``gateway_gone``, ``""`` …"""
    created_at: datetime
    changed_at: datetime


class TargetResult(StrEnum):
    told = "told"
    texted = "texted"
    """An SMS was delivered, by its receipt."""
    sent = "sent"
    """An SMS was taken by the gateway, no receipt came."""
    opted_out = "opted_out"
    """Told, and pressed "never again"."""
    not_reached = "not_reached"
    skipped = "skipped"
    """A rule of the gate forbids it, or there is nothing to reach him by; the reason names which."""
    unknown = "unknown"
    replaced = "replaced"
    """Newer news of this outage is told instead."""
    withdrawn = "withdrawn"
    """Nothing left to tell: restored or cancelled before anything was said."""
    stopped = "stopped"


@dataclass(frozen=True, slots=True)
class Target:
    """One person of one campaign. Open while ``result`` is None."""

    id: TargetId
    campaign: CampaignId
    customer: CustomerId | None
    name: str
    number: str
    """Canonical; the one to try next."""
    others: tuple[str, ...]
    """Further numbers of his, tried when this one is unreachable."""
    language: Language
    zone: str
    """tz name of where he is."""
    address: str
    due_at: datetime
    """Not before."""
    wait: str
    """Code of what it waits for (a rule of the gate, ``retry_busy`` …); "" while nothing was tried."""
    rings: int = 0
    """Calls that reached the network of the number."""
    troubles: int = 0
    """Attempts that failed on our side: network, not_sent."""
    texts: int = 0
    next_medium: Medium = Medium.voice
    attempt: AttemptId | None = None
    """The open one."""
    result: TargetResult | None = None
    reason: str = ""
    """Code of why it ended so: a result of an attempt, a rule."""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """A customer on or below the nodes of an outage."""

    customer: CustomerId
    name: str
    numbers: tuple[str, ...]
    """Canonical, the main one first."""
    language: Language | None
    zone: str | None
    """Of his node; None: the organisation's."""
    address: str
    """The node's name (that of a house or point), or what the customer's own record says."""


@dataclass(frozen=True, slots=True)
class NewTarget:
    """A recipient as resolved, before he is stored. ``result`` set: he is skipped, with that reason."""

    customer: CustomerId | None
    name: str
    number: str
    others: tuple[str, ...]
    language: Language
    zone: str
    address: str
    next_medium: Medium = Medium.voice
    result: TargetResult | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TargetChange:
    """What an outcome makes of its target; stored in one transaction with the outcome."""

    rings: int
    troubles: int
    texts: int
    number: str
    others: tuple[str, ...]
    next_medium: Medium
    due_at: datetime
    wait: str = ""
    result: TargetResult | None = None
    reason: str = ""

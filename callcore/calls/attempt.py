"""Placed calls and messages as values: campaigns, their targets, each attempt and what became of it. Pure.

    campaign (one revision of one outage) ── target (one person, one number) ── attempt (one dial or message)

An attempt is an **intent** from the moment it is stored until its outcome is; an intent whose outcome nobody
can find out any more is ``unknown``, and is never repeated. A target ends once, in one ``TargetResult`` with
a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from callcore.domain import CallId, CustomerId, Interface, Language, OutageId, Text

AttemptId = NewType("AttemptId", str)
"""Minted by callcore; lower-case letters and digits, at most 40. A call's is its channel's id at the PBX."""
TargetId = NewType("TargetId", int)
CampaignId = NewType("CampaignId", int)


class Medium(StrEnum):
    voice = "voice"
    sms = "sms"


class Purpose(StrEnum):
    """Why something leaves. Which rules each may skip is data: see ``outbound.profile``."""

    notice = "notice"
    survey = "survey"
    reminder = "reminder"
    call_back = "call_back"
    """The person asked for it."""
    own_call = "own_call"
    """Somebody who works here chose to ring this number now (click-to-call)."""
    transfer = "transfer"
    """A call that is under way is given to a number outside, by a person."""
    forward = "forward"
    """A caller's own way leads to a number outside: the house has chosen it, and he waits."""
    test = "test"
    """An administrator tries whether it works."""


class Plan(StrEnum):
    """Whose line is made first."""

    number_first = "number_first"
    """The number is rung; who answers is told something."""
    phone_first = "phone_first"
    """An operator's phone is rung; once he has picked it up, the gate is asked again, and the number rung."""
    queue_first = "queue_first"
    """A placeholder waits in a queue; to the operator who takes it the same happens as to him who has
    picked up his phone."""
    customer_first = "customer_first"
    """The number is rung; who answers is put into a queue, before all others."""
    carried = "carried"
    """A channel that lives already, a caller's or an operator's, rings the number: none is made for it."""

    @property
    def asks_again(self) -> bool:
        """The number is rung by a second step, so that an answered channel of ours proves nothing of it."""
        return self in (Plan.phone_first, Plan.queue_first)

    @property
    def is_talk(self) -> bool:
        """People talk in it; what became of the number tells Dial alone."""
        return self is not Plan.number_first


class AttemptResult(StrEnum):
    # of a call
    answered = "answered"
    """Of a call between people: the number answered."""
    told = "told"
    """Answered, and enough was heard or a key was pressed."""
    hung_up_early = "hung_up_early"
    busy = "busy"
    no_answer = "no_answer"
    rejected = "rejected"
    unreachable = "unreachable"
    """There is no such number, or not any more: ringing again is useless."""
    network = "network"
    """Trunk or carrier could not carry it now."""
    # of a message
    delivered = "delivered"
    undelivered = "undelivered"
    sent = "sent"
    """The gateway took it; no receipt came in time."""
    # of both
    failed = "failed"
    not_sent = "not_sent"
    """It certainly never left: may be tried again."""
    unknown = "unknown"
    """It may have left, and nothing tells what became of it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt."""

    result: AttemptResult
    at: datetime
    cause: int | None = None
    """Hangup cause of our channel (Q.850), of calls."""
    seconds_heard: float | None = None
    """Of the notice, as sent until the end of the call."""
    key: str | None = None
    """The last key that meant something."""
    detail: str = ""
    """For people who look deeper: dial status, the gateway's word, how an intent was reconciled."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the ledger."""

    id: AttemptId
    target: TargetId | None
    """With ``campaign``: whom it is for; both None where a person, not a campaign, wants it."""
    campaign: CampaignId | None
    medium: Medium
    number: str
    route: str
    """Name of the PBX or of the gateway it goes through."""
    profile: str
    intended_at: datetime
    submitted_at: datetime | None = None
    """Messages: when the gateway took it. Calls by a plan that asks again: when the gate said yes then,
    stored before anybody learned of it."""
    message_ids: tuple[str, ...] = ()
    """One for each part, as the gateway numbers them."""
    outcome: Outcome | None = None
    """None: open."""
    purpose: Purpose = Purpose.notice
    login: str = ""
    """Who had it placed; "" for callcore itself."""
    rate_minor: int = 0
    """What a begun minute, or a message, costs: minor units of the house's currency."""
    plan: Plan = Plan.number_first
    phone: Interface | None = None
    """The operator's, where that is rung first."""
    customer: CustomerId | None = None
    """Whose number it was said to be; a target has its own."""
    call: CallId | None = None
    """Whose channel rings the number, where it is carried."""
    follow_up: int | None = None
    """Of the list of people to call: the wish that it carries out."""

    @property
    def is_confirmed(self) -> bool:
        """Where the plan asks again: the gate has said yes the second time, so that the number may have been
        rung."""
        return self.submitted_at is not None


@dataclass(frozen=True, slots=True)
class PersonsCall:
    """A call that a person wants placed, as the ledger keeps it beside its permit."""

    plan: Plan
    phone: Interface
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class CarriedCall:
    """A number that a channel of a living call rings, likewise."""

    call: CallId | None = None
    customer: CustomerId | None = None


@dataclass(frozen=True, slots=True)
class WishedCall:
    """A call to somebody who asked for it, likewise; its wish is claimed with it."""

    plan: Plan
    follow_up: int
    customer: CustomerId | None = None


CALLING = "calling"
"""``wait`` of a wish while an attempt of it is open: set and taken off with the attempt's own row."""
FOR_PERSON = "person_"
"""Begins ``wait`` of a wish that callcore leaves to people; what follows says why: a result of an attempt,
``tries``, a rule of the gate."""


@dataclass(frozen=True, slots=True)
class FollowUpChange:
    """What an outcome makes of the wish that it was for; stored in one transaction with the outcome."""

    tries: int
    due_at: datetime | None = None
    wait: str = ""
    """See ``callbacks.plan``."""
    done: bool = False
    """He has been talked with."""


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


# --- what the gate knows of a number


@dataclass(frozen=True, slots=True)
class Past:
    """One attempt that left or may have left; ``profile``: the code that it left under."""

    at: datetime
    medium: Medium
    purpose: Purpose = Purpose.notice
    profile: str = ""


@dataclass(frozen=True, slots=True)
class OptOut:
    """A person wants no more of this. ``medium`` None: in no way at all; ``message_class`` "": of no class.
    ``evidence``: how he said so, and who noted it."""

    since: datetime
    evidence: str
    medium: Medium | None = None
    message_class: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """A person agreed to a named clause. ``evidence``: by what that can be shown; without it nothing can."""

    clause: str
    granted_at: datetime
    granted_by: str
    evidence: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """What left within a quarter of an hour that began at ``at``: attempts that left or may have left, begun
    minutes of calls (one for each that is still open), and what that costs in minor units."""

    at: datetime
    medium: Medium
    purpose: Purpose
    route: str
    login: str
    attempts: int = 0
    minutes: int = 0
    cost_minor: int = 0


@dataclass(frozen=True, slots=True)
class NumberHistory:
    """What the gate must know of one number, of the people who have it, and of the house's own day."""

    past: tuple[Past, ...] = ()
    """To this number, over the profile's reach at least; oldest first."""
    to_person: tuple[Past, ...] = ()
    """To the other numbers of the people who have this one."""
    has_open_call: bool = False
    dnc_since: datetime | None = None
    """It is on the do-not-call list since."""
    opt_outs: tuple[OptOut, ...] = ()
    """In force: of this number, or of a person who has it."""
    consents: tuple[Consent, ...] = ()
    """Of people who have this number, withdrawn ones too."""
    usage: tuple[Usage, ...] = ()
    """Of the whole house, today."""
    other_numbers: frozenset[str] = frozenset()
    """Those of ``to_person``."""

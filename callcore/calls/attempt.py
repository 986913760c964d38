"""Placed calls and messages as values: each attempt, whose it is, and what became of it. Pure.

An attempt is an **intent** from the moment it is stored until its outcome is; an intent whose outcome nobody
can find out any more is ``unknown``, and is never repeated. Whom a campaign tells stands in ``campaign``,
what the gate knows of a number in ``number_history``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from callcore.domain import CallId, CustomerId, Interface

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
    machine = "machine"
    """Likewise, but an operator heard an answering machine, and says so."""
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
    withdrawn = "withdrawn"
    """It rang, and was ended by callcore: he had called himself meanwhile."""
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
    """Of the list of people to call: the wish that it carries out, or the entry from which a person has it
    placed."""

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
    follow_up: int | None = None


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

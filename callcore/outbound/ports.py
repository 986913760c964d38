"""What the one room needs of those who really dial and send. Implemented by ``ami/`` and ``messaging/``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from callcore.calls.attempt import AttemptId, Medium
from callcore.domain import CallId, Interface, Language, QueueName, Text
from callcore.outbound.gate import Permit


class NotSent(Exception):
    """It certainly did not leave. ``why``: see the subclasses; the message is for the log."""


class Refused(NotSent):
    """The PBX or the gateway says no to this one, and would again."""


class Throttled(NotSent):
    """Too fast: the same again after ``seconds``."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class RouteGone(NotSent):
    """There is no link to the PBX or the gateway, or no trunk behind it: others would fare the same."""


class Unsure(Exception):
    """The link was lost, or the time limit struck, after it was written: it may have left."""


def check_permit(permit: Permit, medium: Medium, route: str) -> None:
    """Whoever dials or sends asks this first. Raises Refused: the permit is for another way out."""
    ask = permit.ask
    if ask.medium is not medium or ask.route != route:
        raise Refused(f"a permit for {ask.medium} through {ask.route} is none for {route}")


# --- calls


@dataclass(frozen=True, slots=True)
class Way:
    """Of one PBX: how long a number rings, what its owner sees ("" leaves it to the trunk)."""

    ring_seconds: int
    caller_number: str


@dataclass(frozen=True, slots=True)
class CallOrder:
    """What goes with a dial. ``notice``: the prompt's path as that PBX sees it, so that the dialplan can
    play it by itself should callcore be gone when the call is answered; ``ring_seconds``: how long it may
    ring."""

    notice: str
    language: Language
    ring_seconds: int
    caller_number: str
    """What the recipient sees; "" leaves it to the trunk."""


AutoAnswer = Literal["call_info", "alert_info"]


@dataclass(frozen=True, slots=True)
class PhoneOrder:
    """What goes with a dial that rings an operator's phone first, and the number once he has picked it up.
    ``phone_seconds``, ``ring_seconds``: how long phone and number may ring; ``caller_number``: as in
    ``CallOrder``."""

    phone: Interface
    phone_seconds: int
    ring_seconds: int
    caller_number: str
    call: CallId | None = None
    auto_answer: AutoAnswer | None = None
    """The header of SIP that has the phone pick up by itself."""


@dataclass(frozen=True, slots=True)
class QueueOrder:
    """What goes with a placeholder that waits in a queue for an operator; the number is rung once one has
    taken it. ``position``: its place among those of its priority, None: behind them; ``wait_seconds``: how
    long it may wait."""

    queue: QueueName
    position: int | None
    priority: int
    wait_seconds: int
    ring_seconds: int
    caller_number: str
    call: CallId | None = None


@dataclass(frozen=True, slots=True)
class CustomerOrder:
    """What goes with a dial whose number, once it has answered, hears ``notice`` (a prompt's path) and
    waits in the queue before all others, at most ``wait_seconds``."""

    queue: QueueName
    priority: int
    notice: str
    language: Language
    wait_seconds: int
    ring_seconds: int
    caller_number: str


TalkOrder = PhoneOrder | QueueOrder | CustomerOrder
"""People talk in it."""
AnyOrder = CallOrder | TalkOrder


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """Our channel is answered: by the number, or by the phone where that is rung first."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class CallDialled:
    """The dialplan's word on the carrier's leg: its DIALSTATUS and hangup cause."""

    attempt: AttemptId
    status: str
    cause: int | None


@dataclass(frozen=True, slots=True)
class CallTold:
    """The campaign's script: so many seconds of the notice were heard, this key was the last that counted.
    ``enough``: the notice was heard through, or confirmed by a key."""

    attempt: AttemptId
    seconds: float
    key: str | None
    enough: bool


@dataclass(frozen=True, slots=True)
class CallNotMade:
    """No channel could be made at all (OriginateResponse Failure with neither Newchannel nor Hangup)."""

    attempt: AttemptId


@dataclass(frozen=True, slots=True)
class CallHungUp:
    """Our channel is gone; ``cause`` is the result (telephony rule 2)."""

    attempt: AttemptId
    cause: int | None


@dataclass(frozen=True, slots=True)
class RouteLost:
    """The link to this PBX is gone; what lives there goes on without us."""

    route: str


@dataclass(frozen=True, slots=True)
class RouteBack:
    """There is a new link; open intents are to be traced."""

    route: str


CallNews = CallAnswered | CallDialled | CallTold | CallNotMade | CallHungUp | RouteLost | RouteBack
TakeCallNews = Callable[[CallNews], None]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a PBX knows of one attempt, asked after a loss.

    ``is_alive``: its channel lives; ``is_marked``: one that bears its id does, ``is_carrying``: and it still
    is where it rings the number. The rest is the dialplan's journal: ``dialling_at`` it began to dial;
    ``is_taken``: whom a living channel rang has answered; ``status``, ``cause`` of the carrier's leg once
    that ended; ``told_seconds``, ``told_key``, ``told_enough`` as the script or the dialplan's own playing
    noted; ``ended_at`` the end. All None: the PBX never saw it.
    """

    is_alive: bool = False
    is_marked: bool = False
    is_carrying: bool = False
    is_taken: bool = False
    dialling_at: datetime | None = None
    answered_at: datetime | None = None
    status: str | None = None
    cause: int | None = None
    told_seconds: float | None = None
    told_key: str | None = None
    told_enough: bool = False
    ended_at: datetime | None = None
    phone_at: datetime | None = None
    """An operator's phone began to ring."""
    phone_status: str | None = None
    """What Dial made of it, once that ended."""
    phone_cause: int | None = None
    gate: str | None = None
    """Who picked it up was not let through: a rule of the gate, "" where nobody was there to be asked."""

    @property
    def is_known(self) -> bool:
        return self.is_alive or self.dialling_at is not None or self.phone_at is not None


@dataclass(frozen=True, slots=True)
class Traces:
    """Of all attempts asked for. ``pbx_started_at``: an attempt without a trace that was intended after this
    never reached the PBX; one from before may have been forgotten in a crash."""

    pbx_started_at: datetime
    by_attempt: Mapping[AttemptId, Trace]


class Dialer(Protocol):
    """One PBX. News of its calls goes to the ``TakeCallNews`` that it was made with, in the PBX's order."""

    @property
    def trouble(self) -> Text | None:
        """Why nothing can be dialled through it now; None: it can."""

    async def dial(self, permit: Permit, order: AnyOrder) -> None:
        """Returns when the PBX has taken it. Raises NotSent or Unsure. Never repeats anything."""

    async def trace(self, attempts: Collection[AttemptId]) -> Traces:
        """Raises RouteGone when the PBX cannot be asked."""

    async def hang_up(self, attempt: AttemptId) -> None:
        """End a call that is placed; nothing happens if it is over."""


# --- messages


class ReceiptState(StrEnum):
    delivered = "delivered"
    failed = "failed"
    """Undeliverable, rejected, expired, deleted."""
    underway = "underway"
    """Accepted, enroute, unknown: nothing final."""


@dataclass(frozen=True, slots=True)
class Receipt:
    gateway: str
    message_id: str
    number: str
    """Canonical number of the recipient, as far as the receipt names it; else ""."""
    state: ReceiptState
    code: str
    """The gateway's own words, e.g. ``UNDELIV 001``."""


@dataclass(frozen=True, slots=True)
class MessageOrder:
    text: str


class Messenger(Protocol):
    """One gateway. Receipts go to the callback that it was made with; it is acknowledged to the gateway only
    after that callback returned."""

    @property
    def trouble(self) -> Text | None:
        """Why nothing can be sent now; None: it can."""

    async def send(self, permit: Permit, order: MessageOrder) -> tuple[str, ...]:
        """The gateway's message ids, one for each part, once it took all of them. Raises NotSent or Unsure.
        Never repeats anything."""

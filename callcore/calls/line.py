"""Work on a living call, the words for it: what may be ordered, who is meant, what the call bar shows.

Pure values; ``callcore.calls.handset`` turns an order into what the PBX has to be told,
``callcore.calls.lining`` follows in the model what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from callcore.domain import CallId, ChannelRef, Interface, Login, QueueName


class Do(StrEnum):
    """What an operator orders for a call."""

    hang_up = "hang_up"
    """His own leg only: a customer on hold waits on and comes back, those in a room talk on."""
    end = "end"
    """The customer is hung up."""
    hold = "hold"
    resume = "resume"
    mute = "mute"
    unmute = "unmute"
    consult = "consult"
    """The customer waits, and the target is asked."""
    complete = "complete"
    """The customer goes to the one who was asked."""
    back = "back"
    """The one who was asked is let go, the customer is taken again."""
    three_way = "three_way"
    blind = "blind"
    """The customer goes to the target at once; nobody answers there: he comes back. While the target still
    rings for a consultation: it is let go of, and rings for the customer."""
    park = "park"
    """The customer waits without anybody, for whoever takes him; in the end he comes back."""
    take = "take"
    """A parked customer rings the taker's phone."""


@dataclass(frozen=True, slots=True)
class ToQueue:
    queue: QueueName


@dataclass(frozen=True, slots=True)
class ToPerson:
    """A colleague's phone."""

    login: Login
    interface: Interface


@dataclass(frozen=True, slots=True)
class ToInside:
    """A number within the house."""

    number: str


@dataclass(frozen=True, slots=True)
class ToOutside:
    """A number outside: the digits of a permit, and the attempt in the ledger. It is good for one order."""

    digits: str
    attempt: str
    ring_seconds: int = 30
    caller_number: str = ""
    """What its owner sees; "" leaves that to the trunk."""


Target = ToQueue | ToPerson | ToInside | ToOutside


class LineState(StrEnum):
    """How an operator and his call stand."""

    talks = "talks"
    held = "held"
    """The customer hears music, the operator nothing."""
    calling = "calling"
    """The customer waits; the one who is to be asked rings, or is looked for in a queue."""
    consulting = "consulting"
    """The customer waits; operator and the one who is asked talk."""
    failed = "failed"
    """The customer waits; who was to be asked did not answer."""
    room = "room"
    """All three hear each other."""
    consulted = "consulted"
    """He is the one who is asked."""
    bare = "bare"
    """He talks, and the PBX has no dialplan of ours: the phone does the rest."""


LATE: Final = timedelta(seconds=10)
"""What was ordered and has not come about by then was not done."""
_TALKING = frozenset({Do.hang_up, Do.end, Do.hold, Do.consult, Do.blind, Do.park})
MAY: Final[Mapping[LineState, frozenset[Do]]] = {
    LineState.talks: _TALKING,
    LineState.held: frozenset({Do.hang_up, Do.end, Do.resume, Do.consult, Do.blind, Do.park}),
    LineState.calling: frozenset({Do.back, Do.blind}),
    LineState.consulting: frozenset({Do.back, Do.complete, Do.three_way}),
    LineState.failed: frozenset({Do.hang_up, Do.end, Do.back, Do.consult, Do.blind, Do.park}),
    LineState.room: frozenset({Do.hang_up, Do.end}),
    LineState.consulted: frozenset({Do.hang_up}),
    LineState.bare: frozenset({Do.hang_up, Do.end}),
}
"""What may be ordered in each state, besides mute and unmute."""
_OTHERS: Final = frozenset(Do) - {Do.mute, Do.unmute, Do.take}


@dataclass(frozen=True, slots=True)
class LineView:
    """What the call bar shows."""

    state: LineState = LineState.talks
    since: datetime | None = None
    """Since when it is so; None: since the call was answered."""
    with_: str = ""
    """The one who is asked: his login, queue or number."""
    is_muted: bool = False
    failed: str = ""
    """Why nobody answered the consultation, in Asterisk's word: ``BUSY``, ``NOANSWER``, ``TIMEOUT``, …"""
    is_outside: bool = False
    """Who is asked has a number outside: while it rings it cannot be let go of, for it would be dialled
    anew."""

    @property
    def held(self) -> bool:
        return self.state in (LineState.held, LineState.calling, LineState.consulting, LineState.failed)

    @property
    def room(self) -> bool:
        return self.state is LineState.room

    @property
    def consult_state(self) -> Literal["", "rings", "talks", "failed"]:
        return _CONSULT.get(self.state, "")

    @property
    def may(self) -> frozenset[Do]:
        may = MAY[self.state] | {Do.unmute if self.is_muted else Do.mute}
        return may - {Do.blind} if self.is_outside and self.state is LineState.calling else may

    @property
    def why_not(self) -> Mapping[Do, str]:
        """Why the rest cannot be ordered: codes that name texts, ``while_`` and the state."""
        return dict.fromkeys(_OTHERS - self.may, f"while_{self.state.value}")


_CONSULT: Final[Mapping[LineState, Literal["rings", "talks", "failed"]]] = {
    LineState.calling: "rings",
    LineState.consulting: "talks",
    LineState.failed: "failed",
}

PLAIN: Final = LineView()
"""An ordinary talk: what holds for every answered call of which no ``ShowLine`` has told anything else."""


@dataclass(frozen=True, slots=True)
class Line:
    """A call on which an operator works, as far as the PBX's own news do not tell it. Part of the call."""

    by: Login
    mine: ChannelRef
    """His channel."""
    order: Do
    """The newest: why customer and operator are about to part, or to come together."""
    since: datetime
    target: Target | None = None
    """Who is asked, or gets the customer."""
    is_apart: bool = False
    """The customer has left the operator's company."""
    is_asking: bool = False
    """The target rings, is looked for, or talks with the operator."""
    failed: str = ""
    before: Line | None = field(default=None, compare=False)
    """What held before this order: it holds again if the PBX refuses it."""


@dataclass(frozen=True, slots=True)
class ParkedCall:
    """A customer who waits without anybody."""

    call: CallId
    by: Login
    since: datetime


def name_of(target: Target | None) -> str:
    """Of a target, for people: login, queue or number."""
    match target:
        case ToQueue(queue):
            return queue
        case ToPerson(login):
            return login
        case ToInside(number):
            return number
        case ToOutside(digits):
            return f"+{digits}"
        case _:
            return ""

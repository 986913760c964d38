"""What the PBX has to be told so that an order of an operator comes about. Pure.

The customer is always the one who moves: he waits in ``callcore-hold`` and joins whom he shall talk with by
his own channel (ADR 31). Only the operator's and the consulted one's channels are named besides, never one
that is not of this call. The variables are set before the Redirect that makes use of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

from callcore.calls.line import (
    MAY,
    Do,
    LineState,
    Target,
    ToInside,
    ToOutside,
    ToPerson,
    ToQueue,
)
from callcore.domain import CallId, Interface, PbxName

CONSULT_HOLD_SECONDS: Final = 900
"""While others talk about him. Who loses his operator meanwhile is sent on at once (``left_alone``), but
not by a callcore that has died."""
TAKE_SECONDS: Final = 20
"""How long the phone of who takes a parked customer rings."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long who waits for what."""

    hold: int = 600
    """A customer on hold or parked, before he comes back."""
    consult: int = 30
    """Whoever is asked rings, or is looked for in a queue."""
    handover: int = 30
    """Whom a customer was given to rings, or is looked for, before the customer comes back."""

    @property
    def alone(self) -> int:
        """His operator's silent side ends first, so that his phone is free to ring."""
        return self.hold - 2


_NAME = re.compile(r"[-0-9A-Za-z_./@:+;]+\Z")
"""Of a channel that the dialplan can join: other characters are filtered out there."""
_INSIDE = re.compile(r"[0-9*#]{1,20}\Z")
_OUTSIDE = re.compile(r"[1-9][0-9]{6,14}\Z", re.ASCII)
_ATTEMPT = re.compile(r"[a-z0-9]{1,40}\Z", re.ASCII)
_SHOWN = re.compile(r"(?:\+?[0-9]{2,15})?\Z", re.ASCII)


class Place(Enum):
    """Where a channel may be sent: context and extension, at priority 1. There is no other place."""

    hold = ("callcore-hold", "s")
    alone = ("callcore-alone", "s")
    join = ("callcore-join", "s")
    consult_people = ("callcore-consult", "people")
    consult_queue = ("callcore-consult", "queue")
    consult_number = ("callcore-consult", "number")
    consult_outside = ("callcore-consult", "outside")
    handover_people = ("callcore-handover", "people")
    handover_queue = ("callcore-handover", "queue")
    handover_number = ("callcore-handover", "number")
    outside = ("callcore-carried", "s")
    room = ("callcore-room", "s")
    room_ours = ("callcore-room", "ours")
    take = ("callcore-take", "s")
    back = ("callcore-return", "s")


@dataclass(frozen=True, slots=True)
class SetVar:
    channel: str
    name: str
    value: str
    may_miss: bool = False
    """The channel may be gone by now: that changes nothing."""


@dataclass(frozen=True, slots=True)
class Redirect:
    channel: str
    place: Place
    extra: str | None = None
    extra_place: Place | None = None


@dataclass(frozen=True, slots=True)
class HangUp:
    channel: str
    may_miss: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """What this channel says is not heard, or heard again."""

    channel: str
    on: bool


Order = SetVar | Redirect | HangUp | Mute


@dataclass(frozen=True, slots=True)
class Impossible:
    """It cannot be done; ``code`` names a text: ``while_STATE``, ``no_target``, ``odd_channel``."""

    code: str


@dataclass(frozen=True, slots=True)
class Parts:
    """The channels of a call by their names in Asterisk, as one operator has them."""

    call: CallId
    pbx: PbxName
    customer: str
    mine: str
    state: LineState
    sender: Interface
    """Where the customer comes back to."""
    others: tuple[str, ...] = ()
    """Of those who are asked: one who talks with the operator, or all that ring."""
    who: str = ""
    """The customer's number, where his channel does not carry it: he was called."""
    target: Target | None = None
    """Who is being asked."""
    is_muted: bool = False
    seconds: Seconds = Seconds()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer on hold without an operator."""

    call: CallId
    pbx: PbxName
    customer: str
    seconds: Seconds = Seconds()


Orders = tuple[Order, ...]


def orders(parts: Parts, do: Do, target: Target | None = None) -> Orders | Impossible:
    """What to send, in this order; a refusal of one ends it. ``target`` of ``consult`` and ``blind``; while
    one is asked ``blind`` without a target lets go of him; a number outside would be dialled anew by that."""
    if do is Do.take or (do not in MAY[parts.state] and do not in (Do.mute, Do.unmute)):
        return Impossible(f"while_{parts.state.value}")
    names = (parts.customer, parts.mine, *parts.others)
    if not all(_NAME.match(name) for name in names):
        return Impossible("odd_channel")
    if do in (Do.consult, Do.blind):
        if target is None and do is Do.blind:
            if isinstance(parts.target, ToOutside):
                return Impossible(f"while_{parts.state.value}")
            target = parts.target
        if (why := _refused(target)) is not None:
            return why
        assert target is not None
        return tuple(_consult(parts, target) if do is Do.consult else _blind(parts, target))
    return tuple(_PLAIN[do](parts))


def taken(waiting: Waiting, taker: Interface) -> Orders:
    """The parked customer rings this phone."""
    customer = waiting.customer
    return (
        SetVar(customer, "CALLCORE_TAKER", taker),
        SetVar(customer, "CALLCORE_RINGS", str(TAKE_SECONDS)),
        Redirect(customer, Place.take),
    )


def sent_on(waiting: Waiting, target: Target | None) -> Orders:
    """The customer whose operator has gone: to whom he was about to ask, or back to him. A number outside is
    dialled once for each word of the gate."""
    if target is None or isinstance(target, ToOutside) or _refused(target) is not None:
        return (Redirect(waiting.customer, Place.back),)
    return (
        *_aim(waiting.customer, target, waiting.seconds.handover),
        Redirect(waiting.customer, _handover(target)),
    )


def _refused(target: Target | None) -> Impossible | None:
    match target:
        case None:
            return Impossible("no_target")
        case ToOutside() if not _is_sound(target):
            return Impossible("no_target")
        case ToInside(number) if not _INSIDE.match(number):
            return Impossible("no_target")
        case _:
            return None


def _is_sound(target: ToOutside) -> bool:
    is_ours = _OUTSIDE.match(target.digits) and _ATTEMPT.match(target.attempt)
    return is_ours is not None and _SHOWN.match(target.caller_number) is not None


def _hang_up(parts: Parts) -> Iterator[Order]:
    yield HangUp(parts.mine)


def _end(parts: Parts) -> Iterator[Order]:
    yield HangUp(parts.customer)


def _hold(parts: Parts) -> Iterator[Order]:
    yield from _way_back(parts, parts.seconds.hold)
    yield from _apart(parts)
    yield Redirect(parts.customer, Place.hold, parts.mine, Place.alone)


def _resume(parts: Parts) -> Iterator[Order]:
    """Resume and back in one: only the customer moves."""
    yield from _forget_him(parts)
    yield from _join(parts, parts.mine)


def _complete(parts: Parts) -> Iterator[Order]:
    yield from _forget_him(parts)
    yield from _join(parts, parts.others[0])


def _three_way(parts: Parts) -> Iterator[Order]:
    yield from _forget_him(parts)
    for channel in (parts.customer, parts.mine, parts.others[0]):
        yield SetVar(channel, "__CALLCORE_CALL", parts.call)
    yield Redirect(parts.mine, Place.room_ours, parts.others[0], Place.room_ours)
    yield Redirect(parts.customer, Place.room)


def _park(parts: Parts) -> Iterator[Order]:
    yield from _way_back(parts, parts.seconds.hold)
    yield Redirect(parts.customer, Place.hold)
    if parts.state is not LineState.talks:  # else he is hung up as he loses the customer
        yield HangUp(parts.mine, may_miss=True)


def _mute(parts: Parts) -> Iterator[Order]:
    yield Mute(parts.mine, on=True)


def _unmute(parts: Parts) -> Iterator[Order]:
    yield Mute(parts.mine, on=False)


_PLAIN: Final = {
    Do.hang_up: _hang_up,
    Do.end: _end,
    Do.hold: _hold,
    Do.resume: _resume,
    Do.back: _resume,
    Do.complete: _complete,
    Do.three_way: _three_way,
    Do.park: _park,
    Do.mute: _mute,
    Do.unmute: _unmute,
}


def _consult(parts: Parts, target: Target) -> Iterator[Order]:
    yield from _way_back(parts, CONSULT_HOLD_SECONDS)
    yield from _apart(parts)
    yield SetVar(parts.mine, "__CALLCORE_HELD", parts.customer)
    yield from _aim(parts.mine, target, parts.seconds.consult)
    place = {
        ToPerson: Place.consult_people,
        ToQueue: Place.consult_queue,
        ToInside: Place.consult_number,
        ToOutside: Place.consult_outside,
    }[type(target)]
    # The customer moves even if he waits already: his time begins anew.
    yield Redirect(parts.customer, Place.hold, parts.mine, place)


def _blind(parts: Parts, target: Target) -> Iterator[Order]:
    yield from _forget_him(parts)
    yield from _way_back(parts, parts.seconds.hold)
    yield from _aim(parts.customer, target, parts.seconds.handover)
    yield Redirect(parts.customer, _handover(target))
    if parts.state is not LineState.talks:
        yield HangUp(parts.mine, may_miss=True)


def _handover(target: Target) -> Place:
    return {
        ToPerson: Place.handover_people,
        ToQueue: Place.handover_queue,
        ToInside: Place.handover_number,
        ToOutside: Place.outside,
    }[type(target)]


def _aim(channel: str, target: Target, seconds: int) -> Iterator[Order]:
    match target:
        case ToPerson(_login, interface):
            yield SetVar(channel, "CALLCORE_DIALS", interface)
        case ToQueue(queue):
            yield SetVar(channel, "CALLCORE_TOQUEUE", queue)
        case ToInside(number):
            yield SetVar(channel, "CALLCORE_TO", number)
        case ToOutside():
            yield SetVar(channel, "CALLCORE_ATTEMPT", target.attempt)
            yield SetVar(channel, "CALLCORE_TO", target.digits)
            yield SetVar(channel, "CALLCORE_SHOWN", target.caller_number)
            seconds = target.ring_seconds
        case _:  # pragma: no cover - no other targets
            assert_never(target)
    yield SetVar(channel, "CALLCORE_RINGS", str(seconds))


def _way_back(parts: Parts, seconds: int) -> Iterator[Order]:
    """What the customer's channel needs so that he comes back by himself, whatever becomes of callcore."""
    customer = parts.customer
    yield SetVar(customer, "CALLCORE_SENDER", parts.sender)
    yield SetVar(customer, "CALLCORE_HOLD", str(seconds))
    yield SetVar(customer, "__CALLCORE_CALL", parts.call)
    if parts.who:
        yield SetVar(customer, "CALLCORE_WHO", parts.who)


def _apart(parts: Parts) -> Iterator[Order]:
    """The call's id is what a restarted callcore knows the operator's silent channel by."""
    yield SetVar(parts.mine, "CALLCORE_ALONE", str(parts.seconds.alone))
    yield SetVar(parts.mine, "__CALLCORE_CALL", parts.call)


def _forget_him(parts: Parts) -> Iterator[Order]:
    """Those who are asked must not look for the customer any more as they lose the operator: who still thinks
    him on hold would take him away, or join a channel that is about to die."""
    for other in parts.others:
        yield SetVar(other, "CALLCORE_HELD", "", may_miss=True)


def _join(parts: Parts, peer: str) -> Iterator[Order]:
    """``CALLCORE_GIVEN``: the operator's channel ends when it loses its talk, not waiting in silence."""
    yield SetVar(parts.mine, "CALLCORE_GIVEN", "1")
    yield SetVar(parts.customer, "CALLCORE_PEER", peer)
    yield Redirect(parts.customer, Place.join)

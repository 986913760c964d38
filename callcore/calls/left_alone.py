"""Customers and operators whose waiting no news of the PBX would end: they are sent on, or hung up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import lines, lining
from callcore.calls.call import Call, Phase
from callcore.calls.effects import Effect, EndChannel, EndWhy, Party, SendOn, TransferKind
from callcore.calls.line import Do, Line, Target, name_of
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelId, ChannelRef, PbxName

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker

GHOST = timedelta(seconds=2)
"""A channel that was hung up is gone within milliseconds; one that another was about to join may never go."""
HOLD = "callcore-hold"
_WAITING = frozenset({Do.hold, Do.resume, Do.back})


def leg_gone(floor: Tracker, call_id: CallId, ref: ChannelRef, now: datetime) -> Iterator[Effect]:
    """A leg of a call that goes on has ended: is the customer still on hold, and for whom?"""
    call = floor.calls[call_id]
    if ref in call.muted:
        call = floor.calls[call_id] = replace(call, muted=tuple(r for r in call.muted if r != ref))
    line = call.line
    if line is None:
        return
    is_his = line.mine == ref
    if is_his and not line.is_apart and line.order is not Do.three_way:
        floor.calls[call_id] = replace(call, line=None)
        return
    if not line.is_apart or (not is_his and line.mine in floor.mirror.channels):
        yield from lining.show(floor, call_id)
        return
    got = [each for each in lines.people_of(floor, floor.mirror.company(call.anchor)) if each != call.anchor]
    if got:  # he did not come into the room
        yield from lining.given(floor, call, line, got, now)
    else:
        yield from _left_waiting(floor, call, line, now)
    yield from lining.show(floor, call_id)


def _left_waiting(floor: Tracker, call: Call, line: Line, now: datetime) -> Iterator[Effect]:
    """His operator has gone. Who talked with the one who was asked has given him the customer by that: the
    dialplan brings them together."""
    channels = floor.mirror.channels
    if any(ref in channels and channels[ref].is_up for ref in floor.legs.of(call.id) if ref != line.mine):
        return
    if line.order is Do.park or (line.order in _WAITING and not line.is_asking):
        yield from lining.park(floor, call, line, now)
        return
    floor.calls[call.id] = replace(call, line=None)
    is_ringing = line.is_asking and not line.failed
    if is_ringing or line.order is Do.blind:
        kind = TransferKind.blonde if is_ringing else TransferKind.blind
        party = Party(None, name_of(line.target) or None)
        yield from floor.teller.transferred(call.id, kind, line.mine, (party,), now)
    if line.order is not Do.blind:
        yield from _send_on(floor, call, line.target if is_ringing else None)


def _send_on(floor: Tracker, call: Call, target: Target | None) -> Iterator[Effect]:
    customer = floor.mirror.channels.get(call.anchor)
    if customer is not None and customer.name:
        key = f"{call.id}:send_on:{call.parts}:{len(call.rings)}"
        yield SendOn(key, call.id, call.anchor, customer.name, target)


def found_waiting(floor: Tracker, call: Call, found: f.Found) -> Iterator[Effect]:
    """He was about to be handed on, and while nobody looked his operator has gone: nobody would fetch him."""
    legs = floor.legs.of(call.id)
    channels = floor.mirror.channels
    is_alone = call.line is None and not any(ref in channels and channels[ref].is_up for ref in legs)
    if found.context == HOLD and call.phase is not Phase.ended and is_alone:
        yield from _send_on(floor, call, None)


def customer_gone(floor: Tracker, call: Call, now: datetime) -> Iterator[Effect]:
    """The customer has hung up: his operator must not wait for him in silence, now or after he has asked."""
    line = call.line
    if line is None or not line.is_apart or line.mine not in floor.mirror.channels:
        return
    if line.is_asking or lining.asked_here(floor, call, line):
        floor.bereaved.add(line.mine)
        return
    yield from end(floor, call.id, line.mine, "held_gone", now)


def end(floor: Tracker, call: CallId | None, ref: ChannelRef, why: EndWhy, now: datetime) -> Iterator[Effect]:
    channel = floor.mirror.channels.get(ref)
    if channel is not None and channel.name:
        key = f"{ref.pbx}:{ref.id}:end:{why}:{now.timestamp()}"
        yield EndChannel(key, call, ref, channel.name, why)


def alone_in_room(floor: Tracker, pbx: PbxName, bridge: str | None, now: datetime) -> Iterator[Effect]:
    """Somebody has left this bridge. A conference of ours does not end with the last but one."""
    ref = floor.mirror.alone_in_room(pbx, bridge)
    if ref is not None:
        leg = floor.legs.get(ref)
        yield from end(floor, leg.call if leg is not None else None, ref, "alone_in_room", now)


# --- channels that do not die


def hangup_asked(floor: Tracker, fact: f.HangupAsked, now: datetime) -> Iterator[Effect]:
    call_id = lines.call_of(floor, fact.channel)
    if call_id is not None and floor.calls[call_id].was_ordered:
        floor.remind("ghost", f"{fact.channel.pbx} {fact.channel.id}", now + GHOST)
    return iter(())


def ghost(floor: Tracker, name: str, now: datetime) -> Iterator[Effect]:
    pbx, _, channel = name.partition(" ")
    ref = ChannelRef(PbxName(pbx), ChannelId(channel))
    yield from end(floor, lines.call_of(floor, ref), ref, "ghost", now)

"""What queues tell: who waits, whose phone rings for him, who took him."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import entering, lines, lining, placing
from callcore.calls import facts as f
from callcore.calls.call import Answered, Call, Leg, RingGivenUp, RingLegEnded, RingStarted
from callcore.calls.causes import leg_end_reason
from callcore.calls.effects import Effect
from callcore.calls.mirror import is_placeholder
from callcore.domain import CallId, ChannelRef, Direction, EndReason, Interface

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def joined(floor: Tracker, fact: f.QueueJoined, now: datetime) -> Iterator[Effect]:
    if fact.channel in floor.mirror.ended:
        floor.odd["queue_join_after_hangup"] += 1
        return
    if is_placeholder(fact.channel):
        yield from placing.stands(floor, fact.channel, now)
        return
    if lining.asker(floor, fact.channel) is not None:
        return  # an operator looks for somebody to ask
    caller = lines.caller_of(floor, fact.channel)
    call = floor.call_of(caller)
    if call is None:
        yield from _begin(floor, caller, fact, now)
    else:
        yield from floor.own(call.id, now)
        floor.teller.requeued(call.id, fact.queue, now)
    floor.by_channel[fact.channel] = floor.by_channel[caller]
    yield from entering.on_channel(floor, fact, now)


def _begin(floor: Tracker, caller: ChannelRef, fact: f.QueueJoined, now: datetime) -> Iterator[Effect]:
    channel = floor.mirror.channels.get(caller)
    yield from floor.begin(
        caller,
        fact.caller_number,
        fact.caller_name,
        channel.dialed_number if channel else None,
        now,
        direction=Direction.internal if lines.is_house(floor, caller) else Direction.inbound,
    )


def agent_called(floor: Tracker, fact: f.AgentCalled, now: datetime) -> Iterator[Effect]:
    call = _call(floor, fact.channel)
    if call is None:
        floor.odd["agent_called_for_nobody"] += 1
        return
    if fact.member_channel in floor.legs:
        floor.odd["agent_called_again"] += 1
        return
    login = floor.login_at(fact.channel.pbx, fact.interface)
    yield from floor.move(call.id, RingStarted(login, fact.interface), now)
    yield from _hold_leg(floor, call.id, fact.interface, fact.member_channel, now)


def agent_missed(floor: Tracker, fact: f.AgentDidNotAnswer, now: datetime) -> Iterator[Effect]:
    call = _call(floor, fact.channel)
    if call is not None:
        yield from floor.move(call.id, RingGivenUp(fact.interface), now)


def agent_connected(floor: Tracker, fact: f.AgentConnected, now: datetime) -> Iterator[Effect]:
    call = _call(floor, fact.channel)
    if call is None:
        floor.odd["agent_connected_to_nobody"] += 1
        return
    interface = _taker(floor, fact)
    login = floor.login_at(fact.channel.pbx, interface)
    if placing.has_no_phone(call) and login is not None:
        yield from placing.taken(floor, call, login, interface, now)
    else:
        yield from floor.move(call.id, Answered(login, interface), now)
    yield from _hold_leg(floor, call.id, interface, fact.member_channel, now)
    yield from lines.look(floor, call.id, now)
    if fact.member_channel is not None:
        yield from floor.teller.ring_ended(call.id, fact.member_channel, EndReason.completed, now)


def left(floor: Tracker, fact: f.QueueLeft | f.QueueAbandoned, now: datetime) -> Iterator[Effect]:
    if lining.asker(floor, fact.channel) is None:
        yield from entering.on_channel(floor, fact, now)


def _call(floor: Tracker, ref: ChannelRef) -> Call | None:
    """The call of a caller who waits, or that about which an operator asks."""
    return lining.asker(floor, ref) or floor.call_of(ref)


def _taker(floor: Tracker, fact: f.AgentConnected) -> Interface:
    """The member; or, when somebody picked the member's call up, the phone that did."""
    ref = fact.member_channel
    leg = floor.legs.get(ref) if ref is not None else None
    if leg is not None:
        return leg.interface
    channel = floor.mirror.channels.get(ref) if ref is not None else None
    if channel is None or channel.is_local or channel.device in ("", fact.interface):
        return fact.interface
    return channel.device


def _hold_leg(
    floor: Tracker, call_id: CallId, interface: Interface, leg: ChannelRef | None, now: datetime
) -> Iterator[Effect]:
    """From here on this channel is the operator's in this call, if it still lives."""
    if leg is None:
        return
    ring = floor.calls[call_id].newest_ring(interface)
    if leg in floor.mirror.ended:  # it failed at once: its Hangup was quicker than the queue's word
        _at, cause = floor.mirror.ended[leg]
        reason = leg_end_reason(cause, answered=False)
        yield from floor.move(call_id, RingLegEnded(interface, reason, ring), now)
    else:
        floor.legs[leg] = Leg(call_id, interface, ring)

"""A channel has ended: that of an operator or of a ring, or that of the caller, and his call with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import left_alone, lines
from callcore.calls.call import Call, CallerGone, Leg, Phase, RingLegEnded
from callcore.calls.causes import DIAL_OVER, leg_end_reason
from callcore.calls.effects import Effect
from callcore.domain import CallId, ChannelRef, EndReason

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def hung_up(floor: Tracker, fact: f.ChannelHungUp, now: datetime) -> Iterator[Effect]:
    before = floor.mirror.company(fact.channel)
    channel = floor.mirror.channels.get(fact.channel)
    status = channel.dial_status if channel else ""
    was_up = channel.is_up if channel else False
    bridge = channel.bridge if channel else None
    floor.remind("ghost", f"{fact.channel.pbx} {fact.channel.id}", None)
    floor.mirror.hung_up(fact, now)
    floor.bereaved.discard(fact.channel)
    leg = floor.legs.pop(fact.channel, None)
    yield from lines.look_around(floor, fact.channel, before, now)
    reason = leg_end_reason(fact.cause, answered=False, status=status)
    if leg is not None:
        told = EndReason.completed if was_up and fact.cause is not None else reason
        yield from floor.teller.ring_ended(leg.call, fact.channel, told, now)
        yield from _leg_ended(floor, leg, fact.channel, before, reason, now)
        yield from left_alone.leg_gone(floor, leg.call, fact.channel, now)
    if bridge is not None:
        yield from left_alone.alone_in_room(floor, fact.channel.pbx, bridge, now)
    call_id = floor.by_channel.get(fact.channel)
    if call_id is not None and floor.calls[call_id].anchor == fact.channel:
        yield from _caller_gone(floor, call_id, fact, reason, now)
    elif call_id is not None:
        del floor.by_channel[fact.channel]


def _leg_ended(
    floor: Tracker, leg: Leg, ref: ChannelRef, before: frozenset[ChannelRef], reason: EndReason, now: datetime
) -> Iterator[Effect]:
    """Of a behind-a-member leg the member's own channel ends the ring; in a conference several calls
    lose this operator."""
    others = {floor.by_channel[peer] for peer in before if peer in floor.by_channel} - {leg.call}
    if not _is_there_still(floor, leg):
        yield from floor.move(leg.call, RingLegEnded(leg.interface, reason, leg.ring), now)
    for call_id in sorted(others):
        yield from floor.move(call_id, RingLegEnded(leg.interface, reason), now)


def _is_there_still(floor: Tracker, leg: Leg) -> bool:
    """Another channel of the same ring is left; or this was a half of the Local channel behind which he
    answered, and he is worked on without it."""
    others = [ref for ref in floor.legs.of(leg.call) if floor.legs[ref].interface == leg.interface]
    if any(floor.legs[ref] == leg for ref in others):
        return True
    call, channels = floor.calls[leg.call], floor.mirror.channels
    if call.line is None or not leg.interface.startswith("Local/"):
        return False
    return any(ref in channels and channels[ref].is_up and not channels[ref].is_local for ref in others)


def _caller_gone(
    floor: Tracker, call_id: CallId, fact: f.ChannelHungUp, reason: EndReason, now: datetime
) -> Iterator[Effect]:
    call = floor.calls[call_id]
    yield from floor.teller.ring_ended(call_id, fact.channel, reason, now)
    yield from _dial_is_over(floor, call_id, now)
    last_ring = floor.teller.last_result(call_id)
    yield from left_alone.customer_gone(floor, call, now)
    yield from floor.move(call_id, CallerGone(fact.cause, last_ring), now)
    yield from floor.teller.ended(call_id, _why_ended(call, fact.cause), now)


def _dial_is_over(floor: Tracker, call_id: CallId, now: datetime) -> Iterator[Effect]:
    """The dialplan has given up, and the caller's Hangup was quicker than that of the phone that rang."""
    for ref in floor.legs.of(call_id):
        channel, leg = floor.mirror.channels.get(ref), floor.legs[ref]
        reason = DIAL_OVER.get(channel.dial_status) if channel is not None and not channel.is_up else None
        if reason is not None:
            yield from floor.teller.ring_ended(call_id, ref, reason, now)
            yield from floor.move(call_id, RingLegEnded(leg.interface, reason, leg.ring), now)


def _why_ended(call: Call, cause: int | None) -> EndReason | None:
    """Why the call ended, as far as its caller's own side tells; None: as its last ring ended."""
    if cause is None:
        return EndReason.lost
    if call.answered_at is not None:
        return EndReason.completed
    if call.queued_at is not None:
        has_waited = call.phase is Phase.left_queue and not call.is_abandoned
        return EndReason.no_answer if has_waited else EndReason.cancelled
    return None

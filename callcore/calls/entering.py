"""Callers come in, and what the IVR tells of them is a move of their calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import lines
from callcore.calls.call import CallerGone
from callcore.calls.effects import Effect
from callcore.domain import Direction, EndReason

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def on_channel(
    floor: Tracker,
    fact: f.QueueJoined
    | f.QueueLeft
    | f.QueueAbandoned
    | f.LanguageChosen
    | f.RouteChosen
    | f.MessageBegun
    | f.WordToCome
    | f.IvrLeft,
    now: datetime,
) -> Iterator[Effect]:
    """A fact of the caller's channel that is a move of his call as it is."""
    call_id = floor.by_channel.get(fact.channel)
    if call_id is None and isinstance(fact, f.IvrLeft):  # the Hangup was quicker than our own IVR
        call_id = next((call.id for call in floor.calls.values() if call.channel == fact.channel), None)
    if call_id is None:
        floor.odd["no_call_on_channel"] += 1
        return
    yield from floor.move(call_id, fact, now)


def call_entered(floor: Tracker, fact: f.CallEntered, now: datetime) -> Iterator[Effect]:
    if (known := floor.call_of(fact.channel)) is not None:
        yield from floor.own(known.id, now)
        return
    if fact.channel in floor.finished and fact.channel not in floor.mirror.channels:
        floor.odd["call_entered_again"] += 1
        return
    name, number = fact.channel_name, fact.caller_number
    is_internal = fact.direction is Direction.inbound and lines.is_house_phone(
        floor, fact.channel.pbx, name, number
    )
    yield from floor.begin(
        fact.channel,
        number,
        fact.caller_name,
        fact.dialed_number,
        now,
        direction=Direction.internal if is_internal else fact.direction,
    )
    ended = floor.mirror.ended.get(fact.channel)
    if ended is not None:
        call_id = floor.by_channel[fact.channel]
        yield from floor.move(call_id, CallerGone(ended[1]), now)
        yield from floor.teller.ended(call_id, EndReason.cancelled, now)

"""What the PBX tells of channels and bridges: the mirror learns it, and the calls look around."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from callcore.calls import facts as f
from callcore.calls import left_alone, lines
from callcore.calls.causes import leg_end_reason
from callcore.calls.effects import Effect
from callcore.calls.values import replace
from callcore.domain import CallId, EndReason

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def created(floor: Tracker, fact: f.ChannelCreated, now: datetime) -> Iterator[Effect]:
    floor.mirror.created(fact, now)
    return iter(())


def renamed(floor: Tracker, fact: f.ChannelRenamed, _now: datetime) -> Iterator[Effect]:
    floor.mirror.renamed(fact)
    return iter(())


def channel_answered(floor: Tracker, fact: f.ChannelAnswered, now: datetime) -> Iterator[Effect]:
    floor.mirror.answered(fact)
    call_id = lines.call_of(floor, fact.channel)
    if call_id is not None:
        yield from floor.teller.ring_ended(call_id, fact.channel, EndReason.completed, now)


def caller_id(floor: Tracker, fact: f.CallerIdChanged, _now: datetime) -> Iterator[Effect]:
    floor.mirror.caller_id(fact)
    return iter(())


def dial_ended(floor: Tracker, fact: f.DialEnded, _now: datetime) -> Iterator[Effect]:
    floor.mirror.dial_ended(fact.target, fact.status)
    return iter(())


def dialled_out(floor: Tracker, fact: f.DialledOut, _now: datetime) -> Iterator[Effect]:
    call = floor.calls.get(floor.by_channel.get(fact.channel) or CallId(""))
    if call is not None and fact.status != "ANSWER":
        reason = leg_end_reason(fact.cause, answered=False, status=fact.status)
        floor.calls[call.id] = replace(call, not_reached=reason)
    return iter(())


def machine_heard(floor: Tracker, fact: f.MachineHeard, _now: datetime) -> Iterator[Effect]:
    if (call := floor.calls.get(fact.call)) is not None:
        floor.calls[call.id] = replace(call, not_reached=EndReason.no_answer)
    return iter(())


def recording_began(floor: Tracker, _fact: f.RecordingBegan, _now: datetime) -> Iterator[Effect]:
    return iter(())


def entered(floor: Tracker, fact: f.BridgeEntered, now: datetime) -> Iterator[Effect]:
    before = floor.mirror.company(fact.channel)
    floor.mirror.entered(fact, now)
    yield from lines.look_around(floor, fact.channel, before, now)


def left(floor: Tracker, fact: f.BridgeLeft, now: datetime) -> Iterator[Effect]:
    before = floor.mirror.company(fact.channel)
    call_id = floor.by_channel.get(fact.channel)
    if call_id is not None and len(before) > 1 and floor.calls[call_id].line is None:
        floor.teller.moved(call_id)
    floor.mirror.left(fact)
    yield from lines.look_around(floor, fact.channel, before, now)
    yield from left_alone.alone_in_room(floor, fact.channel.pbx, fact.bridge, now)

"""After a connect: hold what we believed against the Snapshot of what lives."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcore.calls import lining, placing
from callcore.calls.agent import Agent, pause_member, set_penalty, sign_in
from callcore.calls.call import Answered, EndTold, Leg, Phase, RingStarted
from callcore.calls.effects import AddMember, Effect
from callcore.calls.facts import ChannelHungUp, JournalRow, LiveChannel, LiveEntry, QueueJoined, Snapshot
from callcore.calls.line import Do, Line
from callcore.calls.lines import is_house, look, met, reached_before
from callcore.calls.mirror import Channel, device_of, is_placeholder, placed_number
from callcore.calls.recovery import contact_of_row
from callcore.calls.values import replace
from callcore.domain import CallId, ChannelId, ChannelRef, Direction, Source

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker

_APART = {"callcore-alone": Do.hold, "callcore-consult": Do.consult}
"""Where operators are who have parted from their customers, and what they ordered."""


def resync(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """End what vanished, adopt what lives, put the members right. Every step is harmless when repeated."""
    living = {row.channel for row in fact.channels}
    for told in fact.journal:
        if told.channel not in living:
            yield from _end_as_told(floor, told, now)
    if fact.has_journal:
        _doubt_the_ivr(floor, fact, living)
    for channel in floor.mirror.snapshot(fact, now):
        yield from floor.handle(ChannelHungUp(channel, None), now)
    yield from _end_ghosts(floor, fact, now)
    for row in _callers(floor, fact):
        yield from _adopt(floor, row, now)
    for entry in fact.entries:
        yield from _adopt_entry(floor, entry, now)
    for row in fact.channels:
        yield from _adopt_ring(floor, row, now)
        yield from _adopt_talk(floor, row, now)
        yield from _adopt_line(floor, row, now)
    for call_id in [c.id for c in floor.calls.values() if c.channel.pbx == fact.pbx]:
        if floor.calls[call_id].phase is not Phase.ended:
            yield from look(floor, call_id, now)
    for agent in [a for a in floor.agents.values() if a.pbx == fact.pbx]:
        yield from _put_members_right(agent, fact)


def _end_as_told(floor: Tracker, row: JournalRow, now: datetime) -> Iterator[Effect]:
    """A call that we knew ended unseen, and the dialplan wrote down how: its word beats ``lost``."""
    call = floor.call_of(row.channel)
    if call is None or call.phase is Phase.ended:
        return
    contact = contact_of_row(row, call, now, floor.canonical, login_at=floor.login_at)
    yield from floor.move(call.id, EndTold(contact), now)
    yield from floor.teller.ended(call.id, contact.end_reason, now)


def _doubt_the_ivr(floor: Tracker, fact: Snapshot, living: set[ChannelRef]) -> None:
    """Of a PBX that died our IVR hears the same as of a caller who hung up. Who did hang up stands in the
    journal; of the others nobody knows."""
    for call in [call for call in floor.calls.values() if call.ends_by is not None]:
        is_gone = call.channel.pbx == fact.pbx and call.channel not in living
        if is_gone and call.phase is not Phase.ended:
            floor.calls[call.id] = replace(call, ends_by=None)


def _end_ghosts(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """What was told of channels that were not seen to begin, and are not there.

    A call that began since the login is younger than the rows: its channel may be yet to come.
    """
    for leg in [ref for ref in floor.legs if ref.pbx == fact.pbx and ref not in floor.mirror.channels]:
        yield from floor.handle(ChannelHungUp(leg, None), now)
    since = floor.link_up_at.get(fact.pbx, now)
    for channel, call_id in list(floor.by_channel.items()):
        call = floor.calls.get(call_id)
        is_older = channel.pbx == fact.pbx and call is not None and call.started_at < since
        if is_older and channel not in floor.mirror.channels:
            yield from floor.handle(ChannelHungUp(channel, None), now)


def _callers(floor: Tracker, fact: Snapshot) -> list[LiveChannel]:
    """The caller's row of each call that began in an earlier life of the daemon.

    Operators' legs inherit the call's id from the caller's channel, which is the oldest one that has it.
    """
    oldest: dict[CallId, LiveChannel] = {}
    for row in fact.channels:
        if row.call is None or row.call in floor.calls or row.call in floor.finished:
            continue
        is_leg = row.linked != row.channel.id
        if is_leg and floor.login_at(row.channel.pbx, device_of(row.name)) is not None:
            continue
        known = oldest.get(row.call)
        if known is None or _is_first(floor, row) > _is_first(floor, known):
            oldest[row.call] = row
    return list(oldest.values())


def _is_first(floor: Tracker, row: LiveChannel) -> tuple[bool, int, bool]:
    """Whom a phone of ours has called may have been there in the same second."""
    return row.channel in floor.placed, row.seconds, row.linked == row.channel.id


def _adopt(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    is_gone = row.channel not in floor.mirror.channels
    if is_gone or row.channel in floor.by_channel:
        return
    if row.channel in floor.placed:
        since = now - timedelta(seconds=row.seconds)
        yield from placing.begin(floor, row.channel, now, source=Source.snapshot, started_at=since)
        return
    called = _called_by(floor, row.channel)
    yield from floor.begin(
        row.channel,
        row.dialed_number if called else row.caller_number,
        None if called else row.caller_name,
        row.dialed_number,
        now,
        source=Source.snapshot,
        call_id=row.call,
        started_at=now - timedelta(seconds=row.seconds),
        topic=row.topic,
        direction=Direction.outbound if called else _direction(floor, row.channel),
    )
    call_id = floor.by_channel[row.channel]
    for channel in called:
        floor.legs[channel.ref] = Leg(call_id, channel.device)


def _called_by(floor: Tracker, by: ChannelRef) -> list[Channel]:
    """Those outside whom a phone of the house has called: their legs have its Linkedid."""
    if not is_house(floor, by):
        return []
    theirs = [c for ref, c in floor.mirror.channels.items() if ref.pbx == by.pbx and c.linked == by.id]
    return [c for c in theirs if c.ref != by and not c.is_local and not is_house(floor, c.ref)]


def _direction(floor: Tracker, caller: ChannelRef) -> Direction:
    return Direction.internal if is_house(floor, caller) else Direction.inbound


def _adopt_ring(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    """An operator's phone rings, and we did not see for whom: its Linkedid tells."""
    is_known = row.channel in floor.legs or row.channel in floor.by_channel
    login = floor.login_of(row.channel)
    if row.state != "Ringing" or login is None or is_known or row.channel not in floor.mirror.channels:
        return
    caller = ChannelRef(row.channel.pbx, ChannelId(row.linked))
    channel = floor.mirror.channels.get(caller)
    if channel is None or caller == row.channel or placed_number(channel.name) is not None:
        return
    if caller not in floor.by_channel:
        if is_house(floor, caller):
            return
        yield from floor.begin(
            caller,
            channel.caller_number,
            channel.caller_name,
            channel.dialed_number,
            now,
            source=Source.snapshot,
            started_at=channel.created_at,
            phase=Phase.dialling,
        )
    call_id = floor.by_channel[caller]
    interface = floor.seat(login, floor.mirror.channels[row.channel])
    yield from floor.move(call_id, RingStarted(login, interface), now)
    floor.legs[row.channel] = Leg(call_id, interface, floor.calls[call_id].newest_ring(interface))
    yield from floor.teller.rang(call_id, row.channel, now)


def _adopt_talk(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    """An operator talks with somebody of whose call we never heard."""
    if row.bridge is None or row.channel not in floor.mirror.channels:
        return
    company = floor.mirror.company(row.channel)
    if not any(ref in floor.by_channel for ref in company):
        yield from met(floor, company, now, Source.snapshot)


def _adopt_line(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    """After a restart: an operator who has put his customer on hold, or asks somebody about him."""
    login = floor.login_of(row.channel) if row.context in _APART else None
    call = floor.calls.get(row.mark) if row.mark is not None else None
    if login is None or call is None or call.line is not None or call.phase is Phase.ended:
        return
    interface = floor.seat(login, floor.mirror.channels[row.channel])
    if row.channel == call.channel and reached_before(floor, call):
        interface = floor.legs[row.channel].interface  # he has called the customer
    elif row.channel in floor.legs or row.channel in floor.by_channel:
        return
    else:
        floor.legs[row.channel] = Leg(call.id, interface)
    yield from floor.move(call.id, Answered(login, interface), now)
    order = _APART[row.context]
    line = Line(login, row.channel, order, now, is_apart=True, is_asking=order is Do.consult)
    floor.calls[call.id] = replace(floor.calls[call.id], line=line, was_ordered=True)
    yield from lining.show(floor, call.id)


def _adopt_entry(floor: Tracker, entry: LiveEntry, now: datetime) -> Iterator[Effect]:
    """A caller who waits in a queue, whether or not he came through our IVR."""
    channel = floor.mirror.channels.get(entry.channel)
    if channel is None:
        return
    if is_placeholder(entry.channel):
        yield from placing.stands(floor, entry.channel, now, Source.snapshot)
        return
    joined_at = now - timedelta(seconds=entry.waited_seconds)
    if entry.channel not in floor.by_channel:
        yield from floor.begin(
            entry.channel,
            channel.caller_number,
            channel.caller_name,
            channel.dialed_number,
            now,
            source=Source.snapshot,
            started_at=joined_at,
            direction=_direction(floor, entry.channel),
        )
    call = floor.calls[floor.by_channel[entry.channel]]
    if call.talking_with:
        return
    since = floor.link_up_at.get(channel.ref.pbx, now)
    has_left_since = call.left_queue_at is not None and call.left_queue_at >= since
    is_known = call.phase is Phase.waiting and call.queue == entry.queue
    if not is_known and not has_left_since:
        joined = QueueJoined(entry.channel, entry.queue, 0, channel.caller_number, channel.caller_name)
        yield from floor.move(call.id, joined, joined_at)


def _put_members_right(agent: Agent, fact: Snapshot) -> Iterator[Effect]:
    """Members added over AMI do not survive a restart of Asterisk, nor a command lost with the link."""
    there = {m.queue: m for m in fact.members if m.interface == agent.interface}
    _same, effects = sign_in(agent)
    for effect in effects:
        if isinstance(effect, AddMember) and effect.queue not in there:
            yield dataclasses.replace(effect, key=f"{effect.key}:{fact.epoch}")
    wants_pause = not agent.is_available
    wrong = tuple(q for q in agent.queues if q in there and there[q].paused != wants_pause)
    if wrong:
        pause = pause_member(agent, paused=wants_pause)
        yield dataclasses.replace(pause, key=f"{pause.key}:{fact.epoch}", queues=wrong)
    for queue, penalty in agent.penalties.items():
        if queue in there and queue in agent.queues and there[queue].penalty != penalty:
            rated = set_penalty(agent, queue)
            yield dataclasses.replace(rated, key=f"{rated.key}:{fact.epoch}")

"""After a connect: hold what we believed against the Snapshot of what lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcore.calls.agent import Agent, pause_member, sign_in
from callcore.calls.call import Phase
from callcore.calls.effects import AddMember, Effect
from callcore.calls.facts import ChannelHungUp, LiveChannel, LiveEntry, QueueJoined, Snapshot
from callcore.calls.mirror import device_of
from callcore.domain import CallId, Source

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def resync(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """End what vanished, adopt what lives, put the members right. Every step is harmless when repeated."""
    for channel in floor.mirror.snapshot(fact, now):
        yield from floor.handle(ChannelHungUp(channel, None), now)
    yield from _end_ghosts(floor, fact, now)
    for row in _callers(floor, fact):
        yield from _adopt(floor, row, now)
    for entry in fact.entries:
        yield from _adopt_entry(floor, entry, now)
    for call_id in [c.id for c in floor.calls.values() if c.channel.pbx == fact.pbx]:
        if floor.calls[call_id].phase is not Phase.ended:
            yield from floor.look(call_id, now)
    for agent in [a for a in floor.agents.values() if a.pbx == fact.pbx]:
        yield from _put_members_right(agent, fact)


def _end_ghosts(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """What was told of channels that were not seen to begin, and are not there.

    A call that began since the login is younger than the rows: its channel may be yet to come.
    """
    for leg in [ref for ref in floor.legs if ref.pbx == fact.pbx and ref not in floor.mirror.channels]:
        yield from floor.handle(ChannelHungUp(leg, None), now)
    since = floor.link_up_at.get(fact.pbx, now)
    for channel, call_id in list(floor.by_channel.items()):
        is_older = channel.pbx == fact.pbx and floor.calls[call_id].started_at < since
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
        if floor.login_at(row.channel.pbx, device_of(row.name)) is not None:
            continue
        if row.call not in oldest or row.seconds > oldest[row.call].seconds:
            oldest[row.call] = row
    return list(oldest.values())


def _adopt(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    is_gone = row.channel not in floor.mirror.channels
    if is_gone or row.channel in floor.by_channel:
        return
    yield from floor.begin(
        row.channel,
        row.caller_number,
        row.caller_name,
        row.dialed_number,
        now,
        source=Source.snapshot,
        call_id=row.call,
        started_at=now - timedelta(seconds=row.seconds),
        topic=row.topic,
    )


def _adopt_entry(floor: Tracker, entry: LiveEntry, now: datetime) -> Iterator[Effect]:
    """A caller who waits in a queue, whether or not he came through our IVR."""
    channel = floor.mirror.channels.get(entry.channel)
    if channel is None:
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
            yield replace(effect, key=f"{effect.key}:{fact.epoch}")
    wants_pause = not agent.is_available
    wrong = tuple(q for q in agent.queues if q in there and there[q].paused != wants_pause)
    if wrong:
        pause = pause_member(agent, paused=wants_pause)
        yield replace(pause, key=f"{pause.key}:{fact.epoch}", queues=wrong)

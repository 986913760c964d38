"""After a connect: hold what we believed against the Snapshot of what lives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from callcore.calls.agent import Agent, pause_member, sign_in
from callcore.calls.call import Leg, Phase
from callcore.calls.effects import AddMember, Effect
from callcore.calls.facts import ChannelHungUp, LiveChannel, LiveEntry, QueueJoined, Snapshot
from callcore.domain import Source

if TYPE_CHECKING:
    from callcore.calls.tracker import Tracker


def resync(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """End what vanished, adopt what lives, put the members right. Every step is harmless when repeated."""
    for channel in floor.mirror.snapshot(fact, now):
        yield from floor.handle(ChannelHungUp(channel, None), now)
    yield from _end_ghosts(floor, fact, now)
    for row in fact.channels:
        yield from _adopt(floor, row, now)
    for entry in fact.entries:
        yield from _adopt_entry(floor, entry, now)
    for agent in [a for a in floor.agents.values() if a.pbx == fact.pbx]:
        yield from _put_members_right(agent, fact)


def _end_ghosts(floor: Tracker, fact: Snapshot, now: datetime) -> Iterator[Effect]:
    """Calls that the IVR reported while the link was down, and whose channel is gone."""
    since = floor.link_up_at.get(fact.pbx, now)
    for call in list(floor.calls.values()):
        is_older = call.channel.pbx == fact.pbx and call.started_at < since
        if is_older and call.phase is not Phase.ended and call.channel not in floor.mirror.channels:
            yield from floor.handle(ChannelHungUp(call.channel, None), now)


def _adopt(floor: Tracker, row: LiveChannel, now: datetime) -> Iterator[Effect]:
    """A caller whose call we began in an earlier life of the daemon."""
    is_known = floor.call_of(row.channel) is not None
    if row.call is None or is_known or row.channel not in floor.mirror.channels:
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
    )
    _adopt_legs(floor, row)
    yield from floor.meet(row.channel, now)


def _adopt_legs(floor: Tracker, row: LiveChannel) -> None:
    for peer in floor.mirror.peers(row.channel):
        device = floor.mirror.channels[peer].device
        if row.call is not None and floor.login_at(peer.pbx, device) is not None:
            floor.legs.setdefault(peer, Leg(row.call, device))


def _adopt_entry(floor: Tracker, entry: LiveEntry, now: datetime) -> Iterator[Effect]:
    """A caller who waits in a queue, whether or not he came through our IVR."""
    channel = floor.mirror.channels.get(entry.channel)
    if channel is None:
        return
    joined_at = now - timedelta(seconds=entry.waited_seconds)
    if floor.call_of(entry.channel) is None:
        yield from floor.begin(
            entry.channel,
            channel.caller_number,
            channel.caller_name,
            channel.dialed_number,
            now,
            source=Source.snapshot,
            started_at=joined_at,
        )
    call = floor.call_of(entry.channel)
    if call is not None and call.phase is Phase.ivr:
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

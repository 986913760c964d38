"""Level one: which channels live, who is in a bridge with whom, who dialled whom. Knows nothing of calls.

``Mirror`` is the one mutable thing here; it is fed facts and asked questions. What Asterisk says twice, late
or about unknown channels changes nothing and is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcore.calls.facts import (
    BridgeEntered,
    BridgeLeft,
    CallerIdChanged,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    ChannelRenamed,
    DialBegan,
    LiveChannel,
    Snapshot,
)
from callcore.domain import ChannelRef, Interface, PbxName

TOMBSTONE = timedelta(seconds=60)
"""How long an ended channel is remembered, so that news that come late do not revive it."""


@dataclass(slots=True)
class Channel:
    ref: ChannelRef
    name: str
    """Empty while only its bridge is known: it was created before we looked."""
    caller_number: str | None
    caller_name: str | None
    dialed_number: str | None
    created_at: datetime
    is_up: bool = False
    bridge: str | None = None
    is_stale: bool = False
    """Known from before the present AMI session; only a Snapshot or its own events prove it alive."""
    is_bridge_stale: bool = False
    """Where it is was last heard before the present AMI session, even if it is known to live."""
    linked: str = ""
    own_number: str | None = None
    """As it was created: the dialplan may show another one to whom it calls."""
    is_wire: bool = False
    """Half of a Local channel of which both halves were seen: nobody who could talk."""
    dialled_by: ChannelRef | None = None
    dial_status: str = ""
    """What Dial or Queue said of this leg; only CANCEL and NOANSWER can be relied on."""

    @property
    def device(self) -> Interface:
        return device_of(self.name)

    @property
    def is_local(self) -> bool:
        return self.name.startswith("Local/")


def device_of(channel_name: str) -> Interface:
    """``PJSIP/101-00000002`` -> ``PJSIP/101``; the half of a Local channel (``;1``) goes too."""
    base = channel_name.removeprefix("AsyncGoto/").split(";", 1)[0]
    head, dash, _tail = base.rpartition("-")
    return Interface(head if dash else base)


def seat_of(interface: Interface) -> Interface:
    """A member's interface as its channels are named: a Local one loses its options (``…/n``)."""
    if not interface.startswith("Local/"):
        return interface
    return Interface("/".join(interface.split("/")[:2]))


_PLACED = re.compile(r"Local/([0-9]{1,20})@callcore-dial-[0-9a-f]+;[12]")


def placed_number(channel_name: str) -> str | None:
    """The number that callcore itself dialled on this channel; None for anybody else's."""
    found = _PLACED.fullmatch(channel_name)
    return f"+{found[1]}" if found else None


_Bridge = tuple[PbxName, str]


@dataclass(slots=True)
class Mirror:
    channels: dict[ChannelRef, Channel] = field(default_factory=dict)
    ended: dict[ChannelRef, tuple[datetime, int | None]] = field(default_factory=dict)
    """Tombstones: when, and the hangup cause. The oldest first."""
    odd: Counter[str] = field(default_factory=Counter)
    _bridges: dict[_Bridge, set[ChannelRef]] = field(default_factory=dict)
    _holding: set[_Bridge] = field(default_factory=set)
    """Bridges in which people wait alone."""
    _rooms: set[_Bridge] = field(default_factory=set)
    """Conferences of ours."""
    _halves: dict[tuple[PbxName, str], ChannelRef] = field(default_factory=dict)
    """Halves of Local channels by name."""

    # --- facts

    def created(self, fact: ChannelCreated, now: datetime) -> None:
        known = self.channels.get(fact.channel)
        if fact.channel in self.ended or (known is not None and known.name):
            self.odd["channel_created_again"] += 1
            return
        channel = Channel(
            fact.channel,
            fact.name,
            fact.caller_number,
            fact.caller_name,
            fact.dialed_number,
            now,
            bridge=known.bridge if known else None,
            linked=fact.linked,
            own_number=fact.caller_number,
        )
        self.channels[fact.channel] = channel
        self._note_half(channel)

    def renamed(self, fact: ChannelRenamed) -> None:
        if channel := self._known(fact.channel):
            self._forget_half(channel)
            channel.name = fact.name
            channel.is_stale = False
            self._note_half(channel)

    def answered(self, fact: ChannelAnswered) -> None:
        if channel := self._known(fact.channel):
            channel.is_up = True
            channel.is_stale = False

    def caller_id(self, fact: CallerIdChanged) -> None:
        if channel := self._known(fact.channel):
            channel.caller_number = fact.caller_number
            channel.caller_name = fact.caller_name

    def dialled(self, fact: DialBegan, now: datetime) -> None:
        """Both ends may be news: they were created before we looked, or their news are yet to come."""
        for ref, name, number in (
            (fact.channel, fact.channel_name, fact.caller_number),
            (fact.target, fact.target_name, fact.target_number),
        ):
            if ref is None or ref in self.ended:
                continue
            channel = self.channels.get(ref)
            if channel is None:
                channel = self.channels[ref] = Channel(ref, "", None, None, None, now)
            if not channel.name:
                channel.name, channel.caller_number = name, number
                self._note_half(channel)
        if target := self.channels.get(fact.target):
            target.dialled_by = fact.channel
            target.caller_number = fact.target_number or target.caller_number

    def dial_ended(self, target: ChannelRef, status: str) -> None:
        """Told more than once of a queue's leg; the first word is the right one."""
        if channel := self.channels.get(target):
            channel.dial_status = channel.dial_status or status

    def entered(self, fact: BridgeEntered, now: datetime) -> None:
        """Kept of an unknown channel too: its row of the Snapshot may be older than this."""
        channel = self._known(fact.channel)
        if channel is None and fact.channel not in self.ended:
            channel = self.channels[fact.channel] = Channel(fact.channel, "", None, None, None, now)
        if channel is not None:
            if fact.is_holding:
                self._holding.add((fact.channel.pbx, fact.bridge))
            if fact.is_room:
                self._rooms.add((fact.channel.pbx, fact.bridge))
            self._place(channel, fact.bridge)

    def left(self, fact: BridgeLeft) -> None:
        channel = self._known(fact.channel)
        if channel and channel.bridge == fact.bridge:
            self._place(channel, None)

    def hung_up(self, fact: ChannelHungUp, now: datetime) -> Channel | None:
        """The channel that ended; None if it was unknown (its tombstone is set all the same)."""
        channel = self.channels.get(fact.channel)
        if channel:
            self._place(channel, None)
            self._forget_half(channel)
            del self.channels[fact.channel]
        if self.ended.pop(fact.channel, None) is not None:
            self.odd["hangup_again"] += 1
        self.ended[fact.channel] = (now, fact.cause)
        self.forget_old(now)
        return channel

    # --- questions

    def company(self, ref: ChannelRef) -> frozenset[ChannelRef]:
        """Everybody who can hear this channel, itself included: those in its bridge, and through Local
        channels those in the next ones. Whoever waits alone (parked) is heard by nobody."""
        channel = self.channels.get(ref)
        if channel is None:
            return frozenset()
        if channel.bridge is None and not channel.is_local:
            return frozenset((ref,))
        near = self._beside(channel)
        if near and not any(self.channels[other].is_local for other in near):  # as nearly always
            return frozenset(near)
        found, todo = {ref}, [channel]
        while todo:
            channel = todo.pop()
            near = self._beside(channel)
            if (half := self.other_half(channel)) is not None:
                near = near | {half}
            for other in near:
                if other not in found:
                    found.add(other)
                    todo.append(self.channels[other])
        return frozenset(found)

    def _beside(self, channel: Channel) -> set[ChannelRef]:
        if channel.bridge is None:
            return set()
        key = (channel.ref.pbx, channel.bridge)
        return set() if key in self._holding else self._bridges[key]

    def beside(self, ref: ChannelRef) -> frozenset[ChannelRef]:
        """Channels in the same bridge, itself included."""
        channel = self.channels.get(ref)
        return frozenset() if channel is None else frozenset(self._beside(channel))

    def is_room(self, ref: ChannelRef) -> bool:
        """Is this channel in a conference of ours?"""
        channel = self.channels.get(ref)
        return channel is not None and (ref.pbx, channel.bridge or "") in self._rooms

    def alone_in_room(self, pbx: PbxName, bridge: str | None) -> ChannelRef | None:
        """Who is the only one in this conference of ours."""
        key = (pbx, bridge or "")
        inside = self._bridges.get(key, set()) if key in self._rooms else set()
        return next(iter(inside)) if len(inside) == 1 else None

    def behind(self, half: ChannelRef) -> frozenset[ChannelRef]:
        """People in the bridge of this half of a Local channel."""
        channel = self.channels[half]
        return frozenset(ref for ref in self._beside(channel) if not self.channels[ref].is_local)

    def other_half(self, channel: Channel) -> ChannelRef | None:
        """The other end of a Local channel, while it lives."""
        if not channel.is_local:
            return None
        name, semicolon, half = channel.name.rpartition(";")
        if not semicolon:
            return None
        return self._halves.get((channel.ref.pbx, f"{name};{'2' if half == '1' else '1'}"))

    # --- after a connect

    def link_up(self, pbx: PbxName) -> None:
        """Everything of this PBX is hearsay from now on; old tombstones no longer count against its rows."""
        for ref, channel in self.channels.items():
            if ref.pbx == pbx:
                channel.is_stale = channel.is_bridge_stale = True
        for ref in [ref for ref in self.ended if ref.pbx == pbx]:
            del self.ended[ref]

    def snapshot(self, fact: Snapshot, now: datetime) -> tuple[ChannelRef, ...]:
        """Take the rows over; gives the channels that have vanished since the last session.

        A row whose hangup was seen since the login is older than that hangup and is passed over.
        """
        alive = {row.channel for row in fact.channels}
        for row in fact.channels:
            if row.channel not in self.ended:
                self._take_row(row, now)
        stale = [r for r, c in self.channels.items() if r.pbx == fact.pbx and c.is_stale and r not in alive]
        return tuple(stale)

    def forget_old(self, now: datetime) -> None:
        while self.ended:
            oldest = next(iter(self.ended))
            if now - self.ended[oldest][0] <= TOMBSTONE:
                return
            del self.ended[oldest]

    def _take_row(self, row: LiveChannel, now: datetime) -> None:
        """What its own events said since the login is newer than the row, the rest is taken from the row."""
        known = self.channels.get(row.channel)
        if known is not None and known.name and not known.is_stale and not known.is_bridge_stale:
            return
        channel = Channel(
            row.channel,
            known.name if known and known.name and not known.is_stale else row.name,
            row.caller_number,
            row.caller_name,
            row.dialed_number,
            known.created_at if known and known.name else now - timedelta(seconds=row.seconds),
            is_up=row.state == "Up" or bool(known and known.is_up),
            bridge=known.bridge if known else None,
            linked=row.linked or (known.linked if known else ""),
            own_number=known.own_number if known else row.caller_number,
            dialled_by=known.dialled_by if known else None,
        )
        if known is not None:
            self._forget_half(known)
        self.channels[row.channel] = channel
        self._note_half(channel)
        self._place(channel, channel.bridge if known and not known.is_bridge_stale else row.bridge)

    # --- inside

    def _known(self, ref: ChannelRef) -> Channel | None:
        channel = self.channels.get(ref)
        if channel is None:
            self.odd["unknown_channel"] += 1
        return channel

    def _note_half(self, channel: Channel) -> None:
        if not channel.is_local:
            return
        self._halves[channel.ref.pbx, channel.name] = channel.ref
        if (half := self.other_half(channel)) is not None:
            channel.is_wire = self.channels[half].is_wire = True

    def _forget_half(self, channel: Channel) -> None:
        if channel.is_local and self._halves.get((channel.ref.pbx, channel.name)) == channel.ref:
            del self._halves[channel.ref.pbx, channel.name]

    def _place(self, channel: Channel, bridge: str | None) -> None:
        if channel.bridge is not None:
            key = (channel.ref.pbx, channel.bridge)
            members = self._bridges[key]
            members.discard(channel.ref)
            if not members:
                del self._bridges[key]
                self._holding.discard(key)
                self._rooms.discard(key)
        if bridge is not None:
            self._bridges.setdefault((channel.ref.pbx, bridge), set()).add(channel.ref)
        channel.bridge = bridge
        channel.is_stale = channel.is_bridge_stale = False

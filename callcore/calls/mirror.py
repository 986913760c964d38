"""Level one: which channels live, and who is in a bridge with whom. Knows nothing of calls.

``Mirror`` is the one mutable thing here; it is fed facts and asked questions. What Asterisk says twice, late
or about unknown channels changes nothing and is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from callcore.calls.facts import (
    BridgeEntered,
    BridgeLeft,
    ChannelAnswered,
    ChannelCreated,
    ChannelHungUp,
    ChannelRenamed,
    LiveChannel,
    Snapshot,
)
from callcore.domain import ChannelRef, Interface, PbxName

TOMBSTONE = timedelta(seconds=60)
"""How long an ended channel is remembered, so that news that come late do not revive it."""


@dataclass(frozen=True, slots=True)
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

    @property
    def device(self) -> Interface:
        return device_of(self.name)


def device_of(channel_name: str) -> Interface:
    """``PJSIP/101-00000002`` -> ``PJSIP/101``; the half of a Local channel (``;1``) goes too."""
    base = channel_name.split(";", 1)[0]
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


@dataclass(slots=True)
class Mirror:
    channels: dict[ChannelRef, Channel] = field(default_factory=dict)
    ended: dict[ChannelRef, tuple[datetime, int | None]] = field(default_factory=dict)
    """Tombstones: when, and the hangup cause. The oldest first."""
    odd: Counter[str] = field(default_factory=Counter)
    _bridges: dict[tuple[PbxName, str], set[ChannelRef]] = field(default_factory=dict)

    def created(self, fact: ChannelCreated, now: datetime) -> None:
        known = self.channels.get(fact.channel)
        if fact.channel in self.ended or (known is not None and known.name):
            self.odd["channel_created_again"] += 1
            return
        self.channels[fact.channel] = Channel(
            fact.channel,
            fact.name,
            fact.caller_number,
            fact.caller_name,
            fact.dialed_number,
            now,
            bridge=known.bridge if known else None,
        )

    def renamed(self, fact: ChannelRenamed) -> None:
        if channel := self._known(fact.channel):
            self.channels[fact.channel] = replace(channel, name=fact.name, is_stale=False)

    def answered(self, fact: ChannelAnswered) -> None:
        if channel := self._known(fact.channel):
            self.channels[fact.channel] = replace(channel, is_up=True, is_stale=False)

    def entered(self, fact: BridgeEntered, now: datetime) -> None:
        """Kept of an unknown channel too: its row of the Snapshot may be older than this."""
        channel = self._known(fact.channel)
        if channel is None and fact.channel not in self.ended:
            channel = Channel(fact.channel, "", None, None, None, now)
        if channel is not None:
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
            del self.channels[fact.channel]
        if self.ended.pop(fact.channel, None) is not None:
            self.odd["hangup_again"] += 1
        self.ended[fact.channel] = (now, fact.cause)
        self.forget_old(now)
        return channel

    def peers(self, channel: ChannelRef) -> frozenset[ChannelRef]:
        """Who shares a bridge with this channel, without itself."""
        known = self.channels.get(channel)
        if known is None or known.bridge is None:
            return frozenset()
        return frozenset(self._bridges[channel.pbx, known.bridge] - {channel})

    def link_up(self, pbx: PbxName) -> None:
        """Everything of this PBX is hearsay from now on; old tombstones no longer count against its rows."""
        for ref, channel in self.channels.items():
            if ref.pbx == pbx:
                self.channels[ref] = replace(channel, is_stale=True, is_bridge_stale=True)
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
        )
        self._place(channel, channel.bridge if known and not known.is_bridge_stale else row.bridge)

    def _known(self, ref: ChannelRef) -> Channel | None:
        channel = self.channels.get(ref)
        if channel is None:
            self.odd["unknown_channel"] += 1
        return channel

    def _place(self, channel: Channel, bridge: str | None) -> None:
        if channel.bridge is not None:
            key = (channel.ref.pbx, channel.bridge)
            members = self._bridges[key]
            members.discard(channel.ref)
            if not members:
                del self._bridges[key]
        if bridge is not None:
            self._bridges.setdefault((channel.ref.pbx, bridge), set()).add(channel.ref)
        self.channels[channel.ref] = replace(channel, bridge=bridge, is_stale=False, is_bridge_stale=False)

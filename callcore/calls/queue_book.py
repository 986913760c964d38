"""How busy each queue is, as the PBX tells it: its members, who of them is paused, who waits since when.
Whoever asked to be called back does not wait: a placeholder of his is nobody.

Between a login and the Snapshot that follows, lists and events overtake each other: what an event told since
the login beats the list's row.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.calls.effects import Effect
from callcore.calls.mirror import is_placeholder
from callcore.domain import ChannelRef, Interface, PbxName, QueueName


@dataclass(slots=True)
class Line:
    """One queue of one PBX."""

    members: set[Interface] = field(default_factory=set)
    paused: set[Interface] = field(default_factory=set)
    """Those of ``members`` that are."""
    waiting: dict[ChannelRef, datetime] = field(default_factory=dict)
    """Since when; the first one waits longest."""

    def waits_since(self) -> datetime | None:
        """Of whoever waits longest."""
        return next(iter(self.waiting.values()), None)


_Place = tuple[PbxName, QueueName]
_Told = ChannelRef | tuple[QueueName, Interface]


class QueueBook:
    """``take`` each fact; ``lines`` to read. Part of the tracker."""

    def __init__(self, ended: Container[ChannelRef]) -> None:
        """``ended``: channels of which the end was seen."""
        self._ended = ended
        self._lines: dict[_Place, Line] = {}
        self._where: dict[ChannelRef, _Place] = {}
        self._known: set[PbxName] = set()
        """PBXs whose Snapshot has come, and whose link holds since."""
        self._told: dict[PbxName, set[_Told]] = {}
        """By PBX whose Snapshot is awaited: of whom events have told since its login."""
        self._leaving: set[tuple[_Place, Interface]] = set()
        """Whom callcore takes out: the PBX has not said yet that they are."""
        self._up_at: dict[PbxName, datetime] = {}
        """When that login was."""

    def lines(self, pbx: PbxName) -> Iterator[tuple[QueueName, Line]]:
        """Every queue of this PBX; none while its link is down, or its Snapshot has not come: better no word
        than an old one."""
        if pbx in self._known:
            for (at, queue), line in self._lines.items():
                if at == pbx:
                    yield queue, line

    def take(self, fact: f.Fact, now: datetime) -> None:
        reader = _READERS.get(type(fact))
        if reader is not None:
            reader(self, fact, now)

    # --- callers

    def _joined(self, fact: f.QueueJoined, now: datetime) -> None:
        if fact.channel not in self._ended and not is_placeholder(fact.channel):
            self._tell(fact.channel.pbx, fact.channel)
            self._wait(fact.channel, fact.queue, now)

    def _gone(self, fact: f.QueueLeft | f.QueueAbandoned | f.ChannelHungUp, _now: datetime) -> None:
        self._tell(fact.channel.pbx, fact.channel)
        self._forget(fact.channel)

    def _wait(self, channel: ChannelRef, queue: QueueName, since: datetime) -> None:
        self._forget(channel)
        place = self._where[channel] = channel.pbx, queue
        self._line(place).waiting[channel] = since

    def _forget(self, channel: ChannelRef) -> None:
        place = self._where.pop(channel, None)
        if place is not None:
            del self._lines[place].waiting[channel]

    # --- members

    def take_out(self, effects: Iterable[Effect]) -> None:
        """Whoever has signed out takes no call any more, though the PBX still lists his phone for a moment:
        who is rung on the strength of it would wait for nobody."""
        for effect in effects:
            if isinstance(effect, do.RemoveMember):
                place = effect.pbx, effect.queue
                self._leaving.add((place, effect.interface))
                self._unseat(place, effect.interface)

    def put_in(self, effects: Iterable[Effect]) -> None:
        """He is back before the PBX has said that he was gone."""
        for effect in effects:
            if isinstance(effect, do.AddMember):
                self._leaving.discard(((effect.pbx, effect.queue), effect.interface))

    def _member(self, fact: f.MemberStatus, _now: datetime) -> None:
        self._tell(fact.pbx, (fact.queue, fact.interface))
        self._seat((fact.pbx, fact.queue), fact.interface, paused=fact.paused)

    def _member_gone(self, fact: f.MemberRemoved, _now: datetime) -> None:
        self._tell(fact.pbx, (fact.queue, fact.interface))
        self._leaving.discard(((fact.pbx, fact.queue), fact.interface))
        self._unseat((fact.pbx, fact.queue), fact.interface)

    def _unseat(self, place: _Place, interface: Interface) -> None:
        line = self._line(place)
        line.members.discard(interface)
        line.paused.discard(interface)

    def _seat(self, place: _Place, interface: Interface, *, paused: bool) -> None:
        if (place, interface) in self._leaving:
            return
        line = self._line(place)
        line.members.add(interface)
        (line.paused.add if paused else line.paused.discard)(interface)

    # --- the link

    def _link_up(self, fact: f.LinkUp, now: datetime) -> None:
        self._known.discard(fact.pbx)
        self._told[fact.pbx] = set()
        self._up_at[fact.pbx] = now

    def _link_lost(self, fact: f.LinkLost, _now: datetime) -> None:
        self._known.discard(fact.pbx)
        self._told.pop(fact.pbx, None)

    def _snapshot(self, fact: f.Snapshot, now: datetime) -> None:
        told = self._told.pop(fact.pbx, set())
        self._leaving = {each for each in self._leaving if each[0][0] != fact.pbx}
        before = {place: line for place, line in self._lines.items() if place[0] == fact.pbx}
        for place in before:
            del self._lines[place]
        for queue in fact.queues:
            self._line((fact.pbx, queue))
        for row in fact.members:
            if (row.queue, row.interface) not in told:
                self._seat((fact.pbx, row.queue), row.interface, paused=row.paused)
        # Who is listed, and of whom no event has told, came before the login, however late the list is here.
        latest = self._up_at.get(fact.pbx, now)
        waiting = {
            entry.channel: (entry.queue, min(latest, now - timedelta(seconds=entry.waited_seconds)))
            for entry in fact.entries
            if entry.channel not in told and not is_placeholder(entry.channel)
        }
        for (_pbx, queue), line in before.items():
            for interface in line.members:
                if (queue, interface) in told:
                    self._seat((fact.pbx, queue), interface, paused=interface in line.paused)
            for channel, since in line.waiting.items():
                del self._where[channel]
                if channel in told:
                    waiting[channel] = queue, since
        for channel, (queue, since) in sorted(waiting.items(), key=lambda each: each[1][1]):
            self._wait(channel, queue, since)
        self._known.add(fact.pbx)

    def _tell(self, pbx: PbxName, whom: _Told) -> None:
        if pbx in self._told:
            self._told[pbx].add(whom)

    def _line(self, place: _Place) -> Line:
        line = self._lines.get(place)
        if line is None:
            line = self._lines[place] = Line()
        return line


_READERS: dict[type, Callable[..., None]] = {
    f.QueueJoined: QueueBook._joined,
    f.QueueLeft: QueueBook._gone,
    f.QueueAbandoned: QueueBook._gone,
    f.ChannelHungUp: QueueBook._gone,
    f.MemberStatus: QueueBook._member,
    f.MemberRemoved: QueueBook._member_gone,
    f.LinkUp: QueueBook._link_up,
    f.LinkLost: QueueBook._link_lost,
    f.Snapshot: QueueBook._snapshot,
}

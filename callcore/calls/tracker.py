"""The floor as callcore knows it: takes facts, keeps channels, calls and agents, gives effects.

``handle(fact, now)`` and ``handle_timeout(now)`` return effects in the order in which they are to be carried
out; ``next_deadline()`` says when the latter is due. Facts from outside never raise: what makes no sense is
counted in ``odd``. Only commands of an operator raise, with ``WrongState`` or ``UnknownAgent``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from callcore.calls import facts as f
from callcore.calls import step as calls
from callcore.calls.agent import Agent, AgentMove, AgentRules, ClockStruck
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    Leg,
    Move,
    Phase,
    RingGivenUp,
    RingLegEnded,
    RingStarted,
    TalkStarted,
    TalkStopped,
    TimeIsUp,
)
from callcore.calls.crew import Crew, UnknownAgent
from callcore.calls.deadlines import Deadlines
from callcore.calls.effects import Effect
from callcore.calls.finished import Finished
from callcore.calls.follow import agent_moves
from callcore.calls.mirror import Mirror, placed_number
from callcore.calls.resync import resync
from callcore.domain import CallId, ChannelRef, Direction, Interface, Login, PbxName, Source, TopicCode

__all__ = ["Tracker", "UnknownAgent"]

LINK_GRACE = timedelta(minutes=1)
"""How long the end of a call waits for a link that was lost."""


class Tracker:
    """The one owner of what is going on. Not thread-safe: one task drives it."""

    def __init__(
        self,
        *,
        mint: Callable[[datetime], CallId],
        canonical: Callable[[str | None], str | None],
        rules: AgentRules,
    ) -> None:
        """``mint`` makes the id of a call that begins now; ``canonical`` one form of a number, or None."""
        self.mirror = Mirror()
        self.calls: dict[CallId, Call] = {}
        self.by_channel: dict[ChannelRef, CallId] = {}
        """Callers' channels of calls that are not over."""
        self.legs: dict[ChannelRef, Leg] = {}
        self.finished = Finished()
        self.link_up_at: dict[PbxName, datetime] = {}
        self._without_link: set[PbxName] = set()
        """Links that were up, and are not."""
        self._due = Deadlines()
        self._crew = Crew(rules, self._due)
        self._mint = mint
        self._canonical = canonical

    @property
    def agents(self) -> dict[Login, Agent]:
        """Everybody on shift."""
        return self._crew.agents

    @property
    def odd(self) -> Counter[str]:
        """What came from outside and made no sense, by kind."""
        return self.mirror.odd

    # --- the three entrances

    def handle(self, fact: f.Fact, now: datetime) -> list[Effect]:
        handler = _HANDLERS.get(type(fact))
        if handler is None:
            return []
        return list(handler(self, fact, now))

    def handle_timeout(self, now: datetime) -> list[Effect]:
        effects: list[Effect] = []
        while (key := self._due.pop(now)) is not None:
            kind, name = key
            if kind == "agent":
                effects += self.move_agent(Login(name), ClockStruck(), now)
            else:
                effects += self._time_is_up(CallId(name), now)
        self.mirror.forget_old(now)
        self.finished.forget_old(now)
        return effects

    def next_deadline(self) -> datetime | None:
        """The next moment at which ``handle_timeout`` has something to do."""
        return self._due.next()

    # --- calls

    def begin(
        self,
        channel: ChannelRef,
        number: str | None,
        name: str | None,
        dialed: str | None,
        now: datetime,
        *,
        source: Source = Source.live,
        call_id: CallId | None = None,
        started_at: datetime | None = None,
        topic: TopicCode | None = None,
        direction: Direction = Direction.inbound,
    ) -> list[Effect]:
        """A caller is here for the first time (or again, under ``call_id``, after a restart)."""
        known = self.mirror.channels.get(channel)
        if known and (placed := placed_number(known.name)) and direction is Direction.inbound:
            number, direction = placed, Direction.outbound
        call = Call(
            id=call_id or self._mint(now),
            channel=channel,
            source=source,
            started_at=started_at or now,
            caller_number=self._canonical(number),
            caller_number_raw=number or "",
            caller_name=name,
            dialed_number=dialed,
            topic=topic,
            direction=direction,
        )
        call, effects = calls.begin(call)
        self.by_channel[channel] = call.id
        self._keep(call, now)
        return list(effects)

    def move(self, call_id: CallId, move: Move, now: datetime) -> list[Effect]:
        """One step of one call, and what it means for its operators."""
        before = self.calls.get(call_id)
        if before is None:
            self.odd["unknown_call"] += 1
            return []
        call, effects = calls.step(before, move, now)
        self._keep(call, now)
        follow = [e for login, m in agent_moves(before, call, move) for e in self.move_agent(login, m, now)]
        return [*effects, *follow]

    def _time_is_up(self, call_id: CallId, now: datetime) -> list[Effect]:
        """Silence of the PBX says nothing while there is no link to it: then the Snapshot to come decides."""
        call = self.calls.get(call_id)
        ends_by = call.ends_by if call is not None and call.phase is not Phase.ended else None
        if call and ends_by and call.channel.pbx in self._without_link and now < ends_by + LINK_GRACE:
            self._due.set(("call", call_id), now + calls.HANGUP_GRACE)
            return []
        return self.move(call_id, TimeIsUp(), now)

    def call_of(self, channel: ChannelRef) -> Call | None:
        """The call of this caller's channel, until the caller is gone."""
        call_id = self.by_channel.get(channel)
        return self.calls[call_id] if call_id else None

    def _keep(self, call: Call, now: datetime) -> None:
        self.calls[call.id] = call
        self._due.set(("call", call.id), call.ends_by)
        if call.phase is not Phase.ended:
            return
        if self.by_channel.get(call.channel) == call.id:
            del self.by_channel[call.channel]
            self.finished.add(call.id, call.channel, now)
            for ref in [ref for ref, leg in self.legs.items() if leg.call == call.id]:
                del self.legs[ref]
        if call.unlogged is None:
            del self.calls[call.id]

    # --- agents

    def login_at(self, pbx: PbxName, interface: Interface) -> Login | None:
        """Who sits at this device now."""
        return self._crew.login_at(pbx, interface)

    def move_agent(self, login: Login, move: AgentMove, now: datetime) -> list[Effect]:
        return list(self._crew.move(login, move, now))

    # --- facts of the PBX

    def _link_up(self, fact: f.LinkUp, now: datetime) -> Iterator[Effect]:
        self.link_up_at[fact.pbx] = now
        self.mirror.link_up(fact.pbx)
        return iter(())

    def _link_lost(self, fact: f.LinkLost, _now: datetime) -> Iterator[Effect]:
        self._without_link.add(fact.pbx)
        return iter(())

    def _snapshot(self, fact: f.Snapshot, now: datetime) -> Iterator[Effect]:
        self._without_link.discard(fact.pbx)
        yield from resync(self, fact, now)

    def _created(self, fact: f.ChannelCreated, now: datetime) -> Iterator[Effect]:
        self.mirror.created(fact, now)
        return iter(())

    def _renamed(self, fact: f.ChannelRenamed, _now: datetime) -> Iterator[Effect]:
        self.mirror.renamed(fact)
        return iter(())

    def _channel_answered(self, fact: f.ChannelAnswered, _now: datetime) -> Iterator[Effect]:
        self.mirror.answered(fact)
        return iter(())

    def _entered(self, fact: f.BridgeEntered, now: datetime) -> Iterator[Effect]:
        before = self.mirror.peers(fact.channel)
        self.mirror.entered(fact, now)
        yield from self._look_around(fact.channel, before, now)

    def _left(self, fact: f.BridgeLeft, now: datetime) -> Iterator[Effect]:
        before = self.mirror.peers(fact.channel)
        self.mirror.left(fact)
        yield from self._look_around(fact.channel, before, now)

    def _look_around(
        self, channel: ChannelRef, before: frozenset[ChannelRef], now: datetime
    ) -> Iterator[Effect]:
        """A channel came into a bridge or left one: whose talk has that changed?"""
        around = {channel, *before, *self.mirror.peers(channel)}
        for call_id in sorted({self.by_channel[ref] for ref in around if ref in self.by_channel}):
            yield from self.look(call_id, now)

    def look(self, call_id: CallId, now: datetime) -> Iterator[Effect]:
        """Operators who share a bridge with the caller talk with him, and nobody else does."""
        call = self.calls[call_id]
        here = {leg.interface for ref in self.mirror.peers(call.channel) if (leg := self._leg(ref, call))}
        for interface in call.talking_with:
            if interface not in here:
                yield from self.move(call_id, TalkStopped(interface), now)
        for interface in sorted(here.difference(call.talking_with)):
            login = self.login_at(call.channel.pbx, interface)
            yield from self.move(call_id, Answered(login, interface), now)
            yield from self.move(call_id, TalkStarted(interface), now)

    def _leg(self, ref: ChannelRef, call: Call) -> Leg | None:
        """The operator's leg that shares a bridge with the caller; how it came there need not be known."""
        leg = self.legs.get(ref)
        if leg is None and ref not in self.by_channel:
            login = self.login_at(ref.pbx, self.mirror.channels[ref].device)
            if login is not None:
                leg = self.legs[ref] = Leg(call.id, self.agents[login].interface)
        return leg if leg is not None and leg.call == call.id else None

    def _hung_up(self, fact: f.ChannelHungUp, now: datetime) -> Iterator[Effect]:
        before = self.mirror.peers(fact.channel)
        self.mirror.hung_up(fact, now)
        leg = self.legs.pop(fact.channel, None)
        yield from self._look_around(fact.channel, before, now)
        if leg is not None:
            yield from self.move(leg.call, RingLegEnded(leg.interface, fact.cause, leg.ring), now)
        call_id = self.by_channel.get(fact.channel)
        if call_id is not None:
            yield from self.move(call_id, CallerGone(fact.cause), now)

    # --- facts of queues

    def _queue_joined(self, fact: f.QueueJoined, now: datetime) -> Iterator[Effect]:
        if fact.channel in self.mirror.ended:
            self.odd["queue_join_after_hangup"] += 1
            return
        if self.call_of(fact.channel) is None:
            channel = self.mirror.channels.get(fact.channel)
            dialed = channel.dialed_number if channel else None
            yield from self.begin(fact.channel, fact.caller_number, fact.caller_name, dialed, now)
        yield from self._on_channel(fact, now)

    def _on_channel(
        self,
        fact: f.QueueJoined | f.QueueLeft | f.QueueAbandoned | f.LanguageChosen | f.RouteChosen | f.IvrLeft,
        now: datetime,
    ) -> Iterator[Effect]:
        """A fact of the caller's channel that is a move of his call as it is."""
        call_id = self.by_channel.get(fact.channel)
        if call_id is None and isinstance(fact, f.IvrLeft):  # the Hangup was quicker than our own IVR
            call_id = next((call.id for call in self.calls.values() if call.channel == fact.channel), None)
        if call_id is None:
            self.odd["no_call_on_channel"] += 1
            return
        yield from self.move(call_id, fact, now)

    def _agent_called(self, fact: f.AgentCalled, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is None:
            self.odd["agent_called_for_nobody"] += 1
            return
        if fact.member_channel in self.legs:
            self.odd["agent_called_again"] += 1
            return
        login = self.login_at(fact.channel.pbx, fact.interface)
        yield from self.move(call.id, RingStarted(login, fact.interface), now)
        yield from self._hold_leg(call.id, fact.interface, fact.member_channel, now)

    def _agent_missed(self, fact: f.AgentDidNotAnswer, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is not None:
            yield from self.move(call.id, RingGivenUp(fact.interface), now)

    def _agent_connected(self, fact: f.AgentConnected, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is None:
            self.odd["agent_connected_to_nobody"] += 1
            return
        login = self.login_at(fact.channel.pbx, fact.interface)
        yield from self.move(call.id, Answered(login, fact.interface), now)
        yield from self._hold_leg(call.id, fact.interface, fact.member_channel, now)
        yield from self.look(call.id, now)

    def _hold_leg(
        self, call_id: CallId, interface: Interface, leg: ChannelRef | None, now: datetime
    ) -> Iterator[Effect]:
        """From here on this channel is the operator's in this call, if it still lives."""
        if leg is None:
            return
        ring = self.calls[call_id].newest_ring(interface)
        if leg in self.mirror.ended:  # it failed at once: its Hangup was quicker than the queue's word
            _at, cause = self.mirror.ended[leg]
            yield from self.move(call_id, RingLegEnded(interface, cause, ring), now)
        else:
            self.legs[leg] = Leg(call_id, interface, ring)

    # --- facts of the IVR and of the customer base

    def _call_entered(self, fact: f.CallEntered, now: datetime) -> Iterator[Effect]:
        if self.call_of(fact.channel) is not None:
            return
        if fact.channel in self.finished and fact.channel not in self.mirror.channels:
            self.odd["call_entered_again"] += 1
            return
        yield from self.begin(
            fact.channel,
            fact.caller_number,
            fact.caller_name,
            fact.dialed_number,
            now,
            direction=fact.direction,
        )
        ended = self.mirror.ended.get(fact.channel)
        if ended is not None:
            yield from self.move(self.by_channel[fact.channel], CallerGone(ended[1]), now)

    def _customers_found(self, fact: f.CustomersFound, now: datetime) -> Iterator[Effect]:
        yield from self.move(fact.call, fact, now)

    # --- commands of operators

    def _signed_in(self, fact: f.AgentSignedIn, now: datetime) -> Iterator[Effect]:
        yield from self._crew.sign_in(fact, now)

    def _signed_out(self, fact: f.AgentSignedOut, now: datetime) -> Iterator[Effect]:
        yield from self._crew.sign_out(fact.login, now)

    def _desk(
        self, fact: f.AgentBecameReady | f.AgentPaused | f.WrapUpDone, now: datetime
    ) -> Iterator[Effect]:
        yield from self._crew.command(fact.login, fact, now)

    def _page(self, fact: f.DeskOpened | f.DeskClosed, now: datetime) -> Iterator[Effect]:
        yield from self._crew.page(fact, now)


_HANDLERS: dict[type, Callable[..., Iterator[Effect]]] = {
    f.LinkUp: Tracker._link_up,
    f.LinkLost: Tracker._link_lost,
    f.Snapshot: Tracker._snapshot,
    f.ChannelCreated: Tracker._created,
    f.ChannelRenamed: Tracker._renamed,
    f.ChannelAnswered: Tracker._channel_answered,
    f.BridgeEntered: Tracker._entered,
    f.BridgeLeft: Tracker._left,
    f.ChannelHungUp: Tracker._hung_up,
    f.QueueJoined: Tracker._queue_joined,
    f.QueueLeft: Tracker._on_channel,
    f.QueueAbandoned: Tracker._on_channel,
    f.LanguageChosen: Tracker._on_channel,
    f.RouteChosen: Tracker._on_channel,
    f.IvrLeft: Tracker._on_channel,
    f.AgentCalled: Tracker._agent_called,
    f.AgentDidNotAnswer: Tracker._agent_missed,
    f.AgentConnected: Tracker._agent_connected,
    f.CallEntered: Tracker._call_entered,
    f.CustomersFound: Tracker._customers_found,
    f.AgentSignedIn: Tracker._signed_in,
    f.AgentSignedOut: Tracker._signed_out,
    f.AgentBecameReady: Tracker._desk,
    f.AgentPaused: Tracker._desk,
    f.WrapUpDone: Tracker._desk,
    f.DeskOpened: Tracker._page,
    f.DeskClosed: Tracker._page,
}

"""The floor as callcore knows it: takes facts, keeps channels, calls and agents, gives effects.

``handle(fact, now)`` and ``handle_timeout(now)`` return effects in the order in which they are to be carried
out; ``next_deadline()`` says when the latter is due. Facts from outside never raise: what makes no sense is
counted in ``odd``. Only commands of an operator raise, with ``WrongState`` or ``UnknownAgent``.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from callcore.calls import agent as agents
from callcore.calls import facts as f
from callcore.calls import step as calls
from callcore.calls.agent import Agent, AgentMove, AgentRules
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
from callcore.calls.effects import Effect
from callcore.calls.follow import agent_moves
from callcore.calls.mirror import Mirror
from callcore.calls.resync import resync
from callcore.domain import CallId, ChannelRef, Interface, Login, PbxName, Source


class UnknownAgent(Exception):
    """A command of somebody who is not signed in."""


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
        self.agents: dict[Login, Agent] = {}
        self.by_channel: dict[ChannelRef, CallId] = {}
        self.legs: dict[ChannelRef, Leg] = {}
        self.link_up_at: dict[PbxName, datetime] = {}
        self._devices: dict[tuple[PbxName, Interface], Login] = {}
        self._due: list[tuple[datetime, str, str]] = []
        self._mint = mint
        self._canonical = canonical
        self._rules = rules

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
        while self._due and self._due[0][0] <= now:
            _at, kind, key = heapq.heappop(self._due)
            effects += (
                self._agent_due(Login(key), now) if kind == "agent" else self._call_due(CallId(key), now)
            )
        self.mirror.forget_old(now)
        return effects

    def next_deadline(self) -> datetime | None:
        """The next moment at which ``handle_timeout`` may have something to do; may be early, never late."""
        return self._due[0][0] if self._due else None

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
        phase: Phase = Phase.ivr,
    ) -> list[Effect]:
        """A caller is here for the first time (or again, under ``call_id``, after a restart)."""
        call = Call(
            id=call_id or self._mint(now),
            channel=channel,
            source=source,
            started_at=started_at or now,
            caller_number=self._canonical(number),
            caller_number_raw=number or "",
            caller_name=name,
            dialed_number=dialed,
            phase=phase,
        )
        call, effects = calls.begin(call)
        self._keep(call)
        self.by_channel[channel] = call.id
        return list(effects)

    def move(self, call_id: CallId, move: Move, now: datetime) -> list[Effect]:
        """One step of one call, and what it means for its operators."""
        before = self.calls.get(call_id)
        if before is None:
            self.odd["unknown_call"] += 1
            return []
        call, effects = calls.step(before, move, now)
        self._keep(call)
        follow = [e for login, m in agent_moves(before, call, move) for e in self.move_agent(login, m, now)]
        return [*effects, *follow]

    def call_of(self, channel: ChannelRef) -> Call | None:
        call_id = self.by_channel.get(channel)
        return self.calls.get(call_id) if call_id else None

    def login_at(self, pbx: PbxName, interface: Interface) -> Login | None:
        """Who sits at this device now."""
        return self._devices.get((pbx, interface))

    def _keep(self, call: Call) -> None:
        is_over = call.phase is Phase.ended and call.unlogged is None
        if is_over:
            self.calls.pop(call.id, None)
            self.by_channel.pop(call.channel, None)
            return
        self.calls[call.id] = call
        if call.ends_by is not None:
            heapq.heappush(self._due, (call.ends_by, "call", call.id))

    def _call_due(self, call_id: CallId, now: datetime) -> list[Effect]:
        call = self.calls.get(call_id)
        if call is None or call.ends_by is None or call.ends_by > now:
            return []
        return self.move(call_id, TimeIsUp(), now)

    # --- agents

    def move_agent(self, login: Login, move: AgentMove, now: datetime) -> list[Effect]:
        before = self.agents.get(login)
        if before is None:
            return []
        agent, effects = agents.step(before, move, now, self._rules)
        self._keep_agent(agent)
        return list(effects)

    def _command(self, login: Login, move: AgentMove, now: datetime) -> list[Effect]:
        if login not in self.agents:
            raise UnknownAgent(login)
        return self.move_agent(login, move, now)

    def _keep_agent(self, agent: Agent) -> None:
        self.agents[agent.login] = agent
        deadline = agents.next_deadline(agent, self._rules)
        if deadline is not None:
            heapq.heappush(self._due, (deadline, "agent", agent.login))

    def _agent_due(self, login: Login, now: datetime) -> list[Effect]:
        agent = self.agents.get(login)
        deadline = agents.next_deadline(agent, self._rules) if agent else None
        if deadline is None or deadline > now:
            return []
        return self.move_agent(login, agents.ClockStruck(), now)

    # --- facts of the PBX

    def _link_up(self, fact: f.LinkUp, now: datetime) -> Iterator[Effect]:
        self.link_up_at[fact.pbx] = now
        self.mirror.link_up(fact.pbx)
        return iter(())

    def _snapshot(self, fact: f.Snapshot, now: datetime) -> Iterator[Effect]:
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
        self.mirror.entered(fact)
        yield from self.meet(fact.channel, now)

    def meet(self, channel: ChannelRef, now: datetime) -> Iterator[Effect]:
        """If caller and operator are in one bridge now, they talk."""
        peers = self.mirror.peers(channel)
        leg = self.legs.get(channel)
        if leg is not None:
            call = self.calls.get(leg.call)
            if call is not None and call.channel in peers:
                yield from self._talk(call, channel.pbx, leg.interface, now)
            return
        call = self.call_of(channel)
        for peer in sorted(peers, key=str) if call else ():
            met = self.legs.get(peer)
            if call is not None and met is not None and met.call == call.id:
                yield from self._talk(call, channel.pbx, met.interface, now)

    def _talk(self, call: Call, pbx: PbxName, interface: Interface, now: datetime) -> Iterator[Effect]:
        if interface in call.talking_with:
            return
        yield from self.move(call.id, Answered(self.login_at(pbx, interface), interface), now)
        yield from self.move(call.id, TalkStarted(interface), now)

    def _left(self, fact: f.BridgeLeft, now: datetime) -> Iterator[Effect]:
        self.mirror.left(fact)
        leg = self.legs.get(fact.channel)
        if leg is not None:
            yield from self.move(leg.call, TalkStopped(leg.interface), now)
            return
        call = self.call_of(fact.channel)
        for interface in call.talking_with if call else ():
            if call is not None:
                yield from self.move(call.id, TalkStopped(interface), now)

    def _hung_up(self, fact: f.ChannelHungUp, now: datetime) -> Iterator[Effect]:
        self.mirror.hung_up(fact, now)
        leg = self.legs.pop(fact.channel, None)
        if leg is not None and leg.call in self.calls:
            yield from self.move(leg.call, TalkStopped(leg.interface), now)
            yield from self.move(leg.call, RingLegEnded(leg.interface, fact.cause), now)
        call = self.call_of(fact.channel)
        if call is not None:
            yield from self.move(call.id, CallerGone(fact.cause), now)
            for ref in [ref for ref, its in self.legs.items() if its.call == call.id]:
                del self.legs[ref]

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
        if call_id is None:
            self.odd["no_call_on_channel"] += 1
            return
        yield from self.move(call_id, fact, now)

    def _agent_called(self, fact: f.AgentCalled, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is None:
            self.odd["agent_called_for_nobody"] += 1
            return
        if fact.member_channel is not None:
            if fact.member_channel in self.mirror.ended:
                return  # the leg failed at once, its Hangup was quicker
            self.legs[fact.member_channel] = Leg(call.id, fact.interface)
        login = self.login_at(fact.channel.pbx, fact.interface)
        yield from self.move(call.id, RingStarted(login, fact.interface), now)

    def _agent_missed(self, fact: f.AgentDidNotAnswer, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is not None:
            yield from self.move(call.id, RingGivenUp(fact.interface), now)

    def _agent_connected(self, fact: f.AgentConnected, now: datetime) -> Iterator[Effect]:
        call = self.call_of(fact.channel)
        if call is None:
            self.odd["agent_connected_to_nobody"] += 1
            return
        if fact.member_channel is not None and fact.member_channel not in self.mirror.ended:
            self.legs[fact.member_channel] = Leg(call.id, fact.interface)
        login = self.login_at(fact.channel.pbx, fact.interface)
        yield from self.move(call.id, Answered(login, fact.interface), now)
        yield from self.meet(fact.channel, now)

    # --- facts of the IVR and of the customer base

    def _call_entered(self, fact: f.CallEntered, now: datetime) -> Iterator[Effect]:
        if self.call_of(fact.channel) is not None:
            return
        yield from self.begin(fact.channel, fact.caller_number, fact.caller_name, fact.dialed_number, now)
        ended = self.mirror.ended.get(fact.channel)
        call = self.call_of(fact.channel)
        if ended is not None and call is not None:
            yield from self.move(call.id, CallerGone(ended[1]), now)

    def _customers_found(self, fact: f.CustomersFound, now: datetime) -> Iterator[Effect]:
        yield from self.move(fact.call, fact, now)

    # --- commands of operators

    def _signed_in(self, fact: f.AgentSignedIn, now: datetime) -> Iterator[Effect]:
        taken = self.login_at(fact.pbx, fact.interface)
        if fact.login in self.agents or taken is not None:
            raise agents.WrongState("already on shift, or the phone is taken")
        agent = Agent(
            fact.login,
            fact.name,
            fact.pbx,
            fact.interface,
            fact.queues,
            fact.state,
            now,
            fact.pause_reason,
            desk_gone_at=now,
        )
        agent, effects = agents.sign_in(agent)
        self._devices[fact.pbx, fact.interface] = fact.login
        self._keep_agent(agent)
        yield from effects

    def _signed_out(self, fact: f.AgentSignedOut, now: datetime) -> Iterator[Effect]:
        agent = self.agents.get(fact.login)
        if agent is None:
            raise UnknownAgent(fact.login)
        agent, closed = agents.leave_wrap_up(agent)
        effects = agents.sign_out(agent, now)
        del self.agents[fact.login]
        del self._devices[agent.pbx, agent.interface]
        yield from (*closed, *effects)

    def _desk(
        self,
        fact: f.AgentBecameReady | f.AgentPaused | f.WrapUpDone,
        now: datetime,
    ) -> Iterator[Effect]:
        yield from self._command(fact.login, fact, now)

    def _page(self, fact: f.DeskOpened | f.DeskClosed, now: datetime) -> Iterator[Effect]:
        yield from self.move_agent(fact.login, fact, now)


_HANDLERS: dict[type, Callable[..., Iterator[Effect]]] = {
    f.LinkUp: Tracker._link_up,
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

"""The floor as callcore knows it: takes facts, keeps channels, calls and agents, gives effects.

``handle(fact, now)`` and ``handle_timeout(now)`` return effects in the order in which they are to be carried
out; ``next_deadline()`` says when the latter is due. Facts from outside never raise: what makes no sense is
counted in ``odd``. Only commands of an operator raise, with ``WrongState`` or ``UnknownAgent``.

Over 400 lines, since each kind of fact has its small entrance here; what they mean stands in ``lines``,
``queues``, ``transfers`` and ``resync``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from callcore.calls import facts as f
from callcore.calls import left_alone, lines, lining, placing, queues, transfers
from callcore.calls import step as calls
from callcore.calls.agent import Agent, AgentMove, AgentRules, ClockStruck
from callcore.calls.call import (
    Call,
    CallerGone,
    CardAsked,
    Leg,
    Move,
    Phase,
    RingLegEnded,
    TimeIsUp,
)
from callcore.calls.causes import DIAL_OVER, leg_end_reason
from callcore.calls.crew import Crew, UnknownAgent
from callcore.calls.deadlines import Deadlines
from callcore.calls.effects import Effect
from callcore.calls.finished import Finished
from callcore.calls.follow import FOLLOWED, agent_moves
from callcore.calls.holdings import Holdings
from callcore.calls.line import LineView
from callcore.calls.mirror import Channel, Mirror, placed_number, seat_of
from callcore.calls.policy import PopPolicy
from callcore.calls.queue_book import QueueBook
from callcore.calls.resync import resync
from callcore.calls.telling import Teller
from callcore.calls.values import replace
from callcore.domain import (
    CallId,
    ChannelRef,
    Direction,
    EndReason,
    Interface,
    Login,
    PbxName,
    Source,
    TopicCode,
)

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
        policy: PopPolicy = calls.EVERY_ANSWER,
        is_internal: Callable[[PbxName, Interface], bool] = lambda _pbx, _device: False,
    ) -> None:
        """``mint`` makes the id of a call that begins now; ``canonical`` one form of a number, or None;
        ``is_internal`` names phones of the house that are no operator's."""
        self.mirror = Mirror()
        self.queue_book = QueueBook(self.mirror.ended)
        self.calls: dict[CallId, Call] = {}
        self.by_channel: Holdings[CallId] = Holdings(lambda call: call)
        """Channels of callers, and of those whom operators have called, in calls that are not over."""
        self.by_linked: dict[tuple[PbxName, str], CallId] = {}
        """Calls by the Linkedid that each leg of theirs is born with."""
        self.legs: Holdings[Leg] = Holdings(lambda leg: leg.call)
        self.finished = Finished()
        self.placed: dict[ChannelRef, f.CallPlaced] = {}
        """Calls that callcore places for people, until the ledger has their ends."""
        self.shown_lines: dict[tuple[CallId, Login], LineView] = {}
        """What call bars show besides an ordinary talk."""
        self.lines_told = 0
        self.bereaved: set[ChannelRef] = set()
        """Operators' channels whose customers have gone while they asked somebody about them."""
        self.link_up_at: dict[PbxName, datetime] = {}
        self.canonical = canonical
        self.is_internal = is_internal
        self._without_link: set[PbxName] = set()
        """Links that were up, and are not."""
        self._due = Deadlines()
        self.teller = Teller(self.mirror, self._due)
        self._crew = Crew(rules, self._due)
        self._policy = policy
        self._mint = mint

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
        if type(fact) is not f.QueueJoined or lining.asker(self, fact.channel) is None:
            self.queue_book.take(fact, now)
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
            elif kind == "dial":
                effects += self.teller.flush(CallId(name))
            elif kind == "ghost":
                effects += left_alone.ghost(self, name, now)
            else:
                effects += self._time_is_up(CallId(name), now)
        self.mirror.forget_old(now)
        self.finished.forget_old(now)
        return effects

    def next_deadline(self) -> datetime | None:
        """The next moment at which ``handle_timeout`` has something to do."""
        return self._due.next()

    def remind(self, kind: str, name: str, at: datetime | None) -> None:
        """``handle_timeout`` is to think of it; None: no longer."""
        self._due.set((kind, name), at)

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
        phase: Phase = Phase.ivr,
        is_ours: bool = True,
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
            caller_number=self.canonical(number),
            caller_number_raw=number or "",
            caller_name=name,
            dialed_number=dialed,
            topic=topic,
            direction=direction,
            phase=phase,
            is_ours=is_ours,
        )
        self.by_channel[channel] = call.id
        if known and known.linked == channel.id:
            self.by_linked[channel.pbx, known.linked] = call.id
        self.teller.begin(call.id, channel, adopted=source is not Source.live or phase is Phase.ivr)
        effects: tuple[Effect, ...] = ()
        if is_ours:
            call, effects = calls.begin(call)
        self._keep(call, now)
        return list(effects)

    def own(self, call_id: CallId, now: datetime) -> list[Effect]:
        """It turns out that this call is one of ours: remember it, and ask who it is."""
        call = self.calls[call_id]
        if call.is_ours or call.phase is Phase.ended:
            return []
        call, effects = calls.begin(replace(call, is_ours=True))
        self._keep(call, now)
        return list(effects)

    def move(self, call_id: CallId, move: Move, now: datetime) -> list[Effect]:
        """One step of one call, and what it means for its operators."""
        before = self.calls.get(call_id)
        if before is None:
            self.odd["unknown_call"] += 1
            return []
        call, effects = calls.step(before, move, now, self._policy)
        self._keep(call, now)
        if call.phase is Phase.ended and self.shown_lines:
            effects = (*effects, *lining.end_shown(self, call_id))
        if type(move) not in FOLLOWED:
            return list(effects)
        follow = [e for login, m in agent_moves(before, call, move) for e in self.move_agent(login, m, now)]
        return [*effects, *follow]

    def _time_is_up(self, call_id: CallId, now: datetime) -> list[Effect]:
        """Silence of the PBX says nothing while there is no link to it: then the Snapshot to come decides."""
        call = self.calls.get(call_id)
        ends_by = call.ends_by if call is not None and call.phase is not Phase.ended else None
        if call and ends_by and call.channel.pbx in self._without_link and now < ends_by + LINK_GRACE:
            self._due.set(("call", call_id), now + calls.HANGUP_GRACE)
            return []
        told = [] if ends_by is None else list(self.teller.ended(call_id, EndReason.completed, now))
        return [*self.move(call_id, TimeIsUp(), now), *told]

    def call_of(self, channel: ChannelRef) -> Call | None:
        """The call of this caller's channel, until the caller is gone."""
        call_id = self.by_channel.get(channel)
        return self.calls[call_id] if call_id else None

    def _keep(self, call: Call, now: datetime) -> None:
        self.calls[call.id] = call
        self._due.set(("call", call.id), call.ends_by)
        if call.phase is not Phase.ended:
            return
        if self.by_channel.get(call.channel) == call.id or self.by_channel.get(call.anchor) == call.id:
            self._let_go(call)
            if call.is_ours:
                self.finished.add(call.id, call.channel, now)
        if call.unlogged is None:
            del self.calls[call.id]

    def _let_go(self, call: Call) -> None:
        for ref in self.by_channel.of(call.id):
            del self.by_channel[ref]
        linked = (call.channel.pbx, call.channel.id)
        if self.by_linked.get(linked) == call.id:
            del self.by_linked[linked]
        for ref in self.legs.of(call.id):
            del self.legs[ref]

    # --- people and phones

    def login_at(self, pbx: PbxName, interface: Interface) -> Login | None:
        """Who sits at this device now."""
        return self._crew.login_at(pbx, interface)

    def is_phone(self, pbx: PbxName, interface: Interface) -> bool:
        """Some operator's phone, whether or not he is on shift."""
        return self._crew.is_phone(pbx, interface)

    def login_of(self, ref: ChannelRef) -> Login | None:
        """Whose phone this channel is at: by the member that was rung for it, else by its device."""
        leg = self.legs.get(ref)
        login = self.login_at(ref.pbx, leg.interface) if leg is not None else None
        channel = self.mirror.channels.get(ref)
        return login or (self.login_at(ref.pbx, channel.device) if channel else None)

    def seat(self, login: Login, channel: Channel) -> Interface:
        """The interface under which an operator's channel counts: his seat, or the other phone he uses."""
        seat = self.agents[login].interface
        is_seat = channel.device == seat_of(seat)  # a Local one is written with its options only at the seat
        return seat if is_seat or self.login_at(channel.ref.pbx, channel.device) != login else channel.device

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
        for member in fact.members:
            self._crew.member_is(fact.pbx, member.interface, member.state_interface)
        yield from resync(self, fact, now)

    def _created(self, fact: f.ChannelCreated, now: datetime) -> Iterator[Effect]:
        self.mirror.created(fact, now)
        return iter(())

    def _renamed(self, fact: f.ChannelRenamed, _now: datetime) -> Iterator[Effect]:
        self.mirror.renamed(fact)
        return iter(())

    def _channel_answered(self, fact: f.ChannelAnswered, now: datetime) -> Iterator[Effect]:
        self.mirror.answered(fact)
        call_id = lines.call_of(self, fact.channel)
        if call_id is not None:
            yield from self.teller.ring_ended(call_id, fact.channel, EndReason.completed, now)

    def _caller_id(self, fact: f.CallerIdChanged, _now: datetime) -> Iterator[Effect]:
        self.mirror.caller_id(fact)
        return iter(())

    def _dial_ended(self, fact: f.DialEnded, _now: datetime) -> Iterator[Effect]:
        self.mirror.dial_ended(fact.target, fact.status)
        return iter(())

    def _dialled_out(self, fact: f.DialledOut, _now: datetime) -> Iterator[Effect]:
        call = self.calls.get(self.by_channel.get(fact.channel) or CallId(""))
        if call is not None and fact.status != "ANSWER":
            reason = leg_end_reason(fact.cause, answered=False, status=fact.status)
            self.calls[call.id] = replace(call, not_reached=reason)
        return iter(())

    def _recording_began(self, _fact: f.RecordingBegan, _now: datetime) -> Iterator[Effect]:
        return iter(())

    def _dial_began(self, fact: f.DialBegan, now: datetime) -> Iterator[Effect]:
        return lines.dialled(self, fact, now)

    def _entered(self, fact: f.BridgeEntered, now: datetime) -> Iterator[Effect]:
        before = self.mirror.company(fact.channel)
        self.mirror.entered(fact, now)
        yield from lines.look_around(self, fact.channel, before, now)

    def _left(self, fact: f.BridgeLeft, now: datetime) -> Iterator[Effect]:
        before = self.mirror.company(fact.channel)
        call_id = self.by_channel.get(fact.channel)
        if call_id is not None and len(before) > 1 and self.calls[call_id].line is None:
            self.teller.moved(call_id)
        self.mirror.left(fact)
        yield from lines.look_around(self, fact.channel, before, now)
        yield from left_alone.alone_in_room(self, fact.channel.pbx, fact.bridge, now)

    def _hung_up(self, fact: f.ChannelHungUp, now: datetime) -> Iterator[Effect]:
        before = self.mirror.company(fact.channel)
        channel = self.mirror.channels.get(fact.channel)
        status = channel.dial_status if channel else ""
        was_up = channel.is_up if channel else False
        bridge = channel.bridge if channel else None
        self.remind("ghost", f"{fact.channel.pbx} {fact.channel.id}", None)
        self.mirror.hung_up(fact, now)
        self.bereaved.discard(fact.channel)
        leg = self.legs.pop(fact.channel, None)
        yield from lines.look_around(self, fact.channel, before, now)
        reason = leg_end_reason(fact.cause, answered=False, status=status)
        if leg is not None:
            told = EndReason.completed if was_up and fact.cause is not None else reason
            yield from self.teller.ring_ended(leg.call, fact.channel, told, now)
            yield from self._leg_ended(leg, fact.channel, before, reason, now)
            yield from left_alone.leg_gone(self, leg.call, fact.channel, now)
        if bridge is not None:
            yield from left_alone.alone_in_room(self, fact.channel.pbx, bridge, now)
        call_id = self.by_channel.get(fact.channel)
        if call_id is not None and self.calls[call_id].anchor == fact.channel:
            yield from self._caller_gone(call_id, fact, reason, now)
        elif call_id is not None:
            del self.by_channel[fact.channel]

    def _leg_ended(
        self, leg: Leg, ref: ChannelRef, before: frozenset[ChannelRef], reason: EndReason, now: datetime
    ) -> Iterator[Effect]:
        """Of a behind-a-member leg the member's own channel ends the ring; in a conference several calls
        lose this operator."""
        others = {self.by_channel[peer] for peer in before if peer in self.by_channel} - {leg.call}
        if not self._is_there_still(leg):
            yield from self.move(leg.call, RingLegEnded(leg.interface, reason, leg.ring), now)
        for call_id in sorted(others):
            yield from self.move(call_id, RingLegEnded(leg.interface, reason), now)

    def _is_there_still(self, leg: Leg) -> bool:
        """Another channel of the same ring is left; or this was a half of the Local channel behind which he
        answered, and he is worked on without it."""
        others = [ref for ref in self.legs.of(leg.call) if self.legs[ref].interface == leg.interface]
        if any(self.legs[ref] == leg for ref in others):
            return True
        call, channels = self.calls[leg.call], self.mirror.channels
        if call.line is None or not leg.interface.startswith("Local/"):
            return False
        return any(ref in channels and channels[ref].is_up and not channels[ref].is_local for ref in others)

    def _caller_gone(
        self, call_id: CallId, fact: f.ChannelHungUp, reason: EndReason, now: datetime
    ) -> Iterator[Effect]:
        call = self.calls[call_id]
        yield from self.teller.ring_ended(call_id, fact.channel, reason, now)
        yield from self._dial_is_over(call_id, now)
        last_ring = self.teller.last_result(call_id)
        yield from left_alone.customer_gone(self, call, now)
        yield from self.move(call_id, CallerGone(fact.cause, last_ring), now)
        yield from self.teller.ended(call_id, _why_ended(call, fact.cause), now)

    def _dial_is_over(self, call_id: CallId, now: datetime) -> Iterator[Effect]:
        """The dialplan has given up, and the caller's Hangup was quicker than that of the phone that rang."""
        for ref in self.legs.of(call_id):
            channel, leg = self.mirror.channels.get(ref), self.legs[ref]
            reason = DIAL_OVER.get(channel.dial_status) if channel is not None and not channel.is_up else None
            if reason is not None:
                yield from self.teller.ring_ended(call_id, ref, reason, now)
                yield from self.move(call_id, RingLegEnded(leg.interface, reason, leg.ring), now)

    # --- facts of the IVR and of the customer base

    def on_channel(
        self,
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
        call_id = self.by_channel.get(fact.channel)
        if call_id is None and isinstance(fact, f.IvrLeft):  # the Hangup was quicker than our own IVR
            call_id = next((call.id for call in self.calls.values() if call.channel == fact.channel), None)
        if call_id is None:
            self.odd["no_call_on_channel"] += 1
            return
        yield from self.move(call_id, fact, now)

    def _call_entered(self, fact: f.CallEntered, now: datetime) -> Iterator[Effect]:
        if (known := self.call_of(fact.channel)) is not None:
            yield from self.own(known.id, now)
            return
        if fact.channel in self.finished and fact.channel not in self.mirror.channels:
            self.odd["call_entered_again"] += 1
            return
        name, number = fact.channel_name, fact.caller_number
        is_internal = fact.direction is Direction.inbound and lines.is_house_phone(
            self, fact.channel.pbx, name, number
        )
        yield from self.begin(
            fact.channel,
            number,
            fact.caller_name,
            fact.dialed_number,
            now,
            direction=Direction.internal if is_internal else fact.direction,
        )
        ended = self.mirror.ended.get(fact.channel)
        if ended is not None:
            call_id = self.by_channel[fact.channel]
            yield from self.move(call_id, CallerGone(ended[1]), now)
            yield from self.teller.ended(call_id, EndReason.cancelled, now)

    def _member_status(self, fact: f.MemberStatus, _now: datetime) -> Iterator[Effect]:
        self._crew.member_is(fact.pbx, fact.interface, fact.state_interface)
        return iter(())

    def _customers_found(self, fact: f.CustomersFound, now: datetime) -> Iterator[Effect]:
        yield from self.move(fact.call, fact, now)

    # --- commands of operators

    def _phones_known(self, fact: f.PhonesKnown, _now: datetime) -> Iterator[Effect]:
        self._crew.phones_are(fact)
        return iter(())

    def _penalties_known(self, fact: f.PenaltiesKnown, _now: datetime) -> Iterator[Effect]:
        return self._crew.penalties_are(fact)

    def _card_taken(self, fact: f.CardTaken, now: datetime) -> Iterator[Effect]:
        if fact.call in self.calls:
            yield from self.move(fact.call, CardAsked(fact.login), now)

    def _handed(self, fact: f.Handed | f.HandingFailed, now: datetime) -> Iterator[Effect]:
        if fact.call in self.calls:
            yield from self.move(fact.call, fact, now)

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


def _why_ended(call: Call, cause: int | None) -> EndReason | None:
    """Why the call ended, as far as its caller's own side tells; None: as its last ring ended."""
    if cause is None:
        return EndReason.lost
    if call.answered_at is not None:
        return EndReason.completed
    if call.queued_at is not None:
        has_waited = call.phase is Phase.left_queue and not call.is_abandoned
        return EndReason.no_answer if has_waited else EndReason.cancelled
    return None


_HANDLERS: dict[type, Callable[..., Iterator[Effect]]] = {
    f.LinkUp: Tracker._link_up,
    f.LinkLost: Tracker._link_lost,
    f.Snapshot: Tracker._snapshot,
    f.ChannelCreated: Tracker._created,
    f.ChannelRenamed: Tracker._renamed,
    f.ChannelAnswered: Tracker._channel_answered,
    f.CallerIdChanged: Tracker._caller_id,
    f.DialBegan: Tracker._dial_began,
    f.DialEnded: Tracker._dial_ended,
    f.DialledOut: Tracker._dialled_out,
    f.RecordingBegan: Tracker._recording_began,
    f.BridgeEntered: Tracker._entered,
    f.BridgeLeft: Tracker._left,
    f.ChannelHungUp: Tracker._hung_up,
    f.PutOnHold: transfers.put_on_hold,
    f.TakenOffHold: transfers.taken_off_hold,
    f.BlindTransferred: transfers.blind,
    f.AttendedTransferred: transfers.attended,
    f.Parked: transfers.parked,
    f.CallPlaced: placing.placed,
    f.PlacedOver: placing.over,
    f.LineOrdered: lining.ordered,
    f.LineRefused: lining.refused,
    f.Consulted: lining.consulted,
    f.Returned: lining.returned,
    f.HangupAsked: left_alone.hangup_asked,
    f.QueueJoined: queues.joined,
    f.QueueLeft: queues.left,
    f.QueueAbandoned: queues.left,
    f.LanguageChosen: Tracker.on_channel,
    f.RouteChosen: Tracker.on_channel,
    f.MessageBegun: Tracker.on_channel,
    f.WordToCome: Tracker.on_channel,
    f.IvrLeft: Tracker.on_channel,
    f.AgentCalled: queues.agent_called,
    f.AgentDidNotAnswer: queues.agent_missed,
    f.AgentConnected: queues.agent_connected,
    f.MemberStatus: Tracker._member_status,
    f.CallEntered: Tracker._call_entered,
    f.CustomersFound: Tracker._customers_found,
    f.PhonesKnown: Tracker._phones_known,
    f.PenaltiesKnown: Tracker._penalties_known,
    f.CardTaken: Tracker._card_taken,
    f.Handed: Tracker._handed,
    f.HandingFailed: Tracker._handed,
    f.AgentSignedIn: Tracker._signed_in,
    f.AgentSignedOut: Tracker._signed_out,
    f.AgentBecameReady: Tracker._desk,
    f.AgentPaused: Tracker._desk,
    f.WrapUpDone: Tracker._desk,
    f.DeskOpened: Tracker._page,
    f.DeskClosed: Tracker._page,
}

"""The floor as callcore knows it: takes facts, keeps channels, calls and agents, gives effects.

``handle(fact, now)`` and ``handle_timeout(now)`` return effects in the order in which they are to be carried
out; ``next_deadline()`` says when the latter is due. Facts from outside never raise: what makes no sense is
counted in ``odd``. Only commands of an operator raise, with ``WrongState`` or ``UnknownAgent``.

What the facts mean stands in ``channels``, ``lines``, ``queues``, ``transfers``, ``endings``, ``entering``
and ``resync``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from callcore.calls import channels, endings, entering, left_alone, lines, lining, placing, queues, transfers
from callcore.calls import facts as f
from callcore.calls import step as calls
from callcore.calls.agent import Agent, AgentMove, AgentRules, ClockStruck
from callcore.calls.call import (
    Call,
    CardAsked,
    Leg,
    Move,
    Phase,
    TimeIsUp,
)
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

    def call_about(self, channel: ChannelRef) -> Call | None:
        """As ``call_of``; also of a channel by which an operator asks somebody about the caller."""
        return self.call_of(channel) or lining.asker(self, channel)

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

    # --- facts of the IVR and of the customer base

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
    f.ChannelCreated: channels.created,
    f.ChannelRenamed: channels.renamed,
    f.ChannelAnswered: channels.channel_answered,
    f.CallerIdChanged: channels.caller_id,
    f.DialBegan: lines.dialled,
    f.DialEnded: channels.dial_ended,
    f.DialledOut: channels.dialled_out,
    f.RecordingBegan: channels.recording_began,
    f.BridgeEntered: channels.entered,
    f.BridgeLeft: channels.left,
    f.ChannelHungUp: endings.hung_up,
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
    f.LanguageChosen: entering.on_channel,
    f.RouteChosen: entering.on_channel,
    f.MessageBegun: entering.on_channel,
    f.WordToCome: entering.on_channel,
    f.IvrLeft: entering.on_channel,
    f.AgentCalled: queues.agent_called,
    f.AgentDidNotAnswer: queues.agent_missed,
    f.AgentConnected: queues.agent_connected,
    f.MemberStatus: Tracker._member_status,
    f.CallEntered: entering.call_entered,
    f.CustomersFound: Tracker._customers_found,
    f.PhonesKnown: Tracker._phones_known,
    f.PenaltiesKnown: Tracker._penalties_known,
    f.CardTaken: Tracker._card_taken,
    f.Handed: lining.handed_on,
    f.HandingFailed: lining.handed_on,
    f.AgentSignedIn: Tracker._signed_in,
    f.AgentSignedOut: Tracker._signed_out,
    f.AgentBecameReady: Tracker._desk,
    f.AgentPaused: Tracker._desk,
    f.WrapUpDone: Tracker._desk,
    f.DeskOpened: Tracker._page,
    f.DeskClosed: Tracker._page,
}

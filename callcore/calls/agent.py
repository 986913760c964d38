"""The work of one operator, and what each moment of it asks of his queues.

The member is paused when he takes a call, not when it ends: at the end the queue's next attempt would win the
race. It is unpaused when the wrap-up is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from callcore.calls import effects as do
from callcore.calls.effects import Effect
from callcore.calls.facts import AgentBecameReady, AgentPaused, DeskClosed, DeskOpened, WrapUpDone
from callcore.calls.values import replace
from callcore.domain import AgentState, CallId, Interface, Login, PauseReason, PbxName, QueueName


class WrongState(Exception):
    """The operator's command cannot be done in his present state."""


@dataclass(frozen=True, slots=True)
class AgentRules:
    """Settings of the work state."""

    wrap_up: timedelta = timedelta(seconds=30)
    no_desk: timedelta = timedelta(seconds=30)
    missed_limit: int = 3
    """Unanswered or rejected rings in a row, after which he is paused; 0: never."""


@dataclass(frozen=True)
class Agent:
    login: Login
    name: str
    pbx: PbxName
    interface: Interface
    queues: tuple[QueueName, ...]
    state: AgentState
    since: datetime
    pause_reason: PauseReason | None = None
    call: CallId | None = None
    """The call that rings, is talked or is written up."""
    also: tuple[CallId, ...] = ()
    """Calls on hold behind ``call``; one that ends there has no wrap-up of its own."""
    before_ring: tuple[AgentState, PauseReason | None] | None = None
    """``ready`` or ``paused`` as he was when the phone rang: what he goes back to after the call."""
    wrap_up_until: datetime | None = None
    pause_next: PauseReason | None = None
    """Asked for while busy: takes effect when the call is done with."""
    is_done: bool = False
    """Saved and closed while still talking: no wrap-up follows."""
    missed: int = 0
    desk_gone_at: datetime | None = None
    """Since when no page of his is connected."""
    turn: int = 0
    """Counts the changes: makes the keys of his effects unique."""
    penalties: Mapping[QueueName, int] = field(default_factory=dict)
    """By queue whose calls may ask for skills; in any other his penalty is nobody's concern."""

    @property
    def is_available(self) -> bool:
        """May the queues ring him? A phone that rings during a pause does not end the pause."""
        if self.state is AgentState.ringing:
            return not self.was_paused
        return self.state is AgentState.ready

    @property
    def was_paused(self) -> bool:
        """Was he paused when the call of now came?"""
        return self.before_ring is not None and self.before_ring[0] is AgentState.paused

    @property
    def queue_reason(self) -> str:
        """Why his member is paused, as queue logs show it; empty if it is not."""
        if self.is_available:
            return ""
        if self.state in (AgentState.talking, AgentState.wrap_up):
            return "call"
        reason = self.before_ring[1] if self.before_ring else self.pause_reason
        return reason.value if reason else "not_ready"


# --- moves that the tracker derives from the calls


@dataclass(frozen=True, slots=True)
class PhoneRang:
    call: CallId


@dataclass(frozen=True, slots=True)
class RingMissed:
    """His ring ended without him; ``is_his`` if he let it ring or rejected it."""

    call: CallId
    is_his: bool


@dataclass(frozen=True, slots=True)
class CallTaken:
    call: CallId
    has_card: bool = True
    """Without a card there is nothing to write up afterwards."""


@dataclass(frozen=True, slots=True)
class CardCame:
    """He asked for the card of the call that he talks on."""

    call: CallId


@dataclass(frozen=True, slots=True)
class CallReleased:
    """The caller or the operator hung up."""

    call: CallId


@dataclass(frozen=True, slots=True)
class ClockStruck:
    """A moment named by ``next_deadline`` has come."""


AgentMove = (
    PhoneRang
    | RingMissed
    | CallTaken
    | CardCame
    | CallReleased
    | ClockStruck
    | AgentBecameReady
    | AgentPaused
    | WrapUpDone
    | DeskOpened
    | DeskClosed
)

Result = tuple[Agent, tuple[Effect, ...]]

_BUSY = (AgentState.ringing, AgentState.talking)


def sign_in(agent: Agent) -> Result:
    """Put his device into his queues."""
    add = tuple(
        do.AddMember(
            f"{agent.login}:{agent.since.timestamp()}:add:{queue}",
            agent.pbx,
            queue,
            agent.interface,
            agent.name,
            not agent.is_available,
            agent.queue_reason,
            agent.penalties.get(queue, 0),
        )
        for queue in agent.queues
    )
    return agent, (*add, _show(agent))


def sign_out(agent: Agent, now: datetime) -> tuple[Effect, ...]:
    """Take his device out. Raises WrongState while a call rings or is talked."""
    if agent.state in _BUSY:
        raise WrongState("sign out while a call is on")
    agent = _turned(replace(agent, state=AgentState.offline, since=now, pause_reason=None, call=None))
    remove = tuple(
        do.RemoveMember(
            f"{agent.login}:{agent.since.timestamp()}:remove:{queue}", agent.pbx, queue, agent.interface
        )
        for queue in agent.queues
    )
    return (*remove, _show(agent))


def step(agent: Agent, move: AgentMove, now: datetime, rules: AgentRules) -> Result:
    """What one move makes of an agent."""
    match move:
        case PhoneRang():
            return _rang(agent, move, now)
        case RingMissed():
            return _missed(agent, move, now, rules)
        case CallTaken():
            return _taken(agent, move, now)
        case CardCame():
            return (replace(agent, is_done=False) if agent.call == move.call else agent), ()
        case CallReleased():
            return _released(agent, move, now, rules)
        case AgentBecameReady():
            return _ready(agent, now, rules)
        case AgentPaused():
            return _pause(agent, move.reason, now)
        case WrapUpDone():
            return _done(agent, move, now, rules)
        case DeskOpened():
            return replace(agent, desk_gone_at=None), ()
        case DeskClosed():
            return replace(agent, desk_gone_at=agent.desk_gone_at or now), ()
        case ClockStruck():
            return _struck(agent, now, rules)
        case _:  # pragma: no cover - no other moves
            assert_never(move)


def next_deadline(agent: Agent, rules: AgentRules) -> datetime | None:
    """When ClockStruck is due; None if nothing is waited for."""
    due = []
    if agent.wrap_up_until is not None:
        due.append(agent.wrap_up_until)
    if agent.desk_gone_at is not None and agent.state is AgentState.ready:
        due.append(agent.desk_gone_at + rules.no_desk)
    return min(due, default=None)


def _rang(agent: Agent, move: PhoneRang, now: datetime) -> Result:
    """A ring does not end a wrap-up: he is writing, and need not take it."""
    if agent.state not in (AgentState.ready, AgentState.paused):
        return agent, ()
    agent = replace(agent, call=move.call, before_ring=(agent.state, agent.pause_reason))
    return _turn_to(agent, AgentState.ringing, None, now)


def _missed(agent: Agent, move: RingMissed, now: datetime, rules: AgentRules) -> Result:
    agent = replace(agent, missed=agent.missed + (1 if move.is_his else 0))
    is_ringing = agent.state is AgentState.ringing and agent.call == move.call
    is_idle = is_ringing or agent.state is AgentState.ready
    if rules.missed_limit and agent.missed >= rules.missed_limit and is_idle and agent.is_available:
        agent = replace(_cleared(agent), missed=0)
        return _turn_to(agent, AgentState.paused, PauseReason.no_answer, now, _PAUSE)
    if not is_ringing:
        return agent, ()
    if agent.pause_next is not None:
        return _after_call(agent, now, rules)
    state, reason = agent.before_ring or (AgentState.ready, None)
    return _turn_to(_cleared(agent), state, reason, now)


def _taken(agent: Agent, move: CallTaken, now: datetime) -> Result:
    if agent.state is AgentState.talking:
        return _taken_besides(agent, move, now)
    is_back = agent.call == move.call  # while he wrote it up: its card stays
    agent, closed = leave_wrap_up(agent)
    if agent.state in (AgentState.ready, AgentState.paused):
        agent = replace(agent, before_ring=(agent.state, agent.pause_reason))
    agent = replace(agent, call=move.call, missed=0, is_done=not move.has_card)
    agent, effects = _turn_to(agent, AgentState.talking, None, now, _PAUSE)
    return agent, effects if is_back else (*closed, *effects)


def _taken_besides(agent: Agent, move: CallTaken, now: datetime) -> Result:
    """A phone with two lines: two queues rang it at once, and he puts the first call on hold."""
    if agent.call is None or move.call == agent.call or move.call in agent.also:
        return agent, ()
    agent = replace(agent, call=move.call, also=(*agent.also, agent.call), is_done=not move.has_card)
    return _turn_to(agent, AgentState.talking, None, agent.since)


def _released(agent: Agent, move: CallReleased, now: datetime, rules: AgentRules) -> Result:
    if agent.state is not AgentState.talking or move.call not in (agent.call, *agent.also):
        return agent, ()
    if agent.also:
        return _released_besides(agent, move.call)
    if agent.is_done or not rules.wrap_up:
        close = _close(agent)
        agent, effects = _after_call(agent, now, rules)
        return agent, (close, *effects)
    agent = replace(agent, wrap_up_until=now + rules.wrap_up)
    return _turn_to(agent, AgentState.wrap_up, None, now)


def _released_besides(agent: Agent, call: CallId) -> Result:
    """One of several calls is over; he talks on with the one that came before it."""
    close = _close(replace(agent, call=call))
    left = tuple(c for c in (*agent.also, agent.call) if c is not None and c != call)
    agent = replace(agent, call=left[-1], also=left[:-1])
    agent, effects = _turn_to(agent, AgentState.talking, None, agent.since)
    return agent, (close, *effects)


def _ready(agent: Agent, now: datetime, rules: AgentRules) -> Result:
    """A person did this: if no page of his is open, the time without a desk begins anew."""
    had_wish = agent.pause_next is not None
    agent = replace(agent, pause_next=None, desk_gone_at=agent.desk_gone_at and now)
    if agent.state in _BUSY:
        is_free = agent.state is AgentState.ringing and not agent.is_available
        agent = replace(agent, before_ring=(AgentState.ready, None))
        if not is_free and not had_wish:
            return agent, ()
        return _turn_to(agent, agent.state, None, agent.since, _UNPAUSE if is_free else None)
    if agent.state is AgentState.ready:
        return agent, ()
    agent, closed = leave_wrap_up(agent)
    agent, effects = _after_call(replace(agent, missed=0, before_ring=None), now, rules)
    return agent, (*closed, *effects)


def _pause(agent: Agent, reason: PauseReason, now: datetime) -> Result:
    if agent.state in _BUSY:
        return _turn_to(replace(agent, pause_next=reason), agent.state, agent.pause_reason, agent.since)
    agent, closed = leave_wrap_up(agent)
    agent, effects = _turn_to(_cleared(agent), AgentState.paused, reason, now, _PAUSE)
    return agent, (*closed, *effects)


def _done(agent: Agent, move: WrapUpDone, now: datetime, rules: AgentRules) -> Result:
    if agent.call != move.call:
        return agent, ()
    if agent.state is AgentState.talking:
        return replace(agent, is_done=True), ()
    if agent.state is not AgentState.wrap_up:
        return agent, ()
    agent, closed = leave_wrap_up(agent)
    agent, effects = _after_call(agent, now, rules)
    return agent, (*closed, *effects)


def _struck(agent: Agent, now: datetime, rules: AgentRules) -> Result:
    if agent.wrap_up_until is not None and now >= agent.wrap_up_until:
        agent, closed = leave_wrap_up(agent)
        agent, effects = _after_call(agent, now, rules)
        return agent, (*closed, *effects)
    if agent.state is AgentState.ready and _is_desk_gone(agent, now, rules):
        return _turn_to(agent, AgentState.paused, PauseReason.no_desk, now, _PAUSE)
    return agent, ()


def _is_desk_gone(agent: Agent, now: datetime, rules: AgentRules) -> bool:
    return agent.desk_gone_at is not None and now >= agent.desk_gone_at + rules.no_desk


def _after_call(agent: Agent, now: datetime, rules: AgentRules) -> Result:
    """Back to work, into the pause that was asked for meanwhile, or into the one that the call broke."""
    next_pause, before = agent.pause_next, agent.before_ring
    agent = _cleared(agent)
    if next_pause is not None:
        return _turn_to(agent, AgentState.paused, next_pause, now, _PAUSE)
    if before is not None and before[0] is AgentState.paused:
        return _turn_to(agent, AgentState.paused, before[1], now, _PAUSE)
    if _is_desk_gone(agent, now, rules):
        # Not ready for a moment first: the queue would use that moment.
        return _turn_to(agent, AgentState.paused, PauseReason.no_desk, now, _PAUSE)
    return _turn_to(agent, AgentState.ready, None, now, _UNPAUSE)


def _cleared(agent: Agent) -> Agent:
    """Done with the call, and with all that was meant for its end."""
    return replace(agent, call=None, before_ring=None, pause_next=None, is_done=False)


def leave_wrap_up(agent: Agent) -> Result:
    """End a wrap-up that is on, with its card; otherwise nothing."""
    if agent.state is not AgentState.wrap_up:
        return agent, ()
    return replace(agent, wrap_up_until=None, call=None), (_close(agent),)


def _close(agent: Agent) -> Effect:
    call = agent.call or CallId("")
    return do.CloseCard(f"{call}:close:{agent.login}:{agent.turn}", agent.login, call)


_PAUSE, _UNPAUSE = True, False


def _turn_to(
    agent: Agent, state: AgentState, reason: PauseReason | None, now: datetime, paused: bool | None = None
) -> Result:
    agent = _turned(replace(agent, state=state, pause_reason=reason, since=now))
    member: tuple[Effect, ...] = () if paused is None else (pause_member(agent, paused=paused),)
    return agent, (*member, _show(agent))


def _turned(agent: Agent) -> Agent:
    return replace(agent, turn=agent.turn + 1)


def pause_member(agent: Agent, *, paused: bool) -> do.PauseMember:
    """Pause or unpause his device in all his queues."""
    key = f"{agent.login}:{agent.since.timestamp()}:{agent.turn}:{'pause' if paused else 'unpause'}"
    return do.PauseMember(key, agent.pbx, agent.queues, agent.interface, paused, agent.queue_reason)


def set_penalties(agent: Agent, penalties: Mapping[QueueName, int]) -> Result:
    """What he can do has changed, or what the queues ask for."""
    if penalties == agent.penalties:
        return agent, ()
    before = agent.penalties
    agent = _turned(replace(agent, penalties=penalties))
    changed = [queue for queue in agent.queues if penalties.get(queue, 0) != before.get(queue, 0)]
    return agent, tuple(set_penalty(agent, queue) for queue in changed)


def set_penalty(agent: Agent, queue: QueueName) -> do.SetPenalty:
    """Tell the queue the penalty that he has in it."""
    key = f"{agent.login}:{agent.since.timestamp()}:{agent.turn}:penalty:{queue}"
    return do.SetPenalty(key, agent.pbx, queue, agent.interface, agent.penalties.get(queue, 0))


def _show(agent: Agent) -> Effect:
    key = f"{agent.login}:{agent.since.timestamp()}:{agent.turn}:show"
    return do.ShowAgent(
        key, agent.login, agent.state, agent.pause_reason, agent.since, agent.call, agent.pause_next
    )

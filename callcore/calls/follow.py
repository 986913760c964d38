"""What a step of a call means to the operators in it."""

from __future__ import annotations

from collections.abc import Iterator

from callcore.calls import agent as agents
from callcore.calls.agent import AgentMove
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    CardAsked,
    EndTold,
    Move,
    PickedUp,
    RingGivenUp,
    RingLegEnded,
    RingStarted,
    TimeIsUp,
)
from callcore.domain import EndReason, Login

_HIS = (EndReason.no_answer, EndReason.busy, EndReason.rejected, EndReason.failed)
"""Ends of a ring that the operator, or his phone, is the reason of: the queue would ring it for ever."""

FOLLOWED = frozenset(
    {RingStarted, RingGivenUp, RingLegEnded, PickedUp, Answered, CardAsked, CallerGone, TimeIsUp, EndTold}
)
"""The kinds of moves that can mean something to an operator."""


def agent_moves(before: Call, after: Call, move: Move) -> Iterator[tuple[Login, AgentMove]]:
    """The moves of agents that follow from one move of a call."""
    match move:
        case RingStarted(login=str() as login):
            yield login, agents.PhoneRang(after.id)
        case RingGivenUp():
            yield from _missed(before, after)
        case RingLegEnded():
            yield from _missed(before, after)
            yield from _released(before, after)
        case PickedUp(login=login):
            yield login, agents.CallTaken(after.id, has_card=login in after.cards)
        case Answered():
            if move.login is not None:
                yield move.login, agents.CallTaken(after.id, has_card=move.login in after.cards)
            yield from _missed(before, after)
        case CardAsked(login=login):
            if login in after.takers and login not in before.cards:
                yield login, agents.CardCame(after.id)
        case CallerGone() | TimeIsUp() | EndTold():
            yield from _missed(before, after)
            yield from _released(before, after)
        case _:
            return


def _missed(before: Call, after: Call) -> Iterator[tuple[Login, AgentMove]]:
    """Rings that ended now without him, or of which it turns out now that it was he who ended them."""
    for old, new in zip(before.rings, after.rings, strict=False):
        has_ended = old.ended_at is None and new.ended_at is not None
        is_own = after.own_phone is not None and after.own_phone.login == old.login
        is_his = new.result in _HIS and not is_own  # the call is his wish: he has let nobody wait
        if old.login is None or not (has_ended or (is_his and old.result is EndReason.cancelled)):
            continue
        if new.result is EndReason.completed and new.login == old.login:
            continue
        if not any(r.login == old.login and r.ended_at is None for r in after.rings):
            yield old.login, agents.RingMissed(after.id, is_his)


def _released(before: Call, after: Call) -> Iterator[tuple[Login, AgentMove]]:
    """Operators whose part in the call is over with this move."""
    for login in after.done:
        if login not in before.done:
            yield login, agents.CallReleased(after.id)

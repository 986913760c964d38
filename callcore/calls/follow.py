"""What a step of a call means to the operators in it."""

from __future__ import annotations

from collections.abc import Iterator

from callcore.calls import agent as agents
from callcore.calls.agent import AgentMove
from callcore.calls.call import (
    Answered,
    Call,
    CallerGone,
    Move,
    RingGivenUp,
    RingLegEnded,
    RingStarted,
    TimeIsUp,
)
from callcore.calls.effects import Ring
from callcore.domain import EndReason, Login

_HIS = (EndReason.no_answer, EndReason.busy, EndReason.rejected, EndReason.failed)
"""Ends of a ring that the operator, or his phone, is the reason of: the queue would ring it for ever."""


def agent_moves(before: Call, after: Call, move: Move) -> Iterator[tuple[Login, AgentMove]]:
    """The moves of agents that follow from one move of a call."""
    match move:
        case RingStarted(login=str() as login):
            yield login, agents.PhoneRang(after.id)
        case RingGivenUp():
            yield from _missed(before, after)
        case RingLegEnded():
            yield from _missed(before, after)
            yield from _released(before, move)
        case Answered():
            if move.login is not None:
                yield move.login, agents.CallTaken(after.id)
            yield from _missed(before, after)
        case CallerGone() | TimeIsUp():
            yield from _missed(before, after)
            for login in before.cards:
                yield login, agents.CallReleased(after.id)
        case _:
            return


def _missed(before: Call, after: Call) -> Iterator[tuple[Login, AgentMove]]:
    """Rings that ended now without him, or of which it turns out now that it was he who ended them."""
    for old, new in zip(before.rings, after.rings, strict=False):
        has_ended = old.ended_at is None and new.ended_at is not None
        is_his = new.result in _HIS
        if old.login is None or not (has_ended or (is_his and old.result is EndReason.cancelled)):
            continue
        if new.result is not EndReason.completed or new.login != old.login:
            yield old.login, agents.RingMissed(after.id, is_his)


def _released(before: Call, move: RingLegEnded) -> Iterator[tuple[Login, AgentMove]]:
    """The leg over which he talked is gone."""
    at = before.newest_ring(move.interface) if move.ring is None else move.ring
    if at is None:
        return
    ring: Ring = before.rings[at]
    if ring.result is EndReason.completed and ring.login in before.cards and ring.login is not None:
        yield ring.login, agents.CallReleased(before.id)

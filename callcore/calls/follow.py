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
from callcore.calls.causes import BUSY, REJECTED
from callcore.calls.effects import Ring
from callcore.domain import EndReason, Interface, Login


def agent_moves(before: Call, after: Call, move: Move) -> Iterator[tuple[Login, AgentMove]]:
    """The moves of agents that follow from one move of a call."""
    match move:
        case RingStarted(login=str() as login):
            yield login, agents.PhoneRang(after.id)
        case RingGivenUp():
            yield from _missed(before, after, is_his=True)
        case RingLegEnded(cause=cause):
            yield from _missed(before, after, is_his=cause in (BUSY, REJECTED))
            yield from _released(before, move.interface)
        case Answered(login=str() as login):
            yield login, agents.CallTaken(after.id)
        case CallerGone() | TimeIsUp():
            yield from _missed(before, after, is_his=False)
            for login in before.cards:
                yield login, agents.CallReleased(after.id)
        case _:
            return


def _missed(before: Call, after: Call, *, is_his: bool) -> Iterator[tuple[Login, AgentMove]]:
    for old, new in zip(before.rings, after.rings, strict=False):
        if new.login is not None and _was_missed(old, new):
            yield new.login, agents.RingMissed(after.id, is_his)


def _was_missed(old: Ring, new: Ring) -> bool:
    """The ring ended now, or it turns out that the operator ended what looked cancelled."""
    has_ended = old.ended_at is None and new.ended_at is not None
    return has_ended or (old.result is EndReason.cancelled and new.result is EndReason.no_answer)


def _released(before: Call, interface: Interface) -> Iterator[tuple[Login, AgentMove]]:
    for ring in before.rings:
        if ring.interface == interface and ring.login in before.cards and ring.login is not None:
            yield ring.login, agents.CallReleased(before.id)

"""Hangup causes to end reasons. Asterisk's DialStatus is not used: it says NOANSWER for a rejected leg."""

from __future__ import annotations

from callcore.domain import EndReason

NORMAL_CLEARING = 16
BUSY = 17
REJECTED = 21
ANSWERED_ELSEWHERE = 26

_BEFORE_ANSWER = {
    BUSY: EndReason.busy,
    REJECTED: EndReason.rejected,
    ANSWERED_ELSEWHERE: EndReason.answered_elsewhere,
    0: EndReason.cancelled,
    NORMAL_CLEARING: EndReason.cancelled,
    18: EndReason.no_answer,
    19: EndReason.no_answer,
}


def leg_end_reason(cause: int | None, *, answered: bool) -> EndReason:
    """Why one leg ended. ``cause`` None: the leg vanished while nobody looked.

    Before the answer 0 and 16 mean that the caller's side gave up; a queue that gave up says so by itself
    (AgentDidNotAnswer) and overrides this.
    """
    if cause is None:
        return EndReason.lost
    if answered:
        return EndReason.completed
    return _BEFORE_ANSWER.get(cause, EndReason.failed)

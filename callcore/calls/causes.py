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


DIAL_OVER = {"NOANSWER": EndReason.no_answer, "BUSY": EndReason.busy}
"""What Dial's status tells of a leg whose Hangup is yet to come."""


def leg_end_reason(cause: int | None, *, answered: bool, status: str = "") -> EndReason:
    """Why one leg ended. ``cause`` None: the leg vanished while nobody looked.

    Before the answer 0 and 16 mean that the caller's side gave up, or that the time to ring was over: the
    dial's ``status`` tells the two apart. A queue that gave up says so by itself (AgentDidNotAnswer). Of a
    caller who gave up by CANCEL the leg has his cause, 127.
    """
    if cause is None:
        return EndReason.lost
    if answered:
        return EndReason.completed
    reason = _BEFORE_ANSWER.get(cause, EndReason.failed)
    if reason is EndReason.failed and status == "CANCEL":
        return EndReason.cancelled
    timed_out = reason is EndReason.cancelled and status == "NOANSWER"
    return EndReason.no_answer if timed_out else reason

"""From the hangup cause of our own channel to a result (telephony rule 2 and section 5); when a route
counts as gone. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from callcore.calls.attempt import AttemptResult, Outcome
from callcore.domain import Text

_BY_CAUSE = {
    **dict.fromkeys((17,), AttemptResult.busy),
    **dict.fromkeys((21,), AttemptResult.rejected),
    **dict.fromkeys((0, 16, 18, 19, 20), AttemptResult.no_answer),
    **dict.fromkeys((1, 3, 22, 28), AttemptResult.unreachable),
    **dict.fromkeys((27, 34, 38, 41, 42, 102), AttemptResult.network),
}
_BY_STATUS = {
    "BUSY": AttemptResult.busy,
    "CONGESTION": AttemptResult.network,
    "CHANUNAVAIL": AttemptResult.network,
    "NOANSWER": AttemptResult.no_answer,
}
_SAYS_NOTHING = frozenset((None, 0, 16))

NOT_MADE = "not made"
MUTE = "answered, nothing was played"


def unanswered(cause: int | None, status: str | None) -> tuple[AttemptResult, str]:
    """Result and detail of a call that nobody answered.

    The cause decides; Dial's status counts only where the cause says nothing. A trunk that is gone has
    cause 38 by our dialplan, which knows it from a number without a route.
    """
    detail = status or ""
    if cause in _SAYS_NOTHING and status in _BY_STATUS:
        return _BY_STATUS[status], detail
    return (AttemptResult.failed if cause is None else _BY_CAUSE.get(cause, AttemptResult.failed)), detail


class Sign(Enum):
    """What one outcome tells of the route it went through."""

    good = auto()
    gone = auto()
    mute = auto()
    nothing = auto()


def sign_of(outcome: Outcome) -> Sign:
    if outcome.result is AttemptResult.network:
        return Sign.gone
    if outcome.result in (AttemptResult.unknown, AttemptResult.not_sent):
        return Sign.nothing
    return Sign.mute if outcome.detail == MUTE else Sign.good


class Streak:
    """Outcomes of one route in a row that all tell the same trouble.

    What was under way when the route was found gone belongs to that trouble, however late its end is known: a
    person who lets things go on is not stopped again by it.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._sign = Sign.good
        self._count = 0
        self._gone_at: datetime | None = None

    def note(self, sign: Sign, intended_at: datetime, now: datetime) -> Text | None:
        """Why the route counts as gone, with the outcome that completes the row."""
        if sign is Sign.nothing:
            return None
        if sign is not Sign.good and self._gone_at is not None and intended_at <= self._gone_at:
            return None
        self._count = self._count + 1 if sign is self._sign else 1
        self._sign = sign
        if sign is Sign.good or self._count < self._most:
            return None
        self._count = 0
        self._gone_at = now
        if sign is Sign.mute:
            return Text(
                f"{self._most} ответивших подряд ничего не услышали: проверьте FastAGI и файлы подсказок",
                f"{self._most} in a row answered and heard nothing: check FastAGI and the prompt files",
            )
        return Text(
            f"{self._most} попыток подряд не приняты: проверьте канал связи с оператором",
            f"{self._most} attempts in a row were not taken: check the trunk or gateway",
        )

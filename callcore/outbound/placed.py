"""The one state machine of a placed call: news and traces in, its outcome out. Pure.

Theory of operation. A call is open from its intent until one of three functions answers with an
``Outcome``: ``heard`` (news), ``due`` (the time of ``next_deadline`` has come), ``traced`` (what the PBX
remembers). News come in any order. The Hangup of our own channel ends the call and says why (telephony rule
2), but others may have the last word: the script how much was heard, the dialplan what Dial made of it.
They get ``LAST_WORD`` after the Hangup; for an answered call of which nobody told anything the journal at
the PBX is read then, because the dialplan may have played the notice by itself.

    placed ──news──► answered ──Hangup──► ended ──last word, or its time──► Outcome
       │                                    └──answered, nobody told──► in doubt
       └──link lost, Unsure, found at the start──► in doubt ──traced──► alive again, or Outcome

In doubt the PBX is asked. Only a second look, ``RELOOK`` after the first over the same link, makes up a
mind about what is missing there: a row may be written a moment after the channel is gone.

Answered, and nothing was heard by all accounts: ``hung_up_early`` with 0 s. He has been rung and has picked
up; if our own side is mute, ringing him again would be mute again. So it counts as a call that reached him
and told him nothing, the campaign goes on to the next medium, the detail says so, and a row of them stops
the route (``causes.Streak``).

By a plan of ``phone_first`` our channel leads to an operator's phone, and rings the number in a second step.
Its cause and its answer tell of the phone; of the number tells the dialplan's word on Dial alone, live or by
the journal. Where the journal has no row of a dial, the number was not rung, and the call counts as
``not_sent``, with what stopped it: the phone, or the gate asked again.

    placed ──phone answered──► number rings ──dialplan's word──► Hangup ──► Outcome
       └──Hangup without the dialplan's word──► in doubt ──traced──► not_sent, or Outcome

So it is where a placeholder waits in a queue for an operator. Where the number is rung first and put into a
queue then, the dialplan's word alone counts, too.
A ``carried`` call has no channel of ours: a caller's own rings the number and lives on. The dialplan's word
is its end. It lives as long as a channel that is marked with it is where it dials, and the dialplan has noted
that it does: a mark without that note is a channel that was never sent on its way. Who was answered is noted
before they talk; what becomes of a channel that was taken elsewhere since does not concern this call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from callcore.calls.attempt import AttemptId, AttemptResult, Outcome, Plan
from callcore.outbound.causes import MUTE, NOT_MADE, unanswered
from callcore.outbound.ports import (
    CallAnswered,
    CallDialled,
    CallHungUp,
    CallNews,
    CallNotMade,
    CallTold,
    RouteBack,
    RouteLost,
    Trace,
)

LAST_WORD = timedelta(seconds=2)
"""How long after the Hangup the script and the dialplan may still tell how it went."""
RELOOK = timedelta(seconds=2)
SETTLED_IN = timedelta(seconds=5)
"""An intent younger than this may still be on its way to the PBX."""
SENT_IN = timedelta(seconds=15)
"""So long a living channel that is marked may take until it dials."""
CLOCKS_APART = timedelta(seconds=5)
"""How far the PBX's clock may be from ours."""
AT_ONCE = timedelta(seconds=2)
"""Who hangs up sooner has not given us the time to say anything."""
JOURNAL = "journal"
OPERATOR, GATE = "operator", "gate"
"""Begin the detail of a call whose number was not rung: the phone was not picked up, or the second word of
the gate was no."""
WITHDRAWN, NOBODY = "withdrawn", "nobody to ask"
QUEUE = "queue"
"""Begins the detail where a placeholder's wait ended without an operator."""
LEFT_QUEUE = frozenset(
    ("TIMEOUT", "FULL", "JOINEMPTY", "LEAVEEMPTY", "JOINUNAVAIL", "LEAVEUNAVAIL", "WITHDRAW", "NOQUEUE")
)
"""QUEUESTATUS in such a case."""

_GIVEN_UP = frozenset(("CANCEL", ""))
"""Dial's status where it was ended by who had it dialled."""


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """One call whose outcome is open."""

    attempt: AttemptId
    intended_at: datetime
    plan: Plan = Plan.number_first
    answered_at: datetime | None = None
    status: str | None = None
    """Dial's, as the dialplan told it."""
    dial_cause: int | None = None
    """Of the number's leg, likewise; where the plan goes by Dial."""
    told: CallTold | None = None
    has_last_word: bool = False
    """The script has spoken since the Hangup."""
    ended_at: datetime | None = None
    cause: int | None = None
    is_confirmed: bool = False
    """Where the plan asks again: the number may have been rung, for the gate has said yes."""
    in_doubt: bool = False
    """The PBX is to be asked."""
    missed_at: datetime | None = None
    """The first look that left something open."""
    is_machine: bool = False
    """Who answered is an answering machine, as an operator says."""
    is_withdrawn: bool = False
    """callcore ends it, because who is rung has called himself."""

    @property
    def is_answered(self) -> bool:
        if self.plan.is_talk:
            return self.status == "ANSWER"
        return self.answered_at is not None or self.told is not None or self.status == "ANSWER"


def doubt(call: PlacedCall) -> PlacedCall:
    """What becomes of it happens unseen from here on."""
    return replace(call, in_doubt=True, missed_at=None)


def heard(call: PlacedCall, news: CallNews, now: datetime) -> PlacedCall | Outcome:
    match news:
        case CallAnswered():
            return _ended(replace(call, answered_at=call.answered_at or now), now)
        case CallDialled():
            told = replace(call, status=news.status, dial_cause=news.cause)
            return _final(told, now) if call.plan is Plan.carried else _ended(told, now)
        case CallTold():
            return _ended(replace(call, told=news, has_last_word=call.ended_at is not None), now)
        case CallHungUp():
            if call.ended_at is not None:
                return call
            return _ended(replace(call, ended_at=now, cause=news.cause), now)
        case CallNotMade():
            if call.ended_at is not None or call.answered_at is not None or call.is_answered:
                return call  # Failure also answers a repeat of an id that lives
            if call.plan.is_talk:
                return Outcome(AttemptResult.not_sent, now, detail=NOT_MADE)
            return Outcome(AttemptResult.network, now, detail=NOT_MADE)
        case RouteLost():
            return doubt(call)
        case RouteBack():
            return call
        case _:  # pragma: no cover
            assert_never(news)


def next_deadline(call: PlacedCall) -> datetime | None:
    """When ``due`` wants to be asked; None: something else comes first."""
    if call.ended_at is None or call.in_doubt:
        return None
    return call.ended_at + LAST_WORD


def due(call: PlacedCall, now: datetime) -> PlacedCall | Outcome:
    deadline = next_deadline(call)
    if deadline is None or now < deadline:
        return call
    is_untold = call.status is None if call.plan.is_talk else call.is_answered and call.told is None
    return doubt(call) if is_untold else _final(call, now)


def traced(call: PlacedCall, trace: Trace, pbx_started_at: datetime, now: datetime) -> PlacedCall | Outcome:
    """``trace`` is the PBX's word on a call in doubt, asked over the present link."""
    if call.ended_at is None and _lives(call, trace):
        answered_at = call.answered_at or trace.answered_at
        return replace(call, in_doubt=False, missed_at=None, answered_at=answered_at)
    found = _with_journal(call, trace)
    if call.plan.is_talk:
        return _talked(found, trace, pbx_started_at, now)
    is_complete = found.told is not None if found.is_answered else found.status is not None
    if is_complete or (call.ended_at is not None and not found.is_answered):
        return _final(found, trace.ended_at or now, JOURNAL)
    if call.missed_at is None or now < call.missed_at + RELOOK:
        return replace(call, missed_at=call.missed_at or now)
    if call.ended_at is not None or trace.ended_at is not None or trace.status is not None:
        return _final(found, trace.ended_at or now, JOURNAL)
    return _missing(call, trace, pbx_started_at, now)


def _lives(call: PlacedCall, trace: Trace) -> bool:
    if call.plan is Plan.carried:
        return trace.is_carrying and trace.dialling_at is not None and trace.status is None
    return trace.is_alive


def _talked(call: PlacedCall, trace: Trace, pbx_started_at: datetime, now: datetime) -> PlacedCall | Outcome:
    """What the journal makes of a call in which people talk: only the row of its dial tells of the number."""
    if call.status is not None:
        return _final(call, trace.ended_at or now, JOURNAL)
    at = call.ended_at or now
    if trace.dialling_at is None and (why := _stopped_by(trace)):
        return Outcome(AttemptResult.not_sent, at, cause=trace.phone_cause, detail=why)
    if call.missed_at is None or now < call.missed_at + RELOOK:
        return replace(call, missed_at=call.missed_at or now)
    if trace.is_taken:
        return Outcome(AttemptResult.answered, now, detail=f"{JOURNAL}: no end")
    if trace.dialling_at is not None and trace.is_marked:
        # it was taken out of the dialling, and lives on elsewhere
        return _final(replace(call, status="CANCEL", dial_cause=16), now, JOURNAL)
    if trace.dialling_at is not None:
        return Outcome(AttemptResult.unknown, now, detail=f"{JOURNAL}: no end")
    if pbx_started_at > call.intended_at - CLOCKS_APART:
        # what the PBX has forgotten was not rung for certain where nobody was told to
        is_safe = call.plan.asks_again and not call.is_confirmed
        result = AttemptResult.not_sent if is_safe else AttemptResult.unknown
        return Outcome(result, now, detail=f"{JOURNAL}: PBX restarted since")
    if now < call.intended_at + (SENT_IN if trace.is_marked else SETTLED_IN):
        return call
    is_seen = trace.phone_at is not None or call.ended_at is not None or call.answered_at is not None
    is_at_gate = call.plan.asks_again and is_seen
    detail = f"{GATE}: {NOBODY}" if is_at_gate else f"{JOURNAL}: never seen"
    return Outcome(AttemptResult.not_sent, at, cause=trace.phone_cause, detail=detail)


def _stopped_by(trace: Trace) -> str:
    """What kept the number from being rung, for certain; "" if that is not known."""
    if trace.gate is not None:
        return f"{GATE}: {trace.gate or NOBODY}"
    if trace.phone_status is None or trace.phone_status == "ANSWER":
        return ""
    if trace.phone_status == "CANCEL":
        return f"{OPERATOR}: {WITHDRAWN}"
    if trace.phone_status in LEFT_QUEUE:
        return f"{QUEUE}: {trace.phone_status.lower()}"
    return f"{OPERATOR}: {unanswered(trace.phone_cause, trace.phone_status)[0]}"


def _missing(call: PlacedCall, trace: Trace, pbx_started_at: datetime, now: datetime) -> PlacedCall | Outcome:
    """It neither lives nor has an end in the journal."""
    if trace != Trace() or call.is_answered or call.status is not None:
        return Outcome(AttemptResult.unknown, now, detail=f"{JOURNAL}: no end")
    if pbx_started_at > call.intended_at - CLOCKS_APART:
        return Outcome(AttemptResult.unknown, now, detail=f"{JOURNAL}: PBX restarted since")
    if now < call.intended_at + SETTLED_IN:
        return call
    return Outcome(AttemptResult.not_sent, now, detail=f"{JOURNAL}: never seen")


def _with_journal(call: PlacedCall, trace: Trace) -> PlacedCall:
    told = call.told
    if trace.told_seconds is not None:
        told = CallTold(call.attempt, trace.told_seconds, trace.told_key, trace.told_enough)
    has_status = call.status is not None
    return replace(
        call,
        answered_at=call.answered_at or trace.answered_at,
        status=call.status if has_status else trace.status,
        dial_cause=call.dial_cause if has_status else trace.cause,
        told=told,
        ended_at=call.ended_at or trace.ended_at,
        cause=trace.cause if call.cause is None else call.cause,
    )


def _ended(call: PlacedCall, now: datetime) -> PlacedCall | Outcome:
    """The outcome, if the call is over and nobody has anything to add."""
    if call.ended_at is None:
        return call
    if call.plan.is_talk:
        return call if call.status is None else _final(call, now)
    if call.is_answered:
        return _final(call, now) if call.has_last_word else call
    return _final(call, now) if call.status is not None else call


def _final(call: PlacedCall, now: datetime, source: str = "") -> Outcome:
    at = call.ended_at or now
    if call.plan.is_talk:
        return _of_number(call, at, source)
    if call.is_answered:
        return _of_answered(call, at, source)
    result, detail = unanswered(call.cause, call.status)
    return Outcome(result, at, cause=call.cause, detail=_joined(source, detail))


def _of_number(call: PlacedCall, at: datetime, source: str) -> Outcome:
    if call.is_answered:
        result = AttemptResult.machine if call.is_machine else AttemptResult.answered
        return Outcome(result, at, cause=call.dial_cause, detail=_joined(source))
    result, detail = unanswered(call.dial_cause, call.status)
    if call.is_withdrawn and call.status in _GIVEN_UP:
        result = AttemptResult.withdrawn
    return Outcome(result, at, cause=call.dial_cause, detail=_joined(source, detail))


def _of_answered(call: PlacedCall, at: datetime, source: str) -> Outcome:
    told = call.told
    if told is None:
        was_given_time = call.answered_at is None or at - call.answered_at >= AT_ONCE
        detail = MUTE if was_given_time else _joined(source, "hung up at once")
        return Outcome(AttemptResult.hung_up_early, at, cause=call.cause, seconds_heard=0.0, detail=detail)
    is_told = told.enough or told.key is not None
    result = AttemptResult.told if is_told else AttemptResult.hung_up_early
    return Outcome(
        result, at, cause=call.cause, seconds_heard=told.seconds, key=told.key, detail=_joined(source)
    )


def _joined(*parts: str) -> str:
    return ": ".join(part for part in parts if part)

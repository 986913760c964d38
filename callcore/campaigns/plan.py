"""What an outcome, or a rule of the gate, makes of a target: again, another number, an SMS, or the end. Pure.

Calls come first, an SMS follows where nobody was told. Every way ends: calls are counted by ``rings`` and
``troubles``, unreachable numbers are used up, and an SMS leads to nothing but itself or the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from callcore.calls.attempt import Attempt, AttemptResult, Medium, Outcome
from callcore.calls.campaign import Target, TargetChange, TargetResult
from callcore.campaigns.recipients import takes_texts
from callcore.outbound.gate import Refusal, Rule

OPT_OUT_KEY = "9"
LONGEST_NOT_SENT = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class Again:
    times: int
    after: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """How often a call is tried again, by the result of the last one, and whether an SMS may follow."""

    busy: Again
    no_answer: Again
    network: Again
    not_sent: Again = Again(12, timedelta(seconds=5))
    """Of what certainly never left, on our side of the PBX or gateway: after this, then twice as long, and so
    on, for about half an hour."""
    has_sms: bool = True


@dataclass(frozen=True, slots=True)
class Postponed:
    until: datetime
    wait: str


@dataclass(frozen=True, slots=True)
class Ended:
    result: TargetResult
    reason: str


@dataclass(frozen=True, slots=True)
class TextNow:
    """No call any more today: an SMS to this number."""

    number: str


def after(target: Target, attempt: Attempt, outcome: Outcome, rules: Rules, now: datetime) -> TargetChange:
    """The target once ``outcome`` of ``attempt`` is stored. ``reason`` is set where it ends."""
    made = _Change(target, attempt, outcome, now)
    result = outcome.result
    if outcome.key == OPT_OUT_KEY and attempt.medium is Medium.voice:
        return made.end(TargetResult.opted_out)
    match result:
        case AttemptResult.told | AttemptResult.answered:
            return made.end(TargetResult.told)
        case AttemptResult.delivered:
            return made.end(TargetResult.texted)
        case AttemptResult.sent:
            return made.end(TargetResult.sent)
        case AttemptResult.unknown:
            return made.end(TargetResult.unknown)
        case AttemptResult.undelivered:
            return made.end(TargetResult.not_reached)
        case AttemptResult.busy:
            return made.ring_again(rules.busy) or made.text(rules)
        case AttemptResult.no_answer:
            return made.ring_again(rules.no_answer) or made.text(rules)
        case AttemptResult.network:
            return made.try_again(rules.network.times, rules.network.after) or made.text(rules)
        case AttemptResult.not_sent:
            pause = longer(rules.not_sent.after, target.troubles)
            return made.try_again(rules.not_sent.times, pause) or made.text(rules)
        case AttemptResult.unreachable:
            return made.next_number() or made.text(rules)
        case AttemptResult.hung_up_early | AttemptResult.rejected | AttemptResult.failed:
            return made.text(rules)
        case AttemptResult.machine | AttemptResult.withdrawn:  # not of a notice
            return made.text(rules)
        case _:  # pragma: no cover - there are no others
            assert_never(result)


def longer(pause: timedelta, times: int) -> timedelta:
    return min(pause * (1 << min(times, 10)), LONGEST_NOT_SENT)


def first_for_texts(numbers: Iterable[str]) -> str | None:
    """Which of his numbers an SMS goes to."""
    return next((number for number in numbers if takes_texts(number)), None)


_TEXT_INSTEAD = frozenset((Rule.attempt_cap, Rule.opt_out))


def refused(
    numbers: Iterable[str], medium: Medium, refusal: Refusal, rules: Rules
) -> Postponed | Ended | TextNow:
    """What the gate's word means for a target with these numbers that was due.

    A number that was rung too often today is sent an SMS at once: tomorrow the notice is worth nothing. So is
    one whose owner wants no calls; the gate is asked again for the SMS.
    """
    if refusal.rule in _TEXT_INSTEAD and medium is Medium.voice and rules.has_sms:
        number = first_for_texts(numbers)
        if number is not None:
            return TextNow(number)
    if refusal.until is None:
        return Ended(TargetResult.skipped, refusal.rule)
    return Postponed(refusal.until, refusal.rule)


_RANG = frozenset(
    (
        AttemptResult.told,
        AttemptResult.hung_up_early,
        AttemptResult.busy,
        AttemptResult.no_answer,
        AttemptResult.rejected,
    )
)
_TROUBLE = frozenset((AttemptResult.network, AttemptResult.not_sent))


class _Change:
    """The counters moved on; then one of the methods says what comes next."""

    def __init__(self, target: Target, attempt: Attempt, outcome: Outcome, now: datetime) -> None:
        self._medium = attempt.medium
        self._result = outcome.result
        self._now = now
        # an SMS may have gone to another of his numbers than the one that was to be rung
        numbers = (target.number, *target.others)
        self._number = attempt.number
        self._others = tuple(number for number in numbers if number != attempt.number)
        is_call = attempt.medium is Medium.voice
        is_correction = target.result is not None
        self._rings = target.rings + (is_call and outcome.result in _RANG)
        self._troubles = target.troubles + (outcome.result in _TROUBLE)
        left = not is_call and outcome.result is not AttemptResult.not_sent
        self._texts = target.texts + (left and not is_correction)

    def end(self, result: TargetResult) -> TargetChange:
        return self._made(result=result, reason=self._result.value)

    def ring_again(self, again: Again) -> TargetChange | None:
        """Counted by all rings so far: who was busy twice is not rung for every reason anew."""
        if self._rings > again.times or self._medium is Medium.sms:
            return None
        return self._made(due_at=self._now + again.after, wait=f"retry_{self._result}")

    def try_again(self, times: int, pause: timedelta) -> TargetChange | None:
        if self._troubles > times:
            return None
        return self._made(due_at=self._now + pause, wait=f"retry_{self._result}")

    def next_number(self) -> TargetChange | None:
        if not self._others or self._medium is Medium.sms:
            return None
        self._number, *others = self._others
        self._others = tuple(others)
        return self._made(wait="next_number")

    def text(self, rules: Rules) -> TargetChange:
        """An SMS to the first of his numbers that takes one; with none, or after one: not reached."""
        numbers = (self._number, *self._others)
        number = first_for_texts(numbers)
        if self._medium is Medium.sms or not rules.has_sms or number is None:
            return self.end(TargetResult.not_reached)
        self._medium, self._number = Medium.sms, number
        self._others = tuple(other for other in numbers if other != number)
        # the SMS has trials of its own
        self._troubles = 0
        return self._made(wait="text")

    def _made(
        self,
        *,
        due_at: datetime | None = None,
        wait: str = "",
        result: TargetResult | None = None,
        reason: str = "",
    ) -> TargetChange:
        return TargetChange(
            rings=self._rings,
            troubles=self._troubles,
            texts=self._texts,
            number=self._number,
            others=self._others,
            next_medium=self._medium,
            due_at=due_at or self._now,
            wait=wait,
            result=result,
            reason=reason,
        )

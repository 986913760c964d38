"""The gate: one pure function says whether a call or message may leave now. Rules are data (``Profile``).
Pure.

A ``Permit`` is issued here and nowhere else, for one attempt, one number, one medium, for a short time.
Whoever dials or sends takes a Permit and nothing less.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NoReturn, SupportsIndex, final

from callcore.calls.attempt import Purpose
from callcore.calls.number_history import NumberHistory
from callcore.domain import Text
from callcore.outbound.asking import Ask, Refusal, look
from callcore.outbound.profile import (
    Budget,
    Cap,
    Destinations,
    Limits,
    Meter,
    Profile,
    Rule,
    Tariff,
)
from callcore.outbound.rule_words import busy_with, consent_given
from callcore.outbound.rules import OPEN_CALL_PAUSE, RULES, consent_for, quiet_places

__all__ = [
    "OPEN_CALL_PAUSE",
    "PERMIT_LIFETIME",
    "Ask",
    "Budget",
    "Cap",
    "Destinations",
    "Finding",
    "Limits",
    "Meter",
    "NotByTheGate",
    "Permit",
    "Profile",
    "Purpose",
    "Refusal",
    "Rule",
    "Tariff",
    "busy_with",
    "decide",
    "explain",
    "look",
]

PERMIT_LIFETIME = timedelta(seconds=30)


class NotByTheGate(Exception):
    """Somebody made a Permit himself."""


_SEAL = object()


@final
@dataclass(frozen=True)
class Permit:
    """Holds from ``issued_at`` until before ``expires_at``, which never reaches into quiet hours. It cannot
    be copied, altered (``dataclasses.replace``) or stored: what comes out would be a Permit that nobody
    issued. ``grounds``: what a rule had to be shown, such as a consent."""

    # Not by slots=True: before Python 3.11.4 that puts its own __setstate__ in the place of ours.
    __slots__ = ("ask", "expires_at", "grounds", "issued_at")

    ask: Ask
    issued_at: datetime
    expires_at: datetime
    grounds: tuple[Text, ...]
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise NotByTheGate("a Permit is issued by gate.decide only")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise NotByTheGate("a Permit is not copied or stored")

    def __getstate__(self) -> NoReturn:
        raise NotByTheGate("a Permit is not copied or stored")

    def __setstate__(self, state: object) -> NoReturn:
        raise NotByTheGate("a Permit is not altered")

    def holds_at(self, moment: datetime) -> bool:
        return self.issued_at <= moment < self.expires_at


def decide(ask: Ask, history: NumberHistory, now: datetime) -> Permit | Refusal:
    """Every rule that its purpose does not pass by, in turn; the first that forbids answers. ``now`` is
    aware.

    The profile is that of the number's country; the Permit names it. ``history`` reaches back over the
    profile's reach at least. Asked again at a Refusal's ``until`` with nothing else changed, the answer is a
    Permit, another rule's Refusal, or one with a later ``until``.
    """
    ask = _by_country(ask)
    for rule, answer in RULES.items():
        if (ask.purpose, rule) not in ask.profile.skips:
            refusal = answer(ask, history, now)
            if refusal is not None:
                return refusal
    grounds, end = _grounds(ask, history, now)
    return Permit(ask, now, min(end, _expiry(ask, now)), grounds, _SEAL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's own answer, whatever the others say."""

    rule: Rule
    verdict: Literal["passes", "skipped", "refuses"]
    refusal: Refusal | None = None
    """Also of a rule that is skipped, if it would refuse."""


def explain(ask: Ask, history: NumberHistory, now: datetime) -> tuple[Finding, ...]:
    """What each rule says; ``decide`` refuses by the first that does."""
    ask = _by_country(ask)
    found = []
    for rule, answer in RULES.items():
        refusal = answer(ask, history, now)
        if (ask.purpose, rule) in ask.profile.skips:
            found.append(Finding(rule, "skipped", refusal))
        else:
            found.append(Finding(rule, "passes" if refusal is None else "refuses", refusal))
    return tuple(found)


def _by_country(ask: Ask) -> Ask:
    profile = ask.profile.of_number(ask.number)
    return ask if profile is ask.profile else replace(ask, profile=profile)


def _grounds(ask: Ask, history: NumberHistory, now: datetime) -> tuple[tuple[Text, ...], datetime]:
    """What had to be shown, and how long that lasts."""
    latest = now + PERMIT_LIFETIME
    if (ask.purpose, Rule.consent) in ask.profile.skips:
        return (), latest
    shown = consent_for(ask, history, now)
    if shown is None:
        return (), latest
    return (consent_given(shown),), min(shown.withdrawn_at or latest, latest)


def _expiry(ask: Ask, now: datetime) -> datetime:
    profile, end = ask.profile, now + PERMIT_LIFETIME
    if profile.limits.budgets:
        end = min(end, profile.limits.next_day(now))
    if (ask.purpose, Rule.quiet_hours) in profile.skips or not profile.is_ever_quiet:
        return end
    changes = (hours.next_change(now) for hours in quiet_places(ask) if hours.at(end))
    return min((change for change in changes if change is not None), default=end)

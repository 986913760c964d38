"""The law and the house's own limits as data: what the gate's rules are held against. Pure.

A profile is country × message class. Which rules a purpose passes by (a person's own dialling is not a mass
notice) stands in it too, as pairs; where a call may go and what it may cost is never passed by.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from callcore.calls.attempt import Medium, Purpose
from callcore.calls.number_history import Past
from callcore.outbound.numbering import region_of
from callcore.outbound.quiet import DaysOff, Span


class Rule(StrEnum):
    """Rules of the gate, in the order in which they are asked."""

    destination = "destination"
    """The number is not in the list of destinations allowed."""
    dnc = "dnc"
    opt_out = "opt_out"
    """The person wants no more of this class, or not in this way."""
    consent = "consent"
    """The class needs a consent that can be shown, and there is none."""
    open_call = "open_call"
    """We are on the line with this number already."""
    quiet_hours = "quiet_hours"
    pause = "pause"
    """Too soon after the last attempt."""
    attempt_cap = "attempt_cap"
    budget = "budget"
    """The house's own limit of the day: calls, messages, minutes, money."""


NEVER_SKIPPED = frozenset((Rule.destination, Rule.budget))
"""They bound what a stolen account could cost."""
_ABOUT_THE_PERSON = (
    Rule.dnc,
    Rule.opt_out,
    Rule.consent,
    Rule.pause,
    Rule.attempt_cap,
)
SKIPS_BY_PURPOSE: dict[Purpose, frozenset[Rule]] = {
    Purpose.notice: frozenset(),
    Purpose.survey: frozenset(),
    Purpose.reminder: frozenset(),
    Purpose.call_back: frozenset(_ABOUT_THE_PERSON),
    Purpose.own_call: frozenset((*_ABOUT_THE_PERSON, Rule.quiet_hours)),
    Purpose.transfer: frozenset((*_ABOUT_THE_PERSON, Rule.quiet_hours, Rule.open_call)),
    Purpose.forward: frozenset((*_ABOUT_THE_PERSON, Rule.quiet_hours, Rule.open_call)),
    Purpose.test: frozenset((Rule.consent, Rule.quiet_hours, Rule.pause, Rule.attempt_cap)),
}
"""Where the settings say nothing else. Who asked to be called back sleeps at night like anybody."""
Skips = frozenset[tuple[Purpose, Rule]]


def skips(by_purpose: Iterable[tuple[Purpose, Iterable[Rule]]]) -> Skips:
    return frozenset((purpose, rule) for purpose, rules in by_purpose for rule in rules)


USUAL_SKIPS = skips(SKIPS_BY_PURPOSE.items())


@dataclass(frozen=True, slots=True)
class Destinations:
    """Prefixes of canonical numbers; the longest that fits decides, of two equal ones the ban, none forbids.

    ``home``: a country (ISO 3166) whose numbers are allowed, as if its calling code stood in ``allow``, but
    not those of others that share the code. ``premium``: numbers by which who answers them earns are as
    others; else only a prefix of at least ``LONG`` characters allows one.
    """

    allow: tuple[str, ...]
    deny: tuple[str, ...] = ()
    home: str = ""
    premium: bool = True

    def __post_init__(self) -> None:
        if self.home and len(self.home) != 2:
            raise ValueError(f"{self.home!r} is no country")


LONG = 5
"""Who allows ``+7809`` means those numbers; who allows ``+7`` does not mean to."""
EVERYTHING = frozenset(Purpose)
EVERY_MEDIUM = frozenset(Medium)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many attempts within a rolling window; it concerns whatever it counts.

    ``per_person``: to all numbers of the people who have this one. ``own_only``: those under this very
    profile.
    """

    most: int
    within: timedelta
    media: frozenset[Medium] = EVERY_MEDIUM
    purposes: frozenset[Purpose] = EVERYTHING
    per_person: bool = False
    own_only: bool = False

    def concerns(self, medium: Medium, purpose: Purpose) -> bool:
        return medium in self.media and purpose in self.purposes

    def counts(self, past: Past, profile: str) -> bool:
        return self.concerns(past.medium, past.purpose) and (not self.own_only or past.profile == profile)


class Meter(StrEnum):
    calls = "calls"
    messages = "messages"
    minutes = "minutes"
    """Begun minutes of calls."""
    money = "money"
    """Minor units of the house's currency."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So much in one day of the house: of one purpose, through one route, or of everything. ``each_login``:
    for each person that has something placed, by himself."""

    meter: Meter
    most: int
    purpose: Purpose | None = None
    route: str = ""
    each_login: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prefix and price in minor units; the longest that fits, else the dearest: of a begun minute, of a
    message."""

    calls: tuple[tuple[str, int], ...] = ()
    messages: tuple[tuple[str, int], ...] = ()

    def rate(self, medium: Medium, number: str) -> int:
        prices = self.calls if medium is Medium.voice else self.messages
        fitting = [(len(prefix), price) for prefix, price in prices if number.startswith(prefix)]
        return max(fitting)[1] if fitting else max((price for _, price in prices), default=0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the house itself spends in a day, by the clock of ``zone``."""

    budgets: tuple[Budget, ...] = ()
    tariff: Tariff = Tariff()
    zone: tzinfo = UTC

    def day_begins(self, now: datetime) -> datetime:
        """The midnight of ``now`` (UTC)."""
        day = now.astimezone(self.zone).date()
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)

    def next_day(self, now: datetime) -> datetime:
        """The moment at which the day of ``now`` is over (UTC)."""
        day = now.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, time.min, self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Profile:
    """A legal profile: country × message class."""

    code: str
    quiet_from: time | None
    """Local time of the recipient at which quiet hours begin; None: there are none."""
    quiet_until: time | None
    most_calls: int
    """To one number within ``window``, whatever they were for."""
    most_messages: int
    window: timedelta
    destinations: Destinations
    message_class: str = ""
    """``emergency``, ``planned``, ``service``, ``advertising`` …; "" is ``code``."""
    country: str = ""
    """Whose law it is (ISO 3166); "": the house's."""
    days_off: DaysOff | None = None
    """None: every day has the usual quiet hours."""
    caps: tuple[Cap, ...] = ()
    """Besides those by number and window."""
    pause: timedelta = timedelta(0)
    """Least time between two attempts of one medium to a number."""
    pause_per_person: bool = False
    consents: tuple[str, ...] = ()
    """Clauses of which one must be consented to; none: no consent is needed."""
    skips: Skips = USUAL_SKIPS
    limits: Limits = Limits()
    abroad: tuple[Profile, ...] = ()
    """The same class under the law of other countries: numbers of those go by these."""

    def __post_init__(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError(f"profile {self.code}: quiet hours need both a beginning and an end")
        passed_by = sorted({rule for _, rule in self.skips} & NEVER_SKIPPED)
        if passed_by:
            raise ValueError(f"profile {self.code}: {', '.join(passed_by)} cannot be skipped")

    @property
    def kind(self) -> str:
        """The message class."""
        return self.message_class or self.code

    @property
    def usual_quiet(self) -> Span | None:
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return Span(self.quiet_from, self.quiet_until)

    @property
    def is_ever_quiet(self) -> bool:
        off = self.days_off
        spans = (self.usual_quiet, *((off.on_weekend, off.on_holiday) if off else ()))
        return any(span is not None for span in spans)

    @property
    def all_caps(self) -> tuple[Cap, ...]:
        calls = Cap(self.most_calls, self.window, frozenset((Medium.voice,)))
        messages = Cap(self.most_messages, self.window, frozenset((Medium.sms,)))
        return (calls, messages, *self.caps)

    @property
    def reach(self) -> timedelta:
        """How far back a history must go, here and abroad."""
        own = (self.window, self.pause, *(cap.within for cap in self.caps))
        return max(*own, *(other.reach for other in self.abroad))

    @property
    def needs_person(self) -> bool:
        """Whether it matters who has the number."""
        own = bool(self.consents) or self.pause_per_person or any(cap.per_person for cap in self.caps)
        return own or any(other.needs_person for other in self.abroad)

    def of_number(self, number: str) -> Profile:
        """The profile of this class that holds for a number, by its country."""
        if not self.abroad:
            return self
        region = region_of(number)
        return next((other for other in self.abroad if other.country == region), self)

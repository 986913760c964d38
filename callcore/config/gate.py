"""The shape of the settings that the gate decides by: legal profiles, purposes, destinations, limits."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from callcore.calls.attempt import Medium, Purpose
from callcore.config.fields import ClockRange, Prefix, Region, clock_range
from callcore.domain import Text
from callcore.outbound.profile import NEVER_SKIPPED, Meter, Rule
from callcore.routing.fields import Code, Length, OneOrMore, Words
from callcore.routing.hours_schema import HolidayCountry
from callcore.strictyaml.fields import Bilingual, Flag, Line, Model, Whole, shown, wrong

NIGHT = ClockRange(time(21), time(9))
"""Planned works are no reason to wake anybody."""
_SKIPPABLE = tuple(rule for rule in Rule if rule not in NEVER_SKIPPED)


def _quiet(value: object) -> object:
    """A ClockRange, of which equal ends say the whole day; None."""
    if value == "all_day":
        return ClockRange(time.min, time.min)
    return None if value is None else clock_range(value)


def _own_quiet(value: object) -> object:
    return value if value == "same" else _quiet(value)


def _rule(value: object) -> object:
    if value in _SKIPPABLE:
        return Rule(str(value))
    possible = ", ".join(_SKIPPABLE)
    if value in NEVER_SKIPPED:
        raise wrong(
            Text(f"Правило «{value}» не пропускает никто.", f'Nobody passes by the rule "{value}".'),
            Text(f"Возможны: {possible}.", f"Possible: {possible}."),
        )
    raise wrong(
        Text(f"Правила {shown(value, 'ru')} нет.", f"There is no rule {shown(value)}."),
        Text(f"Возможны: {possible}.", f"Possible: {possible}."),
    )


def _dates(value: object) -> object:
    """Checks the keys: ISO dates."""
    for key in value if isinstance(value, dict) else ():
        try:
            date.fromisoformat(key if isinstance(key, str) and len(key) == 10 else "")
        except ValueError:
            raise wrong(
                Text(f"{shown(key, 'ru')} — не дата.", f"{shown(key)} is no date."),
                Text("Напишите, например, 2026-12-31.", "Write for example 2026-12-31."),
            ) from None
    return value


QuietField = Annotated[Any, BeforeValidator(_quiet)]
"""Makes a ``ClockRange | None``."""
OwnQuietField = Annotated[Any, BeforeValidator(_own_quiet)]
"""Besides, ``same``."""
Skipped = tuple[Annotated[Rule, BeforeValidator(_rule)], ...]


class Cap(Model):
    """So many attempts within a time; see ``outbound.profile.Cap``."""

    most: Annotated[Whole, Field(ge=0, le=1000)]
    within: Length
    media: Annotated[tuple[Medium, ...], OneOrMore] = tuple(Medium)
    purposes: Annotated[tuple[Purpose, ...], OneOrMore] = tuple(Purpose)
    per: Literal["number", "person"] = "number"
    own_profile_only: Flag = False


class Profile(Model):
    """A legal profile: country × message class."""

    message_class: Code | None = None
    """None: the profile's name."""
    title: Bilingual | None = None
    """What people call the class; None: callcore's own word, or the code."""
    country: Region | None = None
    """Whose law it is; None: the organisation's."""
    quiet_hours: QuietField = None
    """``21:00-09:00`` in the recipient's zone; null: none."""
    weekend_quiet_hours: OwnQuietField = "same"
    holiday_quiet_hours: OwnQuietField = "same"
    holidays: HolidayCountry | None = None
    """Whose public holidays; None: the country's."""
    days: Annotated[dict[str, Literal["holiday", "working"]], BeforeValidator(_dates)] = Field(
        default_factory=dict
    )
    """Dates that the calendar has otherwise."""
    calls_per_day: Annotated[Whole, Field(ge=1, le=100)] = 3
    """To one number in 24 hours, whatever they are for."""
    messages_per_day: Annotated[Whole, Field(ge=0, le=100)] = 5
    caps: tuple[Cap, ...] = ()
    """Besides those two."""
    pause: Length = timedelta(0)
    """Least time between two calls, or two messages."""
    pause_per: Literal["number", "person"] = "number"
    consent: Words = ()
    """Clauses of which one must be consented to."""
    skips: dict[Purpose, Skipped] = Field(default_factory=dict)
    """Rules that a purpose passes by under this profile, in place of ``outbound.purposes``."""


class PurposeModel(Model):
    profile: Code | None = None
    """None: quiet hours 21:00-09:00 and the usual caps."""
    skips: Skipped | None = None
    """None: as ``outbound.profile.SKIPS_BY_PURPOSE``."""


class Destinations(Model):
    """Prefixes of numbers; the longest that fits decides."""

    allow: tuple[Prefix, ...] = ()
    """Empty: the organisation's own country."""
    deny: tuple[Prefix, ...] = ()
    premium: Flag = False
    """Premium-rate numbers are as others; else only a prefix of their own allows them."""


class Budget(Model):
    """So much in a day of the house; see ``outbound.profile.Budget``."""

    meter: Meter
    most: Annotated[Whole, Field(ge=0, le=1_000_000_000)]
    purpose: Purpose | None = None
    route: Line | None = None
    each_login: Flag = False


_Prices = dict[Prefix, Annotated[Whole, Field(ge=0, le=1_000_000)]]


class Rates(Model):
    """Minor units (kopecks) of a begun minute and of a message, by prefix."""

    calls: _Prices = Field(default_factory=dict)
    messages: _Prices = Field(default_factory=dict)

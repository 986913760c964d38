"""From the settings to what the gate decides by, and what in them cannot be right together."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Protocol

import phonenumbers

from callcore.calls.attempt import Purpose
from callcore.config import gate as shape
from callcore.config.fields import ClockRange
from callcore.config.gate import NIGHT
from callcore.config.outbound import Outbound
from callcore.config.shape import Organisation, SettingsModel
from callcore.domain import Text
from callcore.outbound.profile import (
    SKIPS_BY_PURPOSE,
    Budget,
    Cap,
    Destinations,
    Limits,
    Meter,
    Profile,
    Skips,
    Tariff,
    skips,
)
from callcore.outbound.quiet import DaysOff, Span
from callcore.routing.hours import national_days
from callcore.strictyaml.faults import Document

WINDOW = timedelta(hours=24)
"""The day of a profile's two simple caps."""
YEARS_AHEAD = 5
"""Public holidays are known to a daemon that has run for so long."""
SMS_ROUTE = "sms"
"""Name of the one gateway in the ledger."""
_OWN_PROFILES = {Purpose.own_call: "service", Purpose.call_back: "called_back"}
"""As the sample names them."""


class Placing(Protocol):
    """The settings that matter here."""

    @property
    def organisation(self) -> Organisation: ...
    @property
    def outbound(self) -> Outbound: ...


def make_profiles(settings: Placing, year: int) -> dict[str, Profile]:
    """By code. ``year``: the one that we are in, for the holidays."""
    maker = _Maker(settings, year)
    return {code: maker.with_abroad(code) for code in settings.outbound.profiles}


def profile_of_purpose(settings: Placing, purpose: Purpose, year: int) -> Profile:
    """What leaves for this reason, unless it says itself under which profile."""
    named = settings.outbound.purposes.get(purpose, shape.PurposeModel()).profile
    if named is not None:
        return _Maker(settings, year).with_abroad(named)
    return _Maker(settings, year).make(purpose, shape.Profile(quiet_hours=NIGHT))


class _Maker:
    def __init__(self, settings: Placing, year: int) -> None:
        self._house = settings.organisation
        self._outbound = settings.outbound
        self._years = range(year - 1, year + YEARS_AHEAD)
        self._destinations = make_destinations(settings)
        self._limits = _limits(settings)

    def with_abroad(self, code: str) -> Profile:
        """With the profiles of the same class that other countries have."""
        own = self._outbound.profiles[code]
        here, kind = self._country(own), own.message_class or code
        others = {
            self._country(other): (name, other)
            for name, other in self._outbound.profiles.items()
            if (other.message_class or name) == kind and self._country(other) != here
        }
        return self.make(code, own, tuple(self.make(*other) for other in others.values()))

    def make(self, code: str, own: shape.Profile, abroad: tuple[Profile, ...] = ()) -> Profile:
        quiet: ClockRange | None = own.quiet_hours
        return Profile(
            code,
            quiet.from_ if quiet else None,
            quiet.until if quiet else None,
            own.calls_per_day,
            own.messages_per_day,
            WINDOW,
            self._destinations,
            message_class=own.message_class or code,
            country=self._country(own),
            days_off=self._days_off(own),
            caps=tuple(map(_cap, own.caps)),
            pause=own.pause,
            pause_per_person=own.pause_per == "person",
            consents=own.consent,
            skips=self._skips(own),
            limits=self._limits,
            abroad=abroad,
        )

    def _country(self, own: shape.Profile) -> str:
        return own.country or self._house.country

    def _days_off(self, own: shape.Profile) -> DaysOff | None:
        weekend, holiday = (
            own.quiet_hours if each == "same" else each
            for each in (own.weekend_quiet_hours, own.holiday_quiet_hours)
        )
        if weekend == own.quiet_hours == holiday:
            return None
        country = own.holidays or self._country(own)
        off, working, days = (
            national_days(country, self._years)
            if country != "none"
            else (frozenset[date](), frozenset[date](), frozenset((5, 6)))
        )
        told = {date.fromisoformat(day): kind for day, kind in own.days.items()}
        added = {day for day, kind in told.items() if kind == "holiday"}
        return DaysOff(
            _span(weekend),
            _span(holiday),
            holidays=(off - set(told)) | added,
            workdays=(working - set(told)) | (set(told) - added),
            weekend=days,
        )

    def _skips(self, own: shape.Profile) -> Skips:
        by_purpose = dict(SKIPS_BY_PURPOSE)
        for purpose, model in self._outbound.purposes.items():
            if model.skips is not None:
                by_purpose[purpose] = frozenset(model.skips)
        for purpose, rules in own.skips.items():
            by_purpose[purpose] = frozenset(rules)
        return skips(by_purpose.items())


def _span(hours: ClockRange | None) -> Span | None:
    return Span(hours.from_, hours.until) if hours else None


def _cap(model: shape.Cap) -> Cap:
    return Cap(
        model.most,
        model.within,
        frozenset(model.media),
        frozenset(model.purposes),
        per_person=model.per == "person",
        own_only=model.own_profile_only,
    )


def make_destinations(settings: Placing) -> Destinations:
    listed = settings.outbound.destinations
    home = "" if listed.allow else settings.organisation.country
    return Destinations(listed.allow, listed.deny, home, listed.premium)


def _limits(settings: Placing) -> Limits:
    outbound = settings.outbound
    return Limits(
        tuple(
            Budget(each.meter, each.most, each.purpose, each.route or "", each.each_login)
            for each in outbound.budgets
        ),
        Tariff(tuple(outbound.rates.calls.items()), tuple(outbound.rates.messages.items())),
        settings.organisation.zone,
    )


# --- what cannot be right


def check_gate(model: SettingsModel, settings: Document) -> None:
    """Profiles, purposes and limits that lead nowhere or say two things."""
    _check_purposes(model, settings)
    _warn_of_built_in(model, settings)
    _check_countries(model, settings)
    _check_budgets(model, settings)
    for code, profile in model.outbound.profiles.items():
        if (profile.message_class or code) == "advertising" and not profile.consent:
            settings.blame(
                ("outbound", "profiles", code),
                Text(
                    "Реклама без согласия: в России её нельзя и звонком, и в SMS.",
                    "Advertising without consent: most laws forbid it, by phone and by SMS.",
                ),
                Text(
                    'Назовите пункт согласия: consent: ["4.2 рекламные сообщения"].',
                    'Name the clause consented to: consent: ["4.2 advertising"].',
                ),
                severity="warning",
            )


def _check_purposes(model: SettingsModel, settings: Document) -> None:
    for purpose, each in model.outbound.purposes.items():
        if each.profile is not None and each.profile not in model.outbound.profiles:
            settings.blame(
                ("outbound", "purposes", purpose.value, "profile"),
                *no_profile(each.profile, model),
            )


def _warn_of_built_in(model: SettingsModel, settings: Document) -> None:
    """Calls to customers whose rules nobody has chosen: settings from before 0.6 name none for them."""
    outbound = model.outbound
    placed = [Purpose.own_call]
    if any(queue.call_back is not None for queue in model.queues.values()):
        placed.append(Purpose.call_back)
    unnamed = [each for each in placed if outbound.purposes.get(each, shape.PurposeModel()).profile is None]
    if not unnamed or not any(name in model.pbx for name in outbound.trunks):
        return
    named = ", ".join(unnamed)
    example = ", ".join(f"{each}: {{profile: {_OWN_PROFILES[each]}}}" for each in unnamed)
    settings.blame(
        ("outbound", "purposes"),
        Text(
            f"Профиль не назван, действует встроенный (тихие часы 21:00-09:00): {named}.",
            f"No profile is named, the built-in one holds (quiet hours 21:00-09:00): {named}.",
        ),
        Text(
            f"Добавьте outbound.purposes: {{{example}}} и профили из образца config/callcore.yaml.",
            f"Add outbound.purposes: {{{example}}} and the profiles of the sample config/callcore.yaml.",
        ),
        severity="warning",
    )


def no_profile(code: str, model: SettingsModel) -> tuple[Text, Text]:
    """What to say of a profile that somebody names, and what to do. It decides about calls and SMS alike,
    also about those that the dry gateway writes into its file."""
    there = ", ".join(sorted(model.outbound.profiles))
    ru = f" или назовите один из тех, что есть: {there}" if there else ""
    en = f", or name one of those that are there: {there}" if there else ""
    return (
        Text(f"Профиля «{code}» нет.", f'There is no profile "{code}".'),
        Text(f"Опишите outbound.profiles.{code}{ru}.", f"Describe outbound.profiles.{code}{en}."),
    )


def _check_countries(model: SettingsModel, settings: Document) -> None:
    """Two profiles of one class for one other country: which of them would it be?"""
    house = model.organisation.country
    seen: dict[tuple[str, str], str] = {}
    for code, profile in model.outbound.profiles.items():
        country = profile.country or house
        key = (profile.message_class or code, country)
        if country != house and key in seen:
            settings.blame(
                ("outbound", "profiles", code, "country"),
                Text(
                    f"Для {country} есть уже профиль «{seen[key]}» того же класса «{key[0]}».",
                    f'There is a profile "{seen[key]}" of the class "{key[0]}" for {country} already.',
                ),
                Text("Оставьте один из них.", "Keep one of them."),
            )
        seen[key] = code
        _check_reach(code, country, house, model, settings)


def _check_reach(code: str, country: str, house: str, model: SettingsModel, settings: Document) -> None:
    """A profile for a country that no call may reach."""
    to = model.outbound.destinations
    calling = f"+{phonenumbers.country_code_for_region(country)}"
    near = any(prefix.startswith(calling) or calling.startswith(prefix) for prefix in to.allow)
    if country != house and not near:
        settings.blame(
            ("outbound", "profiles", code, "country"),
            Text(
                f"В {country} ({calling}) звонить не разрешено.",
                f"Nothing may be dialled to {country} ({calling}).",
            ),
            Text(
                f"Добавьте {calling} в outbound.destinations.allow (и +7 для своих).",
                f"Add {calling} to outbound.destinations.allow (and the house's own prefix).",
            ),
            severity="warning",
        )


def _check_budgets(model: SettingsModel, settings: Document) -> None:
    outbound = model.outbound
    for place, budget in enumerate(outbound.budgets):
        position = ("outbound", "budgets", place)
        if budget.meter is Meter.money and not (outbound.rates.calls or outbound.rates.messages):
            settings.blame(
                (*position, "meter"),
                Text(
                    "Сколько стоит минута, не сказано: расход всегда 0.",
                    "What a minute costs is not said: nothing is ever spent.",
                ),
                Text(
                    'Добавьте outbound.rates: {calls: {"+7": 150}}.',
                    'Add outbound.rates: {calls: {"+7": 150}}.',
                ),
            )
        if budget.route is not None and budget.route not in (*outbound.trunks, SMS_ROUTE):
            settings.blame(
                (*position, "route"),
                Text(f"Пути «{budget.route}» нет.", f'There is no route "{budget.route}".'),
                Text(
                    f"Назовите АТС из outbound.trunks или {SMS_ROUTE}.",
                    f"Name a PBX of outbound.trunks, or {SMS_ROUTE}.",
                ),
            )
        if budget.each_login and budget.purpose in (Purpose.notice, Purpose.forward):
            settings.blame(
                (*position, "each_login"),
                Text(
                    "За этим никто из сотрудников не стоит: лимит ни к кому не относится.",
                    "No member of staff stands behind these: the limit concerns nobody.",
                ),
                Text("Уберите each_login.", "Leave out each_login."),
                severity="warning",
            )

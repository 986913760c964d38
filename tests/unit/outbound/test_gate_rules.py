"""The rules of classes and persons, the house's limits, and what a purpose passes by: one example each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcore.calls.attempt import AttemptId, Medium, Purpose
from callcore.calls.number_history import Consent, NumberHistory, OptOut, Past, Usage
from callcore.outbound.gate import (
    Ask,
    Budget,
    Cap,
    Destinations,
    Limits,
    Meter,
    Permit,
    Profile,
    Refusal,
    Rule,
    Tariff,
    decide,
    explain,
)
from callcore.outbound.profile import SKIPS_BY_PURPOSE, skips
from callcore.outbound.quiet import DaysOff, Span

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""A Monday, noon in Moscow."""
MOSCOW = "Europe/Moscow"
MOBILE, VLADIVOSTOK, PREMIUM = "+79000000001", "+74232000001", "+78095550001"
NIGHT = Span(time(21), time(9))


def profile(**changes: Any) -> Profile:
    plain = Profile("planned", None, None, 99, 99, DAY, Destinations(("+7",), home="", premium=False))
    return replace(plain, **changes)


def ask(number: str = MOBILE, medium: Medium = Medium.voice, **changes: Any) -> Ask:
    purpose, login = changes.pop("purpose", Purpose.notice), changes.pop("login", "")
    route = changes.pop("route", "main")
    zone = changes.pop("zone", MOSCOW)
    return Ask(AttemptId("a1"), medium, purpose, number, zone, route, profile(**changes), login)


def refused(question: Ask, history: NumberHistory | None = None, now: datetime = NOON) -> Refusal:
    answer = decide(question, history or NumberHistory(), now)
    assert isinstance(answer, Refusal)
    return answer


def permitted(question: Ask, history: NumberHistory | None = None, now: datetime = NOON) -> Permit:
    answer = decide(question, history or NumberHistory(), now)
    assert isinstance(answer, Permit), answer
    return answer


def called(hours: float, purpose: Purpose = Purpose.notice, code: str = "planned") -> Past:
    return Past(NOON - hours * HOUR, Medium.voice, purpose, code)


# --- where to


def test_premium_numbers_need_a_prefix_of_their_own() -> None:
    assert refused(ask(PREMIUM)).evidence.en == "a premium-rate number"
    for purpose in Purpose:
        assert refused(ask(PREMIUM, purpose=purpose)).rule is Rule.destination
    permitted(ask(PREMIUM, destinations=Destinations(("+7", "+7809555"), premium=False)))
    permitted(ask(PREMIUM, destinations=Destinations(("+7",), premium=True)))


@pytest.mark.parametrize(("prefix", "means_them"), [("+780", False), ("+7809", True)])
@pytest.mark.parametrize("home", ["", "RU"])
def test_how_long_the_prefix_of_premium_numbers_must_be(prefix: str, means_them: bool, home: str) -> None:
    """Nor does it matter that the number is one of our own country."""
    to = Destinations((prefix,), deny=("+78",), home=home, premium=False)
    answer = decide(ask(PREMIUM, destinations=to), NumberHistory(), NOON)
    assert isinstance(answer, Permit) is means_them


def test_ones_own_country_is_not_all_that_shares_its_code() -> None:
    home = Destinations((), home="RU", premium=False)
    permitted(ask(destinations=home))
    assert refused(ask("+77010000001", destinations=home)).rule is Rule.destination
    assert refused(ask("+442071838750", destinations=home)).rule is Rule.destination
    assert (
        refused(ask(destinations=replace(home, deny=("+790",)))).evidence.en == "numbers with +790 are denied"
    )
    permitted(ask("+77010000001", destinations=replace(home, allow=("+77",))))
    with pytest.raises(ValueError, match="no country"):
        Destinations((), home="Russia")


# --- what the person said


def test_an_opt_out_is_by_way_and_by_class() -> None:
    no_calls = OptOut(NOON - DAY, "сказал Анне", Medium.voice, "planned")
    known = NumberHistory(opt_outs=(no_calls,))
    answer = refused(ask(), known)
    assert (answer.rule, answer.until) == (Rule.opt_out, None)
    assert answer.evidence.en == 'opted out of "planned" by phone since 2026-11-01: сказал Анне'
    assert answer.evidence.ru == "отказ «planned» от звонков с 01.11.2026: сказал Анне"
    permitted(ask(medium=Medium.sms), known)
    permitted(ask(message_class="emergency"), known)
    everything = NumberHistory(opt_outs=(OptOut(NOON, ""),))
    for medium in Medium:
        assert refused(ask(medium=medium, message_class="emergency"), everything).rule is Rule.opt_out


def consent(**changes: Any) -> Consent:
    return replace(Consent("4.2 реклама", NOON - DAY, "anna", "договор 17"), **changes)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), 'no consent to "4.2 Реклама"'),
        ((consent(clause="6.1"),), 'no consent to "4.2 Реклама"'),
        ((consent(granted_at=NOON + HOUR),), 'no consent to "4.2 Реклама"'),
        ((consent(evidence=" "),), 'no consent to "4.2 Реклама": nothing shows it'),
        ((consent(withdrawn_at=NOON),), 'consent to "4.2 реклама" withdrawn 2026-11-02'),
    ],
)
def test_what_is_no_consent(given: tuple[Consent, ...], why: str) -> None:
    answer = refused(ask(consents=("4.2 Реклама",)), NumberHistory(consents=given))
    assert (answer.rule, answer.until, answer.evidence.en) == (Rule.consent, None, why)


def test_a_consent_is_shown_by_the_permit_and_bounds_it() -> None:
    wanted = ask(consents=("другое", "4.2  РЕКЛАМА"))
    permit = permitted(wanted, NumberHistory(consents=(consent(),)))
    assert [said.en for said in permit.grounds] == [
        'consent to "4.2 реклама" of 2026-11-01, noted by anna: договор 17'
    ]
    soon = NOON + timedelta(seconds=5)
    ending = NumberHistory(consents=(consent(withdrawn_at=soon),))
    assert permitted(wanted, ending).expires_at == soon
    both = NumberHistory(consents=(consent(), consent(withdrawn_at=soon)))
    assert permitted(wanted, both).expires_at > soon
    assert permitted(replace(wanted, purpose=Purpose.own_call)).grounds == ()


# --- when


def test_quiet_where_the_number_is_at_home_is_quiet() -> None:
    """His record says Moscow, his number Vladivostok, seven hours ahead."""
    question = ask(VLADIVOSTOK, quiet_from=NIGHT.begins, quiet_until=NIGHT.ends)
    answer = refused(question, now=datetime(2026, 11, 2, 11, 0, tzinfo=UTC))
    assert answer.evidence.en == "quiet hours 21:00–09:00 (Asia/Vladivostok)"
    # until Vladivostok wakes Moscow sleeps; until Moscow wakes it is nine there, and sixteen in Vladivostok
    assert answer.until == datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
    permitted(question, now=datetime(2026, 11, 2, 10, 59, tzinfo=UTC))
    permitted(replace(question, number=MOBILE), now=datetime(2026, 11, 2, 11, 0, tzinfo=UTC))


def test_places_that_never_wake_together() -> None:
    question = ask(VLADIVOSTOK, quiet_from=time(12), quiet_until=time(6), zone="Europe/Kaliningrad")
    assert refused(question).until is None


def test_days_off_have_hours_of_their_own() -> None:
    """Federal Law 230-FZ: 22–8 on working days, 20–9 on days off, by the recipient's clock."""
    off = DaysOff(
        Span(time(20), time(9)),
        Span(time(20), time(9)),
        holidays=frozenset((date(2026, 11, 4),)),
        workdays=frozenset((date(2026, 11, 7),)),
    )
    question = ask(quiet_from=time(22), quiet_until=time(8), days_off=off)

    def at(day: int, hour: int, minute: int = 0) -> Permit | Refusal:
        local = datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(MOSCOW))
        return decide(question, NumberHistory(), local.astimezone(UTC))

    assert isinstance(at(3, 8), Permit), "a Tuesday"
    assert isinstance(at(3, 21, 59), Permit)
    assert isinstance(at(4, 8), Refusal), "Unity Day, a Wednesday"
    assert isinstance(at(4, 9), Permit)
    evening = at(4, 20)
    assert isinstance(evening, Refusal)
    assert evening.evidence.en == "quiet hours 20:00–09:00 (Europe/Moscow)"
    assert evening.until == datetime(2026, 11, 5, 8, tzinfo=ZoneInfo(MOSCOW))
    assert isinstance(at(7, 8), Permit), "a Saturday on which people work"
    assert isinstance(at(8, 8), Refusal), "a Sunday"
    only_days_off = ask(days_off=replace(off, on_holiday=None))
    now = datetime(2026, 11, 8, 3, tzinfo=UTC)
    assert refused(only_days_off, now=now).until == datetime(2026, 11, 8, 6, tzinfo=UTC)


def test_a_pause_between_attempts() -> None:
    known = NumberHistory((called(0.1),), (Past(NOON - 0.05 * HOUR, Medium.voice),))
    question = ask(pause=timedelta(minutes=15))
    answer = refused(question, known)
    assert (answer.rule, answer.until) == (Rule.pause, NOON - 0.1 * HOUR + timedelta(minutes=15))
    assert answer.evidence.en == "less than 15 min since the call of 2026-11-02 08:54 UTC"
    permitted(replace(question, medium=Medium.sms), known)
    by_person = ask(pause=timedelta(minutes=15), pause_per_person=True)
    assert refused(by_person, known).until == NOON - 0.05 * HOUR + timedelta(minutes=15)


def test_caps_across_purposes_media_and_numbers() -> None:
    week = 7 * DAY
    known = NumberHistory(
        (called(30), called(20, Purpose.survey)), (Past(NOON - 3 * DAY, Medium.sms, Purpose.notice, "other"),)
    )
    three = Cap(3, week, per_person=True)
    answer = refused(ask(caps=(three,)), known)
    assert (answer.rule, answer.until) == (Rule.attempt_cap, NOON - 3 * DAY + week)
    assert answer.evidence.en == "calls and messages to one person within 7 days: 3 of 3 allowed"
    permitted(ask(caps=(replace(three, per_person=False),)), known)
    permitted(ask(caps=(replace(three, own_only=True),)), known)
    surveys = frozenset((Purpose.survey,))
    permitted(ask(caps=(Cap(1, week, purposes=surveys),)), known)
    assert refused(ask(caps=(Cap(1, week, purposes=surveys),), purpose=Purpose.survey), known)
    voice = Cap(2, week, media=frozenset((Medium.voice,)))
    permitted(ask(medium=Medium.sms, caps=(voice,)), known)
    assert refused(ask(caps=(voice,)), known).evidence.ru == "звонков за 7 сут: 2 из 2 возможных"


# --- what it costs

QUARTER = Usage(NOON, Medium.voice, Purpose.own_call, "main", "anna", attempts=3, minutes=10, cost_minor=1500)


@pytest.mark.parametrize(
    ("budget", "question", "is_allowed"),
    [
        (Budget(Meter.calls, 3), ask(), False),
        (Budget(Meter.calls, 4), ask(), True),
        (Budget(Meter.calls, 0), ask(medium=Medium.sms), True),
        (Budget(Meter.minutes, 10), ask(), False),
        (Budget(Meter.messages, 0), ask(medium=Medium.sms), False),
        (Budget(Meter.money, 1649), ask(), False),
        (Budget(Meter.money, 1650), ask(), True),
        (Budget(Meter.money, 1899), ask(medium=Medium.sms), False),
        (Budget(Meter.calls, 3, Purpose.own_call), ask(), True),
        (Budget(Meter.calls, 3, Purpose.own_call), ask(purpose=Purpose.own_call), False),
        (Budget(Meter.calls, 3, route="main"), ask(), False),
        (Budget(Meter.calls, 3, route="main"), ask(route="other"), True),
        (Budget(Meter.calls, 3, Purpose.notice), ask(), True),
        (Budget(Meter.calls, 3, route="other"), ask(route="other"), True),
        (Budget(Meter.calls, 3, each_login=True), ask(login="anna"), False),
        (Budget(Meter.calls, 3, each_login=True), ask(login="boris"), True),
        (Budget(Meter.calls, 0, each_login=True), ask(), True),
    ],
)
def test_the_houses_day(budget: Budget, question: Ask, is_allowed: bool) -> None:
    tariff = Tariff((("+7", 150), ("+7800", 0)), (("+7", 400),))
    limits = Limits((budget,), tariff, ZoneInfo(MOSCOW))
    question = replace(question, profile=replace(question.profile, limits=limits))
    answer = decide(question, NumberHistory(usage=(QUARTER,)), NOON)
    assert isinstance(answer, Permit) is is_allowed
    if isinstance(answer, Refusal):
        midnight = datetime(2026, 11, 3, tzinfo=ZoneInfo(MOSCOW))
        assert answer.until in (midnight, None)
        assert (answer.until is None) is (budget.most == 0)
        yesterday = NumberHistory(usage=(replace(QUARTER, at=NOON - 13 * HOUR),))
        if budget.most:
            permitted(question, yesterday)


def test_what_a_limit_says() -> None:
    limits = Limits(
        (Budget(Meter.money, 1500, Purpose.own_call, "main", each_login=True),), Tariff((("+", 1),))
    )
    question = ask(purpose=Purpose.own_call, login="anna", limits=limits)
    said = refused(question, NumberHistory(usage=(QUARTER,))).evidence
    assert said.en == "of the day, call by a member of staff, main, one member of staff: spent 15.00 of 15.00"
    assert said.ru == "за день, звонок сотрудника, main, один сотрудник: расход 15.00 из 15.00"


def test_a_permit_ends_with_the_day_whose_limit_let_it_pass() -> None:
    limits = Limits((Budget(Meter.calls, 4),), zone=ZoneInfo(MOSCOW))
    now = datetime(2026, 11, 2, 20, 59, 50, tzinfo=UTC)
    assert permitted(ask(limits=limits), now=now).expires_at == now + timedelta(seconds=10)


def test_a_permit_is_short_lived_however_far_away_the_quiet_hours_are() -> None:
    permit = permitted(ask(quiet_from=time(21), quiet_until=time(9)))
    assert permit.expires_at == NOON + timedelta(seconds=30)


def test_a_permit_does_not_hold_before_it_was_issued() -> None:
    """A clock that was put back must not give it a second life."""
    permit = permitted(ask())
    assert permit.holds_at(NOON)
    assert not permit.holds_at(NOON - timedelta(microseconds=1))


def test_a_tariff_knows_the_dearest_for_what_it_does_not_know() -> None:
    tariff = Tariff((("+7", 150), ("+7900", 0), ("+44", 900)), ())
    assert tariff.rate(Medium.voice, "+79160000001") == 150
    assert tariff.rate(Medium.voice, MOBILE) == 0
    assert tariff.rate(Medium.voice, "+380440000000") == 900
    assert tariff.rate(Medium.sms, MOBILE) == 0


# --- whose law, and what passes by it


def test_the_law_is_that_of_the_number_that_is_called() -> None:
    wide = Destinations(("+7", "+375"))
    minsk = profile(code="planned_by", country="BY", most_calls=0, destinations=wide, consents=("x",))
    here = ask(abroad=(minsk,), destinations=wide)
    assert permitted(here).ask is here
    assert refused(replace(here, number="+375172000000")).rule is Rule.consent
    assert here.profile.needs_person
    told = permitted(replace(here, number="+375172000000", purpose=Purpose.own_call))
    assert told.ask.profile is minsk


def test_what_each_purpose_passes_by_unless_the_profile_says_otherwise() -> None:
    bad = NumberHistory(
        (called(0.01),) * 9, has_open_call=True, dnc_since=NOON, opt_outs=(OptOut(NOON, "сам"),)
    )
    night = {"quiet_from": time(0), "quiet_until": time(0)}
    strict = {"most_calls": 1, "pause": HOUR, "consents": ("x",), **night}
    first = {
        Purpose.notice: Rule.dnc,
        Purpose.survey: Rule.dnc,
        Purpose.reminder: Rule.dnc,
        Purpose.test: Rule.dnc,
        Purpose.call_back: Rule.open_call,
        Purpose.own_call: Rule.open_call,
    }
    for purpose, rule in first.items():
        assert refused(ask(purpose=purpose, **strict), bad).rule is rule
    free = replace(bad, has_open_call=False)
    assert refused(ask(purpose=Purpose.call_back, **strict), free).rule is Rule.quiet_hours
    permitted(ask(purpose=Purpose.own_call, **strict), free)
    for purpose in (Purpose.transfer, Purpose.forward):
        permitted(ask(purpose=purpose, **strict), bad)
    stricter = skips((SKIPS_BY_PURPOSE | {Purpose.own_call: frozenset()}).items())
    assert refused(ask(purpose=Purpose.own_call, skips=stricter, **strict), free).rule is Rule.dnc
    assert set(SKIPS_BY_PURPOSE) == set(Purpose)


@pytest.mark.parametrize("rule", [Rule.destination, Rule.budget])
def test_where_to_and_what_it_costs_is_passed_by_by_nobody(rule: Rule) -> None:
    with pytest.raises(ValueError, match=f"{rule} cannot be skipped"):
        profile(skips=skips([(Purpose.own_call, [rule])]))


def test_an_explanation_tells_also_what_was_passed_by() -> None:
    known = NumberHistory(dnc_since=NOON, has_open_call=True)
    found = {each.rule: each for each in explain(ask(purpose=Purpose.own_call), known, NOON)}
    assert list(found) == list(Rule)
    assert found[Rule.destination].verdict == "passes"
    assert found[Rule.dnc].verdict == "skipped"
    assert found[Rule.dnc].refusal is not None
    assert found[Rule.open_call].verdict == "refuses"

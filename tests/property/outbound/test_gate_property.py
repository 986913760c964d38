"""Whatever the recipient, the hour, the law and the history: no Permit against a rule, and asking again leads
somewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcore.calls.attempt import AttemptId, Medium, Purpose
from callcore.calls.number_history import NumberHistory
from callcore.outbound.gate import (
    Ask,
    Destinations,
    Permit,
    Profile,
    Refusal,
    Rule,
    decide,
    explain,
)
from callcore.outbound.quiet import QuietHours, Span, free_from

from .gate_house import (
    ASPECTS,
    NUMBERS,
    ZONES,
    Question,
    days_off,
    forbidden,
    is_quiet,
    moments,
    profiles,
    questions,
    spans,
)

MANY = settings(max_examples=100, deadline=None)


@pytest.mark.parametrize("focus", ASPECTS)
@settings(max_examples=70, deadline=None)
@given(data=st.data())
def test_a_permit_exactly_where_no_rule_forbids(focus: str, data: st.DataObject) -> None:
    ask, history, now = data.draw(questions(focus))
    passed_by = {rule for purpose, rule in ask.profile.skips if purpose is ask.purpose}
    broken = forbidden(ask, history, now)
    answer = decide(ask, history, now)
    if isinstance(answer, Permit):
        assert not broken - passed_by
        assert now < answer.expires_at <= now + timedelta(seconds=30)
        last = answer.expires_at - timedelta(microseconds=1)
        assert not forbidden(ask, history, last) - passed_by
    else:
        assert answer.rule is min(broken - passed_by, key=list(Rule).index)
        assert answer.evidence.ru
        assert answer.evidence.en
    found = explain(ask, history, now)
    assert {each.rule for each in found if each.refusal is not None} == broken
    assert [each.rule for each in found] == list(Rule)
    for each in found:
        assert (each.verdict == "skipped") is (each.rule in passed_by)
        assert (each.verdict == "passes") is (each.refusal is None and each.verdict != "skipped")


WAITING = [aspect for aspect in ASPECTS if aspect in ("quiet", "days", "caps", "pause", "money", "zone")]


@pytest.mark.parametrize("focus", WAITING)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_asking_again_at_the_time_given_leads_on(focus: str, data: st.DataObject) -> None:
    ask, history, now = data.draw(questions(focus))
    for _ in range(40):
        answer = decide(ask, history, now)
        if isinstance(answer, Permit) or answer.until is None:
            return
        assert answer.until > now
        again = decide(ask, history, answer.until)
        if isinstance(again, Refusal) and again.rule is answer.rule:
            assert again.until is None or again.until > answer.until
            if again.rule is Rule.open_call:  # the line stays busy for as long as it is
                return
        now = answer.until
    raise AssertionError("no end")


@pytest.mark.parametrize("focus", WAITING)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), part=st.floats(0, 1))
def test_nobody_waits_longer_than_the_rule_lasts(focus: str, data: st.DataObject, part: float) -> None:
    ask, history, now = data.draw(questions(focus))
    for found in explain(ask, history, now):
        until = found.refusal.until if found.refusal else None
        if until is not None and found.rule is not Rule.open_call:
            earlier = min(now + (until - now) * part, until - timedelta(microseconds=1))
            assert found.rule in forbidden(ask, history, earlier)


@MANY
@given(questions(), st.sampled_from(["RU", "BY", "GB", "KZ"]), st.data())
def test_the_law_of_the_country_that_is_called(question: Question, country: str, data: st.DataObject) -> None:
    ask, history, now = question
    foreign = data.draw(profiles(now, country=country))
    both = replace(ask, profile=replace(ask.profile, abroad=(foreign,)))
    expected = foreign if NUMBERS[ask.number].country == country else ask.profile
    answer, alone = decide(both, history, now), decide(replace(ask, profile=expected), history, now)
    if isinstance(alone, Refusal):
        assert answer == alone
    else:
        assert isinstance(answer, Permit)
        chosen = both.profile if expected is ask.profile else foreign
        assert (answer.ask.profile, answer.expires_at) == (chosen, alone.expires_at)
    assert both.profile.reach == max(ask.profile.reach, foreign.reach)


@MANY
@given(moments, st.data())
def test_the_next_change_is_the_first(now: datetime, data: st.DataObject) -> None:
    usual, zone = data.draw(st.none() | spans), data.draw(st.sampled_from(ZONES[:-1]))
    hours = QuietHours(usual, ZoneInfo(zone), data.draw(st.none() | days_off(now)))
    profile = Profile(
        "test",
        usual.begins if usual else None,
        usual.ends if usual else None,
        1,
        1,
        timedelta(1),
        Destinations(()),
        days_off=hours.days_off,
    )
    state = is_quiet(profile, zone, now)
    assert hours.at(now) is state
    change = hours.next_change(now)
    at = now
    while at < (change or now + timedelta(days=8)):
        assert is_quiet(profile, zone, at) is state
        at += timedelta(minutes=1 if at < now + timedelta(hours=26) else 13)
    if change is not None:
        assert is_quiet(profile, zone, change) is not state


@MANY
@given(st.lists(st.tuples(spans, st.sampled_from(ZONES[:-1])), min_size=1, max_size=3), moments)
def test_quiet_in_one_place_is_quiet(places: list[tuple[Span, str]], now: datetime) -> None:
    several = [QuietHours(span, ZoneInfo(zone)) for span, zone in places]
    free = free_from(several, now)
    at = now
    while at < (free or now + timedelta(days=3)):
        assert any(hours.at(at) for hours in several)
        at += timedelta(minutes=7)
    if free is not None:
        assert not any(hours.at(free) for hours in several)


def test_the_second_opinion_knows_every_rule() -> None:
    """One in which nothing is ever forbidden would prove nothing."""
    seen: set[Rule] = set()
    permits: set[Purpose] = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True)
    @given(questions())
    def look(question: Question) -> None:
        answer = decide(*question)
        if isinstance(answer, Refusal):
            seen.add(answer.rule)
        else:
            permits.add(question[0].purpose)

    look()
    assert seen == set(Rule)
    assert permits == set(Purpose)


def test_the_table_of_numbers_is_that_of_the_plans() -> None:
    """The second opinion's table, once, by hand against the library."""
    from callcore.outbound.numbering import costs_extra, region_of, zone_of

    for number, place in NUMBERS.items():
        if place.is_number and number != "112":
            told = (region_of(number), zone_of(number), costs_extra(number))
            assert told == (place.country, place.zone, place.is_premium), number


def test_a_question_of_the_old_kind_still_fits() -> None:
    ask = Ask(
        AttemptId("a"),
        Medium.voice,
        Purpose.notice,
        "+79000000001",
        "UTC",
        "main",
        Profile("x", None, None, 1, 1, timedelta(1), Destinations(("+7",))),
    )
    assert isinstance(decide(ask, NumberHistory(), datetime.fromisoformat("2026-11-02T09:00+00:00")), Permit)

"""Each rule of the gate, and that nobody else makes a Permit."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import UTC, datetime, time, timedelta

import pytest

from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory, Past
from callcore.outbound.gate import (
    PERMIT_LIFETIME,
    Ask,
    Destinations,
    NotByTheGate,
    Permit,
    Profile,
    Purpose,
    Refusal,
    Rule,
    decide,
)

DAY = timedelta(hours=24)
NOON = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOBODY = NumberHistory()


def ask(
    number: str = "+79000000001",
    zone: str = "Europe/Moscow",
    medium: Medium = Medium.voice,
    quiet: str | None = None,
    most: int = 3,
    allow: tuple[str, ...] = ("+7",),
    deny: tuple[str, ...] = (),
) -> Ask:
    begins, ends = (time.fromisoformat(part) for part in quiet.split("-")) if quiet else (None, None)
    profile = Profile("test", begins, ends, most, most, DAY, Destinations(allow, deny))
    return Ask(AttemptId("a1"), medium, Purpose.notice, number, zone, "main", profile)


def refused(question: Ask, history: NumberHistory = NOBODY, now: datetime = NOON) -> Refusal:
    answer = decide(question, history, now)
    assert isinstance(answer, Refusal), answer
    assert answer.evidence.ru
    assert answer.evidence.en
    return answer


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text + "+00:00")


def test_a_permit_holds_for_a_short_time() -> None:
    permit = decide(ask(), NOBODY, NOON)
    assert isinstance(permit, Permit)
    assert (permit.issued_at, permit.expires_at) == (NOON, NOON + PERMIT_LIFETIME)
    assert permit.holds_at(NOON)
    assert not permit.holds_at(NOON + PERMIT_LIFETIME)


def test_a_permit_does_not_reach_into_quiet_hours() -> None:
    permit = decide(ask(quiet="21:00-09:00"), NOBODY, utc("2026-11-02T17:59:50"))
    assert isinstance(permit, Permit)
    assert permit.expires_at == utc("2026-11-02T18:00:00")


@pytest.mark.parametrize(
    "number", ["+380440000000", "112", "101", "+7900x000001", "", "+79000000001@evil", "79000000001", "+7"]
)
def test_other_destinations_are_refused_for_ever(number: str) -> None:
    answer = refused(ask(number))
    assert (answer.rule, answer.until) == (Rule.destination, None)


@pytest.mark.parametrize(
    ("number", "is_allowed"),
    [("+74950000001", True), ("+78090000001", False), ("+78095550001", True), ("+77070000001", False)],
)
def test_the_longest_prefix_decides_and_deny_wins_a_tie(number: str, is_allowed: bool) -> None:
    question = ask(number, allow=("+7", "+7809555", "+7707"), deny=("+7809", "+7707"))
    assert isinstance(decide(question, NOBODY, NOON), Permit) is is_allowed


@pytest.mark.parametrize("medium", list(Medium))
def test_do_not_call_is_for_ever(medium: Medium) -> None:
    answer = refused(ask(medium=medium), NumberHistory(dnc_since=utc("2026-11-01T10:00:00")))
    assert (answer.rule, answer.until) == (Rule.dnc, None)
    assert answer.evidence.ru == "в списке «не звонить» с 01.11.2026"


def test_an_open_call_is_asked_about_again_and_bars_no_message() -> None:
    answer = refused(ask(), NumberHistory(has_open_call=True))
    assert answer.rule is Rule.open_call
    assert answer.until is not None
    assert answer.until > NOON
    assert isinstance(decide(ask(medium=Medium.sms), NumberHistory(has_open_call=True), NOON), Permit)


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "until"),
    [
        pytest.param(
            "21:00-09:00",
            "Europe/Moscow",
            "2026-11-02T18:00:00",
            "2026-11-03T06:00:00",
            id="evening",
        ),
        pytest.param(
            "21:00-09:00",
            "Asia/Vladivostok",
            "2026-11-02T22:00:00",
            "2026-11-02T23:00:00",
            id="morning, his zone",
        ),
        pytest.param("13:00-14:00", "Europe/Moscow", "2026-11-02T10:30:00", "2026-11-02T11:00:00", id="day"),
        pytest.param("00:00-24:00", "Europe/Moscow", "2026-11-02T10:30:00", None, id="always"),
        pytest.param(
            "22:00-02:30",
            "Europe/Berlin",
            "2026-03-28T23:30:00",
            "2026-03-29T01:00:00",
            id="the end falls into the spring gap",
        ),
        pytest.param(
            "22:00-02:30",
            "Europe/Berlin",
            "2026-10-24T23:30:00",
            "2026-10-25T00:30:00",
            id="autumn, the first 02:30",
        ),
        pytest.param(
            "22:00-02:30",
            "Europe/Berlin",
            "2026-10-25T01:10:00",
            "2026-10-25T01:30:00",
            id="autumn, quiet again at the second 02:10",
        ),
        pytest.param(
            "22:00-09:00", "Pacific/Apia", "2011-12-30T09:30:00", "2011-12-30T19:00:00", id="a day skipped"
        ),
    ],
)
def test_quiet_hours(quiet: str, zone: str, now: str, until: str | None) -> None:
    question = ask(quiet=quiet.replace("00:00-24:00", "07:00-07:00"), zone=zone)
    answer = refused(question, now=utc(now))
    assert (answer.rule, answer.until) == (Rule.quiet_hours, utc(until) if until else None)
    assert zone in answer.evidence.en
    if answer.until is not None:
        assert isinstance(decide(question, NOBODY, answer.until), Permit)
        assert isinstance(decide(question, NOBODY, answer.until - timedelta(microseconds=1)), Refusal)


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "Europe", "a\0b", "х"])
def test_an_unknown_zone_is_never_called(zone: str) -> None:
    answer = refused(ask(zone=zone, quiet="21:00-09:00"))
    assert (answer.rule, answer.until) == (Rule.quiet_hours, None)
    assert isinstance(decide(ask(zone=zone), NOBODY, NOON), Permit)


@pytest.mark.parametrize("medium", list(Medium))
def test_the_cap_lasts_until_the_oldest_falls_out(medium: Medium) -> None:
    moments = tuple(NOON - timedelta(hours=h) for h in (30, 20, 10, 1))
    history = NumberHistory(tuple(Past(at, medium) for at in moments))
    answer = refused(ask(medium=medium), history)
    assert (answer.rule, answer.until) == (Rule.attempt_cap, NOON + timedelta(hours=4))
    assert isinstance(decide(ask(medium=medium), history, NOON + timedelta(hours=4)), Permit)
    assert isinstance(decide(ask(medium=medium, most=4), history, NOON), Permit)
    assert refused(ask(medium=medium, most=1), history).until == NOON + timedelta(hours=23)
    assert refused(ask(medium=medium, most=0), history).until is None


def test_the_first_rule_answers() -> None:
    history = NumberHistory((Past(NOON, Medium.voice),) * 5, has_open_call=True, dnc_since=NOON)
    assert refused(ask("112", quiet="00:00-23:59"), history).rule is Rule.destination
    assert refused(ask(quiet="00:00-23:59"), history).rule is Rule.dnc
    history = dataclasses.replace(history, dnc_since=None)
    assert refused(ask(quiet="00:00-23:59"), history).rule is Rule.open_call
    history = dataclasses.replace(history, has_open_call=False)
    assert refused(ask(quiet="00:00-23:59"), history).rule is Rule.quiet_hours
    assert refused(ask(), history).rule is Rule.attempt_cap


def test_where_a_caller_is_led_only_the_destination_counts() -> None:
    """He waits on the line, and the number is one that the house has chosen."""
    history = NumberHistory((Past(NOON, Medium.voice),) * 9, has_open_call=True, dnc_since=NOON - DAY)
    night = utc("2026-11-02 22:00")
    led = dataclasses.replace(ask(quiet="21:00-09:00", most=1), purpose=Purpose.forward)
    assert isinstance(decide(led, history, night), Permit)
    assert refused(dataclasses.replace(led, number="+380440000000"), history, night).rule is Rule.destination
    assert refused(dataclasses.replace(led, purpose=Purpose.notice), history, night).rule is Rule.dnc


def test_half_a_profile_is_no_profile() -> None:
    with pytest.raises(ValueError, match="both a beginning and an end"):
        Profile("test", time(21), None, 3, 3, DAY, Destinations(("+7",)))


def test_a_permit_is_made_nowhere_else() -> None:
    permit = decide(ask(), NOBODY, NOON)
    assert isinstance(permit, Permit)
    other = ask("+79999999999")
    with pytest.raises(NotByTheGate):
        Permit(other, NOON, NOON + DAY, (), object())
    with pytest.raises(ValueError, match="seal"):
        dataclasses.replace(permit, ask=other)
    with pytest.raises(NotByTheGate):
        dataclasses.replace(permit, ask=other, seal=None)  # type: ignore[call-arg]
    for make in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(NotByTheGate):
            make(permit)
    with pytest.raises(NotByTheGate):
        permit.__setstate__([other, NOON, NOON + DAY, ()])
    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.ask = other  # type: ignore[misc]

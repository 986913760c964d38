"""The settings of the gate: what they become, and what cannot be right."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from callcore.calls.attempt import Medium, Purpose
from callcore.config.gate_values import make_profiles, profile_of_purpose
from callcore.outbound.profile import SKIPS_BY_PURPOSE, Budget, Cap, Meter, Rule
from callcore.outbound.quiet import Span

from .conftest import SETTINGS

FULL = """
outbound:
  profiles:
    planned:
      quiet_hours: 21:00-09:00
      weekend_quiet_hours: all_day
      holiday_quiet_hours: null
      days: {"2026-12-31": holiday, "2026-11-04": working}
      pause: 10 min
      pause_per: person
      consent: ["4.2 реклама"]
      caps:
        - most: 2
          within: 7 d
          media: voice
          purposes: [notice, survey]
          per: person
          own_profile_only: true
      skips: {test: []}
    planned_by: {message_class: planned, country: BY, quiet_hours: null}
    emergency: {}
  purposes:
    own_call: {profile: planned, skips: [dnc]}
  destinations: {allow: ["+7", "+375"], premium: true}
  budgets:
    - {meter: money, most: 1000, purpose: own_call, route: main, each_login: true}
  rates: {calls: {"+7": 150}, messages: {"+7": 400}}
  trunks: {main: {}}
"""


def test_what_the_gate_decides_by(files) -> None:
    files.settings(SETTINGS + FULL)
    settings = files.load()
    profile = make_profiles(settings, 2026)["planned"]
    assert (profile.kind, profile.country) == ("planned", "RU")
    assert profile.usual_quiet == Span(time(21), time(9))
    off = profile.days_off
    assert off is not None
    assert (off.on_weekend, off.on_holiday) == (Span(time(), time()), None)
    assert date(2026, 12, 31) in off.holidays
    assert date(2026, 11, 4) not in off.holidays, "the file says otherwise than the calendar"
    assert date(2026, 11, 4) in off.workdays
    assert date(2027, 1, 7) in off.holidays
    assert off.weekend == {5, 6}
    voice, both = frozenset((Medium.voice,)), frozenset((Purpose.notice, Purpose.survey))
    assert profile.caps == (Cap(2, timedelta(days=7), voice, both, per_person=True, own_only=True),)
    assert (profile.pause, profile.pause_per_person) == (timedelta(minutes=10), True)
    assert profile.consents == ("4.2 реклама",)
    assert {rule for purpose, rule in profile.skips if purpose is Purpose.own_call} == {Rule.dnc}
    assert not {rule for purpose, rule in profile.skips if purpose is Purpose.test}
    assert {rule for purpose, rule in profile.skips if purpose is Purpose.forward} == SKIPS_BY_PURPOSE[
        Purpose.forward
    ]
    assert profile.limits.budgets == (Budget(Meter.money, 1000, Purpose.own_call, "main", True),)
    assert profile.limits.tariff.rate(Medium.sms, "+79000000001") == 400
    assert profile.limits.zone == settings.organisation.zone
    assert profile.destinations.premium
    assert profile.destinations.home == ""
    [minsk] = profile.abroad
    assert (minsk.code, minsk.country, minsk.quiet_from) == ("planned_by", "BY", None)
    assert profile.of_number("+375172000000") is minsk
    assert profile.of_number("+79000000001") is profile


def test_what_is_left_out_of_the_gate(files) -> None:
    settings = files.load()
    profile = make_profiles(settings, 2026)["planned"]
    assert profile.days_off is None
    assert profile.abroad == ()
    assert (profile.destinations.home, profile.destinations.premium) == ("RU", False)
    assert profile.limits.budgets == ()
    reminder = profile_of_purpose(settings, Purpose.reminder, 2026)
    assert reminder.usual_quiet == Span(time(21), time(9)), "nobody said that it may be at night"


def test_a_purpose_has_a_profile(files) -> None:
    files.settings(SETTINGS + FULL)
    assert profile_of_purpose(files.load(), Purpose.own_call, 2026).code == "planned"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("profiles: {x: {weekend_quiet_hours: always}}", 'x.weekend_quiet_hours: "always" is no span'),
        ("profiles: {x: {days: {may: holiday}}}", 'x.days: "may" is no date. Write for example'),
        (
            "profiles: {x: {days: {2026-05-01: off}}}",
            'days.2026-05-01: "off" is not possible here. Possible:',
        ),
        ("profiles: {x: {pause: soon}}", 'x.pause: "soon" is no length of time'),
        ("profiles: {x: {holidays: XX}}", 'x.holidays: The holidays of "XX" are not known'),
        ("profiles: {x: {country: xx}}", 'x.country: "xx" is no code of a country'),
        ("profiles: {x: {caps: [{most: 1}]}}", 'caps[0].within: "within" is missing'),
        (
            "profiles: {x: {caps: [{most: 1, within: 1 d, media: []}]}}",
            "caps[0].media: There is nothing here.",
        ),
        ("profiles: {x: {caps: [{most: 1, within: 1 d, purposes: [fun]}]}}", 'purposes[0]: "fun" is not'),
        (
            "profiles: {x: {skips: {notice: [law]}}}",
            'skips.notice[0]: There is no rule "law". Possible: dnc,',
        ),
        ("purposes: {own_call: {skips: [destination]}}", 'Nobody passes by the rule "destination". Possible'),
        ("purposes: {own_call: {skips: [budget]}}", 'Nobody passes by the rule "budget". Possible: dnc,'),
        ("purposes: {click: {}}", "outbound.purposes.click: "),
        (
            "purposes: {survey: {profile: y}}",
            'purposes.survey.profile: There is no profile "y". Describe outbound.profiles.y, or',
        ),
        ("budgets: [{meter: money, most: 1}]", "budgets[0].meter: What a minute costs is not said"),
        ("budgets: [{meter: calls, most: 1, route: x}]", 'budgets[0].route: There is no route "x"'),
        ("rates: {calls: {7: 100}}", "outbound.rates.calls.7: "),
    ],
)
def test_a_fault(files, text: str, fault: str) -> None:
    profiles = "" if text.startswith("profiles") else ", profiles: {emergency: {}, planned: {}}"
    text = text.replace("profiles: {", "profiles: {emergency: {}, planned: {}, ", 1) if not profiles else text
    files.settings(f"{SETTINGS}outbound: {{{text}{profiles}}}\n")
    found = files.faults()
    assert len(found) == 1, found
    assert fault in found[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles: {emergency: {}, planned: {}, advertising: {}}", "Advertising without consent"),
        ("budgets: [{meter: calls, most: 1, purpose: notice, each_login: true}]", "concerns nobody"),
        (
            "profiles: {emergency: {}, planned: {}, by: {message_class: planned, country: BY}}",
            "Nothing may be dialled to BY (+375).",
        ),
    ],
)
def test_a_warning(files, text: str, said: str) -> None:
    files.settings(f"{SETTINGS}outbound: {{{text}}}\n")
    [warning] = [each for each in files.load().warnings if "outbound" in str(each)]
    assert said in warning.message.en


def test_calls_that_no_profile_is_named_for(files) -> None:
    """As settings of 0.5 are, once calls leave at all."""

    def warned(more: str = "") -> list[str]:
        files.settings(f"{SETTINGS}outbound: {{trunks: {{main: {{}}}}{more}}}\n")
        return [
            f"{each.message.en} {each.remedy.en}" for each in files.load().warnings if "outbound" in each.path
        ]

    [warning] = warned()
    assert "No profile is named, the built-in one holds (quiet hours 21:00-09:00): own_call." in warning
    assert "Add outbound.purposes: {own_call: {profile: service}}" in warning
    assert warned(", purposes: {own_call: {profile: planned}}") == []
    files.settings(SETTINGS)
    assert not [each for each in files.load().warnings if "outbound" in each.path], "nobody is called"


def test_two_profiles_for_one_country(files) -> None:
    two = "by: {message_class: planned, country: BY}, bel: {message_class: planned, country: BY}"
    files.settings(
        f"{SETTINGS}outbound: {{destinations: {{allow: [+7, +375]}},"
        f" profiles: {{emergency: {{}}, planned: {{}}, {two}}}}}\n"
    )
    [fault] = files.faults()
    assert 'There is a profile "by" of the class "planned" for BY already. Keep one of them.' in fault

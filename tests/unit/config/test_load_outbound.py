"""The settings of what callcore places by itself: right ones, and names and words that lead nowhere."""

from datetime import time

import pytest

from callcore.config import ConfigFaults
from callcore.config.fields import ClockRange
from callcore.domain import OutageKind

from .conftest import SETTINGS

SMPP = (
    "sms: {gateway: smpp, sender: SENDER, smpp: {host: 127.0.0.1, system_id: me, password_env: PASSWORD}}\n"
)


def test_what_is_left_out(files) -> None:
    settings = files.load()
    assert settings.outbound.trunks == {}
    assert settings.outbound.profiles["emergency"].quiet_hours is None
    assert settings.outbound.profiles["planned"].quiet_hours == ClockRange(time(21), time(9))
    assert settings.sms.gateway == "dry"
    assert settings.outages.profile(OutageKind.planned) == "planned"


def test_a_gateway_and_its_password(files) -> None:
    files.settings(SETTINGS + SMPP.replace("SENDER", "Light"))
    settings = files.load(PASSWORD="secret")
    assert settings.sms.smpp.password.get_secret_value() == "secret"
    assert "secret" not in repr(settings.sms)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "outbound: {trunks: {branch: {lines: 2}}}\n",
            'outbound.trunks.branch: There is no PBX "branch" in pbx. Name the trunk after its PBX.',
        ),
        (
            "outages: {profiles: {planned: kind}}\n",
            'outages.profiles.planned: There is no profile "kind". '
            "Describe outbound.profiles.kind, or name one of those that are there: emergency, planned.",
        ),
        (
            "sms: {gateway: dry}\noutbound: {profiles: {emergency: {}}}\n",
            'outages.profiles.planned: There is no profile "planned". '
            "Describe outbound.profiles.planned, or name one of those that are there: emergency.",
        ),
        (
            "sms: {gateway: smpp}\n",
            "sms.gateway: The gateway smpp is not described. Add the section sms.smpp.",
        ),
        (
            "outbound: {profiles: {planned: {quiet_hours: 9-21}}}\n",
            'planned.quiet_hours: "9-21" is no span of hours. Write e.g. 21:00-09:00; null: none.',
        ),
        (
            "outbound: {destinations: {allow: [7495]}}\n",
            'outbound.destinations.allow[0]: "7495" is no beginning of a number. Write + and digits,',
        ),
        (
            'outages: {texts: {sms: {outage: {ru: "{when}", en: Out}}}}\n',
            "outages.texts.sms.outage.ru: ",
        ),
        (
            "outages: {texts: {voice: {news: {ru: Нет, en: Out}}}}\n",
            "outages.texts.voice.news: There is no such",
        ),
        (
            SMPP.replace("SENDER", "SvyazISvetOO"),
            "sms.smpp: sms.sender: give a number, or at most 11 Latin letters",
        ),
        (
            SMPP.replace("SENDER", "СвязьСвет"),
            "sms.smpp: sms.sender: give a number, or at most 11 Latin letters",
        ),
    ],
)
def test_a_fault(files, text: str, fault: str) -> None:
    files.settings(SETTINGS + text)
    found = files.faults(PASSWORD="secret")
    assert len(found) == 1, found
    assert fault in found[0]


def test_a_password_that_smpp_cannot_carry(files) -> None:
    files.settings(SETTINGS + SMPP.replace("SENDER", "Light"))
    (fault,) = files.faults(PASSWORD="much too long")
    assert "password" in fault
    assert "at most 8" in fault
    assert "much" not in fault


def test_calls_that_operators_place(files) -> None:
    assert files.load().calls.ring_phone_seconds == 20
    files.settings(
        SETTINGS
        + 'calls: {ring_phone_seconds: 30, auto_answer: {"PJSIP/31": alert_info, "PJSIP/3*": call_info}}\n'
    )
    calls = files.load().calls
    assert calls.ring_phone_seconds == 30
    assert list(calls.auto_answer.items()) == [("PJSIP/31", "alert_info"), ("PJSIP/3*", "call_info")]


@pytest.mark.parametrize(
    "odd",
    ["ring_phone_seconds: 4", "auto_answer: {SIP/31: call_info}", 'auto_answer: {"PJSIP/31": yes_please}'],
)
def test_calls_that_operators_cannot_place_so(files, odd: str) -> None:
    files.settings(SETTINGS + f"calls: {{{odd}}}\n")
    with pytest.raises(ConfigFaults):
        files.load()

"""What people hear and read of an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcore.calls.campaign import News
from callcore.domain import LANGUAGES, Language, NodeCode, Outage, OutageId, OutageKind, OutageState, Text
from callcore.outages import words
from callcore.outages.words import (
    DEFAULTS,
    Templates,
    caller_words,
    moment,
    notice,
    template_faults,
    template_keys,
    templates,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
OWN = Text("Связь и Свет", "Svyaz i Svet")
EMERGENCY = Outage(
    id=OutageId(1),
    number="2026-117",
    revision=1,
    source="anna",
    kind=OutageKind.emergency,
    state=OutageState.estimated,
    cause=Text("Авария на линии 10 кВ.", "Fault on the 10 kV line"),
    starts_at=NOW - timedelta(hours=1),
    estimated_restoration_at=datetime(2026, 11, 22, 17, 30, tzinfo=UTC),
    ended_at=None,
    nodes=(NodeCode("F-12"),),
    published_at=NOW,
    changed_at=NOW,
)
PLANNED = replace(
    EMERGENCY,
    kind=OutageKind.planned,
    cause=Text("замена опоры", "a pole is being replaced"),
    starts_at=datetime(2026, 12, 1, 7, 0, tzinfo=UTC),
    estimated_restoration_at=datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
)


def at(hour: int, minute: int = 0, day: int = 22, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("when", "ru", "en"),
    [
        (at(20, 30), "двадцати часов тридцати минут", "8:30 PM"),
        (at(10), "десяти часов", "10 AM"),
        (at(1, 1), "одного часа одной минуты", "1:01 AM"),
        (at(21, 21), "двадцати одного часа двадцати одной минуты", "9:21 PM"),
        (at(11, 11), "одиннадцати часов одиннадцати минут", "11:11 AM"),
        (at(0), "ноля часов", "12 AM"),
        (at(0, 5), "ноля часов пяти минут", "12:05 AM"),
        (at(12), "двенадцати часов", "12 noon"),
        (at(12, 45), "двенадцати часов сорока пяти минут", "12:45 PM"),
        (at(9, 0, 23), "девяти часов двадцать третьего ноября", "9 AM on November 23rd"),
        (at(9, 0, 1, 12), "девяти часов первого декабря", "9 AM on December 1st"),
        (at(9, 0, 2, 1), "девяти часов второго января", "9 AM on January 2nd"),
        (at(9, 0, 12, 2), "девяти часов двенадцатого февраля", "9 AM on February 12th"),
        (at(9, 0, 20, 5), "девяти часов двадцатого мая", "9 AM on May 20th"),
        (at(9, 0, 30), "девяти часов тридцатого ноября", "9 AM on November 30th"),
        (at(9, 0, 31, 12), "девяти часов тридцать первого декабря", "9 AM on December 31st"),
    ],
)
def test_spoken_moments(when: datetime, ru: str, en: str) -> None:
    assert moment(when, "ru", MOSCOW, NOW, spoken=True) == ru
    assert moment(when, "en", MOSCOW, NOW, spoken=True) == en


def test_written_moments() -> None:
    assert moment(at(20, 30), "ru", MOSCOW, NOW, spoken=False) == "20:30"
    assert moment(at(20, 30), "en", MOSCOW, NOW, spoken=False) == "20:30"
    assert moment(at(9, 5, 23), "ru", MOSCOW, NOW, spoken=False) == "09:05 23.11"
    assert moment(at(9, 5, 23), "en", MOSCOW, NOW, spoken=False) == "09:05 on 23 Nov"
    assert moment(at(20, 30), "ru", MOSCOW, None, spoken=False) == "20:30 22.11"


def test_another_day_is_one_of_the_zone() -> None:
    late = datetime(2026, 11, 22, 21, 30, tzinfo=UTC)
    assert moment(late, "ru", ZoneInfo("UTC"), NOW, spoken=False) == "21:30"
    assert moment(late, "ru", MOSCOW, NOW, spoken=False) == "00:30 23.11"


def test_a_spoken_text_has_no_digits_of_its_own_in_russian() -> None:
    """A synthesiser would read them in the nominative."""
    for minutes in range(0, 24 * 60 * 366, 7):
        text = moment(at(0, 0, 1, 1) + timedelta(minutes=minutes), "ru", MOSCOW, NOW, spoken=True)
        assert not any(map(str.isdigit, text))


def test_callers() -> None:
    assert caller_words(EMERGENCY, "ru", DEFAULTS, MOSCOW, NOW) == (
        "По вашему адресу отключение: Авария на линии 10 кВ. Оно продлится до двадцати часов тридцати минут."
    )
    assert caller_words(PLANNED, "ru", DEFAULTS, MOSCOW, NOW) == (
        "По вашему адресу плановое отключение, с десяти часов первого декабря до четырнадцати часов. "
        "Причина: замена опоры."
    )
    assert caller_words(PLANNED, "en", DEFAULTS, MOSCOW, NOW) == (
        "There is a planned outage at your address, from 10 AM on December 1st until 2 PM. "
        "The reason: a pole is being replaced."
    )
    on_the_day = caller_words(PLANNED, "ru", DEFAULTS, MOSCOW, PLANNED.starts_at)
    assert "с десяти часов до четырнадцати часов" in on_the_day


def test_a_caller_is_not_told_a_time_that_has_passed() -> None:
    for outage in (EMERGENCY, replace(EMERGENCY, estimated_restoration_at=None)):
        said = caller_words(outage, "ru", DEFAULTS, MOSCOW, NOW + timedelta(hours=3))
        assert "точное время пока неизвестно" in said
        assert "тридцати" not in said


def test_notice_of_an_emergency() -> None:
    voice, sms = notice(EMERGENCY, News.outage, DEFAULTS, OWN, MOSCOW)
    assert voice == Text(
        "Здравствуйте! Это Связь и Свет. По вашему адресу отключение: Авария на линии 10 кВ. "
        "Оно продлится до двадцати часов тридцати минут.",
        "Hello! This is Svyaz i Svet. There is an outage at your address: Fault on the 10 kV line. "
        "It will last until 8:30 PM.",
    )
    assert sms == Text(
        "Связь и Свет: отключение до 20:30 22.11. Причина: Авария на линии 10 кВ.",
        "Svyaz i Svet: outage until 20:30 on 22 Nov. Reason: Fault on the 10 kV line.",
    )


def test_notice_over_midnight_and_without_an_estimate() -> None:
    longer = replace(EMERGENCY, estimated_restoration_at=at(2, 0, 23))
    voice, _ = notice(longer, News.outage, DEFAULTS, OWN, MOSCOW)
    assert voice.ru.endswith("до двух часов двадцать третьего ноября.")
    voice, sms = notice(replace(EMERGENCY, estimated_restoration_at=None), News.outage, DEFAULTS, OWN, MOSCOW)
    assert "until the work is done, the exact time is not known yet" in voice.en
    assert sms.ru == "Связь и Свет: отключение до окончания работ. Причина: Авария на линии 10 кВ."


def test_notice_of_planned_works() -> None:
    voice, sms = notice(PLANNED, News.outage, DEFAULTS, OWN, MOSCOW)
    assert "с десяти часов первого декабря до четырнадцати часов." in voice.ru
    assert sms.ru == "Связь и Свет: плановое отключение с 10:00 01.12 до 14:00. Причина: замена опоры."
    assert sms.en == (
        "Svyaz i Svet: planned outage from 10:00 on 1 Dec until 14:00. Reason: a pole is being replaced."
    )


def test_later_news() -> None:
    assert "изменилось" in notice(PLANNED, News.changed, DEFAULTS, OWN, MOSCOW)[0].ru
    assert "Новые сведения" in notice(EMERGENCY, News.changed, DEFAULTS, OWN, MOSCOW)[0].ru
    assert "закончилось" in notice(EMERGENCY, News.restored, DEFAULTS, OWN, MOSCOW)[1].ru
    assert "Отменено плановое" in notice(PLANNED, News.cancelled, DEFAULTS, OWN, MOSCOW)[0].ru
    assert "withdrawn" in notice(EMERGENCY, News.cancelled, DEFAULTS, OWN, MOSCOW)[0].en


@pytest.mark.parametrize("news", News)
@pytest.mark.parametrize("kind", OutageKind)
@pytest.mark.parametrize("length", [200, 5000])
def test_lengths(news: News, kind: OutageKind, length: int) -> None:
    """A text fits the synthesiser; an SMS two parts, whatever was published."""
    cause = Text("авария " * (length // 7), "fault " * (length // 6))
    for start in (NOW, at(10, 0, 1, 12)):
        outage = replace(
            EMERGENCY, kind=kind, cause=cause, starts_at=start, estimated_restoration_at=at(14, 0, 2, 12)
        )
        voice, sms = notice(outage, news, DEFAULTS, OWN, MOSCOW)
        assert max(len(voice.ru), len(voice.en)) <= 2000
        assert len(sms.ru) <= 134
        assert len(sms.en) <= 306
        if news is News.outage:
            assert "…." in sms.ru
            assert length == 200 or "...." in sms.en


def test_own_templates_may_be_long_but_not_too_long() -> None:
    long = Text("я" * 200, "x" * 200)
    own = templates({"outage": Text("{cause} " * 120, "x")}, {"outage": Text("{cause} " * 24, "x")}, {})
    outage = replace(EMERGENCY, cause=long)
    voice, sms = notice(outage, News.outage, own, OWN, MOSCOW)
    assert len(voice.ru) <= 2000
    assert len(sms.ru) <= 330


def test_a_cause_without_spaces_is_cut_too() -> None:
    outage = replace(EMERGENCY, cause=Text("я" * 200, "x"))
    assert len(notice(outage, News.outage, DEFAULTS, OWN, MOSCOW)[1].ru) <= 134


def test_nothing_is_filled_in_twice() -> None:
    outage = replace(EMERGENCY, cause=Text("{organisation} {until}", "{x"))
    assert "{organisation} {until}" in notice(outage, News.outage, DEFAULTS, OWN, MOSCOW)[0].ru


def test_own_words_for_all_kinds_win_over_the_defaults_of_one() -> None:
    own = templates({"outage": Text("раз", "one")}, {"changed.planned": Text("два", "two")}, {})
    assert notice(PLANNED, News.outage, own, OWN, MOSCOW)[0].ru == "раз"
    assert notice(PLANNED, News.changed, own, OWN, MOSCOW)[1].ru == "два"
    assert "изменение" in notice(EMERGENCY, News.changed, own, OWN, MOSCOW)[1].ru
    both = templates({"outage": Text("раз", "one"), "outage.planned": Text("два", "two")}, {}, {})
    assert notice(PLANNED, News.outage, both, OWN, MOSCOW)[0].ru == "два"
    caller = templates({}, {}, {"planned": Text("три", "three")})
    assert caller_words(PLANNED, "ru", caller, MOSCOW, NOW) == "три"
    assert "отключение" in caller_words(EMERGENCY, "ru", caller, MOSCOW, NOW)


def test_the_defaults_have_no_faults_and_cover_everything() -> None:
    for use in ("voice", "sms", "caller"):
        assert template_faults(use, getattr(DEFAULTS, use)) == ()
    for kind in OutageKind:
        assert kind in DEFAULTS.caller
        for news in News:
            for texts in (DEFAULTS.voice, DEFAULTS.sms):
                assert {news.value, f"{news.value}.{kind}"} & set(texts)
    assert isinstance(DEFAULTS, Templates)


@pytest.mark.parametrize(
    ("use", "key", "text", "said"),
    [
        ("voice", "outage", "{couse}", "nothing to fill {couse} with"),
        ("voice", "outage", "{}", "nothing to fill {} with"),
        ("voice", "outage", "{cause", "without its partner"),
        ("sms", "outage", "cause}", "without its partner"),
        ("sms", "outage", "{cause!r}", "without its partner"),
        ("caller", "planned", "{organisation}", "nothing to fill {organisation} with"),
        ("sms", "outage", "x" * 201, "Too long: 201"),
        ("voice", "outage", "x" * 1001, "Too long: 1001"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_of_templates(use: Any, key: str, text: str, said: str, language: Language) -> None:
    template = Text(text, "{cause}") if language == "ru" else Text("{cause}", text)
    (fault,) = template_faults(use, {key: template})
    assert (fault.key, fault.language) == (key, language)
    assert said in fault.message.en
    assert fault.remedy.ru


def test_unknown_messages() -> None:
    (fault,) = template_faults("voice", {"outage.storm": Text("x", "x")})
    assert (fault.key, fault.language) == ("outage.storm", None)
    assert "outage.planned" in fault.remedy.en
    assert template_keys("caller") == ("planned", "emergency")
    assert words.placeholders("caller") == ("cause", "start", "until")

"""What a row of a table asks for, in the words of the page."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.rows import QueueWhen, When
from callcore.routing.situation import Mark, Standing
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.web.voice.row_words import conditions, highest

ALWAYS = Hours(ZoneInfo("Europe/Moscow"), (ALL_DAY,) * 7)
CODES = frozenset(map(TopicCode, ("finance.claim", "finance.claim.late", "sales.offer")))


TITLES = {
    "finance.claim": Text("Претензия", "A claim"),
    "sales.offer": Text("Оферта", "An offer"),
    "sales": Text("Продажи", "Sales"),
}


@pytest.mark.parametrize(
    ("when", "ru", "en"),
    [
        (When(), [], []),
        (
            When(topics=CODES),
            ["тема: Претензия или Оферта"],
            ["topic: A claim or An offer"],
        ),
        (
            When(
                segments=frozenset(("vip-3", "vip-0")),
                standings=frozenset((Standing.prospective,)),
                hours=ALWAYS,
            ),
            ["сегмент: «vip-0» или «vip-3»", "кто звонит: будущий клиент", "открыто"],
            ['segment: "vip-0" or "vip-3"', "who calls: a prospective customer", "open"],
        ),
        (
            When(
                legal_forms=frozenset(("ооо",)),
                regions=frozenset(("омск",)),
                languages=frozenset(("en",)),
                hours=ALWAYS,
                is_open=False,
            ),
            ["правовая форма: «ооо»", "регион: «омск»", "язык: английский", "закрыто"],
            ['legal form: "ооо"', 'region: "омск"', "language: English", "closed"],
        ),
        (
            When(marks=frozenset((Mark.debt,)), without=frozenset((Mark.blocked,))),
            ["есть: долг", "нет: заблокирован"],
            ["has: debt", "has not: blocked"],
        ),
        (
            When(repeat_within=timedelta(hours=2)),
            ["повторный звонок за 120 мин"],
            ["a repeated call within 120 min"],
        ),
        (
            When(queue=QueueWhen(QueueName("expert"), nobody=True, waiting_more_than=5)),
            ["очередь expert: никто не вошёл, ждут больше 5"],
            ["queue expert: nobody signed in, more than 5 waiting"],
        ),
        (
            When(
                queue=QueueWhen(
                    QueueName("expert"), all_paused=True, waits_longer_than=timedelta(seconds=180)
                )
            ),
            ["очередь expert: все на паузе, ждут дольше 3 мин"],
            ["queue expert: all paused, a wait longer than 3 min"],
        ),
        (
            When(queue=QueueWhen(QueueName("sales"), nobody=True)),
            ["очередь Продажи: никто не вошёл"],
            ["queue Sales: nobody signed in"],
        ),
    ],
)
def test_conditions_in_both_languages(when: When, ru: list[str], en: list[str]) -> None:
    said = conditions(when, TITLES)
    assert [each.ru for each in said] == ru
    assert [each.en for each in said] == en


def test_a_topic_stands_for_those_below_it() -> None:
    assert highest(CODES) == ["finance.claim", "sales.offer"]


def test_hours_of_another_table_name_it() -> None:
    other = Text("Реактивация", "Reactivation")
    for is_open, said in ((True, "открыто: Реактивация"), (False, "закрыто: Реактивация")):
        assert conditions(When(hours=ALWAYS, is_open=is_open), TITLES, other)[0].ru == said

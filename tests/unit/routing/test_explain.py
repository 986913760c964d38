"""The reason that a person can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.decide import decide
from callcore.routing.explain import Step, explain, summary
from callcore.routing.legs import (
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
)
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import TopicTables
from callcore.routing.timetable import Hours, Span, SpecialDay
from callcore.routing.words import caller_words, leg_words, rule_words

RECALCULATION = TopicCode("finance.recalculation")
SALES = QueueName("sales")


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour - 3, tzinfo=UTC)


def steps_of(tables: TopicTables, moment: datetime, topic: TopicCode = RECALCULATION) -> tuple[Step, ...]:
    situation = Situation(topic, moment)
    return explain(tables, situation, decide(tables, situation))


def test_the_hours_that_led_to_the_queue(tables: TopicTables) -> None:
    steps = steps_of(tables, at(4, 10))
    assert [(step.rule, step.matched) for step in steps] == [("topic", True), ("hours", True), ("leg", True)]
    reason = summary(steps)
    assert "Wednesday 2026-03-04 10:00, Europe/Moscow: open (hours: 09:00–18:00)." in reason.en
    assert "04.03.2026 10:00, среда, Europe/Moscow: открыто (часы: 09:00–18:00)." in reason.ru
    assert reason.en.endswith("To queue finance.")


def test_closed_says_when_it_opens_again(tables: TopicTables) -> None:
    steps = steps_of(tables, at(6, 20))
    assert [(step.rule, step.matched) for step in steps] == [
        ("topic", True),
        ("hours", False),
        ("leg", True),
        ("leg", True),
        ("reopening", True),
    ]
    assert steps[-1].text.en == "Open again 2026-03-10 09:00."  # Monday the ninth is a day off


def test_a_holiday_is_named(tables: TopicTables) -> None:
    steps = steps_of(tables, at(8, 12))
    assert [step.rule for step in steps] == ["topic", "day", "hours", "leg", "leg", "reopening"]
    reason = summary(steps)
    assert "2026-03-08 is a public holiday (International Women's Day): closed." in reason.en
    assert "08.03.2026 — нерабочий праздничный день (Международный женский день): закрыто." in reason.ru


def test_each_sentence_ends_once(tables: TopicTables) -> None:
    """Also that of a row which asks for hours; and a day without hours is closed all day."""
    finance = tables.tables[1]
    rows = (Row("day", When(hours=finance.hours), (ToQueue(),)),)
    changed = replace(tables, tables=(tables.tables[0], replace(finance, rows=rows)))
    said = summary(steps_of(changed, at(7, 12)))
    assert ".." not in said.ru + said.en
    assert "only when open. Saturday 2026-03-07 12:00, Europe/Moscow: closed all day. " in said.en


def test_a_moved_working_day_is_named(tables: TopicTables) -> None:
    reason = summary(steps_of(tables, datetime(2025, 11, 1, 9, tzinfo=UTC)))
    assert "2025-11-01 is a weekend day made a working day: 09:00–18:00." in reason.en


def test_a_special_day_past_midnight(tables: TopicTables) -> None:
    finance = tables.tables[1]
    special = SpecialDay(date(2026, 3, 7), (Span(1200, 1560),), Text("ночь отчёта", "closing night"))
    hours = replace(finance.hours, special=(special,))
    changed = replace(tables, tables=(replace(finance, hours=hours),))
    evening = summary(steps_of(changed, at(7, 21)))
    assert "2026-03-07 is a special day (closing night): 20:00–02:00+1." in evening.en
    night = summary(steps_of(changed, datetime(2026, 3, 7, 22, tzinfo=UTC)))
    assert "open (hours since the day before: 20:00–02:00+1)" in night.en


def test_round_the_clock_and_never_are_said_so(tables: TopicTables) -> None:
    assert (
        "open (hours: round the clock)."
        in summary(steps_of(tables, at(8, 4), TopicCode("expert.diagnosis"))).en
    )
    shut = summary(steps_of(tables, at(8, 12)))
    assert "Sunday 2026-03-08 12:00, Europe/Moscow: closed all day." in shut.en
    assert "воскресенье, Europe/Moscow: закрыто весь день." in shut.ru
    never = summary(steps_of(tables, at(4, 10), TopicCode("internal.other")))
    assert never.en.endswith("Nobody is there within a year.")


def test_rows_say_why_they_do_not_hold_and_what_the_house_meant(tables: TopicTables) -> None:
    finance = replace(
        tables.tables[1],
        rows=(
            Row("vip", When(segments=frozenset({"vip-0"})), (ToQueue(),)),
            Row("rest", When(), (ToTopic(TopicCode("expert.diagnosis")),), Text("Так надо.", "Thus.")),
        ),
    )
    steps = steps_of(replace(tables, tables=(tables.tables[0], finance)), at(4, 10))
    assert [(step.rule, step.matched, step.text.en) for step in steps[1:4]] == [
        ("row", False, "Row vip does not hold: segment: none; holds only for: vip-0."),
        ("row", True, "Row rest holds. Thus."),
        (
            "topic",
            True,
            "Topic expert.diagnosis (expert.diagnosis in English) is in table expert (expert in English).",
        ),
    ]
    assert steps[1].text.ru == "Строка vip не подходит: сегмент: нет; подходит только: vip-0."
    assert [step.rule for step in steps[4:]] == ["hours", "leg"]


SITUATION = Situation(
    topic=TopicCode("sales.connection"),
    at=datetime(2026, 3, 4, 9, tzinfo=UTC),
    caller=CallerFacts(Standing.prospective, "mass", "ООО", "Север", frozenset({Mark.debt})),
    last_contact_at=datetime(2026, 3, 4, 8, 30, tzinfo=UTC),
    queues={SALES: QueueState(3, 1, 5, timedelta(seconds=150))},
)

ALL_ASKED = QueueWhen(SALES, True, True, timedelta(minutes=5), 9)


@pytest.mark.parametrize(
    ("rule", "when", "ru", "en"),
    [
        (
            "topic",
            When(topics=frozenset({TopicCode("sales.b"), TopicCode("sales.a")})),
            "тема: sales.connection; подходит только: sales.a / sales.b",
            "topic: sales.connection; holds only for: sales.a / sales.b",
        ),
        (
            "standing",
            When(standings=frozenset({Standing.existing, Standing.unknown})),
            "кто звонит: будущий клиент; подходит только: действующий клиент / неизвестный",
            "who calls: a prospective customer; holds only for: an existing customer / unknown",
        ),
        (
            "legal_form",
            When(legal_forms=frozenset({"ао"})),
            "правовая форма: ООО; подходит только: ао",
            "legal form: ООО; holds only for: ао",
        ),
        (
            "region",
            When(regions=frozenset({"юг"})),
            "регион: Север; подходит только: юг",
            "region: Север; holds only for: юг",
        ),
        (
            "language",
            When(languages=frozenset({"en"})),
            "язык: русский; подходит только: английский",
            "language: Russian; holds only for: English",
        ),
        (
            "marks",
            When(marks=frozenset({Mark.blocked}), without=frozenset({Mark.debt})),
            "отметки: долг; подходит только: заблокирован, без «долг»",
            'marks: debt; holds only for: blocked, without "debt"',
        ),
        (
            "repeat",
            When(repeat_within=timedelta(seconds=90)),
            "прошлый раз 30 мин назад; подходит только: повторный звонок за 90 с",
            "the last time 30 min ago; holds only for: a repeated call within 90 s",
        ),
        (
            "queue",
            When(queue=ALL_ASKED),
            "очередь sales: операторов 3, готовы 1, ждут 5, дольше 150 с; "
            "подходит только: никто не вошёл, все на паузе, ждут дольше 5 мин, ждут больше 9",
            "queue sales: 3 signed in, 1 ready, 5 waiting, longest 150 s; "
            "holds only for: nobody signed in, all paused, a wait longer than 5 min, more than 9 waiting",
        ),
    ],
)
def test_a_rules_words_tell_what_is_wanted_and_what_there_is(rule: str, when: When, ru: str, en: str) -> None:
    assert rule_words(rule, when, SITUATION) == Text(ru, en)  # type: ignore[arg-type]


def test_hours_of_a_row_tell_the_time(tables: TopicTables) -> None:
    hours: Hours = tables.tables[1].hours
    words = rule_words("hours", When(hours=hours, is_open=False), SITUATION)
    assert words.en.startswith("only when closed. Wednesday 2026-03-04 12:00")


def test_what_is_not_known_is_said(tables: TopicTables) -> None:
    blank = Situation(SITUATION.topic, SITUATION.at)
    assert rule_words("repeat", When(repeat_within=timedelta(hours=1)), blank).en.startswith(
        "he was not in contact before;"
    )
    assert rule_words("queue", When(queue=QueueWhen(SALES, nobody=True)), blank).en.startswith(
        "queue sales: its state is not known;"
    )
    assert (
        rule_words("marks", When(marks=frozenset({Mark.debt})), blank).en
        == "marks: none; holds only for: debt"
    )


TEXT = Text("да", "yes")


@pytest.mark.parametrize(
    ("leg", "en"),
    [
        (ToQueue(SALES), "To queue sales."),
        (
            ToQueue(SALES, 5, ("vip", "english"), timedelta(minutes=2)),
            "To queue sales, priority 5, first who can do vip, english, at most 2 min.",
        ),
        (ToQueue(), "To queue of the topic."),
        (ToDepartment("sales"), "To department sales."),
        (ToPersonal(timedelta(seconds=20)), "To the customer's personal operator, 20 s."),
        (ToNumber("301", timedelta(seconds=25)), "To internal number 301, 25 s."),
        (
            ToNumber("301", timedelta(seconds=25), "sales"),
            "To internal number 301 (department sales), 25 s.",
        ),
        (ToQueue(SALES, 5, department="sales"), "To queue sales (department sales), priority 5."),
        (ToExternal("+74950000000", timedelta(seconds=25)), "To external number +74950000000, 25 s."),
        (ToTopic(TopicCode("a.b")), "Decided by topic a.b."),
        (Announce(TEXT), 'Announcement: "yes"'),
        (Voicemail(), "Voicemail, which becomes an appeal."),
        (OpenCase("call_me"), "A case of type call_me."),
        (OfferCallBack(), "A call-back is offered (queue of the topic)."),
        (HangUp(), "The call ends."),
    ],
)
def test_every_leg_has_words(leg: Leg, en: str) -> None:
    words = leg_words(leg)
    assert words.en == en
    assert words.ru
    assert words.ru != words.en


@pytest.mark.parametrize(
    ("leg", "ru", "en"),
    [
        (ToQueue(SALES, 5), "В очередь: Продажи, приоритет 5.", "To queue: Sales, priority 5."),
        (
            OfferCallBack(SALES),
            "Предложение перезвонить (очередь: Продажи).",
            "A call-back is offered (queue: Sales).",
        ),
        (ToTopic(TopicCode("a.b")), "Решает тема: Буквы.", "Decided by topic: Letters."),
        (ToTopic(TopicCode("a.c")), "Решает тема a.c.", "Decided by topic a.c."),
        (ToQueue(), "В очередь темы.", "To queue of the topic."),
    ],
)
def test_a_legs_words_with_titles(leg: Leg, ru: str, en: str) -> None:
    titles = {"sales": Text("Продажи", "Sales"), "a.b": Text("Буквы", "Letters")}
    assert leg_words(leg, titles) == Text(ru, en)


def test_a_caller_in_one_line() -> None:
    assert caller_words(CallerFacts()) == Text("неизвестный", "unknown")
    assert caller_words(SITUATION.caller).en == "a prospective customer, mass, ООО, Север, debt"

"""Rows, ways and tests in a topic table's file: what they become, and every fault with its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.legs import (
    Announce,
    HangUp,
    Leg,
    OfferCallBack,
    OpenCase,
    ToExternal,
    ToNumber,
    ToPersonal,
    ToQueue,
    ToTopic,
    Voicemail,
)
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import TopicTable
from callcore.routing.trial import Expectation

from .conftest import SETTINGS, TABLE, Files

LINES = TABLE.count("\n")
"""Of the table to which the rows are added."""
DEPARTMENTS = """\
zone: Europe/Moscow
departments:
  office:
    {title: {ru: Офис, en: Office}, functions: {ru: Всё, en: All}, ways: [transfer], number: "301"}
  money:
    {title: {ru: Деньги, en: Money}, functions: {ru: Всё, en: All}, ways: [transfer], queue: finance}
  paper:
    {title: {ru: Бумаги, en: Paper}, functions: {ru: Всё, en: All}, ways: [walk_in, appeal]}
"""
TOPICS = """\
    children:
      late: {title: {ru: Поздно, en: Late}}
"""
"""Below the one topic of the table."""
NIGHT = """\
title: {ru: Ночь, en: Night}
zone: Europe/Moscow
hours: {mon-sun: 20:00-23:00}
closed: {ru: Закрыто, en: Closed}
queue: finance
topics: {desk: {title: {ru: Стол, en: Desk}}}
"""


@pytest.fixture(autouse=True)
def house(files: Files) -> None:
    files.settings(SETTINGS + "departments_file: departments.yaml\n")
    (files.folder / "departments.yaml").write_text(DEPARTMENTS, encoding="utf-8")
    files.table(NIGHT, "night.yaml")


def table_of(files: Files, text: str) -> TopicTable:
    files.table(TABLE + TOPICS + text)
    return files.load().tables.tables[0]


def row_of(files: Files, when: str = "{hours: open}", to: str = "[{voicemail: true}]", why: str = "") -> Row:
    (row,) = table_of(files, f"rows:\n  x:\n    when: {when}\n    to: {to}\n{why}").rows
    return row


def faults_of(files: Files, when: str = "{hours: open}", to: str = "[{voicemail: true}]") -> list[str]:
    files.table(f"{TABLE}rows:\n  x:\n    when: {when}\n    to: {to}\n")
    return files.faults()


# --- what they become


@pytest.mark.parametrize(
    ("when", "wanted"),
    [
        ("{segment: VIP-0}", When(segments=frozenset({"vip-0"}))),
        ("{segment: [VIP-0, Масса]}", When(segments=frozenset({"vip-0", "масса"}))),
        (
            "{legal_form: ООО, region: Север}",
            When(legal_forms=frozenset({"ооо"}), regions=frozenset({"север"})),
        ),
        ("{standing: existing}", When(standings=frozenset({Standing.existing}))),
        ("{language: [en]}", When(languages=frozenset({"en"}))),
        (
            "{marks: debt, without: [blocked]}",
            When(marks=frozenset({Mark.debt}), without=frozenset({Mark.blocked})),
        ),
        ("{repeat_within: 2 h}", When(repeat_within=timedelta(hours=2))),
        ("{queue: {of: finance, nobody: true}}", When(queue=QueueWhen(QueueName("finance"), nobody=True))),
        (
            "{queue: {of: finance, all_paused: true, waits_longer_than: 3 min, waiting_more_than: 5}}",
            When(queue=QueueWhen(QueueName("finance"), False, True, timedelta(minutes=3), 5)),
        ),
        (
            "{topic: finance.charges}",
            When(topics=frozenset(map(TopicCode, ("finance.charges", "finance.charges.late")))),
        ),
        ("{topic: [finance.charges.late]}", When(topics=frozenset({TopicCode("finance.charges.late")}))),
        ("{}", When()),
    ],
)
def test_conditions(files: Files, when: str, wanted: When) -> None:
    row = row_of(files, when)
    assert row.when == wanted
    assert not row.at_any_hour


def test_hours_of_its_own_table_of_another_one_and_any(files: Files) -> None:
    own = table_of(files, "").hours
    assert row_of(files).when == When(hours=own)
    assert row_of(files, "{hours: closed}").when == When(hours=own, is_open=False)
    anytime = row_of(files, "{hours: any}")
    assert (anytime.when, anytime.at_any_hour) == (When(), True)
    other = row_of(files, "{hours: {of: night, is: closed}}").when
    assert other.hours is not None
    assert (str(other.hours.weekly[0][0]), other.is_open) == ("20:00–23:00", False)


TEXT = Text("Да", "Yes")


@pytest.mark.parametrize(
    ("to", "legs"),
    [
        ("[{queue: own}]", [ToQueue()]),
        (
            "[{queue: finance, priority: 5, skills: [vip], max_wait: 2 min}, hang_up]",
            [ToQueue(QueueName("finance"), 5, ("vip",), timedelta(minutes=2)), HangUp()],
        ),
        ("[{department: office}, hang_up]", [ToNumber("301", timedelta(seconds=20), "office"), HangUp()]),
        (
            "[{department: money, rings: 25 s}, {department: money}]",
            [
                ToQueue(QueueName("finance"), max_wait=timedelta(seconds=25), department="money"),
                ToQueue(QueueName("finance"), department="money"),
            ],
        ),
        ("[{personal_operator: 20 s}, hang_up]", [ToPersonal(timedelta(seconds=20)), HangUp()]),
        ('[{number: "302", rings: 9 s}, hang_up]', [ToNumber("302", timedelta(seconds=9)), HangUp()]),
        (
            "[{external: +74950000000}, hang_up]",
            [ToExternal("+74950000000", timedelta(seconds=20)), HangUp()],
        ),
        ("[{topic: night.desk}]", [ToTopic(TopicCode("night.desk"))]),
        ("[{announce: {ru: Да, en: 'Yes'}}, {hang_up: true}]", [Announce(TEXT), HangUp()]),
        ("[{voicemail: true}]", [Voicemail()]),
        ("[{voicemail: {ru: Да, en: 'Yes'}}]", [Voicemail(TEXT)]),
        ("[{case: general}]", [OpenCase("general")]),
        (
            "[{case: general, ask: {ru: Да, en: 'Yes'}, say: {ru: Да, en: 'Yes'}}]",
            [OpenCase("general", TEXT, TEXT)],
        ),
        ("[{call_back: true}, {voicemail: true}]", [OfferCallBack(), Voicemail()]),
        ("[{call_back: finance}, {voicemail: true}]", [OfferCallBack(QueueName("finance")), Voicemail()]),
    ],
)
def test_legs(files: Files, to: str, legs: list[Leg]) -> None:
    assert list(row_of(files, to=to).legs) == legs


def test_a_reason_stands_beside_the_row(files: Files) -> None:
    assert row_of(files, why="    why: {ru: Да, en: 'Yes'}\n").why == TEXT


def test_closed_then_is_a_voicemail_unless_the_file_says_otherwise(files: Files) -> None:
    assert table_of(files, "").closed_then == (Voicemail(),)
    said = table_of(files, "closed_then: [{call_back: true}, hang_up]\n")
    assert said.closed_then == (OfferCallBack(), HangUp())


def test_a_test_becomes_a_situation(files: Files) -> None:
    given = (
        "{topic: finance.charges, at: 2026-03-04T12:00, language: en, standing: existing, segment: VIP-0, "
        "legal_form: ООО, region: Север, marks: [debt], last_contact: 3 h, "
        "queues: {finance: {signed_in: 2, ready: 1, waiting: 4, longest_wait: 90 s}}}"
    )
    text = f"tests:\n  - given: {given}\n    expect: {{row: queue, queue: finance, legs: [queue]}}\n"
    (trial,) = table_of(files, text).trials
    noon = datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert trial.given == Situation(
        TopicCode("finance.charges"),
        noon,
        "en",
        CallerFacts(Standing.existing, "VIP-0", "ООО", "Север", frozenset({Mark.debt})),
        noon - timedelta(hours=3),
        {QueueName("finance"): QueueState(2, 1, 4, timedelta(seconds=90))},
    )
    assert trial.expect == Expectation("queue", QueueName("finance"), ("queue",))


# --- faults, with their lines

NOON = "topic: finance.charges, at: 2026-03-04T12:00"


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("{segmen: VIP}", ':3: rows.x.when.segmen: There is no setting "segmen". Did you mean "segment"?'),
        ("{segment: []}", ":3: rows.x.when.segment: There is nothing here. Name at least one"),
        ("{standing: new}", ':3: rows.x.when.standing: "new" is not possible here. Possible: existing'),
        ("{language: de}", ':3: rows.x.when.language: "de" is not possible here.'),
        ("{marks: [rich]}", ':3: rows.x.when.marks[0]: "rich" is not possible here. Possible: debt'),
        ("{hours: sometimes}", ':3: rows.x.when.hours: "sometimes" is no condition on hours. Write open'),
        ("{hours: {of: finance}}", ":3: rows.x.when.hours: a section is no condition on hours."),
        (
            "{hours: {of: day, is: open}}",
            ':3: rows.x.when.hours.of: There is no table "day". Tables: finance, night.',
        ),
        ("{repeat_within: soon}", ':3: rows.x.when.repeat_within: "soon" is no length of time. Write for'),
        ("{queue: {of: finance}}", ":3: rows.x.when.queue: It does not say what is with the queue."),
        ("{queue: {of: a b, nobody: true}}", ':3: rows.x.when.queue.of: "a b" is no name of a queue.'),
        ("{queue: {of: finance, waiting_more_than: -1}}", ":3: rows.x.when.queue.waiting_more_than: "),
        ("{topic: finance.nothing}", ':3: rows.x.when.topic: This table has no topic "finance.nothing".'),
    ],
)
def test_a_condition_that_is_none(files: Files, when: str, fault: str) -> None:
    line, _, rest = fault[1:].partition(":")
    (found,) = faults_of(files, when)
    assert found.startswith(f"topics/finance.yaml:{LINES + int(line)}:{rest}")


@pytest.mark.parametrize(
    ("to", "fault"),
    [
        ("[]", "rows.x.to: It does not say where the call goes. List the legs: [{queue: own}]."),
        ("{queue: own}", "rows.x.to: It does not say where the call goes."),
        ("[voicemail]", 'rows.x.to[0]: "voicemail" is no leg. Write for example {voicemail: true}.'),
        ("[{priority: 5}]", "rows.x.to[0]: It does not say what is done with the call. Name one of queue, "),
        ("[{queue: own, voicemail: true}]", "rows.x.to[0]: Too much at once: queue, voicemail."),
        ("[{voicemail: true, rings: 9 s}]", "rows.x.to[0]: rings does not go with voicemail. It goes with"),
        ("[{queue: own, ask: {ru: Да, en: 'Yes'}}]", "rows.x.to[0]: ask does not go with queue."),
        ("[{queue: general}]", 'rows.x.to[0].queue: "general" is no name of a queue.'),
        ("[{queue: own, priority: 1001}]", "rows.x.to[0].priority: "),
        ("[{queue: own, skills: []}]", "rows.x.to[0].skills: The list is empty. Name a skill"),
        ("[{queue: own, skills: [Ы]}]", 'rows.x.to[0].skills[0]: "Ы" is no code.'),
        ("[{queue: own, max_wait: 0 s}]", "rows.x.to[0].max_wait: "),
        ("[{number: abc}, hang_up]", 'rows.x.to[0].number: "abc" is no internal number.'),
        ("[{number: 301, rings: 6 min}, hang_up]", "rows.x.to[0].rings: "),
        ("[{external: 84950000000}, hang_up]", 'rows.x.to[0].external: "84950000000" is no number outside.'),
        (
            "[{announce: {ru: Да}}, hang_up]",
            'rows.x.to[0].announce.en: "en" is missing. Write this text too:',
        ),
        ("[{announce: {ru: Да, en: ''}}, hang_up]", "rows.x.to[0].announce.en: There is no text."),
        ("[{hang_up: maybe}]", 'rows.x.to[0].hang_up: "maybe" is neither yes nor no.'),
        ("[{case: nothing}]", 'rows.x.to[0].case: There are no cases of type "nothing". Types: '),
        ("[{topic: finance.nothing}]", 'rows.x.to[0].topic: There is no topic "finance.nothing".'),
        ("[{queue: own}, hang_up]", "rows.x.to[1]: Nobody comes to this leg: the queue before it is"),
        (
            "[{call_back: true}]",
            "rows.x.to[0]: If nobody takes the call, its way ends in nothing: call_back.",
        ),
    ],
)
def test_a_way_that_is_none(files: Files, to: str, fault: str) -> None:
    found = faults_of(files, to=to)
    assert any(each.startswith(f"topics/finance.yaml:{LINES + 4}: {fault}") for each in found), found


@pytest.mark.parametrize(
    ("department", "fault"),
    [
        (
            "paper",  # D-14: the way is refused, and the ways that are open are offered
            "Paper does not take a transferred call. It takes: an appeal, customers in person.",
        ),
        ("nobody", 'There is no department "nobody". These take calls: office, money.'),
    ],
)
def test_a_department_that_takes_no_calls_is_refused(files: Files, department: str, fault: str) -> None:
    place = f"topics/finance.yaml:{LINES + 4}: rows.x.to[0].department: "
    assert faults_of(files, to=f"[{{department: {department}}}, hang_up]") == [place + fault]
    assert faults_of(files, to=f"[{{department: {department}}}]") == [place + fault]
    files.table(f"{TABLE}closed_then: [{{department: {department}}}, {{voicemail: true}}]\n")
    assert files.faults() == [f"topics/finance.yaml:{LINES + 1}: closed_then[0].department: {fault}"]


def test_of_faulty_departments_only_their_own_faults_are_told(files: Files) -> None:
    (files.folder / "departments.yaml").write_text(DEPARTMENTS.replace("walk_in", "fax"), encoding="utf-8")
    files.table(
        f"{TABLE}rows: {{x: {{when: {{segment: a}}, to: [{{department: money}}]}}}}\n"
        f"tests: [{{given: {{{NOON}, segment: a}}, expect: {{legs: [queue]}}}}]\n"
    )
    (found,) = files.faults()
    assert found.startswith("departments.yaml:")


def test_a_fault_of_the_settings_is_no_fault_of_the_departments(files: Files) -> None:
    """Where they are is not known then: nobody is told that they are not there."""
    files.settings(SETTINGS.replace("folder: prompts", "{folder: prompts, engine: piper}"))
    files.table(TABLE + "closed_then: [{department: sales, rings: 20 s}, {voicemail: true}]\n")
    (fault,) = files.faults()
    assert 'speech.engine: "piper" is not possible here.' in fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "rows: {queue: {to: [{voicemail: true}]}}",
            ":1: rows.queue: Every table has a row queue of its own.",
        ),
        ("rows: {Vip: {to: [{voicemail: true}]}}", ':1: rows.Vip: "Vip" is no code.'),
        ("rows: {x: {when: {}}}", ':1: rows.x.to: "to" is missing.'),
        (
            "closed_then: [hang_up]",
            ":1: closed_then: Whoever calls while it is closed can leave nothing behind.",
        ),
        (
            "tests: [{given: {topic: finance.charges, at: noon}, expect: {row: queue}}]",
            ':1: tests[0].given.at: "noon" is no moment.',
        ),
        ("tests: [{given: {NOON}, expect: {}}]", ":1: tests[0].expect: The test expects nothing."),
        (
            "tests: [{given: {NOON}, expect: {legs: [fax]}}]",
            ':1: tests[0].expect.legs[0]: There is no leg "fax".',
        ),
        (
            "tests: [{given: {topic: finance.no, at: 2026-03-04T12:00}, expect: {row: queue}}]",
            ':1: tests[0].given.topic: There is no topic "finance.no".',
        ),
        (
            "tests: [{given: {NOON, queues: {finance: {ready: 1}}}, expect: {row: queue}}]",
            ":1: tests[0].given.queues.finance: More are ready than signed in.",
        ),
        (
            "tests:\n- given: {NOON}\n  expect: {row: closed}",
            ":2: tests[0]: This test fails: row: finance.closed expected, finance.queue found.",
        ),
    ],
)
def test_other_faults_of_the_file(files: Files, text: str, fault: str) -> None:
    files.table(f"{TABLE}{text.replace('NOON', NOON)}\n")
    line, _, rest = fault[1:].partition(":")
    (found,) = files.faults()
    assert found.startswith(f"topics/finance.yaml:{LINES + int(line)}:{rest}")


def test_every_fault_is_said_in_both_languages(files: Files) -> None:
    from callcore.config import ConfigFaults

    files.table(
        f"{TABLE}rows: {{x: {{when: {{segmen: 1}}, to: [{{number: x}}, {{queue: own, rings: 1 s}}]}}}}\n"
    )
    with pytest.raises(ConfigFaults) as raised:
        files.load()
    for fault in raised.value.faults:
        assert fault.message.ru != fault.message.en
        assert fault.remedy.ru != fault.remedy.en

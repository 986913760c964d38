"""Names that lead nowhere, ways that end in nothing, hours in which nobody can leave word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.check import check
from callcore.routing.faults import TableFault
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
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY
from callcore.routing.trial import Expectation, Trial

from .test_decide import RECALCULATION, at

CASH = QueueName("cash")
LISTED = ("expert", "finance")
SECONDS = timedelta(seconds=20)
SAID = Announce(Text("да", "yes"))
ASKING = OpenCase("call_me", ask=Text("имя?", "name?"))
SHORT = ToQueue(max_wait=SECONDS)


def faults_of(tables: TopicTables, finance: TopicTable, queues: tuple[str, ...] = ()) -> list[TableFault]:
    return list(check(replace(tables, tables=(tables.tables[0], finance)), queues))


def faults_of_row(tables: TopicTables, *legs: Leg, when: When | None = None) -> list[TableFault]:
    """Of finance with one row, which holds while it is open unless ``when`` is given."""
    finance = tables.tables[1]
    row = Row("x", When(hours=finance.hours) if when is None else when, legs)
    return faults_of(tables, replace(finance, rows=(row,)), LISTED)


@pytest.mark.parametrize(
    "legs",
    [
        (ToQueue(),),
        (SHORT, Voicemail()),
        (SAID, ToPersonal(SECONDS), ToNumber("301", SECONDS), OfferCallBack(), HangUp()),
        (ToExternal("+74950000000", SECONDS), OpenCase("call_me")),
        (ASKING, ASKING, OpenCase("call_me")),
        (ASKING, Voicemail()),
        (ToTopic(TopicCode("expert.diagnosis")),),
    ],
)
def test_ways_that_end_well(tables: TopicTables, legs: tuple[Leg, ...]) -> None:
    assert faults_of_row(tables, *legs) == []


@pytest.mark.parametrize(
    ("legs", "place", "message"),
    [
        ((ToQueue(), Voicemail()), 1, "Nobody comes to this leg: the queue before it is the last one."),
        (
            (ToQueue(QueueName("finance"), department="finance"), Voicemail()),
            1,
            "Nobody comes to this leg: the department before it is the last one.",
        ),
        ((Voicemail(), SAID, HangUp()), 1, "Nobody comes to this leg: the voicemail before it is"),
        ((OpenCase("call_me"), Voicemail()), 1, "Nobody comes to this leg: the case before it is"),
        ((SAID,), 0, "If nobody takes the call, its way ends in nothing: announce."),
        ((SHORT,), 0, "If nobody takes the call, its way ends in nothing: queue."),
        ((SHORT, OfferCallBack()), 1, "If nobody takes the call, its way ends in nothing: call_back."),
        ((ToNumber("301", SECONDS),), 0, "If nobody takes the call, its way ends in nothing: number."),
        ((SAID, ToTopic(TopicCode("expert.diagnosis"))), 1, "A topic decides the whole way: it is alone."),
    ],
)
def test_ways_that_do_not(tables: TopicTables, legs: tuple[Leg, ...], place: int, message: str) -> None:
    (fault,) = faults_of_row(tables, *legs)
    assert (fault.table, fault.path, fault.severity) == ("finance", ("rows", "x", "to", place), "fault")
    assert fault.message.en.startswith(message)
    assert fault.remedy.ru
    assert fault.remedy.en


@pytest.mark.parametrize(
    ("legs", "path", "message", "remedy"),
    [
        (
            (ToTopic(TopicCode("expert.diagnosys")),),
            (0, "topic"),
            'There is no topic "expert.diagnosys".',
            "Topics: expert.diagnosis",
        ),
        ((ToQueue(CASH),), (0, "queue"), 'The queue "cash" is not listed in queues.', "Add it to queues"),
        ((OfferCallBack(CASH), Voicemail()), (0, "call_back"), 'The queue "cash"', "Add it to queues"),
    ],
)
def test_legs_that_lead_nowhere(
    tables: TopicTables, legs: tuple[Leg, ...], path: tuple[str | int, ...], message: str, remedy: str
) -> None:
    (fault,) = faults_of_row(tables, *legs)
    assert fault.path == ("rows", "x", "to", *path)
    assert fault.message.en.startswith(message)
    assert fault.remedy.en.startswith(remedy)


def test_conditions_that_name_what_is_not_there(tables: TopicTables) -> None:
    topics = frozenset({TopicCode("finance.charge"), TopicCode("finance.charges")})
    when = When(topics=topics, queue=QueueWhen(CASH, nobody=True), hours=tables.tables[1].hours)
    unknown, queue = faults_of_row(tables, Voicemail(), when=when)
    assert unknown.path == ("rows", "x", "when", "topic")
    assert unknown.message.en == 'This table has no topic "finance.charge".'
    assert unknown.remedy.en.startswith("Topics: finance.charges")
    assert queue.path == ("rows", "x", "when", "queue", "of")
    assert queue.message.en == 'The queue "cash" is not listed in queues.'


# --- hours nobody serves


def test_whoever_finds_it_closed_must_be_able_to_leave_word(tables: TopicTables) -> None:
    finance = replace(tables.tables[1], closed_then=(HangUp(),))
    (fault,) = faults_of(tables, finance)
    assert fault.path == ("closed_then",)
    assert fault.message.en == (
        "Whoever calls while it is closed can leave nothing behind. Closed the whole of Saturday, Sunday."
    )
    assert fault.message.ru.endswith("Весь день закрыто: суббота, воскресенье.")
    assert faults_of(tables, replace(finance, closed_then=(OfferCallBack(), HangUp()))) == []
    assert faults_of(tables, replace(finance, closed_then=(ToQueue(QueueName("expert")),))) == []


def test_a_table_that_never_closes_needs_nothing(tables: TopicTables) -> None:
    always = replace(tables.tables[0].hours, weekly=(ALL_DAY,) * 7)
    finance = replace(tables.tables[1], hours=always, closed_then=(HangUp(),))
    assert faults_of(tables, finance) == []


def test_a_row_for_closed_hours_leaves_word_too(tables: TopicTables) -> None:
    closed = When(hours=tables.tables[1].hours, is_open=False)
    (fault,) = faults_of_row(tables, SAID, HangUp(), when=closed)
    assert fault.path == ("rows", "x", "to")
    assert fault.message.en.startswith("Whoever calls while it is closed can leave nothing behind.")
    assert faults_of_row(tables, SAID, Voicemail(), when=closed) == []


def test_the_closed_way_is_no_place_for_another_topic(tables: TopicTables) -> None:
    finance = replace(tables.tables[1], closed_then=(ToTopic(TopicCode("expert.diagnosis")),))
    (fault,) = faults_of(tables, finance)
    assert (fault.path, fault.message.en) == (
        ("closed_then", 0),
        "No topic here: the call is decided already.",
    )


# --- trials


def trial(expect: Expectation, topic: TopicCode = RECALCULATION) -> Trial:
    return Trial(Situation(topic, at(4, 10)), expect, 3)


def test_a_trial_that_passes_says_nothing(tables: TopicTables) -> None:
    expects = (
        Expectation(row="queue"),
        Expectation(row="finance.queue", queue=QueueName("finance"), legs=("queue",)),
    )
    finance = replace(tables.tables[1], trials=tuple(map(trial, expects)))
    assert faults_of(tables, finance) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        (Expectation(row="vip"), "row: finance.vip expected, finance.queue found."),
        (Expectation(row="expert.queue"), "row: expert.queue expected, finance.queue found."),
        (Expectation(queue=CASH), "queue: cash expected, finance found."),
        (Expectation(legs=("announce", "queue")), "legs: announce, queue expected, queue found."),
    ],
)
def test_a_trial_that_fails_is_a_fault(tables: TopicTables, expect: Expectation, said: str) -> None:
    (fault,) = faults_of(tables, replace(tables.tables[1], trials=(trial(expect),)))
    assert (fault.table, fault.path, fault.severity) == ("finance", ("tests", 3), "fault")
    assert fault.message.en == f"This test fails: {said}"
    assert fault.message.ru.startswith("Проба не прошла: ")


def test_a_failed_trial_names_the_command_that_explains_it(tables: TopicTables) -> None:
    """All of its situation, in the table's zone, as a shell takes it."""
    given = Situation(
        RECALCULATION,
        at(4, 10),
        "en",
        CallerFacts(Standing.existing, "VIP 0", "ООО", "", frozenset({Mark.debt, Mark.blocked})),
        at(4, 10) - timedelta(hours=3),
        {CASH: QueueState(2, 1, 6, timedelta(seconds=40))},
    )
    finance = replace(tables.tables[1], trials=(Trial(given, Expectation(row="vip"), 0),))
    (fault,) = faults_of(tables, finance)
    assert fault.remedy.en.endswith(
        "callcore route --topic finance.recalculation --at 2026-03-04T10:00+03:00 --standing existing "
        "--segment 'VIP 0' --legal-form 'ООО' --marks blocked,debt --last-contact '3 h' --language en "
        "--queue cash=2,1,6,40 --explain"
    )


def test_a_trial_may_say_department(tables: TopicTables) -> None:
    """As the row says it, though its number or queue has come in its place by then."""
    way = (ToQueue(CASH, max_wait=SECONDS, department="cash"), ToNumber("301", SECONDS, "sales"), Voicemail())
    finance = replace(
        tables.tables[1],
        rows=(Row("x", When(), way),),
        trials=(
            trial(Expectation(legs=("department", "department", "voicemail"))),
            trial(Expectation(legs=("queue", "number", "voicemail"))),
            trial(Expectation(legs=("department", "department", "department"))),
            trial(Expectation(legs=("department",))),
        ),
    )
    assert [fault.message.en for fault in faults_of(tables, finance) if "test" in fault.message.en] == [
        "This test fails: legs: department, department, department expected, "
        "department, department, voicemail found.",
        "This test fails: legs: department expected, department, number, voicemail found.",
    ]


def test_a_trial_of_a_queue_that_is_not_there(tables: TopicTables) -> None:
    """Nothing would hold of it, and nobody would notice."""
    given = Situation(RECALCULATION, at(4, 10), queues={CASH: QueueState()})
    finance = replace(tables.tables[1], trials=(Trial(given, Expectation(row="queue"), 3),))
    (fault,) = faults_of(tables, finance, LISTED)
    assert fault.path == ("tests", 3, "given", "queues", "cash")
    assert fault.message.en == 'The queue "cash" is not listed in queues.'


def test_a_trial_of_a_topic_that_is_not_there(tables: TopicTables) -> None:
    nothing = trial(Expectation(row="queue"), TopicCode("finance.nothing"))
    (fault,) = faults_of(tables, replace(tables.tables[1], trials=(nothing,)))
    assert fault.path == ("tests", 3, "given", "topic")
    assert fault.message.en == 'There is no topic "finance.nothing".'
    assert fault.remedy.en.startswith("Topics: finance.")

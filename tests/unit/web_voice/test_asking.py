"""From the form of the explaining page to a situation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.ivr.ports import Profile
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours
from callcore.web.voice.asking import Question, moment_of, read_question, situation_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
TOPIC = TopicCode("finance.claim")
TABLES = TopicTables(
    (
        TopicTable(
            "finance",
            Text("Финансы", "Finance"),
            Hours(ZONE, (ALL_DAY,) * 7),
            Text("Закрыто", "Closed"),
            (Topic(TOPIC, Text("Претензия", "A claim"), QueueName("finance")),),
        ),
    ),
    TOPIC,
)
LIVE = {QueueName("finance"): QueueState(4, 3, 2, timedelta(seconds=30))}
KNOWN = Profile(
    CallerFacts(Standing.existing, "VIP-0", "ООО", "Омск", frozenset((Mark.debt,))), NOW - timedelta(hours=5)
)


def asked(*fields: tuple[str, str], profile: Profile = KNOWN) -> tuple[Situation | None, dict[str, Text]]:
    return situation_of(read_question(fields), TABLES, profile, LIVE, NOW, ZONE)


def test_what_is_left_empty_comes_from_the_record_the_clock_and_the_floor() -> None:
    at, faults = asked(("topic", TOPIC), ("segment", " "))
    assert faults == {}
    assert at == Situation(TOPIC, NOW, "ru", KNOWN.facts, KNOWN.last_contact_at, LIVE)


def test_what_is_typed_wins() -> None:
    at, faults = asked(
        ("topic", TOPIC),
        ("on", "2026-12-31"),
        ("clock", "23:30"),
        ("language", "en"),
        ("standing", "prospective"),
        ("segment", "VIP-3"),
        ("mark", "blocked"),
        ("mark", "nonsense"),
        ("ago", "90"),
        ("queue.finance.signed", "1"),
        ("queue.finance.seconds", "240"),
        ("queue.sales.desk.ready", "0"),
    )
    assert faults == {}
    assert at is not None
    assert at.at == datetime(2026, 12, 31, 20, 30, tzinfo=UTC)
    assert at.language == "en"
    assert at.caller == CallerFacts(
        Standing.prospective, "VIP-3", "ООО", "Омск", frozenset((Mark.debt, Mark.blocked))
    )
    assert at.last_contact_at == at.at - timedelta(minutes=90)
    assert at.queues == {
        QueueName("finance"): QueueState(1, 0, 0, timedelta(minutes=4)),
        QueueName("sales.desk"): QueueState(),
    }


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("topic", "finance.nothing", "topic"),
        ("on", "2026-02-30", "on"),
        ("on", "9999-12-31", "on"),
        ("clock", "25:00", "on"),
        ("clock", "09:00+03:00", "on"),
        ("ago", "-5", "ago"),
        ("ago", "²", "ago"),
        ("ago", "9" * 30, "ago"),
        ("queue.finance.ready", "3", "queue.finance"),
        ("queue.finance.waiting", "many", "queue.finance"),
    ],
)
def test_nonsense_is_told_by_its_field(field: str, value: str, fault: str) -> None:
    at, faults = asked(("topic", TOPIC), (field, value))
    assert at is None
    assert set(faults) == {fault}
    assert faults[fault].ru != faults[fault].en


def test_unknown_fields_are_left_out() -> None:
    assert read_question([("x", "1"), ("queue.", "1"), ("queue.a", "1"), ("marks", "debt")]) == Question()


@pytest.mark.parametrize(
    ("on", "clock", "moment"),
    [
        ("", "", NOW),
        ("", "10:00", datetime(2026, 3, 2, 7, 0, tzinfo=UTC)),
        ("2020-06-01", "", datetime(2020, 6, 1, 9, 0, tzinfo=UTC)),
        ("2026-03-02", "00:00", datetime(2026, 3, 1, 21, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_of_the_past_or_the_future(on: str, clock: str, moment: datetime) -> None:
    assert moment_of(Question(on=on, clock=clock), NOW, ZONE) == moment

"""Tables to route with."""

from zoneinfo import ZoneInfo

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours, Span

MOSCOW = ZoneInfo("Europe/Moscow")
NINE_TO_SIX = (Span(540, 1080),)
WEEKDAYS_ONLY = (NINE_TO_SIX, NINE_TO_SIX, NINE_TO_SIX, NINE_TO_SIX, NINE_TO_SIX, (), ())


def text(word: str) -> Text:
    return Text(f"{word} по-русски", f"{word} in English")


def topic(code: str, key: str | None = None) -> Topic:
    return Topic(TopicCode(code), text(code), QueueName(code.partition(".")[0]), key)


@pytest.fixture
def tables() -> TopicTables:
    return TopicTables(
        (
            TopicTable(
                "expert",
                text("expert"),
                Hours(MOSCOW, (ALL_DAY,) * 7),
                text("expert closed"),
                (topic("expert.diagnosis"),),
                key="0",
            ),
            TopicTable(
                "finance",
                text("finance"),
                Hours(MOSCOW, WEEKDAYS_ONLY, country="RU", on_moved_workday=NINE_TO_SIX),
                text("finance closed"),
                (topic("finance.recalculation", "2"), topic("finance.charges", "1"), topic("finance.claim")),
                key="4",
                say=text("money"),
            ),
            TopicTable(
                "internal",
                text("internal"),
                Hours(MOSCOW, ((),) * 7),
                text("internal closed"),
                (topic("internal.other"),),
            ),
        ),
        TopicCode("expert.diagnosis"),
    )

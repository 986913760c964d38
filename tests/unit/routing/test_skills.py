"""Which queue asks for which skills, and what that means for a member and for a call."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.legs import OfferCallBack, ToQueue, Voicemail
from callcore.routing.rows import Row, When
from callcore.routing.skills import OTHERS, penalties, queue_variables, words_of
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours

ALWAYS = Hours(ZoneInfo("Europe/Moscow"), (ALL_DAY,) * 7)
EXPERT, FINANCE, SALES = map(QueueName, ("expert", "finance", "sales"))


def topic(code: str, queue: QueueName, *children: Topic) -> Topic:
    return Topic(TopicCode(code), Text(code, code), queue, children=children)


def table(code: str, *rows: Row, topics: tuple[Topic, ...] = ()) -> TopicTable:
    words = Text(code, code)
    return TopicTable(code, words, ALWAYS, words, topics or (topic(f"{code}.one", EXPERT),), rows=rows)


def wanted(*tables: TopicTable) -> dict[str, set[str]]:
    found = TopicTables(tables, TopicCode("a.one")).skills
    return {str(queue): set(skills) for queue, skills in found.items()}


def row(code: str, *legs: ToQueue | Voicemail | OfferCallBack, topics: tuple[str, ...] = ()) -> Row:
    return Row(code, When(topics=frozenset(map(TopicCode, topics))), legs)


def test_nobody_asks_for_anything() -> None:
    assert wanted(table("a", row("x", ToQueue(FINANCE), Voicemail()))) == {}


def test_all_that_the_rows_of_any_table_name() -> None:
    assert wanted(
        table(
            "a", row("x", ToQueue(FINANCE, skills=("vip",), max_wait=timedelta(seconds=20)), ToQueue(FINANCE))
        ),
        table("b", row("y", OfferCallBack(), ToQueue(FINANCE, skills=("english", "vip")))),
        table("c", row("z", ToQueue(SALES, skills=("fmc",)))),
    ) == {"finance": {"vip", "english"}, "sales": {"fmc"}}


def test_the_topics_own_queue_is_that_of_each_topic_the_row_is_about() -> None:
    topics = (
        topic("a.one", EXPERT, topic("a.one.child", SALES)),
        topic("a.two", FINANCE),
    )
    own = ToQueue(skills=("vip",))
    assert wanted(table("a", row("x", own, topics=("a.one", "a.one.child")), topics=topics)).keys() == {
        "expert",
        "sales",
    }
    assert wanted(table("a", row("x", own), topics=topics)).keys() == {"expert", "sales", "finance"}


@pytest.mark.parametrize(
    ("own", "penalty"),
    [((), OTHERS), (("vip",), OTHERS), (("english", "vip"), 0), (("english", "vip", "x"), 0)],
)
def test_only_who_has_every_skill_stands_in_front(own: tuple[str, ...], penalty: int) -> None:
    assert penalties(own, {FINANCE: frozenset({"vip", "english"})}) == {FINANCE: penalty}


def test_a_call_that_asks_begins_without_the_others() -> None:
    asks = queue_variables(ToQueue(FINANCE, 5, ("vip",)), {FINANCE: frozenset({"vip"})})
    assert int(asks["QUEUE_MAX_PENALTY"]) < OTHERS
    assert (asks["QUEUE_PRIO"], asks["QUEUE_RAISE_PENALTY"]) == ("5", "")


def test_a_call_that_asks_for_nothing_counts_all_alike_and_undoes_what_was_set() -> None:
    skills = {FINANCE: frozenset({"vip"})}
    assert queue_variables(ToQueue(FINANCE), skills) == {
        "QUEUE_PRIO": "0",
        "QUEUE_MAX_PENALTY": "",
        "QUEUE_RAISE_PENALTY": str(OTHERS),
    }
    assert queue_variables(ToQueue(SALES), skills)["QUEUE_RAISE_PENALTY"] == ""


def test_a_house_without_skills_is_asked_for_nothing() -> None:
    assert queue_variables(ToQueue(SALES, 3), {}) == {"QUEUE_PRIO": "3"}


def test_every_skill_by_name() -> None:
    assert words_of({FINANCE: frozenset({"vip", "english"}), SALES: frozenset({"vip"})}) == ("english", "vip")
    assert words_of({}) == ()

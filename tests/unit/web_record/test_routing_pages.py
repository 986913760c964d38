"""Topic tables on their pages, and the question where a call would go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callcore.domain import LANGUAGES, Text, TopicCode
from callcore.rights import Role
from callcore.routing.decide import decide
from callcore.routing.explain import explain
from callcore.routing.situation import CallerFacts, QueueState, Situation, Standing
from callcore.routing.tables import TopicTables
from callcore.routing.words import leg_words

NUMBER = "+79161234567"
CLAIM = TopicCode("finance.claim")
NIGHT = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
"""Half past eleven in the evening in Moscow, where nobody of the finance group is there any more."""


async def english(house: Any, role: Role) -> None:
    await house.sign_in(role)
    await house.database.users.set_language(house.login, "en")
    await house.sign_in(role)


def titles_of(house: Any) -> dict[str, Text]:
    """What the pages call queues and topics."""
    settings = house.daemon.settings
    queues = {queue: settings.queue_title(queue) for queue in settings.all_queues}
    return queues | {topic.code: topic.title for topic in house.daemon.editions.newest.tables.topics}


def said_of(house: Any, tables: TopicTables, at: Situation) -> list[Text]:
    """The steps as they were looked at, and the legs by the names of their queues."""
    route = decide(tables, at)
    looked = [step.text for step in explain(tables, at, route) if step.rule != "leg"]
    return looked + [leg_words(leg, titles_of(house)) for leg in route.legs]


async def test_every_table_as_it_is_now(house: Any) -> None:
    tables = house.daemon.editions.newest.tables
    await house.sign_in(Role.senior)
    page = await house.get("/routing")
    for table in tables:
        assert f'href="/routing/tables/{table.code}"' in page.text
        assert table.title.ru in page.words
    assert 'href="/routing/editions/1"' in page.text
    assert "не сходится" not in page.words
    house.clock.time = NIGHT
    await house.sign_in(Role.senior)
    assert "откроется" in (await house.get("/routing")).words


async def test_one_table_in_both_languages(house: Any) -> None:
    titles = titles_of(house)
    for table in house.daemon.editions.newest.tables:
        for language in LANGUAGES:
            await (english if language == "en" else type(house).sign_in)(house, Role.senior)
            page = await house.get(f"/routing/tables/{table.code}")
            assert page.status == 200
            said = [leg_words(leg, titles) for row in table.all_rows for leg in row.legs]
            said += [topic.title for topic in table.walk()]
            said += [row.why for row in table.rows if row.why]
            for text in said:
                assert " ".join(text.in_(language).split()) in page.words, (table.code, text)
        await house.database.users.set_language(house.login, "ru")


async def test_no_such_table(house: Any) -> None:
    await house.sign_in(Role.senior)
    for name in ("nothing", "Finance", "finance.claim"):
        assert (await house.get(f"/routing/tables/{name}")).status == 404


async def test_operators_do_not_see_routing(house: Any) -> None:
    await house.sign_in(Role.operator)
    assert 'href="/routing"' not in (await house.get("/voicemails")).text
    assert (await house.get("/routing/explain", topic=CLAIM)).status == 403


# --- where a call would go


async def test_the_page_says_what_the_tables_decide_and_why(house: Any) -> None:
    tables = house.daemon.editions.newest.tables
    await house.sign_in(Role.senior)
    for moment, fields in (
        (house.clock.time, {}),
        (NIGHT, {"on": "2026-03-02", "clock": "23:30"}),
        (datetime(2027, 1, 1, 9, 0, tzinfo=UTC), {"on": "2027-01-01", "clock": "12:00"}),
        (datetime(2020, 6, 1, 9, 0, tzinfo=UTC), {"on": "2020-06-01"}),
    ):
        at = Situation(CLAIM, moment, queues={})
        route = decide(tables, at)
        page = await house.get("/routing/explain", topic=CLAIM, **fields)
        assert page.status == 200
        assert route.name in page.words
        for text in said_of(house, tables, at):
            assert " ".join(text.ru.split()) in page.words


async def test_who_calls_is_taken_from_the_record_and_the_look_is_in_the_audit(house: Any) -> None:
    customer = await house.add_customer("К-1", numbers=(NUMBER,), segment="VIP-0", legal_form="ООО")
    await house.sign_in(Role.senior)
    page = await house.get("/routing/explain", topic="corporate.roaming", number="8 916 123-45-67")
    at = Situation(
        TopicCode("corporate.roaming"),
        house.clock.time,
        caller=CallerFacts(Standing.existing, "VIP-0", "ООО"),
    )
    tables = house.daemon.editions.newest.tables
    assert decide(tables, at).name in page.words
    for text in said_of(house, tables, at):
        assert " ".join(text.ru.split()) in page.words
    await house.database.audit.flush()
    (line,) = await house.database.audit.lines(act="seen")
    assert (line.customer, line.login) == (customer, "senior")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"topic": "nothing"}, "Такой темы нет"),
        ({"topic": CLAIM, "on": "2026-02-30"}, "Нет такого дня или часа"),
        ({"topic": CLAIM, "number": "hello"}, "Это не номер телефона"),
        ({"topic": CLAIM, "ago": "-1"}, "целое число"),
        ({"topic": CLAIM, "queue.finance.ready": "5"}, "готовых не больше"),
    ],
)
async def test_nonsense_is_told_in_words_and_stays_in_the_form(
    house: Any, fields: dict[str, str], words: str
) -> None:
    await house.sign_in(Role.senior)
    page = await house.get("/routing/explain", **fields)
    assert page.status == 422
    assert words in page.words
    for name, value in fields.items():
        assert name == "topic" or f'value="{value}"' in page.text


async def test_busy_queues_can_be_tried(house: Any) -> None:
    """Of every queue that a row asks about; where its state matters, the page follows it."""
    tables = house.daemon.editions.newest.tables
    await house.sign_in(Role.senior)
    form = await house.get("/routing/explain")
    tried = 0
    for queue in {row.when.queue.queue for table in tables for row in table.rows if row.when.queue}:
        assert f'name="queue.{queue}.waiting"' in form.text
        busy = {f"queue.{queue}.signed": "3", f"queue.{queue}.waiting": "50", f"queue.{queue}.seconds": "900"}
        for topic in tables.topics:
            at = Situation(topic.code, house.clock.time)
            crowded = replace(at, queues={queue: QueueState(3, 0, 50, timedelta(minutes=15))})
            if decide(tables, at).name != decide(tables, crowded).name:
                page = await house.get("/routing/explain", topic=topic.code, **busy)
                assert decide(tables, crowded).name in page.words
                tried += 1
                break
    assert tried


async def test_an_edition_that_is_not_there(house: Any) -> None:
    await house.sign_in(Role.senior)
    for edition in ("9", "x", "9" * 30):
        assert (await house.get("/routing/explain", topic=CLAIM, edition=edition)).status == 404


async def test_hostile_words_stay_words(house: Any) -> None:
    await house.sign_in(Role.senior)
    page = await house.get("/routing/explain", topic=CLAIM, segment="<script>alert(1)</script>")
    assert page.status == 200
    assert "<script>alert" not in page.text

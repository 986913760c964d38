"""Rows that ask for the day and for the people in a queue, under real calls (on a real Asterisk)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcore.domain import Outcome
from callcore.floor.clock import SteadyClock
from callcore.testing.lab import Answer

from .conftest import NUMBER

SECOND, THIRD = "79000000998", "79000000997"
TO_FINANCE = (("For English", "4"), ("Перерасчёт", "1"))
IN_RUSSIA = {
    "zone": "Europe/Moscow",
    "hours": {"mon-fri": "09:00-21:00", "sat-sun": "closed"},
    "holidays": {"country": "RU", "hours": "closed", "moved_workday": "fri"},
}


def rows(**when):
    """A row of this name asks for this state of finance's queue."""
    return {
        name: {"when": {"hours": "open", "queue": {"of": "finance", **asked}}, "to": list(legs)}
        for name, (asked, *legs) in when.items()
    }


def clock_at(moment: datetime) -> SteadyClock:
    """Begins then, and goes on."""
    began = datetime.now(UTC)
    return SteadyClock(lambda: moment + (datetime.now(UTC) - began))


HOLIDAY = datetime(2026, 11, 4, 9, tzinfo=UTC)
"""A Wednesday."""
MOVED_WORKDAY = datetime(2025, 11, 1, 9, tzinfo=UTC)
"""A Saturday."""


async def test_a_public_holiday(open_hall):
    """He leaves a message, and the record says because of which day."""
    hall = await open_hall(
        clock=clock_at(HOLIDAY), finance={**IN_RUSSIA, "closed_then": [{"voicemail": True}]}
    )
    call = await hall.dial("41")
    await hall.records()
    await call.speak(2.0)
    await call.key("#")
    await call.ended(30)
    assert "Закрыто." in hall.ear.begun
    contact = await hall.contact()
    assert contact.outcome is Outcome.voicemail
    assert contact.route == "finance.recalculation/closed"
    assert contact.route_reason is not None
    assert "нерабочий праздничный день" in contact.route_reason.ru
    assert "a public holiday" in contact.route_reason.en
    [case] = await hall.until_rows("SELECT topic FROM cases")
    assert case == ("finance.recalculation",)


async def test_a_saturday_made_a_working_day(open_hall):
    hall = await open_hall(clock=clock_at(MOVED_WORKDAY), finance=IN_RUSSIA)
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await call.hang_up()
    assert (await hall.contact()).route == "finance.recalculation/queue"


async def test_nobody_is_signed_in_and_then_somebody_is(open_hall):
    """The office is rung in place of an empty queue; as soon as Anna is there, she is, and she sees number
    and topic at once (D-22)."""
    nobody = rows(nobody=({"nobody": True}, {"number": "102", "rings": "10 s"}, {"voicemail": True}))
    hall = await open_hall(finance={"rows": nobody})
    office = await hall.house.phone("102", Answer(after_seconds=0.2))
    first = await hall.dial("41")
    await office.happened("answered")
    await first.hang_up()
    await hall.house.contacts(1)
    anna = await hall.house.on_shift("anna", "101")
    second = await hall.come(SECOND)
    await second.goes(*TO_FINANCE)
    card = await anna.hears("card")
    call = card["data"]["call"]
    assert (call["caller_number"], call["topic"]) == (f"+{SECOND}", "finance.recalculation")
    await second.call.hang_up()
    first_contact, second_contact = await hall.house.contacts(2)
    assert (first_contact.route, first_contact.queue) == ("finance.recalculation/nobody", None)
    assert (second_contact.route, second_contact.queue) == ("finance.recalculation/queue", "finance")
    assert (second_contact.topic, second_contact.answered_by) == ("finance.recalculation", "anna")


async def test_all_who_are_there_are_paused(open_hall):
    """Not the same as nobody: he is offered a call back, and wants it."""
    asked = rows(
        nobody=({"nobody": True}, {"voicemail": True}),
        paused=({"all_paused": True}, {"call_back": True}, {"queue": "own"}),
    )
    hall = await open_hall(finance={"rows": asked})
    anna = await hall.house.operator("anna")
    await anna.open("PJSIP/101")

    async def sits_paused() -> bool:
        return "paused" in await hall.stage.lab.console("queue show finance")

    await hall.house.until(sits_paused)
    walker = await hall.come()
    await walker.goes(*TO_FINANCE, ("Перезвонить?", "1"))
    await walker.call.ended(30)
    assert await hall.until_rows("SELECT number, queue FROM follow_ups WHERE kind = 'wish'") == [
        ("+79000000999", "finance")
    ]
    contact = await hall.contact()
    assert (contact.route, contact.outcome) == ("finance.recalculation/paused", Outcome.callback_requested)


@pytest.mark.parametrize("asked", [{"waiting_more_than": 1}, {"waits_longer_than": "2 s"}])
async def test_the_queue_is_full_of_waiting_people(open_hall, asked):
    """Two wait already: the third is offered a call back, does not want it, and waits as they do."""
    crowded = rows(crowded=(asked, {"call_back": True}, {"queue": "own"}))
    hall = await open_hall(finance={"rows": crowded})
    waiting = []
    for callers, number in enumerate((NUMBER, SECOND), 1):
        waiting.append(await hall.come(number))
        await waiting[-1].goes(*TO_FINANCE)
        await hall.waits_in("finance", callers)
    await hall.house.until(lambda: waits(hall, seconds=3))
    third = await hall.come(THIRD)
    await third.goes(*TO_FINANCE, ("Перезвонить?", "2"))
    await hall.waits_in("finance", 3)
    for each in (*waiting, third):
        await each.call.hang_up()
    first, second, last = await hall.house.contacts(3)
    assert {first.route, second.route} == {"finance.recalculation/queue"}
    assert (last.route, last.queue) == ("finance.recalculation/crowded", "finance")
    assert await hall.rows("SELECT number FROM follow_ups WHERE kind = 'wish'") == []


async def waits(hall, seconds: int) -> bool:
    """Whoever waits longest in finance's queue, as callcore counts it."""
    line = hall.daemon.answering.reception.queues("main").get("finance")
    return line is not None and line.longest_wait.total_seconds() >= seconds

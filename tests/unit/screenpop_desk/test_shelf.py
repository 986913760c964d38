"""What the desks read, from a real database."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from callcore.calls.effects import Contact, Ring
from callcore.domain import (
    UNCLASSIFIED,
    CallId,
    CustomerId,
    Direction,
    EndReason,
    Login,
    Outcome,
    Source,
)
from callcore.screenpop.card import Draft, Figures
from callcore.screenpop.shelf import HISTORY, line_view

from .desk_room import ANNA, BALANCE, BORIS, CHARGES, NUMBER, OTHER_PHONE, PHONE, Room, some_contact

ZOE = Login("zoe")


def passed_on(call: str, ended_at: datetime) -> Contact:
    """Anna answered, and put the caller through to Boris."""
    rings = ((ANNA, PHONE), (BORIS, OTHER_PHONE))
    answered = tuple(Ring(login, phone, ended_at, ended_at, EndReason.completed) for login, phone in rings)
    return some_contact(call, ended_at, operators=answered)


async def test_the_last_contacts_without_this_one(room: Room) -> None:
    await room.hire(ANNA)
    for n in range(HISTORY + 2):
        await room.db.contacts.save(some_contact(f"c{n}", room.now() + timedelta(minutes=n)))
    newest = CallId(f"c{HISTORY + 1}")
    lines = await room.shelf.history(None, NUMBER, newest)
    assert len(lines) == HISTORY
    assert lines[0].at == room.now() + timedelta(minutes=HISTORY - 1)
    assert len(await room.shelf.history(None, NUMBER, CallId("other"))) == HISTORY


async def test_who_answered_and_what_it_was_about(room: Room) -> None:
    """The operator's name, or his login if he is gone; the operator's topic, or the one of the IVR."""
    await room.hire(ANNA)
    await room.db.contacts.save(some_contact("missed", answered_by=None, outcome=Outcome.abandoned_queue))
    await room.db.contacts.save(some_contact("by_anna", room.now() + timedelta(minutes=1)))
    await room.db.contacts.save(
        some_contact(
            "gone",
            room.now() + timedelta(minutes=2),
            operators=(Ring(ZOE, PHONE, room.now(), room.now(), EndReason.completed),),
            answered_by=ZOE,
        )
    )
    await room.db.contacts.save(
        some_contact("nothing", room.now() + timedelta(minutes=3), topic=None, answered_by=None, operators=())
    )
    lines = await room.shelf.history(None, NUMBER, CallId("other"))
    assert [line.operator for line in lines] == ["", "zoe", "Anna", ""]
    assert [line.topic for line in lines] == [UNCLASSIFIED, UNCLASSIFIED, UNCLASSIFIED, CHARGES]


async def test_today_and_its_sums(room: Room) -> None:
    """Moscow's midnight is at 21:00 UTC of the day before."""
    midnight = room.now().replace(hour=21) - timedelta(days=1)
    await room.db.contacts.save(some_contact("yesterday", midnight - timedelta(seconds=1)))
    await room.db.contacts.save(some_contact("today", midnight))
    rows, figures = await room.shelf.today(ANNA, room.now())
    assert [row.call for row in rows] == ["today"]
    assert (rows[0].customer, rows[0].topic) == ("", UNCLASSIFIED)
    assert figures == Figures(answered=1, talk_ms=60_000, unclassified=1)


async def test_a_stored_contact_as_a_card(room: Room) -> None:
    (ivan,) = await room.know("Ivan")
    await room.db.contacts.save(some_contact("c", customer=ivan, topic=BALANCE))
    line = await room.shelf.line(CallId("c"), ANNA)
    assert line is not None
    view, draft = await line_view(room.shelf, line)
    assert (view.topic, draft, [c.id for c in view.customers]) == (BALANCE, Draft(), [ivan])
    await room.shelf.save(CallId("c"), ANNA, CHARGES, "paid twice", ivan, room.now())
    line = await room.shelf.line(CallId("c"), ANNA)
    assert line is not None
    assert (await line_view(room.shelf, line))[1] == Draft(CHARGES, "paid twice")


async def test_a_call_that_two_operators_had(room: Room) -> None:
    """Each list and each card has its own operator's words; the customer's past has those of both."""
    await room.hire(ANNA)
    await room.hire(BORIS)
    await room.db.contacts.save(passed_on("c", room.now()))
    await room.shelf.save(CallId("c"), BORIS, CHARGES, "paid twice", None, room.now())
    mine, my_figures = await room.shelf.today(ANNA, room.now())
    his, his_figures = await room.shelf.today(BORIS, room.now())
    assert [(row.topic, row.comment) for row in (*mine, *his)] == [
        (UNCLASSIFIED, ""),
        (CHARGES, "paid twice"),
    ]
    assert (my_figures.unclassified, his_figures.unclassified) == (1, 0)
    await room.shelf.save(CallId("c"), ANNA, BALANCE, "put through", None, room.now())
    for login, draft in ((ANNA, Draft(BALANCE, "put through")), (BORIS, Draft(CHARGES, "paid twice"))):
        line = await room.shelf.line(CallId("c"), login)
        assert line is not None
        assert (await line_view(room.shelf, line))[1] == draft
    past = await room.shelf.history(None, NUMBER, CallId("other"))
    assert [(line.operator, line.topic, line.comment) for line in past] == [
        ("Boris", CHARGES, "paid twice"),
        ("Anna", BALANCE, "put through"),
    ]


async def test_this_call_leaves_room_for_the_others(room: Room) -> None:
    for n in range(HISTORY):
        await room.db.contacts.save(some_contact(f"c{n}", room.now() + timedelta(minutes=n)))
    await room.db.contacts.save(passed_on("this", room.now() + timedelta(hours=1)))
    assert len(await room.shelf.history(None, NUMBER, CallId("this"))) == HISTORY


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize("direction", list(Direction))
async def test_a_contact_without_a_queue(room: Room, direction: Direction, source: Source) -> None:
    """Direct dial, an operator's own call, one of the journal's: listed and opened like any other."""
    changes = {"queue": None, "queued_at": None, "topic": None, "direction": direction, "source": source}
    await room.db.contacts.save(some_contact("c", **changes))
    await room.db.contacts.save(
        some_contact("unseen", operators=(), answered_at=None, wait_ms=0, talk_ms=0, **changes)
    )
    rows, figures = await room.shelf.today(ANNA, room.now())
    assert {row.call for row in rows} == {"c", "unseen"}
    assert figures == Figures(answered=2, talk_ms=60_000, unclassified=2)
    assert len(await room.shelf.history(None, NUMBER, CallId("other"))) == 2
    for call, answered_at in (("c", room.now() - timedelta(minutes=1)), ("unseen", None)):
        line = await room.shelf.line(CallId(call), ANNA)
        assert line is not None
        view, draft = await line_view(room.shelf, line)
        assert (view.direction, view.queue, view.topic, draft) == (direction, None, None, Draft())
        assert (view.waiting_since, view.answered_at) == (None, answered_at)


async def test_a_customer_who_is_gone(room: Room) -> None:
    assert await room.shelf.customer(CustomerId(404)) is None
    assert await room.shelf.line(CallId("none"), ANNA) is None

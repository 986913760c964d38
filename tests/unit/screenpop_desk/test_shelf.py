"""What the desks read, from a real database."""

from __future__ import annotations

from datetime import timedelta

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Outcome
from callcore.screenpop.card import Draft, Figures
from callcore.screenpop.shelf import HISTORY, line_view

from .desk_room import ANNA, BALANCE, CHARGES, NUMBER, Room, some_contact


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
    await room.db.contacts.save(some_contact("gone", room.now() + timedelta(minutes=2), answered_by="zoe"))
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
    line = await room.shelf.line(CallId("c"))
    assert line is not None
    view, draft = await line_view(room.shelf, line)
    assert (view.topic, draft, [c.id for c in view.customers]) == (BALANCE, Draft(), [ivan])
    await room.shelf.save(CallId("c"), ANNA, CHARGES, "paid twice", ivan, room.now())
    line = await room.shelf.line(CallId("c"))
    assert line is not None
    assert (await line_view(room.shelf, line))[1] == Draft(CHARGES, "paid twice")


async def test_a_customer_who_is_gone(room: Room) -> None:
    assert await room.shelf.customer(CustomerId(404)) is None
    assert await room.shelf.line(CallId("none")) is None

"""The list of today: how it stays true, and how a contact on it gets its tab back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.domain import UNCLASSIFIED, AgentState, CallId, EndReason
from callcore.screenpop.card import Draft, Stage
from callcore.screenpop.ports import DeskRefused

from .desk_room import ANNA, BALANCE, BORIS, CHARGES, NUMBER, OTHER_PHONE, Room, heard, some_contact

CALL, NEXT = CallId("call1"), CallId("call2")


async def test_today_fails_after_a_save(room: Room) -> None:
    """The save stands, the list is as old as it was, the page hears of it all the same."""
    page = await room.on_shift()
    await room.talked(page)
    room.shelf.broken.add("today")
    record = await room.desks.save(ANNA, CALL, BALANCE, "one", close=True)
    assert (await heard(page, "interaction.saved")).data["record"] == record
    assert room.desk().tabs == ()
    assert [row.topic for row in room.desk().today] == [UNCLASSIFIED]


async def test_an_older_list_of_today_comes_late(room: Room) -> None:
    """Two answers on their way: the newer question's answer stays."""
    page = await room.on_shift()
    held = room.shelf.hold("today")
    stale = asyncio.create_task(room.desks.contact_logged(some_contact("none", room.now())))
    await held.is_there.wait()
    await room.talked(page)
    assert [row.call for row in room.desk().today] == [CALL]
    held.release()
    await stale
    assert [row.call for row in room.desk().today] == [CALL]
    assert room.desk().figures.answered == 1


async def test_a_contact_of_nobody_on_shift(room: Room) -> None:
    await room.on_shift()
    seen = room.hub.seq(ANNA)
    (ring,) = some_contact("c").operators
    for contact in (
        some_contact("a", answered_by=None),
        some_contact("b", answered_by=None, operators=()),
        some_contact("c", answered_by=None, operators=(replace(ring, login=None),)),
        some_contact("d", answered_by=BORIS, operators=(replace(ring, login=BORIS),)),
    ):
        await room.desks.contact_logged(contact)
    assert room.hub.seq(ANNA) == seen


async def test_a_colleague_s_list_of_today(room: Room) -> None:
    """Both were rung, one answered: both hear of it, the one who answered has it on his list."""
    await room.on_shift()
    contact = some_contact("old", room.now())
    ring = replace(contact.operators[0], login=BORIS, result=EndReason.no_answer)
    contact = replace(contact, operators=(ring, *contact.operators, *contact.operators))
    await room.hire(BORIS)
    await room.desks.open(BORIS, OTHER_PHONE)
    seen = [room.hub.seq(login) for login in (ANNA, BORIS)]
    await room.db.contacts.save(contact)
    await room.desks.contact_logged(contact)
    assert [room.hub.seq(login) for login in (ANNA, BORIS)] == [n + 1 for n in seen]
    assert [len(room.desk(login).today) for login in (ANNA, BORIS)] == [1, 0]


# --- back to a contact of today


async def test_a_contact_of_today_gets_its_tab_back(room: Room) -> None:
    (ivan,) = await room.know("Ivan")
    page = await room.on_shift()
    await room.talked(page)
    record = await room.desks.save(ANNA, CALL, BALANCE, "one", close=True)
    await room.desks.front(ANNA, CALL)
    tab = room.tab()
    assert (tab.stage, tab.record, tab.draft, tab.is_dirty) == (
        Stage.unfinished,
        record,
        Draft(BALANCE, "one"),
        False,
    )
    assert tab.view.caller_number == NUMBER
    assert tab.matched is not None
    assert tab.matched.id == ivan
    assert room.desk().active == CALL
    await room.desks.save(ANNA, CALL, CHARGES, "two", close=True)
    assert room.desk().tabs == ()
    assert [(row.topic, row.comment) for row in room.desk().today] == [(CHARGES, "two")]


async def test_an_unclassified_one_comes_back_empty(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    await room.desks.front(ANNA, CALL)
    assert (room.tab().draft, room.tab().matched) == (Draft(), None)


async def test_it_is_saved_without_a_tab(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    assert room.desk().tabs == ()
    record = await room.desks.save(ANNA, CALL, BALANCE, "late", close=True)
    (row,) = room.desk().today
    assert (row.record, row.comment) == (record, "late")


async def test_a_contact_of_yesterday(room: Room) -> None:
    yesterday = some_contact("old", room.now() - timedelta(days=1))
    await room.db.contacts.save(yesterday)
    await room.on_shift()
    for order in (
        room.desks.front(ANNA, yesterday.call),
        room.desks.save(ANNA, yesterday.call, BALANCE, "", close=True),
    ):
        with pytest.raises(DeskRefused, match="no_such_contact"):
            await order


async def test_two_clicks_on_a_contact_of_today(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    await asyncio.gather(room.desks.front(ANNA, CALL), room.desks.front(ANNA, CALL))
    assert [tab.view.call for tab in room.desk().tabs] == [CALL]


@pytest.mark.parametrize("what", ["line", "customer"])
async def test_it_cannot_be_read_now(room: Room, what: str) -> None:
    await room.know("Ivan")
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    room.shelf.broken.add(what)
    with pytest.raises(DeskRefused, match="store_down"):
        await room.desks.front(ANNA, CALL)
    assert room.desk().tabs == ()


async def test_he_leaves_while_it_is_read(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    held = room.shelf.hold("line")
    opening = asyncio.create_task(room.desks.front(ANNA, CALL))
    await held.is_there.wait()
    await room.desks.leave(ANNA)
    held.release()
    with pytest.raises(DeskRefused, match="not_signed_in"):
        await opening
    assert room.desks.view(ANNA) is None


async def test_a_call_comes_while_it_is_read(room: Room) -> None:
    """The tab that is asked for comes to the front; the new card is not lost."""
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    held = room.shelf.hold("line")
    opening = asyncio.create_task(room.desks.front(ANNA, CALL))
    await held.is_there.wait()
    room.talks("d")
    held.release()
    await opening
    assert [tab.view.call for tab in room.desk().tabs] == [NEXT, CALL]
    assert (room.desk().active, room.desk().state) == (CALL, AgentState.talking)


async def test_it_is_on_the_list_and_nowhere_else(room: Room) -> None:
    """The list is older than the database: it was cleared meanwhile."""
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    desk = room.desk()
    room.desks._book.keep(replace(desk, today=(replace(desk.today[0], call=CallId("gone")),)))
    with pytest.raises(DeskRefused, match="no_such_contact"):
        await room.desks.front(ANNA, CallId("gone"))

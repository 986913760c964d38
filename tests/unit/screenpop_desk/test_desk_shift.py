"""Shifts at real desks: who may sit where, when he may go, what he sees of the link."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from callcore.calls import effects as do
from callcore.calls.effects import LogContact
from callcore.domain import AgentState, CallId, CustomerId, Interface, Login, PauseReason, PbxName
from callcore.screenpop.card import Draft
from callcore.screenpop.desks import Desks
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreUnavailable
from callcore.store.shifts import Shift
from callcore.testing.patience import PATIENCE_SECONDS

from .desk_room import (
    ANNA,
    BALANCE,
    BORIS,
    MAIN,
    OTHER_PHONE,
    PHONE,
    SECOND,
    Room,
    heard,
    some_contact,
)

CALL = CallId("call1")


async def test_a_shift_begins_paused_and_is_stored(room: Room) -> None:
    await room.hire(ANNA)
    page = room.page()
    await room.desks.open(ANNA, PHONE)
    desk = room.desk()
    assert (desk.state, desk.interface, desk.name) == (AgentState.paused, PHONE, "Anna")
    assert room.tracker.agents[ANNA].desk_gone_at is None, "his page was open before the shift began"
    assert (await heard(page, "agent.opened")).data == {}
    room.desks.ready(ANNA)
    assert room.desk().state is AgentState.ready
    room.desks.pause(ANNA, PauseReason.lunch)
    assert room.desk().pause_reason is PauseReason.lunch
    await room.db.writer.drain()
    await room.desks.leave(ANNA)
    assert room.desks.view(ANNA) is None
    assert room.tracker.agents == {}
    assert (await heard(page, "agent.left")).data == {}
    assert [type(effect) for effect in room.to_pbx][-1] is do.RemoveMember


async def test_the_shift_in_the_database_is_the_newest(room: Room) -> None:
    await room.on_shift()
    for reason in (PauseReason.lunch, PauseReason.training):
        room.desks.pause(ANNA, reason)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await room.db.shifts.all() != (Shift(ANNA, PHONE, False, PauseReason.training),):
            await room.db.writer.drain()
    await room.desks.leave(ANNA)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await room.db.shifts.all():
            await room.db.writer.drain()


async def test_busy_states_are_not_stored(room: Room) -> None:
    """Whoever was talking when the daemon ended goes on ready."""
    page = await room.on_shift()
    await room.talked(page)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await room.db.shifts.all() != (Shift(ANNA, PHONE, True),):
            await room.db.writer.drain()


async def test_two_opens_at_once(room: Room) -> None:
    """A double click: one shift, one member in the queue."""
    await room.hire(ANNA)
    answers = await asyncio.gather(
        *(room.desks.open(ANNA, phone) for phone in (PHONE, OTHER_PHONE)), return_exceptions=True
    )
    assert [getattr(answer, "code", None) for answer in answers].count("already_on_shift") == 1
    assert answers.count(None) == 1
    assert [type(effect) for effect in room.to_pbx] == [do.AddMember]
    with pytest.raises(DeskRefused, match="already_on_shift"):
        await room.desks.open(ANNA, PHONE)


async def test_two_people_want_one_phone(room: Room) -> None:
    await room.hire(ANNA)
    await room.hire(BORIS)
    answers = await asyncio.gather(
        *(room.desks.open(login, PHONE) for login in (ANNA, BORIS)), return_exceptions=True
    )
    (refused,) = (answer for answer in answers if answer is not None)
    assert isinstance(refused, DeskRefused)
    assert refused.code == "phone_taken"
    loser = BORIS if answers[0] is None else ANNA
    assert room.desks.view(loser) is None
    await room.desks.open(loser, OTHER_PHONE)
    assert room.desk(loser).interface == OTHER_PHONE


@pytest.mark.parametrize("phone", ["PJSIP/999", "second:PJSIP/101", ""])
async def test_a_phone_that_is_not_his(room: Room, phone: str) -> None:
    await room.hire(ANNA)
    with pytest.raises(DeskRefused, match="phone_not_allowed"):
        await room.desks.open(ANNA, Interface(phone))
    assert room.desks.view(ANNA) is None


async def test_a_resumed_shift(room: Room) -> None:
    """After a restart he is where he was; a page that does not come back in time pauses him."""
    await room.hire(ANNA)
    seat = await room.people.seat(ANNA, PHONE)
    assert seat is not None
    await room.desks.resume(ANNA, seat, AgentState.ready, None)
    assert room.desk().state is AgentState.ready
    with pytest.raises(DeskRefused, match="already_on_shift"):
        await room.desks.resume(ANNA, seat, AgentState.ready, None)
    room.later(31)
    assert (room.desk().state, room.desk().pause_reason) == (AgentState.paused, PauseReason.no_desk)


async def test_it_is_resumed_with_a_page_that_was_quicker(room: Room) -> None:
    await room.hire(ANNA)
    seat = await room.people.seat(ANNA, PHONE)
    assert seat is not None
    page = room.page()
    await room.desks.resume(ANNA, seat, AgentState.ready, None)
    room.later(31)
    assert room.desk().state is AgentState.ready
    page.close()
    room.later(31)
    assert room.desk().pause_reason is PauseReason.no_desk


async def test_the_database_fails_while_a_shift_begins(room: Room) -> None:
    """Today's list is missing then, nothing else."""
    await room.hire(ANNA)
    page = room.page()
    room.shelf.broken.add("today")
    await room.desks.open(ANNA, PHONE)
    await heard(page, "agent.opened")
    assert room.desk().today == ()
    room.shelf.broken.clear()
    await room.db.contacts.save(some_contact("old", room.now()))
    await room.desks.contact_logged(some_contact("old", room.now()))
    assert [row.call for row in room.desk().today] == ["old"]


async def test_nobody_can_be_looked_up(room: Room) -> None:
    """The users cannot be read: no half of a shift remains."""

    async def seat(_login: Login, _interface: Interface) -> None:
        raise StoreUnavailable("locked")

    room.desks._seat = seat
    with pytest.raises(StoreUnavailable):
        await room.desks.open(ANNA, PHONE)
    assert room.desks.view(ANNA) is None
    assert room.to_pbx == []


# --- the end


@pytest.mark.parametrize("is_answered", [False, True])
async def test_nobody_leaves_a_caller(room: Room, is_answered: bool) -> None:
    await room.on_shift()
    room.arrives()
    room.rings()
    if is_answered:
        room.answers()
    with pytest.raises(DeskRefused, match="busy_with_call"):
        await room.desks.leave(ANNA)
    assert room.desk().state is (AgentState.talking if is_answered else AgentState.ringing)


async def test_he_leaves_during_the_wrap_up(room: Room) -> None:
    """What he had typed is gone with the desk; late effects find nobody, and trouble nobody."""
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft("", "half a sen"))
    await room.desks.leave(ANNA)
    room.later(60)
    assert room.desks.view(ANNA) is None
    assert room.tracker.agents == {}
    for effect in (
        do.CloseCard("k", ANNA, CALL),
        do.EndCard("k", ANNA, CALL, 1),
        do.ShowAgent("k", ANNA, AgentState.ready, None, room.now()),
    ):
        room.desks.carry(effect)
    await room.desks.contact_logged(some_contact("call1"))
    assert room.desks.view(ANNA) is None


async def test_he_leaves_twice(room: Room) -> None:
    await room.on_shift()
    answers = await asyncio.gather(room.desks.leave(ANNA), room.desks.leave(ANNA), return_exceptions=True)
    assert [getattr(answer, "code", None) for answer in answers] == [None, "not_signed_in"]


Command = Callable[[Desks], Awaitable[object]]


async def _ready(desks: Desks) -> None:
    desks.ready(ANNA)


async def _pause(desks: Desks) -> None:
    desks.pause(ANNA, PauseReason.lunch)


async def _draft(desks: Desks) -> None:
    desks.draft(ANNA, CALL, Draft())


async def _choose(desks: Desks) -> None:
    desks.choose(ANNA, CALL, CustomerId(1))


@pytest.mark.parametrize(
    "command",
    [
        _ready,
        _pause,
        _draft,
        _choose,
        lambda desks: desks.leave(ANNA),
        lambda desks: desks.front(ANNA, CALL),
        lambda desks: desks.save(ANNA, CALL, BALANCE, "", close=True),
    ],
)
async def test_commands_of_somebody_without_a_desk(room: Room, command: Command) -> None:
    with pytest.raises(DeskRefused, match="not_signed_in"):
        await command(room.desks)


async def test_other_effects_are_not_for_desks(room: Room) -> None:
    page = await room.on_shift()
    seen = room.hub.seq(ANNA)
    room.desks.carry(LogContact("k", some_contact("x")))
    assert room.hub.seq(ANNA) == seen
    page.close()


# --- the link to the PBX


async def test_the_link_was_up_before_the_shift(room: Room) -> None:
    room.desks.link(MAIN, up=True)
    await room.on_shift()
    assert room.desk().is_pbx_linked


async def test_no_link_yet(room: Room) -> None:
    page = await room.on_shift()
    assert not room.desk().is_pbx_linked
    room.desks.link(MAIN, up=True)
    assert room.desk().is_pbx_linked
    assert (await heard(page, "agent.link")).data == {"up": True}


async def test_only_news_of_his_own_pbx_are_told(room: Room) -> None:
    room.desks.link(MAIN, up=True)
    await room.on_shift()
    await room.db.users.set_interfaces(ANNA, (PHONE,))
    seen = room.hub.seq(ANNA)
    for pbx in (MAIN, SECOND, PbxName("third")):
        room.desks.link(pbx, up=pbx == MAIN)
    assert room.hub.seq(ANNA) == seen
    room.desks.link(MAIN, up=False)
    assert not room.desk().is_pbx_linked
    await room.desks.leave(ANNA)
    room.desks.link(MAIN, up=True)
    await room.desks.open(ANNA, PHONE)
    assert room.desk().is_pbx_linked


async def test_a_phone_of_the_second_pbx(room: Room) -> None:
    phone = Interface("second:PJSIP/101")
    await room.hire(ANNA, phone)
    room.desks.link(MAIN, up=True)
    await room.desks.open(ANNA, phone)
    assert (room.desk().interface, room.desk().is_pbx_linked) == ("PJSIP/101", False)
    room.desks.link(SECOND, up=True)
    assert room.desk().is_pbx_linked
    assert [(e.pbx, e.interface) for e in room.to_pbx if isinstance(e, do.AddMember)] == [
        (SECOND, "PJSIP/101")
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await room.db.shifts.all() != (Shift(ANNA, phone, False),):
            await room.db.writer.drain()

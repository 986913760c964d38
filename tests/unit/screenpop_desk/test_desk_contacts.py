"""What an operator does with his contacts while answers of the database are still on their way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import UNCLASSIFIED, AgentState, CallId, CustomerId, EndReason, Source, Text, TopicCode
from callcore.screenpop.card import Draft, Stage
from callcore.screenpop.desks import COMMENT_LIMIT
from callcore.screenpop.ports import DeskRefused

from .desk_room import (
    ANNA,
    BALANCE,
    BORIS,
    CHARGES,
    NUMBER,
    OTHER_PHONE,
    PHONE,
    Room,
    heard,
    ref,
    some_contact,
    until,
)

CALL, NEXT = CallId("call1"), CallId("call2")


# --- last contacts


async def test_the_card_fills_in(room: Room) -> None:
    """The card is there at once; who calls, and what he called for before, comes when it is known."""
    (ivan,) = await room.know("Ivan")
    await room.db.contacts.save(some_contact("old", customer=ivan))
    await room.db.interactions.save(CallId("old"), ANNA, CHARGES, "paid twice", ivan, room.now())
    page = await room.on_shift()
    room.talks()
    assert room.tab().history_known is False
    await until(page, lambda: room.tab().history_known)
    (past,) = room.tab().history
    assert (past.topic, past.operator, past.comment) == (CHARGES, "Anna", "paid twice")
    assert room.desk().active == CALL


async def test_an_unknown_caller_has_the_history_of_his_number(room: Room) -> None:
    await room.db.contacts.save(some_contact("old"))
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().history_known)
    assert [past.topic for past in room.tab().history] == [UNCLASSIFIED]


async def test_a_withheld_number_has_no_history(room: Room) -> None:
    await room.db.contacts.save(some_contact("old", caller_number=None))
    page = await room.on_shift()
    room.talks(number=None)
    await until(page, lambda: room.tab().history_known)
    assert room.tab().history == ()


async def test_one_of_several_has_to_be_chosen_first(room: Room) -> None:
    ivan, maria = await room.know("Ivan", "Maria")
    await room.db.contacts.save(some_contact("his", customer=ivan))
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: len(room.tab().view.customers) == 2)
    with pytest.raises(DeskRefused, match="unknown_customer"):
        room.desks.choose(ANNA, CALL, CustomerId(ivan + maria))
    room.desks.choose(ANNA, CALL, ivan)
    assert not room.tab().history_known
    await until(page, lambda: room.tab().history_known)
    assert len(room.tab().history) == 1
    room.desks.choose(ANNA, CALL, maria)
    await until(page, lambda: room.tab().history_known)
    assert room.tab().history == ()


@pytest.mark.parametrize("last", ["Maria", None])
async def test_a_late_answer_about_somebody_else(room: Room, last: str | None) -> None:
    """He chose the wrong one, and at once the right one: the wrong one's contacts never show."""
    ivan, maria = await room.know("Ivan", "Maria")
    await room.db.contacts.save(some_contact("his", customer=ivan))
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    held = room.shelf.hold("history")
    room.desks.choose(ANNA, CALL, ivan)
    await held.is_there.wait()
    room.desks.choose(ANNA, CALL, maria if last else None)
    if last:
        await until(page, lambda: room.tab().history_known)
    held.release()
    await room.desks.idle()
    assert room.tab().history == ()
    assert room.tab().history_known is bool(last)


async def test_an_answer_for_a_tab_that_is_closed(room: Room) -> None:
    await room.on_shift()
    held = room.shelf.hold("history")
    room.talks()
    await held.is_there.wait()
    room.ends()
    room.later(31)
    assert room.desk().tabs == ()
    seen = room.hub.seq(ANNA)
    held.release()
    await room.desks.idle()
    assert room.desk().tabs == ()
    assert room.hub.seq(ANNA) - seen <= 1, "nothing but the contact's own event"


async def test_the_history_cannot_be_read(room: Room) -> None:
    """The card stays, and asks again when it is brought to the front."""
    page = await room.on_shift()
    room.shelf.broken.add("history")
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    await room.desks.idle()
    assert not room.tab().history_known
    room.shelf.broken.clear()
    await room.desks.front(ANNA, CALL)
    await until(page, lambda: room.tab().history_known)


# --- writing and saving


async def test_saved_while_talking_and_closed_when_the_call_ends(room: Room) -> None:
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    record = await room.desks.save(ANNA, CALL, BALANCE, "asks for the balance", close=True)
    assert record is not None
    tab = room.tab()
    assert (tab.stage, tab.record, tab.is_dirty) == (Stage.talking, record, False)
    assert tab.draft == Draft(BALANCE, "asks for the balance")
    assert (await heard(page, "interaction.saved")).data == {"call": CALL, "record": record}
    room.ends()
    assert room.desk().tabs == ()
    assert room.desk().state is AgentState.ready
    await until(page, lambda: bool(room.desk().today))
    (row,) = room.desk().today
    assert (row.topic, row.comment, row.record) == (BALANCE, "asks for the balance", record)
    assert room.desk().figures.unclassified == 0


async def test_typed_on_after_save_and_close(room: Room) -> None:
    """The call goes on, and so does he: what he typed since is not thrown away at its end."""
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    await room.desks.save(ANNA, CALL, BALANCE, "short", close=True)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "short, and more"))
    room.ends()
    assert (room.tab().stage, room.tab().draft.comment) == (Stage.unfinished, "short, and more")
    assert room.desk().state is AgentState.ready
    await room.desks.save(ANNA, CALL, BALANCE, "short, and more", close=True)
    assert room.desk().tabs == ()


async def test_typed_while_the_save_is_under_way(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    held = room.shelf.hold("save")
    saving = asyncio.create_task(room.desks.save(ANNA, CALL, BALANCE, "one", close=False))
    await held.is_there.wait()
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "one and two"))
    held.release()
    record = await saving
    tab = room.tab()
    assert (tab.draft.comment, tab.saved.comment, tab.record) == ("one and two", "one", record)
    assert tab.is_dirty


async def test_the_saved_text_replaces_an_older_draft(room: Room) -> None:
    """A program, or a page without its script, saves more than the last draft that came."""
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "on"))
    await room.desks.save(ANNA, CALL, BALANCE, "one", close=False)
    assert room.tab().draft == room.tab().saved == Draft(BALANCE, "one")
    room.later(31)
    assert room.desk().tabs == (), "nothing unsaved keeps it open"


async def test_two_saves_at_once(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    first = room.desks.save(ANNA, CALL, BALANCE, "one", close=False)
    second = room.desks.save(ANNA, CALL, CHARGES, "two", close=True)
    records = await asyncio.gather(first, second)
    assert records[0] == records[1]
    assert room.desk().tabs == ()
    (row,) = room.desk().today
    assert (row.topic, row.comment) == (CHARGES, "two")


async def test_the_wrap_up_ends_while_the_save_is_under_way(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    held = room.shelf.hold("save")
    saving = asyncio.create_task(room.desks.save(ANNA, CALL, BALANCE, "one", close=True))
    await held.is_there.wait()
    room.later(31)
    assert room.desk().state is AgentState.ready
    held.release()
    assert await saving is not None
    assert room.desk().tabs == ()
    assert [row.topic for row in room.desk().today] == [BALANCE]


async def test_he_leaves_while_the_save_is_under_way(room: Room) -> None:
    """The text is stored: he is not told otherwise."""
    page = await room.on_shift()
    await room.talked(page)
    held = room.shelf.hold("save")
    saving = asyncio.create_task(room.desks.save(ANNA, CALL, BALANCE, "one", close=True))
    await held.is_there.wait()
    await room.desks.leave(ANNA)
    held.release()
    record = await saving
    assert record is not None
    stored = await room.db.interactions.get(record)
    assert stored is not None
    assert stored.comment == "one"
    assert room.desks.view(ANNA) is None


async def test_what_cannot_be_saved(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)

    async def refused(call: CallId, topic: TopicCode, comment: str) -> str:
        with pytest.raises(DeskRefused) as error:
            await room.desks.save(ANNA, call, topic, comment, close=True)
        return error.value.code

    assert await refused(CALL, TopicCode("nonsense"), "") == "unknown_topic"
    assert await refused(CALL, UNCLASSIFIED, "") == "unknown_topic"
    assert await refused(CallId("nobody"), BALANCE, "") == "no_such_contact"
    assert await refused(CALL, BALANCE, "x" * (COMMENT_LIMIT + 1)) == "too_long"
    room.shelf.broken.add("save")
    assert await refused(CALL, BALANCE, "") == "store_down"
    assert (room.tab().stage, room.tab().record) == (Stage.wrap_up, None)
    assert room.desk().state is AgentState.wrap_up


@pytest.mark.parametrize("draft", [Draft("", "x" * (COMMENT_LIMIT + 1)), Draft("x" * (COMMENT_LIMIT + 1))])
async def test_a_draft_without_end(room: Room, draft: Draft) -> None:
    page = await room.on_shift()
    await room.talked(page)
    with pytest.raises(DeskRefused, match="too_long"):
        room.desks.draft(ANNA, CALL, draft)
    assert not room.tab().is_dirty


async def test_a_call_of_somebody_else(room: Room) -> None:
    """Neither the one that he talks now nor the one of today."""
    page = await room.on_shift()
    await room.hire(BORIS)
    await room.desks.open(BORIS, OTHER_PHONE)
    await room.talked(page)
    for order in (
        room.desks.save(BORIS, CALL, BALANCE, "", close=True),
        room.desks.front(BORIS, CALL),
    ):
        with pytest.raises(DeskRefused, match="no_such_contact"):
            await order
    with pytest.raises(DeskRefused, match="no_such_contact"):
        room.desks.draft(BORIS, CALL, Draft("", "mine"))
    with pytest.raises(DeskRefused, match="no_such_contact"):
        room.desks.choose(BORIS, CALL, None)
    assert await room.db.interactions.of_call(CALL) != ()
    assert room.desk().today[0].topic == UNCLASSIFIED


# --- calls that go on without him


async def test_the_caller_goes_on_with_a_colleague(room: Room) -> None:
    """Anna put him through and is done with her wrap-up; the end of the whole call begins no new one."""
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    room.desks.draft(ANNA, CALL, Draft("", "not saved"))
    room.tell(
        f.BridgeLeft(ref("c-leg"), "bridge-c"),
        f.ChannelHungUp(ref("c-leg"), 16),
    )
    assert room.desk().state is AgentState.wrap_up
    ended_at = room.now()
    room.later(31)
    assert (room.desk().state, room.tab().stage) == (AgentState.ready, Stage.unfinished)
    room.tell(f.ChannelHungUp(ref("c"), 16))
    assert (room.tab().stage, room.tab().wrap_up_until) == (Stage.unfinished, None)
    assert room.tab().ended_at == ended_at


async def test_the_card_that_is_opened_again_is_his_own(room: Room) -> None:
    """Anna put the caller through to Boris; each finds his own words on the contact, and writes over them."""
    page, _ = await room.on_shift(), await room.on_shift(BORIS, OTHER_PHONE)
    rings = ((ANNA, PHONE), (BORIS, OTHER_PHONE))
    now = room.now()
    answered = tuple(do.Ring(login, phone, now, now, EndReason.completed) for login, phone in rings)
    contact = some_contact("c", operators=answered)
    await room.db.contacts.save(contact)
    await room.desks.contact_logged(contact)
    await heard(page, "contact.saved")
    record = await room.desks.save(BORIS, CallId("c"), CHARGES, "paid twice", close=True)
    await room.desks.front(ANNA, CallId("c"))
    assert (room.tab("c").draft, room.tab("c").record) == (Draft(), room.desk().today[0].record)
    assert await room.desks.save(ANNA, CallId("c"), BALANCE, "put through", close=True) != record
    await room.desks.front(BORIS, CallId("c"))
    assert room.tab("c", BORIS).draft == Draft(CHARGES, "paid twice")
    assert room.tab("c", BORIS).record == record


async def test_an_answer_that_only_the_journal_knows_of(room: Room) -> None:
    """At which moment, nobody can say, so there is no ring; his list has the contact all the same."""
    page = await room.on_shift()
    contact = some_contact("c", operators=(), answered_at=None, source=Source.journal)
    await room.db.contacts.save(contact)
    await room.desks.contact_logged(contact)
    await heard(page, "contact.saved")
    assert [row.call for row in room.desk().today] == ["c"]


async def test_without_wrap_up(room: Room) -> None:
    room.desks._wrap_up = timedelta(0)
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    room.desks.carry(do.EndCard("k", ANNA, CALL, 1000))
    assert (room.tab().stage, room.tab().wrap_up_until, room.tab().talk_ms) == (Stage.unfinished, None, 1000)


# --- handed on, and back


async def gives_away(room: Room) -> int | None:
    """Anna hands her caller on, saves, and closes the card; the record."""
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    about = Text("эксперты", "experts")
    words = do.HandedWords(1, ANNA, "Anna", about, CHARGES, NUMBER, "paid twice", room.now())
    room.tell(
        f.Handed(CALL, words),
        f.BridgeLeft(ref("c"), "bridge-c"),
        f.BridgeLeft(ref("c-leg"), "bridge-c"),
        f.ChannelHungUp(ref("c-leg"), 16),
    )
    record = await room.desks.save(ANNA, CALL, CHARGES, "paid twice", close=True)
    assert room.desk().tabs == ()
    return record


def comes_back(room: Room) -> None:
    leg = f.ChannelCreated(ref("again"), f"{PHONE}-again", "c", None, None, None, "in")
    room.tell(f.Returned(ref("c"), "NOANSWER"), leg, f.DialBegan(ref("c"), ref("again"), f"{PHONE}-again"))


async def test_a_call_that_comes_back_finds_what_was_written(room: Room) -> None:
    """Before she says a word; and she writes over it, not beside it."""
    record = await gives_away(room)
    page = room.page()
    comes_back(room)
    await until(page, lambda: room.tab().record == record)
    assert (room.tab().draft, room.tab().stage) == (Draft(CHARGES, "paid twice"), Stage.ringing)
    assert not room.tab().is_dirty
    assert room.tab().view.handed is not None
    assert await room.desks.save(ANNA, CALL, BALANCE, "paid once", close=False) == record


async def test_what_she_types_before_it_is_found_stays(room: Room) -> None:
    await gives_away(room)
    held = room.shelf.hold("written")
    comes_back(room)
    await held.is_there.wait()
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "new"))
    held.release()
    await room.desks.idle()
    assert room.tab().draft == Draft(BALANCE, "new")


async def test_while_it_cannot_be_found_the_card_is_there_without_it(room: Room) -> None:
    await gives_away(room)
    room.shelf.broken.add("written")
    comes_back(room)
    await room.desks.idle()
    assert room.tab().draft == Draft()

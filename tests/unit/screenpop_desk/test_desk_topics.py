"""Several topics of one contact at a real desk; typed words over a restart; another contract."""

from __future__ import annotations

import pytest

from callcore.domain import CallId, CustomerId, TopicCode
from callcore.screenpop.card import Draft, Entry, Stage
from callcore.screenpop.ports import DeskRefused
from callcore.store.customers import NewCustomer

from .desk_room import ANNA, BALANCE, BORIS, CHARGES, NUMBER, PHONE, Room, heard, until

CALL = CallId("call1")
SECOND = "+79167654321"


async def talking(room: Room) -> None:
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)


async def test_two_topics_two_records(room: Room) -> None:
    await talking(room)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "first"))
    room.desks.add_topic(ANNA, CALL)
    room.desks.draft(ANNA, CALL, Draft(CHARGES, "second"), 2)
    first = await room.desks.save(ANNA, CALL, BALANCE, "first", close=False)
    assert room.tab().entries[1].is_dirty
    await room.desks.save(ANNA, CALL, BALANCE, "first, mended", close=True)
    found = [(i.id, i.entry, i.topic, i.comment) for i in await room.db.interactions.of_call(CALL)]
    assert found[0] == (first, 1, BALANCE, "first, mended")
    assert found[1][1:] == (2, CHARGES, "second")
    room.ends()
    assert room.desk().tab(CALL) is None


async def test_it_does_not_close_while_a_topic_is_missing(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "first"))
    room.desks.add_topic(ANNA, CALL)
    room.desks.draft(ANNA, CALL, Draft("", "no topic yet"), 2)
    with pytest.raises(DeskRefused, match="topic_missing"):
        await room.desks.save(ANNA, CALL, BALANCE, "first", close=True)
    assert [entry.is_dirty for entry in room.tab().entries] == [False, True]
    assert room.tab().entries[1].draft.comment == "no topic yet"


async def test_an_empty_topic_does_not_hold_it_open(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "first"))
    room.desks.add_topic(ANNA, CALL)
    await room.desks.save(ANNA, CALL, BALANCE, "first", close=True)
    assert room.desk().tabs == ()
    # and comes back with both words and number
    await room.desks.front(ANNA, CALL)
    assert room.tab().stage is Stage.unfinished
    assert [entry.saved for entry in room.tab().entries] == [Draft(BALANCE, "first")]


async def test_new_on_another_contract(room: Room) -> None:
    """What stands there is saved on the first, the contact goes on with the second (D-36)."""
    await room.know("Ivan")
    await talking(room)
    await until_matched(room)
    maria = await add(room, "Maria")
    with pytest.raises(DeskRefused, match="topic_missing"):
        await room.desks.another(ANNA, CALL, maria)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "of Ivan"))
    await room.desks.another(ANNA, CALL, maria)
    tab = room.tab()
    assert tab.matched is not None
    assert (tab.matched.name, [entry.is_blank for entry in tab.entries]) == ("Maria", [False, True])
    await room.desks.save(ANNA, CALL, CHARGES, "of Maria", close=False, n=2)
    # The first one stays where it is, also when it is mended now.
    await room.desks.save(ANNA, CALL, BALANCE, "of Ivan, mended", close=False, n=1)
    names = {}
    for interaction in await room.db.interactions.of_call(CALL):
        assert interaction.customer is not None
        customer = await room.db.customers.get(interaction.customer)
        assert customer is not None
        assert interaction.card is not None
        names[interaction.comment] = (customer.name, interaction.card["name"])
    assert names == {"of Ivan, mended": ("Ivan", "Ivan"), "of Maria": ("Maria", "Maria")}
    with pytest.raises(DeskRefused, match="unknown_customer"):
        await room.desks.another(ANNA, CALL, CustomerId(999))


async def test_the_wrong_customer_takes_the_record_along(room: Room) -> None:
    await room.know("Ivan")
    await talking(room)
    await until_matched(room)
    record = await room.desks.save(ANNA, CALL, BALANCE, "words", close=False)
    maria = await add(room, "Maria")
    await room.desks.attach(ANNA, CALL, maria)
    await drained(room)
    (interaction,) = await room.db.interactions.of_call(CALL)
    assert (interaction.id, interaction.customer) == (record, maria)
    assert len(await room.db.interactions.changes(interaction.id)) == 1


async def test_cleared(room: Room) -> None:
    await room.know("Ivan")
    await talking(room)
    await until_matched(room)
    room.desks.clear(ANNA, CALL)
    assert room.tab().matched is None
    room.desks.choose(ANNA, CALL, None)
    assert room.tab().matched is not None
    await drained(room)


async def test_favourites(room: Room) -> None:
    await talking(room)
    await room.desks.favourite(ANNA, CHARGES, is_on=True)
    await room.desks.favourite(ANNA, BALANCE, is_on=True)
    await room.desks.favourite(ANNA, CHARGES, is_on=False)
    assert room.desk().favourites == (BALANCE,)
    with pytest.raises(DeskRefused, match="unknown_topic"):
        await room.desks.favourite(ANNA, TopicCode("no.such"), is_on=True)


async def test_a_chosen_topic_is_told_to_the_page(room: Room) -> None:
    """Script, article and ready texts come with it; words alone disturb nobody."""
    page = await room.on_shift()
    await room.talked(page)
    await drained(room)
    page.drain()
    room.desks.draft(ANNA, CALL, Draft("", "words"))
    assert page.drain() == []
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "words"))
    event = await heard(page, "card.updated")
    assert event.data == {"call": CALL}


# --- a daemon that was killed


async def restarted(room: Room) -> Room:
    """Another daemon on the same database; the calls are over."""
    await room.written()
    again = Room(room.db)
    await again.desks.open(ANNA, PHONE)
    await drained(again)
    return again


async def test_typed_words_outlive_the_daemon(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "half a sen"))
    room.desks.add_topic(ANNA, CALL)
    room.desks.draft(ANNA, CALL, Draft("", "and this"), 2)
    again = await restarted(room)
    try:
        tab = again.tab()
        assert [entry.draft for entry in tab.entries] == [Draft(BALANCE, "half a sen"), Draft("", "and this")]
        assert (tab.stage, tab.is_dirty) == (Stage.unfinished, True)
        await again.desks.save(ANNA, CALL, BALANCE, "half a sentence", close=False)
        await again.written()
        assert [d.comment for d in await room.db.drafts.of_login(ANNA)] == ["and this"]
    finally:
        await again.close()


async def test_the_last_words_before_an_orderly_end_are_kept(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "half a sen"))
    await room.desks.close()
    assert [draft.comment for draft in await room.db.drafts.of_login(ANNA)] == ["half a sen"]


async def test_nothing_comes_back_of_what_was_saved(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.desks.draft(ANNA, CALL, Draft(BALANCE, "all"))
    await room.desks.save(ANNA, CALL, BALANCE, "all", close=True)
    again = await restarted(room)
    try:
        assert again.desk().tabs == ()
    finally:
        await again.close()


async def test_a_call_that_goes_on_finds_its_words(room: Room) -> None:
    await talking(room)
    room.desks.draft(ANNA, CALL, Draft("", "half a sen"))
    await room.written()
    again = Room(room.db)
    try:
        page = again.page()
        await again.desks.open(ANNA, PHONE)
        again.desks.ready(ANNA)
        again.talks()
        await until(page, lambda: again.tab().view.customers_known)
        assert again.tab().entries == (Entry(1, Draft("", "half a sen")),)
    finally:
        await again.close()


# --- helpers


async def until_matched(room: Room) -> None:
    page = room.page()
    await until(page, lambda: room.tab().matched is not None)


async def add(room: Room, name: str) -> CustomerId:
    await room.db.customers.add_many([NewCustomer(f"K-{name}", name)])
    found = await room.db.customers.by_contract(f"K-{name}")
    assert found is not None
    return found.id


async def drained(room: Room) -> None:
    await room.desks.idle()


async def test_the_number_that_is_opened_goes_with_what_is_saved(room: Room) -> None:
    await room.db.customers.add_many([NewCustomer(contract="K", name="Анна", numbers=(NUMBER, SECOND))])
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    record = await room.desks.save(ANNA, CALL, CHARGES, "about the first", close=False)
    assert record is not None
    room.desks.open_number(ANNA, CALL, SECOND)
    assert room.tab().number == SECOND
    await room.desks.idle()
    moved = await room.db.interactions.get(record)
    assert moved is not None
    assert moved.number == SECOND
    with pytest.raises(DeskRefused, match="unknown_number"):
        room.desks.open_number(ANNA, CALL, "+79990000000")


async def test_who_writes_on_does_not_take_back_what_was_registered_elsewhere(room: Room) -> None:
    """Somebody else moved his words to the right customer (D-48) while the contact lay open on his desk."""
    await room.know("Ivan")
    await talking(room)
    await until_matched(room)
    ivan, maria, olga = room.tab().matched, await add(room, "Maria"), await add(room, "Olga")
    assert ivan is not None
    record = await room.desks.save(ANNA, CALL, BALANCE, "of whom?", close=False)
    assert record is not None
    await room.db.interactions.register_again(record, maria, None, BORIS, room.now(), why="hers")
    await room.desks.save(ANNA, CALL, CHARGES, "and more", close=False)
    found = await room.db.interactions.get(record)
    assert found is not None
    assert (found.customer, found.topic, found.comment) == (maria, CHARGES, "and more")
    await room.desks.attach(ANNA, CALL, olga)  # now he does choose
    await room.desks.idle()
    found = await room.db.interactions.get(record)
    assert found is not None
    assert (found.customer, len(await room.db.interactions.changes(record))) == (olga, 2)


async def test_today_shows_all_topics_of_a_contact(room: Room) -> None:
    await room.know("Анна")
    page = await room.on_shift()
    await room.talked(page)
    await room.desks.front(ANNA, CALL)
    await room.desks.save(ANNA, CALL, CHARGES, "", close=False)
    room.desks.add_topic(ANNA, CALL)
    await room.desks.save(ANNA, CALL, BALANCE, "", close=False, n=2)
    (row,) = room.desk().today
    assert (row.topic, row.more) == (CHARGES, (BALANCE,))

"""Cards that nobody saw: an entry on the desk and in the database, until he knows of it or the day ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import CallId, EndReason
from callcore.screenpop.card import Draft, MissedCard, Stage, Unpainted
from callcore.screenpop.ports import DeskRefused
from callcore.store.missed_pops import MissedPop, MissedPops

from .desk_room import ANNA, BORIS, FINANCE, NUMBER, OTHER_PHONE, PHONE, T0, Room, heard, some_contact, until

CALL = CallId("call1")


def missed(room: Room) -> list[tuple[CallId, str, bool]]:
    return [(card.call, card.why.value, card.seen_at is not None) for card in room.desk().missed]


async def stored(room: Room) -> tuple[MissedPop, ...]:
    return await MissedPops(room.db).since(ANNA, T0 - timedelta(days=1))


async def test_a_card_that_no_screen_confirmed(room: Room) -> None:
    [ivan] = await room.know("Ivan")
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    room.unconfirmed()
    event = await heard(page, "card.missed")
    assert event.data == {"call": CALL, "why": Unpainted.unconfirmed}
    assert room.desk().missed == (MissedCard(CALL, T0, Unpainted.unconfirmed, NUMBER, ivan, "Ivan", FINANCE),)


async def test_it_is_seen_when_a_screen_paints_it_after_all(room: Room) -> None:
    page = await room.on_shift()
    room.talks()
    pop = await heard(page, "card")
    room.hub.hide(ANNA, pop.seq)
    room.unconfirmed()
    assert missed(room) == [(CALL, "hidden", False)]
    room.hub.ack(ANNA, room.hub.seq(ANNA))
    assert missed(room) == [(CALL, "hidden", True)]
    assert (await heard(page, "card.seen")).data == {"call": CALL}


async def test_a_slow_page_says_why_afterwards(room: Room) -> None:
    page = await room.on_shift()
    room.talks()
    pop = await heard(page, "card")
    room.unconfirmed()
    room.hub.hide(ANNA, pop.seq)
    assert missed(room) == [(CALL, "hidden", False)]


async def test_opening_it_is_seeing_it(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.unconfirmed()
    assert missed(room) == [(CALL, "unconfirmed", False)]
    await room.desks.front(ANNA, CALL)
    assert missed(room) == [(CALL, "unconfirmed", True)]


async def test_all_are_dismissed_at_once_and_stay_to_be_opened(room: Room) -> None:
    await room.on_shift()
    room.talks()
    room.unconfirmed()
    room.desks.dismiss(ANNA, CallId("another"))
    assert missed(room) == [(CALL, "unconfirmed", False)]
    room.desks.dismiss(ANNA, None)
    assert missed(room) == [(CALL, "unconfirmed", True)]
    with pytest.raises(DeskRefused, match="not_signed_in"):
        room.desks.dismiss(BORIS, None)


async def test_it_survives_a_restart(room: Room) -> None:
    """The card came while no page was open, and the daemon was started anew before he looked."""
    page = await room.on_shift()
    page.close()
    room.talks()
    room.unconfirmed()
    before = room.desk().missed
    assert [card.why for card in before] == [Unpainted.no_page]
    await room.written()
    again = Room(room.db, time=room.time)
    page = again.page()
    await again.desks.open(ANNA, OTHER_PHONE)
    assert again.desk().missed == before
    again.desks.dismiss(ANNA, CALL)
    await again.written()
    [row] = await stored(room)
    assert row.seen_at == again.now()
    await again.close()


async def test_a_shift_that_ends_before_it_was_seen(room: Room) -> None:
    page = await room.on_shift()
    await room.talked(page)
    room.later(31)
    assert room.desk().tabs == ()
    assert missed(room) == [(CALL, "unconfirmed", False)], "the tab is gone: nobody can see the card any more"
    room.hub.ack(ANNA, room.hub.seq(ANNA))
    assert missed(room) == [(CALL, "unconfirmed", False)]
    await room.desks.leave(ANNA)
    await room.desks.open(ANNA, PHONE)
    assert missed(room) == [(CALL, "unconfirmed", False)]


async def test_the_day_ends(room: Room) -> None:
    page = await room.on_shift()
    room.talks()
    room.unconfirmed()
    room.ends()
    await until(page, lambda: bool(room.desk().today))
    room.later(24 * 3600)
    await room.desks.contact_logged(some_contact("other", room.time))
    assert room.desk().missed == ()
    await room.written()
    assert len(await stored(room)) == 1
    assert await MissedPops(room.db).purge(room.time) == 1
    assert await stored(room) == ()


async def test_the_name_comes_from_the_customer_base(room: Room) -> None:
    [ivan] = await room.know("Ivan")
    pops = MissedPops(room.db)
    row = MissedPop(ANNA, CALL, T0, "hidden", NUMBER, ivan, "as it was then", FINANCE)
    await pops.keep(row)
    await pops.keep(replace(row, why="no_page", seen_at=T0))
    await pops.keep(replace(row, login=BORIS))
    assert await stored(room) == (replace(row, customer_name="Ivan", why="no_page", seen_at=T0),)


# --- the card that opens while the phone rings, or when he asks for it


async def test_what_was_typed_is_kept_when_somebody_else_takes_the_call(room: Room) -> None:
    """The draft was on its way when the card was taken away: the card comes back with it."""
    page = await room.on_shift()
    room.arrives()
    room.rings()
    view = room.desk().ringing
    assert view is not None
    room.desks.carry(do.PopCard("p", ANNA, view))
    assert room.tab().stage is Stage.ringing
    room.desks.carry(do.HideRinging("h", ANNA, CALL, EndReason.answered_elsewhere))
    room.desks.carry(do.DropCard("d", ANNA, CALL, EndReason.answered_elsewhere))
    assert (await heard(page, "card.dropped")).data == {"call": CALL, "reason": EndReason.answered_elsewhere}
    assert room.desk().tabs == ()
    room.desks.draft(ANNA, CALL, Draft("", "half a sen"))
    tab = room.tab()
    assert (tab.stage, tab.draft.comment) == (Stage.unfinished, "half a sen")
    assert tab.dropped is EndReason.answered_elsewhere
    room.desks.carry(do.CloseCard("c", ANNA, CALL))
    with pytest.raises(DeskRefused, match="no_such_contact"):
        room.desks.draft(ANNA, CallId("never"), Draft("", "x"))


async def test_a_card_is_asked_for_only_where_the_policy_leaves_it_to_him(room: Room) -> None:
    await room.on_shift()
    room.arrives()
    room.rings()
    with pytest.raises(DeskRefused, match="call_gone"):
        room.desks.take_card(ANNA, CALL)
    view = room.desk().ringing
    assert view is not None
    room.desks.carry(do.ShowRinging("r", ANNA, view, can_take=True))
    asked: list[object] = []
    room.floor.take = asked.append  # type: ignore[method-assign]
    room.desks.take_card(ANNA, CALL)
    assert asked == [f.CardTaken(ANNA, CALL)]
    with pytest.raises(DeskRefused, match="call_gone"):
        room.desks.take_card(ANNA, CallId("another"))
    with pytest.raises(DeskRefused, match="not_signed_in"):
        room.desks.take_card(BORIS, CALL)


async def test_a_call_given_to_a_colleague_opens_there_and_ends_once(room: Room) -> None:
    """The first one's tab goes to wrap-up while the call goes on; its end later changes nothing for him."""
    anna, boris = await room.on_shift(), await room.on_shift(BORIS, OTHER_PHONE)
    room.talks()
    await heard(anna, "card")
    view = room.tab().view
    room.desks.carry(do.EndCard("e1", ANNA, CALL, 60_000))
    room.desks.carry(do.PopCard("p2", BORIS, view))
    assert (await heard(boris, "card")).data["call"].call == CALL
    until_ = room.tab().wrap_up_until
    assert (room.tab().stage, room.tab(login=BORIS).stage) == (Stage.wrap_up, Stage.talking)
    room.time += timedelta(seconds=20)
    room.desks.carry(do.EndCard("e1 again", ANNA, CALL, 90_000))
    room.desks.carry(do.EndCard("e2", BORIS, CALL, 30_000))
    assert (room.tab().wrap_up_until, room.tab().talk_ms) == (until_, 60_000)
    assert (room.tab(login=BORIS).stage, room.tab(login=BORIS).talk_ms) == (Stage.wrap_up, 30_000)

"""Cards that fill in: beside the pop, part by part, again on news, and for whom was found by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from callcore.domain import NULL_CUSTOMER, CallId, CustomerId, Login, Text
from callcore.screenpop import cardfill
from callcore.screenpop.cardnews import AllChanged, CardNews, CustomerChanged, News, WorkChanged
from callcore.screenpop.facts import FlashNote, OpenCase, OpenWish, Progress, Subject, Why
from callcore.screenpop.ports import DeskRefused
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.errors import StoreUnavailable
from callcore.store.record import CustomerRecord

from .desk_room import ANNA, BORIS, NUMBER, OTHER_PHONE, T0, Room, until

CALL = CallId("call1")
NOTE = FlashNote(7, "Просит не звонить утром", "Борис", T0 + timedelta(days=1), True, False)
CASE = OpenCase("C-2026-000001", Text("Перерасчёт", "Recalculation"), Text("очередь", "queue"), T0)


class Source:
    """Answers what it is told to; a part in ``held`` waits until all are ``released``, one in ``broken``
    fails."""

    def __init__(self) -> None:
        self.note = NOTE
        self.open_cases = (CASE,)
        self.open_wishes: tuple[OpenWish, ...] = ()
        self.asked_wishes = 0
        self.held: set[str] = set()
        self.released = asyncio.Event()
        self.broken: set[str] = set()
        self.seen: list[tuple[Login, CustomerId]] = []
        self.asked: list[Subject] = []

    async def _pass(self, part: str) -> None:
        if part in self.broken:
            raise StoreUnavailable("the database is gone")
        if part in self.held:
            await self.released.wait()

    async def record(self, customer: CustomerId) -> CustomerRecord | None:
        await self._pass("record")
        return CustomerRecord(customer, f"К-{customer}", "Анна", status="активен")

    async def flashes(self, subject: Subject, reader: Login) -> tuple[FlashNote, ...]:
        self.asked.append(subject)
        await self._pass("flashes")
        return (self.note,)

    async def cases(self, customer: CustomerId) -> tuple[OpenCase, ...]:
        await self._pass("cases")
        return self.open_cases

    async def wishes(self, subject: Subject) -> tuple[OpenWish, ...]:
        self.asked_wishes += 1
        await self._pass("wishes")
        return self.open_wishes

    async def read_flash(self, flash: int, login: Login) -> None:
        await self._pass("read")
        self.note = replace(self.note, is_read=True)

    def saw(self, login: Login, customer: CustomerId) -> None:
        self.seen.append((login, customer))


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def filled_room(tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Room]:
    monkeypatch.setattr(cardfill.CardFill.__init__, "__defaults__", (0.2,))
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db", create=True) as database:
        room = Room(database, source=source)
        yield room
        await room.close()


async def talks(room: Room, *names: str) -> tuple[CustomerId, ...]:
    ids = await room.know(*names) if names else ()
    page = await room.on_shift()
    room.talks()
    await until(page, lambda: room.tab().view.customers_known)
    return ids


async def settled(room: Room, login: Login = ANNA) -> None:
    page = room.page(login)
    await until(page, lambda: room.tab(login=login).facts.flashes.progress is not Progress.pending)


async def test_a_card_fills_in_and_the_look_is_noted(filled_room: Room, source: Source) -> None:
    (anna,) = await talks(filled_room, "Анна")
    await settled(filled_room)
    facts = filled_room.tab().facts
    assert facts.subject == Subject(anna, NUMBER, filled_room.tab().view.topic)
    assert facts.flashes.value == (NOTE,)
    assert facts.cases.value == (CASE,)
    assert facts.record.value is not None
    assert facts.record.value.status == "активен"
    assert source.seen == [(ANNA, anna)]


async def test_the_pop_is_there_while_every_part_hangs(filled_room: Room, source: Source) -> None:
    source.held = {"record", "flashes", "cases"}
    await talks(filled_room, "Анна")
    assert filled_room.tab().matched is not None
    assert filled_room.tab().facts.cases.progress is Progress.pending


async def test_a_slow_part_does_not_hold_up_the_others(filled_room: Room, source: Source) -> None:
    source.held = {"cases"}
    await talks(filled_room, "Анна")
    page = filled_room.page()
    await until(page, lambda: filled_room.tab().facts.flashes.progress is Progress.known)
    assert filled_room.tab().facts.cases.progress is Progress.pending
    await until(page, lambda: filled_room.tab().facts.cases.progress is Progress.failed)
    assert filled_room.tab().facts.cases.why is Why.slow
    assert filled_room.tab().facts.flashes.value == (NOTE,)


async def test_a_base_that_is_gone_is_told_on_the_card(filled_room: Room, source: Source) -> None:
    source.broken = {"record", "flashes", "cases"}
    await talks(filled_room, "Анна")
    await settled(filled_room)
    assert {filled_room.tab().facts.record.why, filled_room.tab().facts.cases.why} == {Why.away}


async def test_of_a_stranger_only_the_notes_on_his_number(filled_room: Room, source: Source) -> None:
    await talks(filled_room)
    await settled(filled_room)
    facts = filled_room.tab().facts
    assert facts.flashes.value == (NOTE,)
    assert facts.record.progress is Progress.pending
    assert source.seen == []


async def test_a_note_on_anything_comes_to_every_card(filled_room: Room, source: Source) -> None:
    await talks(filled_room)
    await settled(filled_room)
    source.note = replace(NOTE, text="Авария в районе")
    page = filled_room.page()
    filled_room.news.tell(AllChanged())
    await until(page, lambda: filled_room.tab().facts.flashes.value == (source.note,))


async def test_what_fills_a_card_is_told_once(filled_room: Room, source: Source) -> None:
    """The pop comes first and alone; the facts that come together are told together."""
    await filled_room.know("Анна")
    page = await filled_room.on_shift()
    filled_room.desks._reads._fill._seconds = 20.0
    source.held |= {"record", "flashes", "cases"}
    filled_room.talks()
    await until(page, lambda: filled_room.tab().history_known)
    assert filled_room.tab().facts.cases.progress is Progress.pending
    await until(page, lambda: not filled_room.desks._book._untold)
    page.drain()
    source.released.set()
    await filled_room.desks.idle()
    assert filled_room.tab().facts.cases.progress is Progress.known
    assert [event.type for event in page.drain()] == ["card.updated"]


async def test_of_several_nobody_is_asked_for_until_one_is_chosen(filled_room: Room, source: Source) -> None:
    first, _second = await talks(filled_room, "Анна", "Борис")
    assert filled_room.tab().facts.subject is None
    assert source.asked == []
    filled_room.desks.choose(ANNA, CALL, first)
    await settled(filled_room)
    assert filled_room.tab().facts.subject == Subject(first, NUMBER, filled_room.tab().view.topic)


async def test_two_operators_on_one_card_see_what_either_saved(filled_room: Room, source: Source) -> None:
    (anna,) = await talks(filled_room, "Анна")
    await settled(filled_room)
    other = filled_room.page(BORIS)
    await filled_room.hire(BORIS)
    await filled_room.desks.open(BORIS, OTHER_PHONE)
    filled_room.desks.ready(BORIS)
    filled_room.talks("d", OTHER_PHONE)
    await until(other, lambda: bool(filled_room.desk(BORIS).tabs))
    call = filled_room.desk(BORIS).tabs[0].view.call

    def boris_sees() -> tuple[OpenCase, ...] | None:
        tab = filled_room.desk(BORIS).tab(call)
        assert tab is not None
        return tab.facts.cases.value

    await until(other, lambda: boris_sees() == (CASE,))
    fresh = replace(CASE, number="C-2026-000002")
    source.open_cases = (fresh, CASE)
    filled_room.news.changed(anna)
    await until(other, lambda: boris_sees() == (fresh, CASE))
    assert filled_room.tab().facts.cases.value == (fresh, CASE)


async def test_who_waits_to_be_called_is_followed(filled_room: Room, source: Source) -> None:
    """Whatever happens to his wish, the card that shows it asks again; no other card does."""
    wish = OpenWish(3, NUMBER, T0, 1, "key", "", None)
    source.open_wishes = (wish,)
    (anna,) = await talks(filled_room, "Анна")
    page = filled_room.page(ANNA)
    await until(page, lambda: filled_room.tab().facts.wishes.value == (wish,))
    source.open_wishes = ()
    filled_room.news.tell(WorkChanged())
    await until(page, lambda: filled_room.tab().facts.wishes.value == ())
    asked = source.asked_wishes
    filled_room.news.tell(WorkChanged())
    source.open_cases = ()
    filled_room.news.changed(anna)  # asks for all of it, once
    await until(page, lambda: filled_room.tab().facts.cases.value == ())
    assert source.asked_wishes == asked + 1


async def test_news_of_somebody_else_asks_nothing(filled_room: Room, source: Source) -> None:
    (anna,) = await talks(filled_room, "Анна")
    await settled(filled_room)
    asked = len(source.asked)
    filled_room.news.changed(CustomerId(anna + 1))
    filled_room.news.changed(None)
    assert len(source.asked) == asked


async def test_a_note_that_must_be_read_is_confirmed(filled_room: Room, source: Source) -> None:
    await talks(filled_room, "Анна")
    await settled(filled_room)
    await filled_room.desks.read_flash(ANNA, CALL, 7)
    assert source.note.is_read
    notes = filled_room.tab().facts.flashes.value
    assert notes is not None
    assert not notes[0].waits


async def test_a_note_that_cannot_be_confirmed_still_waits(filled_room: Room, source: Source) -> None:
    await talks(filled_room, "Анна")
    await settled(filled_room)
    source.broken = {"read"}
    with pytest.raises(DeskRefused, match="store_down"):
        await filled_room.desks.read_flash(ANNA, CALL, 7)
    notes = filled_room.tab().facts.flashes.value
    assert notes is not None
    assert notes[0].waits


async def test_whom_he_found_by_hand_has_the_contact(filled_room: Room, source: Source) -> None:
    await talks(filled_room)
    await settled(filled_room)
    await filled_room.db.customers.add_many([NewCustomer("К-9", "Вера")])
    vera = await filled_room.db.customers.by_contract("К-9")
    assert vera is not None
    await filled_room.desks.attach(ANNA, CALL, vera.id)
    assert filled_room.tab().matched == vera
    page = filled_room.page()
    await until(page, lambda: filled_room.tab().facts.record.progress is Progress.known)
    assert source.seen == [(ANNA, vera.id)]
    filled_room.desks.choose(ANNA, CALL, None)
    assert filled_room.tab().matched is None


async def test_the_null_customer_can_have_the_contact(filled_room: Room) -> None:
    await talks(filled_room, "Анна")
    await filled_room.desks.attach(ANNA, CALL, NULL_CUSTOMER)
    matched = filled_room.tab().matched
    assert matched is not None
    assert matched.id == NULL_CUSTOMER


async def test_nobody_and_no_contact_are_refused(filled_room: Room) -> None:
    await talks(filled_room, "Анна")
    with pytest.raises(DeskRefused, match="unknown_customer"):
        await filled_room.desks.attach(ANNA, CALL, CustomerId(999))
    with pytest.raises(DeskRefused, match="no_such_contact"):
        await filled_room.desks.attach(ANNA, CallId("gone"), NULL_CUSTOMER)


def test_a_watcher_that_fails_harms_no_other() -> None:
    news, heard = CardNews(), list[News]()

    def fails(_piece: News) -> None:
        raise ValueError("broken")

    news.watch(fails)
    end = news.watch(heard.append)
    news.changed(CustomerId(3))
    end()
    end()
    news.changed(CustomerId(4))
    assert heard == [CustomerChanged(CustomerId(3))]

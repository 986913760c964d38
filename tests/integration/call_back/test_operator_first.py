"""A placeholder waits in the queue, an operator takes it, and then the customer is rung."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from callcore.domain import Direction, Outcome, RecordMode
from callcore.testing.patience import until

from .conftest import Desk, Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def anna(town: Town) -> AsyncIterator[Desk]:
    yield await town.sits()


async def test_they_talk(town: Town, anna: Desk) -> None:
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    assert call.number.endswith(number)
    assert await town.carrier.invites_of(number) == 0
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    assert await town.over(number) == ["answered"]
    row = await town.is_so(number, state="done")
    assert row.settled_by == "anna"
    assert await town.carrier.invites_of(number) == 1


async def test_it_is_one_contact_of_hers(town: Town, anna: Desk) -> None:
    """The placeholder is nobody's call: no abandoned caller, no visit. It is recorded as talks of its queue
    are, from the moment when she has told him so."""
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await town.announces_recording(anna, number)
    await call.hang_up()
    await town.is_so(number, state="done")
    [contact] = await town.contacts(number)
    assert (contact.direction, contact.outcome) == (Direction.outbound, Outcome.answered)
    assert contact.answered_by == "anna"
    [row] = await town.database.recordings.of_call(contact.call)
    assert (row.queue, row.mode) == ("finance", RecordMode.demand)
    assert (row.consent_how, row.consent_by) == ("operator", "anna")
    assert [(span.on, span.why) for span in row.spans] == [(False, "start"), (True, "operator")]
    assert row.consent_at == row.spans[1].at


async def test_asked_three_times_and_made_once(town: Town, anna: Desk) -> None:
    number = town.number("00")
    async with busy(town, anna):
        for times in (1, 2, 3):
            caller = await town.dials(number)
            await town.asks(caller)
            await town.is_so(number, times=times, wait="calling")
            assert await town.stands() == [1]
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    row = await town.is_so(number, state="done")
    assert row.times == 3
    assert await town.carrier.invites_of(number) == 1


async def test_the_place_is_kept(town: Town, anna: Desk) -> None:
    """Second of four when he asks; two wait behind him, and one before."""
    number = town.number("00")
    async with busy(town, anna):
        before = await town.dials(town.number())
        asking = await town.dials(number)
        behind = [await town.dials(town.number()) for _ in range(2)]
        await town.asks(asking)
        assert await town.stands() == [2]
        assert len(await town.queue()) == 4
        for caller in (before, *behind):
            await caller.hang_up()
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.is_so(number, state="done")


async def test_two_stand_for_one_operator(town: Town, anna: Desk) -> None:
    """The third waits on the list until one of them has been called."""
    first, second, third = (town.number("00") for _ in range(3))
    async with busy(town, anna):
        for number in (first, second, third):
            await town.wishes(number)
        await town.stands(2)
        await town.looked_again()
        assert len(await town.placeholders()) == 2
        assert [await town.why(number) for number in (first, second, third)] == ["calling", "calling", "full"]
    for number in (first, second, third):
        call = await anna.phone.incoming()
        assert call.number.endswith(number)
        assert len(await town.placeholders()) <= 2
        await call.answer()
        await town.carrier.answered(number)
        await call.hang_up()
        await town.is_so(number, state="done")


async def test_she_lets_it_ring_and_takes_it_later(town: Town, anna: Desk) -> None:
    """Nobody is rung but her: the queue tries again."""
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.reject()
    call = await anna.phone.incoming()
    assert await town.carrier.invites_of(number) == 0
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.is_so(number, state="done")


@pytest.mark.parametrize(
    ("ending", "result"), [("20", "busy"), ("21", "no_answer"), ("22", "rejected"), ("24", "network")]
)
async def test_tried_again_by_the_rules(town: Town, anna: Desk, ending: str, result: str) -> None:
    """After the pause of the settings; after the last try a person has to."""
    number = town.number(ending)
    await town.wishes(number)
    for tries in (1, 2):
        call = await anna.phone.incoming()
        began = datetime.now(UTC)
        await call.answer()
        await call.ended()
        row = await town.is_so(number, tries=tries)
        if tries == 1:
            assert row.wait == result
            assert row.due_at is not None
            assert timedelta(seconds=30) <= row.due_at - began
            assert await town.placeholders() == []
            await town.is_due(number)
    assert (await town.row(number)).wait == "person_tries"
    assert await town.carrier.invites_of(number) == 2


async def test_a_machine_answers(town: Town, anna: Desk) -> None:
    """She says so: nobody was talked with, he is called again after the pause."""
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await town.talks(number)
    await town.hears_machine(anna, number)
    await call.ended()
    assert await town.over(number) == ["machine"]
    row = await town.row(number)
    assert (row.state.value, row.wait, row.tries) == ("open", "machine", 1)
    assert row.due_at is not None
    [contact] = await town.contacts_written(number)
    assert (contact.outcome, contact.talk_ms) == (Outcome.failed, 0)
    assert (await town.row(number)).state.value == "open"


async def test_no_such_number_is_for_a_person(town: Town, anna: Desk) -> None:
    number = town.number("23")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    row = await town.is_so(number, wait="person_unreachable")
    assert (row.state.value, row.due_at) == ("open", None)
    assert await town.carrier.invites_of(number) == 1


async def test_nobody_is_ready(town: Town) -> None:
    """No placeholder stands in a queue that nobody serves."""
    number = town.number("00")
    await town.wishes(number)
    assert await town.why(number) == "no_operator"
    anna = await town.sits()
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.is_so(number, state="done")


async def test_a_colleague_takes_it_meanwhile(town: Town, anna: Desk) -> None:
    """What she calls by hand is not called by callcore, too."""
    number = town.number("00")
    async with busy(town, anna):
        id = await town.wishes(number)
        await town.stands()
        await anna.api.call("POST", f"/api/v1/call-backs/{id}/take", {})
        assert await town.over(number) == ["not_sent operator: withdrawn"]
        assert await town.stands(0) == []
    assert await town.why(number) == "taken"
    assert await town.carrier.invites_of(number) == 0


async def test_a_colleague_calls_him_by_hand(town: Town, anna: Desk) -> None:
    """The placeholder gives way to a person: nobody is told that somebody calls him already."""
    number = town.number("00")
    boris = await town.sits("boris", "102", is_ready=False)
    async with busy(town, anna):
        await town.wishes(number)
        await town.stands()
        await boris.api.call("POST", "/api/v1/calls", {"number": f"+{number}"})
        call = await boris.phone.incoming()
        assert await town.placeholders() == []
        await call.answer()
        await town.carrier.answered(number)
        await call.hang_up()
        row = await town.is_so(number, state="done")
    assert row.settled_by == "boris"
    assert await town.over(number) == ["not_sent operator: withdrawn"]
    assert await town.carrier.invites_of(number) == 1


async def test_it_is_counted(town: Town, anna: Desk) -> None:
    number = town.number("00")
    before = await town.figures()
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.is_so(number, state="done")
    await town.over(number)
    asked, made, reached = await town.figures()
    assert (asked, made) == (before[0] + 1, before[1] + 1)
    assert reached == before[2] + 1


# --- he calls us himself


async def test_he_calls_before_his_turn(town: Town, anna: Desk) -> None:
    """His placeholder goes while he waits himself; once somebody talks with him he is not called any more."""
    number = town.number("00")
    async with busy(town, anna):
        await town.wishes(number)
        await town.stands()
        caller = await town.comes(number)
        assert await town.over(number) == ["not_sent operator: withdrawn"]
        await town.waits(1)
    call = await anna.phone.incoming()
    await call.answer()
    await caller.hang_up()
    row = await town.is_so(number, state="done")
    assert row.settled_by == "anna"
    assert await town.carrier.invites_of(number) == 0


async def test_he_calls_and_gives_up(town: Town, anna: Desk) -> None:
    """Nobody has talked with him: the wish stands, and is carried out."""
    number = town.number("00")
    async with busy(town, anna):
        await town.wishes(number)
        await town.stands()
        caller = await town.comes(number)
        await town.over(number)
        await caller.hang_up()
        await town.is_due(number)
        await town.stands()
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 1


async def test_he_calls_as_his_turn_comes(town: Town, anna: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """She has picked up, the gate is about to be asked: he is here, so he is not rung."""
    number = town.number("00")
    confirm = town.gate(monkeypatch)
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await confirm.asked.wait()
    caller = await town.dials(number)
    confirm.go_on.set()
    assert await town.over(number) == ["not_sent gate: on_the_line"]
    call = await anna.phone.incoming()
    await call.answer()
    await caller.hang_up()
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 0


async def test_he_calls_while_he_is_rung(town: Town, anna: Desk) -> None:
    """His telephone stops ringing, that was no try; she has him on the line by his own call."""
    number = town.number("21")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.rung(number)
    caller = await town.dials(number)
    await call.ended()
    assert await town.over(number) == ["withdrawn CANCEL"]
    row = await town.row(number)
    assert (row.state.value, row.tries, row.wait) == ("open", 0, "")
    again = await anna.phone.incoming()
    await again.answer()
    await caller.hang_up()
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 1


async def test_he_calls_while_they_talk(town: Town, anna: Desk) -> None:
    """From another telephone of the same number: their talk goes on."""
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    await call.answer()
    await town.carrier.answered(number)
    await town.talks(number)
    caller = await town.dials(number)
    await town.looked_again()
    await call.hold()
    await call.resume()
    await caller.hang_up()
    await call.hang_up()
    assert await town.over(number) == ["answered"]
    await town.is_so(number, state="done")


class busy:
    """She talks with somebody meanwhile."""

    def __init__(self, town: Town, desk: Desk) -> None:
        self._town = town
        self._desk = desk
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> None:
        caller = await self._town.comes(self._town.number())
        call = await self._desk.phone.incoming()
        await call.answer()
        await until(self._is_empty)
        self._stack.push_async_callback(caller.hang_up)

    async def _is_empty(self) -> bool:
        return await self._town.queue() == []

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

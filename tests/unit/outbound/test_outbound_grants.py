"""Questions that come at once: what is out but not stored yet counts, once, for whoever asks next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callcore.calls.attempt import Medium
from callcore.outbound.gate import (
    PERMIT_LIFETIME,
    Ask,
    Budget,
    Cap,
    Limits,
    Meter,
    Permit,
    Refusal,
    Rule,
    Tariff,
)
from callcore.outbound.ledger import KNOWN_AFTER
from callcore.outbound.room import Outbound

from .outbound_house import ORDER, PBX, PROFILE, House, target

LINES = 20


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House(per_second=50, lines=LINES)
    async with house.running():
        yield house


def asks(house: House, count: int, **changes: Any) -> list[Ask]:
    profile = replace(PROFILE, **changes)
    return [replace(house.ask(), profile=profile) for _ in range(count)]


def limits(most: int, meter: Meter = Meter.calls) -> Limits:
    return Limits((Budget(meter, most),), Tariff((("+7", 10),)))


async def at_once(room: Outbound, questions: list[Ask]) -> list[Permit | Refusal]:
    return await asyncio.gather(*map(room.permit, questions))


@pytest.mark.parametrize(("budget", "most"), [(limits(3), 3), (limits(29, Meter.money), 2)])
async def test_a_budget_is_not_spent_twice(house: House, budget: Limits, most: int) -> None:
    answers = await at_once(house.room, asks(house, 8, limits=budget))
    assert sum(isinstance(answer, Permit) for answer in answers) == most
    assert {answer.rule for answer in answers if isinstance(answer, Refusal)} == {Rule.budget}


async def test_what_is_given_back_or_over_is_free_again(house: House) -> None:
    one, two, three = asks(house, 3, limits=limits(1))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    assert isinstance(await house.room.permit(two), Refusal)
    house.room.give_back(Medium.voice, PBX, permit)
    assert isinstance(await house.room.permit(two), Permit)
    assert isinstance(await house.room.permit(three), Refusal)
    await house.clock.advance(PERMIT_LIFETIME.total_seconds())
    assert isinstance(await house.room.permit(three), Permit)


async def test_one_that_is_stored_counts_once(house: House) -> None:
    one, two, three = asks(house, 3, limits=limits(2))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    assert await house.in_time(house.room.place_call(permit, target(one), ORDER))
    assert isinstance(await house.room.permit(two), Permit)
    assert isinstance(await house.room.permit(three), Refusal)


async def test_one_that_is_stored_while_another_reads(house: House) -> None:
    """The second read the ledger before the first was in it, and asks the gate when it is."""
    one, two = asks(house, 2, limits=limits(1))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    house.attempts.read.clear()
    second = asyncio.create_task(house.room.permit(two))
    await house.clock.settle()
    assert await house.in_time(house.room.place_call(permit, target(one), ORDER))
    house.attempts.read.set()
    answer = await second
    assert isinstance(answer, Refusal)
    assert answer.rule is Rule.budget


async def test_one_that_is_being_stored_counts(house: House) -> None:
    """However long the database takes."""
    one, two = asks(house, 2, limits=limits(1))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    house.attempts.writes.clear()
    first = asyncio.create_task(house.room.place_call(permit, target(one), ORDER))
    await house.clock.settle()
    await house.clock.advance(PERMIT_LIFETIME.total_seconds())
    assert house.attempts.rows == {}
    assert isinstance(await house.room.permit(two), Refusal)
    house.attempts.writes.set()
    assert await house.in_time(first)


async def test_who_is_refused_because_of_permits_that_are_out_asks_again_soon(house: House) -> None:
    """They may not be used in the end, and then there is room today."""
    one, two, three = asks(house, 3, limits=limits(1))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    waits = await house.room.permit(two)
    assert isinstance(waits, Refusal)
    assert waits.until == house.clock.now() + KNOWN_AFTER
    assert await house.in_time(house.room.place_call(permit, target(one), ORDER))
    waits = await house.room.permit(three)
    assert isinstance(waits, Refusal)
    assert waits.until == limits(1).next_day(house.clock.now())


async def test_one_that_is_counted_twice_puts_off_nobody_for_long(house: House) -> None:
    """It is stored already when the ledger is read, and still on its way there by our own count."""
    one, two = asks(house, 2, limits=limits(2))
    await house.in_time(house.room.call_slot(PBX))
    permit = await house.room.permit(one)
    assert isinstance(permit, Permit)
    house.attempts.answers.clear()
    first = asyncio.create_task(house.room.place_call(permit, target(one), ORDER))
    await house.clock.settle()
    assert len(house.attempts.rows) == 1
    waits = await house.room.permit(two)
    assert isinstance(waits, Refusal)
    assert waits.until == house.clock.now() + KNOWN_AFTER
    house.attempts.answers.set()
    assert await house.in_time(first)
    assert isinstance(await house.room.permit(two), Permit)


async def test_a_person_with_two_numbers_is_asked_for_once(house: House) -> None:
    once = (Cap(1, timedelta(hours=24), per_person=True),)
    one, two, other = asks(house, 3, caps=once)
    house.attempts.people = {
        one.number: frozenset((two.number,)),
        two.number: frozenset((one.number,)),
    }
    answers = await at_once(house.room, [one, two, other])
    assert [type(answer) for answer in answers] == [Permit, Refusal, Permit]


async def test_a_call_and_a_message_to_one_number_count_together(house: House) -> None:
    once = replace(PROFILE, caps=(Cap(1, timedelta(hours=24)),))
    voice = replace(house.ask(), profile=once)
    text = replace(house.ask(Medium.sms, voice.number), profile=once)
    answers = await at_once(house.room, [voice, text])
    assert [type(answer) for answer in answers] == [Permit, Refusal]

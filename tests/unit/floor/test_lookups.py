"""Other systems are asked beside the own base: the card gets what is there, then what they say, even late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from callcore.calls.effects import LookUpCustomers
from callcore.calls.facts import CustomersFound
from callcore.domain import CallId, Customer, CustomerId
from callcore.floor import lookups as module
from callcore.floor.lookups import AGAIN_SECONDS, Found, Lookups

NUMBER = "+79161234567"


def customer(id: int) -> Customer:
    return Customer(
        id=CustomerId(id),
        name="",
        contract=str(id),
        address="",
        tariff="",
        balance_minor=None,
        currency="RUB",
        segment="",
        legal_form="",
        language=None,
        numbers=(),
    )


OWN, OTHER = customer(1), customer(2)
Answer = Found | Exception
Told = tuple[tuple[int, ...], bool, tuple[str, ...]]


class Room:
    """``own`` and ``says``: the answers in their order, the last one again and again."""

    def __init__(self, own: list[Answer], says: list[Answer] | None = None) -> None:
        self._own = _in_order(own)
        self._says = _in_order(says or [Found()])
        self.told: list[Told] = []
        self.paused: list[float] = []
        self.gate = asyncio.Event()
        more = None if says is None else self.more
        self.lookups = Lookups(self.look_up, self.answer, more, self.pause)

    async def look_up(self, number: str) -> Found:
        return _given(next(self._own))

    async def more(self, number: str, known: Found, tell: Callable[[Found], None]) -> None:
        await self.gate.wait()
        says = _given(next(self._says))
        found = {each.id: each for each in (*known.customers, *says.customers)}
        if says.customers:
            tell(replace(known, customers=tuple(found.values())))
        tell(Found(tuple(found.values()), silent=says.silent))

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)

    def answer(self, fact: CustomersFound) -> None:
        self.told.append((tuple(each.id for each in fact.customers), fact.failed, fact.silent))

    async def ask(self) -> None:
        self.lookups.offer(LookUpCustomers("k", CallId("c1"), NUMBER))
        await self.lookups.lane.drain()

    async def filled(self) -> None:
        self.gate.set()
        await self.lookups.idle()


def _in_order(answers: list[Answer]) -> Iterator[Answer]:
    yield from answers
    while True:
        yield answers[-1]


def _given(answer: Answer) -> Found:
    if isinstance(answer, Exception):
        raise answer
    return answer


async def test_the_own_answer_does_not_wait() -> None:
    room = Room([Found((OWN,))], [Found((OTHER,))])
    await room.ask()
    assert room.told == [((1,), False, ())]
    await room.filled()
    assert room.told == [((1,), False, ()), ((1, 2), False, ())]
    assert room.paused == []


async def test_nobody_is_said_only_when_everybody_was_asked() -> None:
    room = Room([Found()], [Found()])
    await room.ask()
    assert room.told == []
    await room.filled()
    assert room.told == [((), False, ())]


async def test_a_system_that_is_silent_is_named_and_asked_again_then_left() -> None:
    room = Room([Found((OWN,))], [Found(silent=("crm",))])
    await room.ask()
    await room.filled()
    assert room.told == [((1,), False, ()), ((1,), False, ("crm",))], "once, however often it is asked"
    assert room.paused == list(AGAIN_SECONDS)


async def test_a_late_answer_fills_in_and_takes_the_name_away() -> None:
    room = Room([Found()], [Found(silent=("crm",)), Found(silent=("crm",)), Found((OTHER,))])
    await room.ask()
    await room.filled()
    assert room.told == [((), False, ("crm",)), ((2,), False, ("crm",)), ((2,), False, ())]
    assert room.paused == list(AGAIN_SECONDS[:2])


async def test_whom_one_system_found_stays_while_another_is_asked_again() -> None:
    room = Room([Found()], [Found((OTHER,), silent=("crm",)), Found(silent=("billing",)), Found()])
    await room.ask()
    await room.filled()
    assert room.told[-2:] == [((2,), False, ("billing",)), ((2,), False, ())]


async def test_the_own_base_is_away_and_another_knows_him() -> None:
    room = Room([TimeoutError()], [Found((OTHER,))])
    await room.ask()
    await room.filled()
    assert room.told == [((2,), False, ())]
    assert room.paused == list(AGAIN_SECONDS), "he may be there by his own row, too"


@pytest.mark.parametrize("others", [None, [Found()]])
async def test_the_own_base_answers_late(others: list[Answer] | None) -> None:
    room = Room([TimeoutError(), Found((OWN,))], others)
    await room.ask()
    await room.filled()
    assert room.told == [((), True, ()), ((1,), False, ())]
    assert room.paused == [AGAIN_SECONDS[0]]


async def test_whatever_they_do_the_call_is_answered() -> None:
    room = Room([Found()], [RuntimeError("a fault of ours")])
    await room.ask()
    await room.filled()
    assert room.told == [((), True, ())]


async def test_beyond_the_bound_only_the_own_base_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILLINGS_AT_ONCE", 0)
    room = Room([Found()], [Found()])
    await room.ask()
    assert room.told == [((), False, ())]


async def test_in_a_storm_nobody_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILLINGS_AT_ONCE", 1)
    room = Room([Found()], [Found(silent=("crm",))])
    await room.ask()
    await room.filled()
    assert room.told == [((), False, ("crm",))]
    assert room.paused == []


async def test_the_end_waits_for_nobody() -> None:
    room = Room([Found()], [Found((OTHER,))])
    await room.ask()
    await room.lookups.close()
    await room.lookups.idle()
    assert room.told == []

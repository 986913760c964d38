"""Slow and garbled answers over FastAGI, whole calls (on a real Asterisk): nobody is lost, nothing is counted
twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from callcore.domain import Outcome
from callcore.testing.house import TO_FINANCE
from callcore.testing.lab.process import free_port

from .crooked import Crooked, instead, late, straight, twice
from .test_every_node import is_empty

FIFTH = 5
"""In the midst of the menu."""
GARBAGE = {
    "noise": instead(FIFTH, bytes(range(1, 10)) + b"\xff\xfe rubbish\n"),
    "a page": instead(FIFTH, b"HTTP/1.1 200 OK\r\n\r\n<html>\r\n"),
    "an answer without an end": instead(FIFTH, b"200 result=1 (" + b"9" * 100_000),
    "an answer that nobody asked for": twice(FIFTH),
    "nothing at all": instead(FIFTH, b""),
}


@pytest.fixture
async def crooked(open_hall: Any) -> AsyncIterator[tuple[Any, Crooked]]:
    """A hall, and the wire on which its answers come."""
    port = free_port()
    hall = await open_hall(settings={"fastagi": {"listen": f"127.0.0.1:{port}"}})
    async with Crooked(hall.stage.agi_port, port) as wire:
        yield hall, wire


async def test_answers_that_are_slow(crooked: tuple[Any, Crooked]) -> None:
    """Half a second each: he goes through the menu as ever, and into his queue."""
    hall, wire = crooked
    wire.bend = late(0.5)
    caller = await hall.house.call(*TO_FINANCE)
    await hall.waits_in("finance")
    await caller.hang_up()
    contact = await hall.contact()
    assert (contact.topic, contact.outcome) == ("finance.recalculation", Outcome.abandoned_queue)


async def test_answers_that_are_none(crooked: tuple[Any, Crooked]) -> None:
    """Each kind has a caller of its own: all wait in the static queue, and who calls then is served."""
    hall, wire = crooked
    callers = []
    for nth, bend in enumerate(GARBAGE.values()):
        wire.bend = bend
        callers.append(await hall.dial(number=f"7900000091{nth}"))
    await hall.waits_in("expert", len(GARBAGE))
    await hall.house.until(lambda: is_empty(hall.daemon.answering.reception.places))
    wire.bend = straight
    healthy = await hall.house.call(*TO_FINANCE)
    await hall.waits_in("finance")
    for call in (*callers, healthy):
        await call.hang_up()
    contacts = await hall.house.contacts(len(callers) + 1)
    assert [contact.outcome for contact in contacts] == [Outcome.abandoned_queue] * len(contacts)
    assert [contact.queue for contact in contacts].count("expert") == len(callers)

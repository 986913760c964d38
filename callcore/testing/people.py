"""Simulated people for the demo: callers who dial in by real SIP, and phones that answer for operators."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callcore.crm.seeds import UNKNOWN_NUMBERS, customers
from callcore.domain import Text
from callcore.testing.lab import Answer, Caller, HangUp, LabError, Phone, Press, Step, Until, Wait

MOST_CALLERS = 12
"""On the line at a time; further ones do not dial."""
PATIENCE_SECONDS = (180.0, 300.0)
"""Long enough for somebody who only now signs in."""
LONG_TALK_SECONDS = 120.0
"""Time enough to ask a colleague and to hand the call on."""
LONG_TALKERS = 2
"""So many phones do not hang up before: those that the guide names."""
EARLY = 0.15
"""Share of callers who hang up in the menu or soon after."""


@dataclass(frozen=True, slots=True)
class Person:
    number: str
    name: str


def somebody(dice: random.Random, affected: Sequence[str] = ()) -> Person:
    """A seeded customer, now and then somebody unknown, more often somebody of ``affected`` (numbers)."""
    if affected and dice.random() < 0.4:
        return Person(dice.choice(affected).lstrip("+"), "")
    if dice.random() < 0.25:
        return Person(dice.choice(UNKNOWN_NUMBERS).lstrip("+"), "")
    customer = dice.choice(customers())
    number = dice.choice(customer.numbers).lstrip("+")
    return Person(number, customer.name if dice.random() < 0.5 else "")


def story(dice: random.Random) -> tuple[Step, ...]:
    """What a caller does once the IVR has picked up."""
    if dice.random() < EARLY:
        return (Wait(dice.uniform(2, 8)), HangUp())
    table = str(dice.randint(1, 4))
    steps: list[Step] = [Wait(dice.uniform(2, 5)), Press(table), Wait(dice.uniform(2, 4)), Press("1")]
    if dice.random() < 0.2:
        steps = [Wait(2), Press("9"), *steps]
    if table == "4" and dice.random() < 0.6:
        steps += [Wait(dice.uniform(4, 7)), Press("1")]  # a call back, if one is offered
    return (*steps, Until(), HangUp())


def worried(dice: random.Random) -> tuple[Step, ...]:
    """What somebody in the dark does: hears until when, and mostly that is enough."""
    if dice.random() < 0.7:
        return (Wait(dice.uniform(12, 18)), HangUp())
    return (Wait(dice.uniform(6, 10)), Press("0"), Until(), HangUp())


class Crowd:
    """Callers, one each ``every_seconds`` on average."""

    def __init__(
        self,
        sip_port: int,
        folder: Path,
        every_seconds: float,
        told: Callable[[Text], None],
        affected: Callable[[], Awaitable[Sequence[str]]],
        seed: int = 1,
    ) -> None:
        """``affected``: numbers of people whose light is out just now; they call more often."""
        self._sip_port = sip_port
        self._folder = folder
        self._every = every_seconds
        self._told = told
        self._affected = affected
        self._dice = random.Random(seed)
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            while True:
                if len(self._calls) < MOST_CALLERS:
                    task = asyncio.create_task(self._one())
                    self._calls.add(task)
                    task.add_done_callback(self._calls.discard)
                await asyncio.sleep(self._every * self._dice.uniform(0.7, 1.3))
        finally:
            for task in self._calls:
                task.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)

    async def _one(self) -> None:
        affected = await self._affected()
        person = somebody(self._dice, affected)
        steps = worried(self._dice) if f"+{person.number}" in affected else story(self._dice)
        patience = self._dice.uniform(*PATIENCE_SECONDS)
        caller = Caller(
            self._sip_port,
            self._folder,
            number=person.number,
            name=person.name,
            dialled="74950000000",
            steps=steps,
        )
        try:
            async with caller:
                try:
                    await caller.wait(patience)
                except TimeoutError:
                    await caller.hang_up()
        except (LabError, TimeoutError) as error:
            self._told(Text(f"Звонок не удался: {error}", f"A caller failed: {error}"))


async def staff(ports: tuple[int, ...], folder: Path, dice: random.Random) -> list[Phone]:
    """Phones that ring a few seconds, answer, and talk for a while, the first ones long."""
    phones = []
    for nth, port in enumerate(ports):
        seconds = LONG_TALK_SECONDS if nth < LONG_TALKERS else dice.uniform(20, 40)
        talk = Answer(after_seconds=dice.uniform(3, 5), talk_seconds=seconds)
        phones.append(await Phone(port, folder, talk).start())
    return phones

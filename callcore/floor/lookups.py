"""Asks who calls: the own base at once, other systems beside it, and once more whoever did not answer.

A pop waits for none of them. Beyond the lane's bound the answer is at once that nobody answered: the card
shows what is known without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from callcore.calls.effects import LookUpCustomers
from callcore.calls.facts import CustomersFound
from callcore.crm.directory import merged
from callcore.domain import Customer, Outage
from callcore.floor.lane import Lane

log = structlog.get_logger("callcore.records")

LOOKUP_SIZE = 5_000
LOOKUPS_AT_ONCE = 16
FILLINGS_AT_ONCE = 256
"""Callers about whom other systems are asked; beyond it only the own base is. While half as many are asked
about, nobody is asked twice."""
AGAIN_SECONDS = (3.0, 7.0, 20.0)
"""After these pauses everybody is asked once more, as long as somebody has not answered."""


@dataclass(frozen=True, slots=True)
class Found:
    """Who has a number, and what is out at their addresses."""

    customers: tuple[Customer, ...] = ()
    outages: tuple[Outage, ...] = ()
    silent: tuple[str, ...] = ()
    """Other systems that did not answer, by their names in the settings."""


class Lookup(Protocol):
    async def __call__(self, number: str) -> Found:
        """Raises TimeoutError or any other error when the base does not answer. Outages that cannot be had
        are none: the customers are worth more."""


More = Callable[[str, Found, Callable[[Found], None]], Awaitable[None]]
"""Asks other systems about a number, beside what is found already, and tells what they say as it comes."""
Pause = Callable[[float], Awaitable[object]]


class Lookups:
    """``lane``: for the metrics."""

    def __init__(
        self,
        lookup: Lookup,
        answer: Callable[[CustomersFound], None],
        more: More | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._lookup = lookup
        self._answer = answer
        self._more = more
        self._pause = pause
        self._fillings: set[asyncio.Task[None]] = set()
        self.lane = Lane("lookup", self._look_up, size=LOOKUP_SIZE, workers=LOOKUPS_AT_ONCE)

    def offer(self, effect: LookUpCustomers) -> None:
        """Never waits."""
        if not self.lane.offer(effect):
            # Later, since the floor is in the middle of the fact that asked.
            asyncio.get_running_loop().call_soon(self._tell, effect, Found(), True)

    async def idle(self) -> None:
        """Return when nobody is asked any more, not even once more. For tests."""
        await self.lane.drain()
        while self._fillings:
            await asyncio.gather(*self._fillings, return_exceptions=True)

    async def close(self) -> None:
        """Nobody is asked any more."""
        for task in self._fillings:
            task.cancel()
        await asyncio.gather(*self._fillings, return_exceptions=True)

    async def _look_up(self, effect: LookUpCustomers) -> None:
        own = await self._own(effect)
        is_crowded = len(self._fillings) >= FILLINGS_AT_ONCE
        asks_others = self._more is not None and not is_crowded
        filling = _Filling(own or Found(), is_failed=own is None)
        if filling.found.customers or not asks_others:
            self._say(effect, filling, filling.found)
        if is_crowded or not (asks_others or filling.is_failed):
            return
        # Not in this lane: other systems may be slow, and the own base's answers wait behind it.
        task = asyncio.create_task(self._fill(effect, filling))
        self._fillings.add(task)
        task.add_done_callback(self._fillings.discard)

    async def _own(self, effect: LookUpCustomers) -> Found | None:
        """None: the own base did not answer."""
        try:
            return await self._lookup(effect.number)
        except Exception as error:
            log.warning("customer_lookup_failed", call_id=effect.call, why=str(error) or type(error).__name__)
            return None

    async def _fill(self, effect: LookUpCustomers, filling: _Filling) -> None:
        await self._ask_others(effect, filling)
        for seconds in AGAIN_SECONDS:
            if filling.is_whole or len(self._fillings) > FILLINGS_AT_ONCE // 2:
                return
            await self._pause(seconds)
            if filling.is_failed and (own := await self._own(effect)) is not None:
                filling.take_own(own)
            await self._ask_others(effect, filling)

    async def _ask_others(self, effect: LookUpCustomers, filling: _Filling) -> None:
        if self._more is None:
            self._say(effect, filling, filling.found)
            return
        try:
            await self._more(effect.number, filling.found, lambda found: self._say(effect, filling, found))
        except Exception as error:
            log.exception("directories_failed", call_id=effect.call, why=type(error).__name__)
            if filling.said is None:
                self._tell(effect, filling.found, True)
            filling.is_over = True

    def _say(self, effect: LookUpCustomers, filling: _Filling, found: Found) -> None:
        filling.found = found
        said = found, filling.is_failed and not found.customers
        if said != filling.said:
            filling.said = said
            self._tell(effect, *said)

    def _tell(self, effect: LookUpCustomers, found: Found, failed: bool) -> None:
        try:
            self._answer(CustomersFound(effect.call, found.customers, failed, found.outages, found.silent))
        except Exception:
            log.exception("customers_not_taken", call_id=effect.call)


@dataclass(slots=True)
class _Filling:
    """What is known of one caller so far."""

    found: Found
    is_failed: bool
    """The own base has not answered."""
    said: tuple[Found, bool] | None = None
    is_over: bool = False

    @property
    def is_whole(self) -> bool:
        """There is nobody to ask again."""
        return self.is_over or not (self.is_failed or self.found.silent)

    def take_own(self, own: Found) -> None:
        self.found = replace(
            own, customers=merged(own.customers, self.found.customers), silent=self.found.silent
        )
        self.is_failed = False

"""The customer base as the rest of callcore asks it: who has this number? With a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcore.crm.directory import Directories
from callcore.domain import Customer, CustomerId
from callcore.store.customers import Customers
from callcore.store.errors import StoreError

log = structlog.get_logger("callcore.crm")

LOOKUP_SECONDS = 2.0
FRESH_SECONDS = 0.25
"""Whoever asks about the same number so shortly after gets the same answer: the card and the menu do."""


class CustomerBaseUnavailable(Exception):
    """The base failed or did not answer in time; the card shows what is known without it."""


class CustomerBase:
    """The own base. Another one (a company's CRM) takes its place by offering the same two methods."""

    def __init__(self, customers: Customers, directories: Directories | None = None) -> None:
        """``directories``: other systems, asked by ``others`` beside the own base."""
        self._customers = customers
        self.directories = directories
        self._asked: dict[str, asyncio.Future[tuple[Customer, ...]]] = {}

    async def others(
        self, number: str, told: Callable[[tuple[Customer, ...]], None]
    ) -> tuple[tuple[Customer, ...], tuple[str, ...]]:
        """Everybody whom other systems know by this canonical number, and the names of those that did not
        answer. ``told`` hears of all of so far as each answers. Takes as long as the slowest of them may;
        never raises."""
        if not self.directories:
            return (), ()

        def found(so_far: tuple[Customer, ...]) -> None:
            self._asked.pop(number, None)  # they have rows of ours now, which the next one shall see
            told(so_far)

        return await self.directories.by_number(number, found)

    async def lookup(self, number: str, seconds: float = LOOKUP_SECONDS) -> tuple[Customer, ...]:
        """Everybody who has this canonical number; empty: nobody.

        Raises ``CustomerBaseUnavailable`` after ``seconds``, or if the base cannot be read.
        """
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._asked.get(number) or self._ask(number))
        except TimeoutError as error:
            raise CustomerBaseUnavailable(f"no answer within {seconds} s") from error
        except (SQLAlchemyError, StoreError, OSError) as error:
            raise CustomerBaseUnavailable(str(type(error).__name__)) from error

    def _ask(self, number: str) -> asyncio.Future[tuple[Customer, ...]]:
        def forget(_: object = None) -> None:
            if self._asked.get(number) is asked:
                del self._asked[number]

        def answered(_: object) -> None:
            if asked.cancelled() or asked.exception() is not None:
                forget()

        asked = self._asked[number] = asyncio.ensure_future(self._customers.find_by_number(number))
        asked.add_done_callback(answered)
        asyncio.get_running_loop().call_later(FRESH_SECONDS, forget)
        return asked

    async def get(self, id: CustomerId, seconds: float = LOOKUP_SECONDS) -> Customer | None:
        """One customer by id; raises as ``lookup``."""
        try:
            async with asyncio.timeout(seconds):
                return await self._customers.get(id)
        except (SQLAlchemyError, StoreError, OSError) as error:  # TimeoutError is an OSError
            log.warning("customer_get_failed", customer=id, error=type(error).__name__)
            raise CustomerBaseUnavailable(str(type(error).__name__)) from error

"""Carries records to the store, and questions to the customer base. A pop never waits for either."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import structlog

from callcore.calls.effects import Contact, Effect, LogContact, LookUpCustomers, RememberCall
from callcore.calls.facts import CustomersFound, Fact, Snapshot
from callcore.domain import CallId, ChannelRef, Customer, Outage, PbxName

log = structlog.get_logger("callcore.records")

DRAIN_SECONDS = 15.0
"""At the end neither database nor spool may be usable; the process must go all the same."""
OPEN_CALLS_SECONDS = 2.0
"""How long a Snapshot may wait for the database."""


class StoredCall(Protocol):
    @property
    def call(self) -> CallId: ...

    @property
    def channel(self) -> ChannelRef: ...


class Calls(Protocol):
    async def remember(self, call: CallId, channel: ChannelRef, at: datetime) -> CallId: ...

    async def open_calls(self, pbx: PbxName) -> tuple[StoredCall, ...]: ...


class Contacts(Protocol):
    async def save(self, contact: Contact) -> object: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Who has a number, and what is out at their addresses."""

    customers: tuple[Customer, ...] = ()
    outages: tuple[Outage, ...] = ()


class Lookup(Protocol):
    async def __call__(self, number: str) -> Found:
        """Raises TimeoutError or any other error when the base does not answer. Outages that cannot be had
        are none: the customers are worth more."""


class Records:
    """Starts one task per record; the store's writer puts them in batches and in order of arrival."""

    def __init__(
        self,
        calls: Calls,
        contacts: Contacts,
        lookup: Lookup,
        answer: Callable[[Fact], None],
        logged: Callable[[Contact], Awaitable[None]],
    ) -> None:
        """``answer`` takes the customer base's answer as a fact; ``logged`` hears of each stored contact."""
        self._calls = calls
        self._contacts = contacts
        self._lookup = lookup
        self._answer = answer
        self._logged = logged
        self._tasks: set[asyncio.Task[None]] = set()

    def carry(self, effect: Effect) -> None:
        match effect:
            case RememberCall():
                self._start(self._remember(effect))
            case LookUpCustomers():
                self._start(self._look_up(effect))
            case LogContact():
                self._start(self._log(effect.contact))
            case _:
                return

    async def enrich(self, fact: Fact) -> Fact:
        """A Snapshot's rows get the ids of their stored calls; only callers' channels have one."""
        if not isinstance(fact, Snapshot):
            return fact
        try:
            async with asyncio.timeout(OPEN_CALLS_SECONDS):  # the floor stands still meanwhile
                stored = {c.channel: c.call for c in await self._calls.open_calls(fact.pbx)}
        except Exception as error:
            log.error("open_calls_unknown", pbx=fact.pbx, why=str(error) or type(error).__name__)
            return fact  # the ids that the channels carry themselves are better than none
        rows = tuple(replace(row, call=stored.get(row.channel)) for row in fact.channels)
        return replace(fact, channels=rows)

    async def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Return when all records of so far are stored or spooled, or cannot be within ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(set(self._tasks))
        except TimeoutError:
            log.critical("records_not_stored", waiting=len(self._tasks))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _remember(self, effect: RememberCall) -> None:
        try:
            await self._calls.remember(effect.call, effect.channel, effect.at)
        except Exception as error:
            log.warning("call_not_remembered", call_id=effect.call, why=str(error))

    async def _look_up(self, effect: LookUpCustomers) -> None:
        try:
            found, failed = await self._lookup(effect.number), False
        except Exception as error:
            log.warning("customer_lookup_failed", call_id=effect.call, why=str(error) or type(error).__name__)
            found, failed = Found(), True
        try:
            self._answer(CustomersFound(effect.call, found.customers, failed, found.outages))
        except Exception:
            log.exception("customers_not_taken", call_id=effect.call)

    async def _log(self, contact: Contact) -> None:
        with structlog.contextvars.bound_contextvars(call_id=contact.call):
            try:
                saved = await self._contacts.save(contact)
            except Exception:
                log.exception("contact_not_saved", outcome=contact.outcome)
                return
            log.info(
                "contact_saved",
                saved=str(saved),
                outcome=contact.outcome.value,
                queue=contact.queue,
                wait_ms=contact.wait_ms,
                talk_ms=contact.talk_ms,
            )
            try:
                await self._logged(contact)
            except Exception:
                log.exception("contact_not_shown")

"""Carries records to the store, and questions to the customer base. A pop never waits for either.

Two lanes, each with its bound, and with what happens there:

- **store**: contacts and remembered calls, in order. The writer behind it puts them in batches, and into the
  spool while the database is away. The lane fills only if neither takes anything: the disk is full
  too. Then calls are not remembered any more, and at the very bound a contact is given up, aloud: its row in
  the PBX's journal stays, and the next Snapshot brings it again.
- **lookup**: questions about callers, see ``lookups.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from callcore.calls.effects import Contact, Effect, LogContact, LookUpCustomers, RememberCall
from callcore.calls.facts import Fact, Snapshot
from callcore.domain import CallId, ChannelRef, PbxName
from callcore.floor.lane import Lane
from callcore.floor.lookups import Lookup, Lookups, More

log = structlog.get_logger("callcore.records")

DRAIN_SECONDS = 15.0
"""At the end neither database nor spool may be usable; the process must go all the same."""
OPEN_CALLS_SECONDS = 2.0
"""How long a Snapshot may wait for the database."""
STORE_SIZE = 20_000
"""Records waiting, about 2 kB each."""
CALLS_SIZE = STORE_SIZE // 2
"""Beyond it calls are not remembered: a contact is worth more than the old id of a living call."""
STORE_AT_ONCE = 512
"""Two of the writer's batches: one is being written while the next one gathers."""


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


class Records:
    """``lanes``: for the metrics, and ``contacts_lost``, which is 0 unless the disk was full for long."""

    def __init__(
        self,
        calls: Calls,
        contacts: Contacts,
        lookup: Lookup,
        answer: Callable[[Fact], None],
        logged: Callable[[Contact], Awaitable[None]],
        more: More | None = None,
    ) -> None:
        """``answer`` takes the customer base's answer as a fact; ``logged`` hears of each stored contact."""
        self._calls = calls
        self._contacts = contacts
        self._logged = logged
        self._store = Lane("store", self._keep, size=STORE_SIZE, workers=STORE_AT_ONCE)
        self._lookups = Lookups(lookup, answer, more)
        self.lanes: tuple[Lane[RememberCall | LogContact], Lane[LookUpCustomers]]
        self.lanes = (self._store, self._lookups.lane)
        self.contacts_lost = 0

    def carry(self, effect: Effect) -> None:
        match effect:
            case RememberCall():
                self._store.offer(effect, size=CALLS_SIZE)
            case LogContact():
                if not self._store.offer(effect):
                    self._lose(effect.contact)
            case LookUpCustomers():
                self._lookups.offer(effect)
            case _:
                return

    def _lose(self, contact: Contact) -> None:
        self.contacts_lost += 1
        log.critical("contact_lost", call_id=contact.call, pbx=contact.pbx, channel=contact.channel)

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
                for lane in self.lanes:
                    await lane.drain()
        except TimeoutError:
            waiting = sum(lane.waiting + lane.under_way for lane in self.lanes)
            log.critical("records_not_stored", waiting=waiting)

    async def close(self) -> None:
        """Nobody is asked about callers any more."""
        await self._lookups.close()

    async def _keep(self, effect: RememberCall | LogContact) -> None:
        match effect:
            case RememberCall():
                await self._remember(effect)
            case LogContact():
                await self._log(effect.contact)

    async def _remember(self, effect: RememberCall) -> None:
        try:
            await self._calls.remember(effect.call, effect.channel, effect.at)
        except Exception as error:
            log.warning("call_not_remembered", call_id=effect.call, why=str(error))

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

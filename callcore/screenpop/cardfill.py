"""Asks beside the pop for what a card shows, each part with its own time limit, and fills it in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from callcore.domain import CallId, CustomerId, Login
from callcore.screenpop.card import Tab
from callcore.screenpop.facts import (
    Answer,
    CardFacts,
    FlashNote,
    OpenCase,
    OpenWish,
    PartName,
    Subject,
    Value,
    Why,
    asked,
    filled,
    questions,
)
from callcore.store.errors import StoreError
from callcore.store.record import CustomerRecord

log = structlog.get_logger("callcore.desks")

PART_SECONDS = 2.0
"""How long a card waits for one part."""


class CardSource(Protocol):
    """Where the parts come from. Every method may raise ``StoreError`` or ``TimeoutError``."""

    async def record(self, customer: CustomerId) -> CustomerRecord | None: ...

    async def flashes(self, subject: Subject, reader: Login) -> tuple[FlashNote, ...]: ...

    async def cases(self, customer: CustomerId) -> tuple[OpenCase, ...]: ...

    async def wishes(self, subject: Subject) -> tuple[OpenWish, ...]:
        """To be called back, of this number or customer; open ones."""

    async def read_flash(self, flash: int, login: Login) -> None:
        """He says that he has read it."""

    def saw(self, login: Login, customer: CustomerId) -> None:
        """He has this customer before him. Returns at once, never raises."""


class CardFill:
    """One per house. ``find`` gives a tab that is still open, ``show`` puts its new facts on the desk."""

    def __init__(
        self,
        source: CardSource | None,
        find: Callable[[Login, CallId], Tab | None],
        show: Callable[[Login, CallId, CardFacts], None],
        seconds: float = PART_SECONDS,
    ) -> None:
        self._source = source
        self._find = find
        self._show = show
        self._seconds = seconds

    def asked_for(self, tab: Tab) -> CardFacts | None:
        """What the card shows until the answers to new questions come; None where nothing new is to be
        asked: its facts are known or on their way."""
        subject = subject_of(tab)
        if self._source is None or subject is None or tab.facts.subject == subject:
            return None
        return asked(tab.facts, subject)

    async def fill(self, login: Login, call: CallId) -> None:
        """Ask for every part, and show each answer as it comes."""
        tab = self._find(login, call)
        subject = subject_of(tab) if tab else None
        if self._source is None or subject is None:
            return
        if subject.customer is not None:
            self._source.saw(login, subject.customer)
        async with asyncio.TaskGroup() as group:
            for part in questions(subject):
                group.create_task(self._fill(self._source, part, login, call, subject))

    async def read_flash(self, flash: int, login: Login) -> None:
        if self._source is not None:
            await self._source.read_flash(flash, login)

    async def _fill(
        self, source: CardSource, part: PartName, login: Login, call: CallId, subject: Subject
    ) -> None:
        answer = await self._answer(source, part, login, subject)
        tab = self._find(login, call)
        if tab is not None:  # else closed meanwhile
            self._show(login, call, filled(tab.facts, subject, (answer,)))

    async def _answer(self, source: CardSource, part: PartName, login: Login, subject: Subject) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return Answer(part, await self._value(source, part, login, subject))
        except TimeoutError:
            return Answer(part, why=Why.slow)
        except StoreError as fault:
            log.warning("card_part_not_read", part=part.value, why=str(fault))
            return Answer(part, why=Why.away)
        except Exception:
            log.exception("card_part_failed", part=part.value)
            return Answer(part, why=Why.away)

    async def _value(self, source: CardSource, part: PartName, login: Login, subject: Subject) -> Value:
        if part is PartName.flashes:
            return await source.flashes(subject, login)
        if part is PartName.wishes:
            return await source.wishes(subject)
        customer = subject.customer
        if customer is None:
            return None
        if part is PartName.record:
            return await source.record(customer)
        return await source.cases(customer)


def subject_of(tab: Tab) -> Subject | None:
    """Whom the card is about; None while that is not known: still looked up, or not chosen among several."""
    customer, view = tab.matched, tab.view
    if customer is not None:
        return Subject(customer.id, view.caller_number, view.topic)
    if not view.customers_known or view.customers:
        return None
    return Subject(None, view.caller_number, view.topic)

"""What the desks read from and write to the database, in their own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from callcore.calls.effects import CallView
from callcore.domain import UNCLASSIFIED, CallId, Customer, CustomerId, Login, TopicCode
from callcore.screenpop.card import Draft, Figures, PastContact, TodayContact
from callcore.store import contacts as stored
from callcore.store.customers import Customers
from callcore.store.interactions import Interactions
from callcore.store.shifts import Shift, Shifts

HISTORY = 8
"""Lines about earlier contacts on a card."""


class Shelf:
    """Every method may raise ``StoreError``."""

    def __init__(
        self,
        contacts: stored.Contacts,
        interactions: Interactions,
        customers: Customers,
        shifts: Shifts,
        *,
        names: Callable[[], Awaitable[dict[Login, str]]],
        zone: ZoneInfo,
    ) -> None:
        self._contacts = contacts
        self._interactions = interactions
        self._customers = customers
        self._shifts = shifts
        self._names = names
        self._zone = zone

    async def save(
        self,
        call: CallId,
        login: Login,
        topic: TopicCode,
        comment: str,
        customer: CustomerId | None,
        at: datetime,
    ) -> int | None:
        return await self._interactions.save(call, login, topic, comment, customer, at)

    async def keep_shift(self, shift: Shift) -> None:
        await self._shifts.keep(shift)

    async def end_shift(self, login: Login) -> None:
        await self._shifts.end(login)

    async def line(self, call: CallId, login: Login) -> stored.ContactLine | None:
        """One contact with what this operator wrote of it."""
        return await self._contacts.line(call, login)

    async def customer(self, customer: CustomerId) -> Customer | None:
        return await self._customers.get(customer)

    async def history(
        self, customer: CustomerId | None, number: str | None, without: CallId
    ) -> tuple[PastContact, ...]:
        """The last contacts of the customer, or of the number of nobody we know, with what each operator
        wrote of them; this call not among them."""
        lines = await self._contacts.last_for(customer, number, HISTORY, without)
        names = await self._names()
        return tuple(_past(line, names) for line in lines)

    def midnight(self, now: datetime) -> datetime:
        """When the organisation's day began."""
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return midnight.astimezone(UTC)

    async def today(self, login: Login, now: datetime) -> tuple[tuple[TodayContact, ...], Figures]:
        """His contacts since the local midnight, and their sums."""
        since = self.midnight(now)
        figures = await self._contacts.figures(login, since)
        lines = await self._contacts.today(login, since)
        day = Figures(figures.answered, figures.talk_ms, figures.unclassified)
        return tuple(map(_today, lines)), day


async def line_view(shelf: Shelf, line: stored.ContactLine) -> tuple[CallView, Draft]:
    """A contact from the database as a card shows it, and what was saved for it."""
    customer = await shelf.customer(line.customer) if line.customer is not None else None
    view = CallView(
        call=line.call,
        caller_number=line.number,
        caller_name=line.caller_name,
        dialed_number=None,
        language=None,
        queue=line.queue,
        topic=line.route_topic,
        customers=(customer,) if customer else (),
        customers_known=True,
        lookup_failed=False,
        waiting_since=line.queued_at,
        answered_at=line.answered_at,
        direction=line.direction,
    )
    topic = line.topic if line.topic not in (None, UNCLASSIFIED) else None
    return view, Draft(topic or "", line.comment)


def _past(line: stored.ContactLine, names: dict[Login, str]) -> PastContact:
    login = line.written_by or line.answered_by
    operator = names.get(login, login) if login else ""
    topic = line.topic or line.route_topic or UNCLASSIFIED
    return PastContact(line.started_at, topic, line.outcome, operator, line.comment, line.direction)


def _today(line: stored.ContactLine) -> TodayContact:
    return TodayContact(
        call=line.call,
        record=line.record,
        at=line.started_at,
        number=line.number,
        customer=line.customer_name or "",
        topic=line.topic or UNCLASSIFIED,
        talk_ms=line.talk_ms,
        comment=line.comment,
    )

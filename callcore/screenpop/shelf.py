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
"""Last contacts on a card."""


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

    async def line(self, call: CallId) -> stored.ContactLine | None:
        return await self._contacts.line(call)

    async def customer(self, customer: CustomerId) -> Customer | None:
        return await self._customers.get(customer)

    async def history(
        self, customer: CustomerId | None, number: str | None, without: CallId
    ) -> tuple[PastContact, ...]:
        """The last contacts of the customer, or of the number of nobody we know; this call not among them."""
        lines = await self._contacts.last_for(customer, number, HISTORY + 1)
        names = await self._names()
        return tuple(_past(line, names) for line in lines if line.call != without)[:HISTORY]

    async def today(self, login: Login, now: datetime) -> tuple[tuple[TodayContact, ...], Figures]:
        """His contacts since the local midnight, and their sums."""
        midnight = now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        since = midnight.astimezone(UTC)
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
        waiting_since=None,
        answered_at=line.started_at,
    )
    topic = line.topic if line.topic not in (None, UNCLASSIFIED) else None
    return view, Draft(topic or "", line.comment)


def _past(line: stored.ContactLine, names: dict[Login, str]) -> PastContact:
    operator = names.get(line.answered_by, line.answered_by) if line.answered_by else ""
    topic = line.topic or line.route_topic or UNCLASSIFIED
    return PastContact(line.started_at, topic, line.outcome, operator, line.comment)


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

"""What the desks read from and write to the database, in their own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from callcore.calls.effects import CallView
from callcore.domain import (
    NULL_CUSTOMER,
    UNCLASSIFIED,
    CallId,
    Customer,
    CustomerId,
    Login,
    QueueName,
    TopicCode,
)
from callcore.screenpop.card import Draft, Entry, Figures, PastContact, TodayContact
from callcore.screenpop.entries import Registration, entries_of
from callcore.store import contacts as stored
from callcore.store.customers import Customers
from callcore.store.favourites import Favourites
from callcore.store.interactions import Interactions
from callcore.store.shifts import Shift, Shifts
from callcore.store.timeline import TimelineLine, Timelines

HISTORY = 8
"""Lines about earlier contacts on a card."""
USUAL_OF = timedelta(days=14)
"""From which contacts the usual topics of a queue are told."""
USUAL_AGE = timedelta(minutes=10)


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
        timeline: Timelines | None = None,
        favourites: Favourites | None = None,
    ) -> None:
        """Without ``timeline``, a customer's contacts are those whose calls were found to be his."""
        self._timeline = timeline
        self._favourites = favourites
        self._usual: dict[QueueName, tuple[datetime, tuple[TopicCode, ...]]] = {}
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
        *,
        n: int = 1,
        about: Registration | None = None,
    ) -> int | None:
        return await self._interactions.save(
            call,
            login,
            topic,
            comment,
            customer,
            at,
            entry=n,
            number=about.number if about else None,
            card=about.card if about else None,
            opened_ms=about.opened_ms if about else None,
            stood_on=about.stood_on if about else None,
        )

    async def move(self, record: int, about: Registration, login: Login, at: datetime) -> None:
        """Onto another card or number."""
        if about.customer is not None:
            await self._interactions.register_again(
                record, about.customer, about.number, login, at, card=about.card
            )

    async def written(self, call: CallId, login: Login) -> tuple[Entry, ...]:
        """All topics that he registered this contact under; nothing if there are none."""
        mine = [i for i in await self._interactions.of_call(call) if i.login == login]
        rows = [
            (i.entry, i.topic, i.comment, i.id, i.customer, i.number, i.saved_at is not None) for i in mine
        ]
        return entries_of(rows) if rows else ()

    async def favourites(self, login: Login) -> tuple[TopicCode, ...]:
        return await self._favourites.of(login) if self._favourites else ()

    async def favourite(
        self, login: Login, topic: TopicCode, at: datetime, *, is_on: bool
    ) -> tuple[TopicCode, ...]:
        """Mark it or not; all that he has now."""
        if self._favourites is None:
            return ()
        if is_on:
            await self._favourites.put(login, topic, at)
        else:
            await self._favourites.drop(login, topic)
        return await self._favourites.of(login)

    async def usual(self, queue: QueueName | None, now: datetime) -> tuple[TopicCode, ...]:
        """What operators choose most for this queue; at most ten minutes old."""
        if self._favourites is None or queue is None:
            return ()
        known = self._usual.get(queue)
        if known is None or now - known[0] > USUAL_AGE:
            known = self._usual[queue] = (now, await self._favourites.usual(queue, now - USUAL_OF))
        return known[1]

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
        names = await self._names()
        if customer is not None and self._timeline is not None:
            found = await self._timeline.of(customer, limit=HISTORY, without=without)
            return tuple(_of_timeline(line, names) for line in found)
        lines = await self._contacts.last_for(customer, number, HISTORY, without)
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
        more = await self._contacts.more_topics(login, since) if lines else {}
        day = Figures(figures.answered, figures.talk_ms, figures.unclassified)
        return tuple(_today(line, more.get(line.call, ())) for line in lines), day


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
    return PastContact(
        line.started_at, topic, line.outcome, operator, line.comment, line.direction, line.record
    )


def _of_timeline(line: TimelineLine, names: dict[Login, str]) -> PastContact:
    operator = names.get(line.login, line.login) if line.login else ""
    topic = line.topic if line.record is not None else line.route_topic or UNCLASSIFIED
    return PastContact(
        line.started_at, topic, line.outcome, operator, line.comment, line.direction, line.record
    )


def _today(line: stored.ContactLine, more: tuple[TopicCode, ...]) -> TodayContact:
    return TodayContact(
        call=line.call,
        record=line.record,
        at=line.started_at,
        number=line.number,
        customer="" if line.customer == NULL_CUSTOMER else line.customer_name or "",
        topic=line.topic or UNCLASSIFIED,
        talk_ms=line.talk_ms,
        comment=line.comment,
        more=more,
    )

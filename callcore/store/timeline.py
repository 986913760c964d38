"""A customer's contacts as lines, newest first, a chosen period, page by page (D-31, D-32).

An interaction stands with the customer whom it is registered on; a contact that nobody wrote of, with the
customer whom the call was found to be of. What is written while its call goes on is there at once (D-35).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Row, Select, and_, bindparam, or_, select

from callcore.domain import UNCLASSIFIED, CallId, CustomerId, Direction, Login, Outcome, QueueName, TopicCode
from callcore.store.ports import Store
from callcore.store.schema.core import contacts, interactions
from callcore.store.types import UtcDateTime


class Place(NamedTuple):
    """Where a page ended: the next one begins after it."""

    at: datetime
    call: CallId
    n: int


@dataclass(frozen=True, slots=True)
class TimelineLine:
    call: CallId
    n: int
    """Counts the interactions of the call; 0 for a contact that has none."""
    record: int | None
    at: datetime
    """When it was written; of a contact of which nobody said whose it is, when it ended."""
    started_at: datetime
    ended_at: datetime | None
    """None while the call goes on."""
    direction: Direction
    number: str | None
    """Which of the customer's numbers it concerns, else the caller's."""
    queue: QueueName | None
    route_topic: TopicCode | None
    """What the caller chose in the IVR."""
    topic: TopicCode
    comment: str
    login: Login | None
    """Who wrote it, else who answered."""
    outcome: Outcome
    talk_ms: int
    saved_at: datetime | None
    medium: str = "phone"
    """By which way it came (``store.visit_rows.Medium``)."""

    @property
    def place(self) -> Place:
        return Place(self.at, self.call, self.n)


class Timelines:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def of(
        self,
        customer: CustomerId,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: Place | None = None,
        *,
        without: CallId | None = None,
    ) -> tuple[TimelineLine, ...]:
        """``since`` and ``until``: from, and before, that moment. ``without``: a call that is left out."""
        given: dict[str, Any] = {
            "since": since,
            "until": until,
            "before": before and before.at,
            "before_call": before and before.call,
            "without": without,
        }
        given = {name: value for name, value in given.items() if value is not None}
        # More than the limit: those of one moment are put in order here, and cut after that.
        most = limit + _TIES

        def read(connection: Connection) -> list[TimelineLine]:
            def asked(query: Select[Any], given: dict[str, Any]) -> Sequence[Row[Any]]:
                return connection.execute(query, {**given, "customer": customer, "most": most}).all()

            found = [_line(row, row.created_at) for row in asked(_written(frozenset(given)), given)]
            # An older one would come after all of these: of a customer with thousands, few are looked at.
            shown = given | ({"since": found[-1].at} if len(found) == most else {})
            return found + [_line(row, row.ended_at) for row in asked(_bare(frozenset(shown)), shown)]

        found = await self._store.ask(read)
        lines = sorted(found, key=lambda line: line.place, reverse=True)
        return tuple(line for line in lines if before is None or line.place < before)[:limit]


_TIES = 8


def _page(query: Select[Any], at: Any, call: Any, given: Set[str]) -> Select[Any]:
    """A page of them, the newest first, with ``given`` among the parameters."""
    before = bindparam("before", type_=UtcDateTime)
    conditions = {
        "since": at >= bindparam("since"),
        "until": at < bindparam("until"),
        "before": and_(at <= before, or_(at < before, call <= bindparam("before_call"))),
        "without": call != bindparam("without"),
    }
    query = query.where(*(condition for name, condition in conditions.items() if name in given))
    return query.order_by(at.desc(), call.desc()).limit(bindparam("most", type_=Integer))


_OF_CONTACT = (
    contacts.c.started_at,
    contacts.c.ended_at,
    contacts.c.direction,
    contacts.c.caller_number,
    contacts.c.queue,
    contacts.c.topic.label("route_topic"),
    contacts.c.answered_by,
    contacts.c.outcome,
    contacts.c.talk_ms,
    contacts.c.medium,
)
_OF_INTERACTION = (
    interactions.c.n,
    interactions.c.id.label("record"),
    interactions.c.created_at,
    interactions.c.number,
    interactions.c.topic,
    interactions.c.comment,
    interactions.c.login,
    interactions.c.saved_at,
)


@cache
def _written(given: frozenset[str]) -> Select[Any]:
    joined = interactions.outerjoin(contacts, contacts.c.call == interactions.c.call)
    query = select(interactions.c.call, *_OF_INTERACTION, *_OF_CONTACT).select_from(joined)
    query = query.where(interactions.c.customer == bindparam("customer"))
    return _page(query, interactions.c.created_at, interactions.c.call, given)


@cache
def _bare(given: frozenset[str]) -> Select[Any]:
    """Contacts of which nobody wrote, or wrote without saying whose they are."""
    joined = contacts.outerjoin(interactions, interactions.c.call == contacts.c.call)
    query = select(contacts.c.call, *_OF_INTERACTION, *_OF_CONTACT).select_from(joined)
    query = query.where(interactions.c.customer.is_(None), contacts.c.customer == bindparam("customer"))
    return _page(query, contacts.c.ended_at, contacts.c.call, given)


def _line(row: Row[Any], at: datetime) -> TimelineLine:
    return TimelineLine(
        call=row.call,
        n=row.n or 0,
        record=row.record,
        at=at,
        started_at=row.started_at or at,
        ended_at=row.ended_at,
        direction=Direction(row.direction or Direction.inbound),
        number=row.number or row.caller_number,
        queue=row.queue,
        route_topic=row.route_topic,
        topic=TopicCode(row.topic or UNCLASSIFIED),
        comment=row.comment or "",
        login=row.login or row.answered_by,
        outcome=Outcome(row.outcome or Outcome.answered),
        talk_ms=row.talk_ms or 0,
        saved_at=row.saved_at,
        medium=row.medium or "phone",
    )

"""Who calls, as routing and the IVR ask it: a few columns of everybody whose number it is, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    literal,
    select,
)

from callcore.domain import NULL_CUSTOMER, CustomerId, Direction, Login
from callcore.store.engine import among
from callcore.store.schema.core import contacts, customer_numbers, customers
from callcore.store.schema.record import customer_operators
from callcore.store.types import UtcDateTime

_COLUMNS = ("id", "is_prospective", "status", "segment", "legal_form", "region", "balance_minor")


@dataclass(frozen=True, slots=True)
class CallerRow:
    """One customer; words as the base has them."""

    id: CustomerId
    is_prospective: bool
    status: str
    segment: str
    legal_form: str
    region: str
    balance_minor: int | None
    has_operators: bool
    """Somebody is named who serves him."""


@dataclass(frozen=True, slots=True)
class Callers:
    """Everybody who may be calling; empty: nobody in the base."""

    customers: tuple[CallerRow, ...] = ()
    last_contact_at: datetime | None = None
    """When the last call of this number, or of these customers, ended."""


def find_callers(
    connection: Connection, number: str | None, customer: CustomerId | None, now: datetime
) -> Callers:
    """``customer`` is asked for if he is known, else whoever has the canonical ``number``."""
    query = _query(connection.dialect.name, customer is not None)
    given: dict[str, Any] = {"number": number, "now": now}
    if customer is not None:
        given["customer"] = customer
    found: list[CallerRow] = []
    moments: list[datetime] = []
    for row in connection.execute(query, given).all():
        moments += [at for at in (row.by_number, row.by_customer) if at is not None]
        if row.id is not None and row.id != NULL_CUSTOMER:
            values = {name: getattr(row, name) for name in _COLUMNS}
            found.append(CallerRow(has_operators=row.has_operators, **values))
    return Callers(tuple(found), max(moments, default=None))


def find_operators(connection: Connection, customer: CustomerId) -> tuple[Login, ...]:
    """Who serves him in person, the first choice first."""
    given = {"customer": customer}
    return tuple(Login(login) for login in connection.execute(_OPERATORS, given).scalars())


_OPERATORS = (
    select(customer_operators.c.login)
    .where(customer_operators.c.customer == bindparam("customer"))
    .order_by(customer_operators.c.position)
)


@cache
def _query(dialect: str, by_customer: bool) -> Select[Any]:
    """One row for each customer, or a single one without any."""
    number: BindParameter[str] = bindparam("number")
    whose = select(customer_numbers.c.customer).where(customer_numbers.c.number == number)
    who = customers.c.id == bindparam("customer") if by_customer else among(dialect, customers.c.id, whose)
    one = select(literal(1).label("one")).subquery()
    has_operators = exists().where(customer_operators.c.customer == customers.c.id)
    return (
        select(
            *(customers.c[name] for name in _COLUMNS),
            has_operators.label("has_operators"),
            _last(contacts.c.caller_number == number).label("by_number"),
            _last(contacts.c.customer == customers.c.id).label("by_customer"),
        )
        .select_from(one.outerjoin(customers, who))
        .order_by(customers.c.id)
    )


def _last(whose: ColumnElement[bool]) -> Any:
    """The end of his last own call: an index read backwards to the first that fits."""
    before = and_(contacts.c.ended_at < bindparam("now", type_=UtcDateTime), _CALLED)
    newest = select(contacts.c.ended_at).where(whose, before).order_by(contacts.c.ended_at.desc())
    return newest.limit(1).scalar_subquery()


_CALLED = and_(contacts.c.direction == Direction.inbound.value, contacts.c.medium == "phone")

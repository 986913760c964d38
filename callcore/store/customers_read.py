"""Reading short customers with their numbers: one statement, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select

from callcore.domain import Customer, CustomerId, Language
from callcore.store.schema.core import customer_numbers, customers

_SHORT = (
    *("id", "name", "contract", "address", "tariff", "balance_minor", "currency", "segment", "legal_form"),
    "language",
)


def short(condition: ColumnElement[bool]) -> Select[Any]:
    """For ``load_customers``: made once, with parameters for what changes."""
    return (
        select(*(customers.c[name] for name in _SHORT), customer_numbers.c.number)
        .outerjoin_from(customers, customer_numbers)
        .where(condition)
        .order_by(customers.c.id, customer_numbers.c.position)
    )


BY_ID = short(customers.c.id.in_(bindparam("ids", expanding=True)))
BY_CONTRACT = short(customers.c.contract == bindparam("contract"))
BY_NUMBER = short(
    customers.c.id.in_(
        select(customer_numbers.c.customer).where(customer_numbers.c.number == bindparam("number"))
    )
)


def load_customers(connection: Connection, /, query: Select[Any], **given: Any) -> tuple[Customer, ...]:
    rows = connection.execute(query, given).all()
    return tuple(_customer(list(owned)) for _, owned in groupby(rows, key=attrgetter("id")))


def _customer(rows: Sequence[Row[Any]]) -> Customer:
    row = rows[0]
    return Customer(
        id=CustomerId(row.id),
        name=row.name,
        contract=row.contract,
        address=row.address,
        tariff=row.tariff,
        balance_minor=row.balance_minor,
        currency=row.currency,
        segment=row.segment,
        legal_form=row.legal_form,
        language=cast(Language | None, row.language),
        numbers=tuple(row.number for row in rows if row.number is not None),
    )

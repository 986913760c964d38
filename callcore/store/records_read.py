"""Reading a record in full: one row with all its parts, by one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, select

from callcore.domain import CustomerId, Login
from callcore.store.nested import Nested
from callcore.store.record import (
    MONEY_SHOWN,
    AddressRecord,
    ConsentRecord,
    CustomerRecord,
    Loyalty,
    MoneyKind,
    MoneyRecord,
    NumberRecord,
    OfferRecord,
    PersonRecord,
    PointRecord,
    ServiceRecord,
)
from callcore.store.schema.core import customer_numbers, customers
from callcore.store.schema.record import (
    customer_addresses,
    customer_consents,
    customer_money,
    customer_offers,
    customer_operators,
    customer_persons,
    customer_points,
    customer_services,
)
from callcore.store.types import RowId

T = TypeVar("T")

_ID = bindparam("id", type_=RowId)
_PLAIN = (
    *("id", "contract", "name", "legal_form", "segment", "tariff", "address", "balance_minor", "currency"),
    *("arpu_minor", "language", "status", "since", "is_prospective", "source", "external_key", "urgent"),
    *("email", "changed_at", "region"),
)
"""Columns of ``customers`` that stand in the record under their own names."""


def _part(make: type[T], table: Table, key: str = "position", **given: ColumnElement[Any]) -> Nested[T]:
    """Rows of one customer; a field without a ``given`` value is the column of its name."""
    names = [one.name for one in fields(make)]  # type: ignore[arg-type]
    columns = [given[name].label(name) if name in given else table.c[name] for name in names]
    return Nested(make, columns, table.c.customer == _ID, [table.c[key]])


def _money(kind: str, *rest: Any) -> MoneyRecord:
    return MoneyRecord(MoneyKind(kind), *rest)


_PARTS: Mapping[str, Nested[Any]] = {
    "numbers": _part(
        NumberRecord, customer_numbers, has_password=customer_numbers.c.password_hash.is_not(None)
    ),
    "persons": _part(PersonRecord, customer_persons),
    "addresses": _part(AddressRecord, customer_addresses),
    "points": _part(PointRecord, customer_points),
    "services": _part(ServiceRecord, customer_services),
    "money": Nested(
        _money,
        [customer_money.c[one.name] for one in fields(MoneyRecord)],
        customer_money.c.customer == _ID,
        [customer_money.c.at, customer_money.c.id],
        newest=MONEY_SHOWN,
    ),
    "offers": _part(OfferRecord, customer_offers),
    "consents": _part(ConsentRecord, customer_consents, key="id"),
    "operators": Nested(
        Login,
        [customer_operators.c.login],
        customer_operators.c.customer == _ID,
        [customer_operators.c.position, customer_operators.c.login],
    ),
}


@cache
def _query(dialect: str) -> Select[Any]:
    plain = (customers.c[name] for name in (*_PLAIN, "groups"))
    loyalty = (customers.c.loyalty_club, customers.c.loyalty_card, customers.c.loyalty_points)
    parts = (part.column(dialect).label(name) for name, part in _PARTS.items())
    return select(*plain, *loyalty, *parts).where(customers.c.id == _ID)


def read_record(connection: Connection, id: CustomerId) -> CustomerRecord | None:
    """Everything about one customer."""
    row = connection.execute(_query(connection.dialect.name), {"id": id}).first()
    if row is None:
        return None
    found = row._mapping
    values: dict[str, Any] = {name: found[name] for name in _PLAIN}
    values |= {name: part.read(found[name]) for name, part in _PARTS.items()}
    loyalty = Loyalty(row.loyalty_club, row.loyalty_card, row.loyalty_points)
    return CustomerRecord(**values, groups=tuple(row.groups), loyalty=loyalty)


def read_consent(row: Row[Any]) -> ConsentRecord:
    return ConsentRecord(**{one.name: getattr(row, one.name) for one in fields(ConsentRecord)})

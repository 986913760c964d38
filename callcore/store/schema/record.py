"""Customers in full: persons, addresses, connection points, services, money, offers, consent.

What an import brings as a whole has a position and no id; what people refer to has one.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, false

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime


def _customer(*, index: bool = False) -> Column[int]:
    return Column(
        "customer",
        RowId,
        ForeignKey("customers.id", ondelete="CASCADE"),
        primary_key=not index,
        nullable=False,
    )


customer_persons = Table(
    "customer_persons",
    metadata,
    _customer(),
    Column("position", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("email", Text, nullable=False),
)

customer_addresses = Table(
    "customer_addresses",
    metadata,
    _customer(),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False),
)

customer_points = Table(
    "customer_points",
    metadata,
    _customer(),
    Column("position", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("node", Text, nullable=False),
    # No foreign key: the network may be imported later, or anew.
    Column("characteristics", JSON, nullable=False),
)

customer_services = Table(
    "customer_services",
    metadata,
    _customer(),
    Column("position", Integer, primary_key=True),
    Column("number", Text),
    # NULL: of the contract as a whole.
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("since", Date),
    Column("until", Date),
    Column("is_default", Boolean, nullable=False, server_default=false()),
)

customer_money = Table(
    "customer_money",
    metadata,
    Column("id", RowId, primary_key=True),
    _customer(index=True),
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_customer_money_customer_at", "customer", "at"),
    sqlite_autoincrement=True,
)

customer_offers = Table(
    "customer_offers",
    metadata,
    _customer(),
    Column("position", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Date),
)

customer_consents = Table(
    "customer_consents",
    metadata,
    Column("id", RowId, primary_key=True),
    _customer(index=True),
    Column("clause", Text, nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Column("withdrawal_evidence", Text, nullable=False),
    Index("ix_customer_consents_customer_clause", "customer", "clause"),
    sqlite_autoincrement=True,
)

customer_operators = Table(
    "customer_operators",
    metadata,
    _customer(),
    Column("login", Text, primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

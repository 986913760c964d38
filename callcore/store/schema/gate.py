"""What the gate decides by besides the ledger: who wants no more of what, and what left when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", Text, nullable=False),
    # Canonical: the one of which he said it.
    Column("customer", BigInteger, index=True),
    # It holds for his other numbers, too; NULL: for this number alone.
    Column("medium", Text, nullable=False),
    # ``voice``, ``sms``; "": in no way at all.
    Column("message_class", Text, nullable=False),
    # "": of no class.
    Column("since", UtcDateTime, nullable=False),
    Column("login", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Text),
    Column("ended_evidence", Text, nullable=False, server_default=""),
    Index(
        "uq_opt_outs_in_force",
        "number",
        "medium",
        "message_class",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

outbound_usage = Table(
    "outbound_usage",
    metadata,
    Column("at", UtcDateTime, primary_key=True),
    # The quarter of an hour, UTC, in which the intents were stored: a day of any zone is made of whole ones.
    Column("medium", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("route", Text, primary_key=True),
    Column("login", Text, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("cost_minor", BigInteger, nullable=False),
)

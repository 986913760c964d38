"""The transactional outbox of events, webhooks and their deliveries; files that are being taken in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

events = Table(
    "events",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("type", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("patterns", JSON, nullable=False),
    Column("secret", Text, nullable=False),  # in clear: it signs
    Column("is_active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("cursor", BigInteger, nullable=False),  # events up to this one have their deliveries
    Column("failing_since", UtcDateTime, nullable=True),
    Column("disabled_at", UtcDateTime, nullable=True),  # by us, after long failure
    Column("disabled_why", Text, nullable=False),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("webhook", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("event", ForeignKey("events.id", ondelete="CASCADE"), nullable=False),
    Column("state", Text, nullable=False),  # waiting, delivered, failed
    Column("is_by_hand", Boolean, nullable=False),  # does not wait for those before it
    Column("tries", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("status", Integer, nullable=True),
    Column("answer", Text, nullable=False),
    Column("ms", Integer, nullable=True),
    Column("done_at", UtcDateTime, nullable=True),
    Index("ix_deliveries_webhook_event", "webhook", "event", unique=True),
    Index(
        "ix_deliveries_waiting",
        "webhook",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_deliveries_event", "event"),
    sqlite_autoincrement=True,
)

imports = Table(
    "imports",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False),  # the file's
    Column("login", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("country", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # the file, packed by zlib
    Column("done", Integer, nullable=False),  # contracts, in the file's order
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    sqlite_autoincrement=True,
)

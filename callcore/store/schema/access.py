"""Second factors, the audit and its seals. (Scopes of tokens stand with the tokens.)"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("login", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("customer", BigInteger),
    Column("subject", Text, nullable=False),
    # What else it concerns: ``case:17``, ``user:anna``; "" for the customer himself.
    Column("detail", JSON, nullable=False),
    Index("ix_audit_customer_at", "customer", "at"),
    Index("ix_audit_login_at", "login", "at"),
    sqlite_autoincrement=True,
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    # The newest line under this seal; the oldest is the one after the seal before.
    Column("lines", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    # SHA-256 of the lines.
    Column("hash", Text, nullable=False),
    # SHA-256 of the hash of the seal before, and of this seal: the chain.
    Column("at", UtcDateTime, nullable=False),
    Column("purged_at", UtcDateTime),
    # Its lines are gone by their age; the seal stays, so that the chain does.
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("login", Text, ForeignKey("users.login", ondelete="CASCADE"), primary_key=True),
    Column("secret", Text, nullable=False),
    # ``plain:BASE32`` or ``sealed:…``: under the key of the settings.
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    # NULL: not yet shown to be in his telephone; it guards nothing.
    Column("last_counter", BigInteger, nullable=False),
    # The newest time step whose code was taken: no code is taken twice.
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("login", Text, ForeignKey("users.login", ondelete="CASCADE"), primary_key=True),
    Column("code_hash", Text, primary_key=True),
    Column("used_at", UtcDateTime),
)

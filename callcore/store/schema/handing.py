"""Calls that one operator handed to another, with his words (D-22)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

_ASKED = text("state = 'asked'")

handovers = Table(
    "handovers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    # Login of whoever handed it on.
    Column("from_topic", Text, nullable=False, server_default=""),
    # What the caller had chosen; "" if nothing.
    Column("topic", Text, nullable=False),
    # What the operator chose.
    Column("number", Text, nullable=False, server_default=""),
    # Canonical, the one that it is about; "" where it is withheld.
    Column("customer", BigInteger),
    Column("comment", Text, nullable=False, server_default=""),
    Column("mode", Text, nullable=False),
    # ``blind``, ``consult``.
    Column("means", Text, nullable=False),
    # ``desk``, ``phone``: by a page of ours, or by a code on the telephone.
    Column("to_kind", Text, nullable=False),
    # ``department``, ``person``, ``queue``, ``number``.
    Column("to_name", Text, nullable=False),
    # Code, login, queue or internal number.
    Column("queue", Text),
    Column("state", Text, nullable=False),
    # ``asked``, ``taken``, ``returned``, ``withdrawn``.
    Column("settled_at", UtcDateTime),
    Column("taken_by", Text),
    # Empty for a person who is not on shift, or a telephone of nobody.
    Column("why", Text, nullable=False, server_default=""),
    Index("ix_handovers_call", "call"),
    Index("ix_handovers_asked", "id", sqlite_where=_ASKED, postgresql_where=_ASKED),
    Index("ix_handovers_customer", "customer"),
    sqlite_autoincrement=True,
)

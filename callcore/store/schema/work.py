"""Whom to call: callers who asked for it, callers who were missed, callers who left a message."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

OPEN_ONE = "state = 'open' AND number <> ''"
"""Of which there may be one for each number and kind."""
_OPEN = text(OPEN_ONE)

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", Text, nullable=False),
    # Canonical; "" where it was withheld: nobody can be called, but he did call.
    Column("kind", Text, nullable=False),
    # ``wish``, ``missed``, ``voicemail``.
    Column("call", Text),
    Column("last_call", Text),
    # In which he asked first, and last.
    Column("customer", BigInteger),
    Column("topic", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("language", Text, nullable=False),
    # "" for each that nobody knows.
    Column("asked_at", UtcDateTime, nullable=False),
    # His place in the list; the first time counts.
    Column("last_at", UtcDateTime, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("source", Text, nullable=False, server_default="key"),
    # ``key``, ``closed``, ``operator``, ``api``, ``contact``.
    Column("asked_by", Text),
    Column("position", Integer),
    # Of his place in the queue when he asked.
    Column("due_at", UtcDateTime),
    # Not before.
    Column("zone", Text, nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("wait", Text, nullable=False, server_default=""),
    Column("responsible_login", Text),
    Column("responsible_department", Text, nullable=False, server_default=""),
    Column("responsible_at", UtcDateTime),
    Column("why_responsible", Text, nullable=False, server_default=""),
    # A rule of ``crm.responsible``, ``given``, ``postponed``; "" while nobody has looked.
    Column("state", Text, nullable=False),
    # ``open``, ``done``, ``withdrawn``.
    Column("taken_at", UtcDateTime),
    Column("taken_by", Text),
    # Who has taken it on, and since when; stays once it is settled.
    Column("postponed_by", Text),
    Column("settled_at", UtcDateTime),
    Column("settled_by", Text),
    Column("settled_call", Text),
    # In which he was reached, if that settled it.
    Column("note", Text, nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    # Why it was postponed or given away last.
    Index("ix_follow_ups_open", "number", "kind", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    # Once for each number and kind, however often he asks.
    Index("ix_follow_ups_state_kind_asked_at", "state", "kind", "asked_at"),
    Index("ix_follow_ups_state_due_at", "state", "due_at"),
    Index("ix_follow_ups_number_state", "number", "state"),
    Index("ix_follow_ups_responsible_login_state", "responsible_login", "state"),
    Index("ix_follow_ups_customer", "customer"),
    sqlite_autoincrement=True,
)

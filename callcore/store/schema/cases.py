"""Cases with their stages, history and alarms; tasks."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

cases = Table(
    "cases",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("initiator", Text, nullable=False),
    Column("owner", Text),
    Column("priority", Integer, nullable=False),
    Column("customer", BigInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("contact", Text),
    Column("interaction", BigInteger),
    Column("topic", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("form", JSON, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("result", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("queued_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("stage", Text, nullable=False),
    # Of the newest run, so that a list needs no other table; so is due_at. NULL: no term runs.
    Column("due_at", UtcDateTime),
    Column("alarm_at", UtcDateTime),
    # When the clock has to look at it next; NULL: never.
    Column("haystack", Text, nullable=False),
    Index("ix_cases_customer_id", "customer", "id"),
    Index("ix_cases_owner_status", "owner", "status"),
    Index("ix_cases_initiator_status", "initiator", "status"),
    Index("ix_cases_department_status", "department", "status"),
    Index("ix_cases_status_due_at", "status", "due_at"),
    Index(
        "ix_cases_contact",
        "contact",
        sqlite_where=text("contact IS NOT NULL"),
        postgresql_where=text("contact IS NOT NULL"),
    ),
    Index(
        "ix_cases_alarm_at",
        "alarm_at",
        sqlite_where=text("alarm_at IS NOT NULL"),
        postgresql_where=text("alarm_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

case_stages = Table(
    "case_stages",
    metadata,
    # One row for each time that a case entered a stage.
    Column("case", RowId, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("began_at", UtcDateTime),
    # NULL: it waits for its precondition, and its term does not run.
    Column("due_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("result", Text, nullable=False),
    Column("ended_by", Text),
    Column("worked_seconds", Float),
    # Working time from its begin to its end, by the calendar that held then.
    Index("ix_case_stages_type_stage", "type", "stage"),
)

case_history = Table(
    "case_history",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("case", RowId, ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("login", Text, nullable=False),
    # "" for callcore itself.
    Column("act", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("was", Text, nullable=False),
    Column("became", Text, nullable=False),
    Column("reason", Text, nullable=False),
    sqlite_autoincrement=True,
)

case_alarms = Table(
    "case_alarms",
    metadata,
    Column("case", RowId, ForeignKey("cases.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    # Of the stage.
    Column("key", Text, primary_key=True),
    # With the term: a deadline that was moved rings anew.
    Column("kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("rang_at", UtcDateTime, nullable=False),
    Column("told", JSON, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("customer", BigInteger, nullable=False, index=True),
    Column("case", RowId, ForeignKey("cases.id", ondelete="SET NULL"), index=True),
    Column("text", Text, nullable=False),
    Column("responsible", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    # When its responsible was told that the time is up.
    Column("done_at", UtcDateTime),
    Column("done_by", Text),
    Index("ix_tasks_responsible_done_at", "responsible", "done_at"),
    Index(
        "ix_tasks_due_at",
        "due_at",
        sqlite_where=text("done_at IS NULL AND told_at IS NULL"),
        postgresql_where=text("done_at IS NULL AND told_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

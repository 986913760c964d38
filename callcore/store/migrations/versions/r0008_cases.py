"""Cases, tasks, requests with stages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from callcore.store.case_index import create_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _cases()
    _stages()
    _history()
    _alarms()
    _tasks()
    for statement in create_index(op.get_bind().dialect.name):
        op.execute(statement)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("initiator", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("interaction", sa.BigInteger(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("queued_at", _MOMENT, nullable=True),
        sa.Column("closed_at", _MOMENT, nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("alarm_at", _MOMENT, nullable=True),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_customer_id", "cases", ["customer", "id"])
    op.create_index("ix_cases_owner_status", "cases", ["owner", "status"])
    op.create_index("ix_cases_initiator_status", "cases", ["initiator", "status"])
    op.create_index("ix_cases_department_status", "cases", ["department", "status"])
    op.create_index("ix_cases_status_due_at", "cases", ["status", "due_at"])
    _partial("ix_cases_alarm_at", "cases", "alarm_at", "alarm_at IS NOT NULL")


def _stages() -> None:
    op.create_table(
        "case_stages",
        sa.Column("case", _ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("entered_at", _MOMENT, nullable=False),
        sa.Column("began_at", _MOMENT, nullable=True),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("worked_seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.id"], name=op.f("fk_case_stages_case_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case", "n", name=op.f("pk_case_stages")),
    )
    op.create_index("ix_case_stages_type_stage", "case_stages", ["type", "stage"])


def _history() -> None:
    op.create_table(
        "case_history",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case", _ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("became", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.id"], name=op.f("fk_case_history_case_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_history")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_case_history_case"), "case_history", ["case"])


def _alarms() -> None:
    op.create_table(
        "case_alarms",
        sa.Column("case", _ID, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("rang_at", _MOMENT, nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.id"], name=op.f("fk_case_alarms_case_cases"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case", "n", "key", name=op.f("pk_case_alarms")),
    )


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=False),
        sa.Column("case", _ID, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("responsible", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=True),
        sa.Column("told_at", _MOMENT, nullable=True),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.id"], name=op.f("fk_tasks_case_cases"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_tasks_customer"), "tasks", ["customer"])
    op.create_index(op.f("ix_tasks_case"), "tasks", ["case"])
    op.create_index("ix_tasks_responsible_done_at", "tasks", ["responsible", "done_at"])
    _partial("ix_tasks_due_at", "tasks", "due_at", "done_at IS NULL AND told_at IS NULL")


def _partial(name: str, table: str, column: str, where: str) -> None:
    """An index over those rows only."""
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))

"""Calls that one operator handed to another, with his words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("from_topic", sa.Text(), nullable=False, server_default=""),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, server_default=""),
        sa.Column("customer", sa.BigInteger()),
        sa.Column("comment", sa.Text(), nullable=False, server_default=""),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("to_kind", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("taken_by", sa.Text()),
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    asked = sa.text("state = 'asked'")
    op.create_index("ix_handovers_call", "handovers", ["call"])
    op.create_index("ix_handovers_asked", "handovers", ["id"], sqlite_where=asked, postgresql_where=asked)
    op.create_index("ix_handovers_customer", "handovers", ["customer"])

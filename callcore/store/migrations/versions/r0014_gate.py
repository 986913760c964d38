"""Why and for whom something leaves and what it costs, opt-outs by way and class, the sums of a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("purpose", sa.Text(), nullable=False, server_default="notice"))
    op.add_column("attempts", sa.Column("login", sa.Text(), nullable=False, server_default=""))
    op.add_column("attempts", sa.Column("rate_minor", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "opt_outs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("message_class", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_evidence", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_opt_outs_customer"), "opt_outs", ["customer"])
    op.create_index(
        "uq_opt_outs_in_force",
        "opt_outs",
        ["number", "medium", "message_class"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "outbound_usage",
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "medium", "purpose", "route", "login", name=op.f("pk_outbound_usage")),
    )

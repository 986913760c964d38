"""The ledger of attempts takes calls that a person places: no target, but a plan and a phone, or the
wish of whoever asked to be called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("attempts") as table:
        table.alter_column("target", existing_type=_ID, nullable=True)
        table.alter_column("campaign", existing_type=_ID, nullable=True)
        table.add_column(sa.Column("plan", sa.Text(), nullable=False, server_default="number_first"))
        table.add_column(sa.Column("phone", sa.Text(), nullable=True))
        table.add_column(sa.Column("customer", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("call", sa.Text(), nullable=True))
        table.add_column(sa.Column("follow_up", sa.BigInteger(), nullable=True))
    op.drop_index("uq_attempts_open_call", "attempts")
    is_open = sa.text("result IS NULL AND medium = 'voice' AND plan <> 'carried'")
    op.create_index(
        "uq_attempts_open_call",
        "attempts",
        ["number"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    for name, where in (("placed", "purpose <> 'notice'"), ("unknown", "result = 'unknown'")):
        op.create_index(
            f"ix_attempts_{name}",
            "attempts",
            ["intended_at"],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )

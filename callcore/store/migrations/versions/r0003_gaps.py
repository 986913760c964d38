"""Times in which callcore was away from a PBX, and what was recovered of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gaps",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=False),
        sa.Column("from_journal", sa.Integer(), nullable=False),
        sa.Column("from_cdr", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gaps_ended_at", "gaps", ["ended_at"])
    op.create_index("ix_gaps_pbx_ended_at", "gaps", ["pbx", "ended_at"])
    op.create_table(
        "link_beats",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("up_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("pbx", name=op.f("pk_link_beats")),
    )
    # A journal row of the PBX names its channel: is there a contact of it?
    op.create_index("ix_contacts_channel_pbx", "contacts", ["channel", "pbx"])

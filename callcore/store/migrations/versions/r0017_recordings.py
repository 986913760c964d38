"""Recordings of talks: consent and its moment, what of the talk is in the file, and when the sound goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("token", sa.Text(), nullable=False, unique=True),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), unique=True),
        sa.Column("consent_at", sa.BigInteger()),
        sa.Column("consent_how", sa.Text()),
        sa.Column("consent_by", sa.Text()),
        sa.Column("consent_words", sa.Text(), nullable=False),
        sa.Column("edition", sa.BigInteger()),
        sa.Column("refused_at", sa.BigInteger()),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recordings_call", "recordings", ["call"])
    op.create_index("ix_recordings_began_at", "recordings", ["began_at"])

"""Who has taken a call-back on, so that no two people call the same number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("call_backs", sa.Column("taken_at", sa.BigInteger(), nullable=True))
    op.add_column("call_backs", sa.Column("taken_by", sa.Text(), nullable=True))

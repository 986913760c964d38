"""What the flight recorder kept of each call, and the key of its pseudonyms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "call_stories",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_call_stories")),
    )
    op.create_index("ix_call_stories_began_at", "call_stories", ["began_at"])
    op.create_index("ix_call_stories_number_began_at", "call_stories", ["number", "began_at"])
    op.create_table(
        "call_story_people",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("began_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["call"],
            ["call_stories.call"],
            name=op.f("fk_call_story_people_call_call_stories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call", "login", name=op.f("pk_call_story_people")),
    )
    op.create_index("ix_call_story_people_login_began_at", "call_story_people", ["login", "began_at"])
    op.create_table(
        "keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_keys")),
    )

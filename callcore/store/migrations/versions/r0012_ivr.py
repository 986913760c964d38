"""Editions of the tables, voicemails, call-backs, spoken notes, skills, regions, how a contact was routed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("back_to", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "voicemails",
        sa.Column("id", _ID, nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("ms", sa.Integer(), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("case", sa.BigInteger(), nullable=True),
        sa.Column("heard_at", _MOMENT, nullable=True),
        sa.Column("heard_by", sa.Text(), nullable=True),
        sa.Column("deleted_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["case"], ["cases.id"], name=op.f("fk_voicemails_case_cases"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemails")),
        sa.UniqueConstraint("file", name=op.f("uq_voicemails_file")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_voicemails_made_at", "voicemails", ["made_at"])
    op.create_index("ix_voicemails_case", "voicemails", ["case"])
    op.create_index("ix_voicemails_customer", "voicemails", ["customer"])
    op.create_table(
        "call_backs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=True),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled_at", _MOMENT, nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_backs")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_call_backs_open",
        "call_backs",
        ["number"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_call_backs_state_asked_at", "call_backs", ["state", "asked_at"])
    op.create_index("ix_call_backs_customer", "call_backs", ["customer"])
    op.create_index(
        "ix_cases_contact",
        "cases",
        ["contact"],
        sqlite_where=sa.text("contact IS NOT NULL"),
        postgresql_where=sa.text("contact IS NOT NULL"),
    )
    op.add_column("contacts", sa.Column("route_reason_ru", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("edition", sa.Integer(), nullable=True))
    op.add_column("contacts", sa.Column("node", sa.Text(), nullable=True))
    op.add_column("flashes", sa.Column("is_spoken", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("spoken_ru", "spoken_en"):
        op.add_column("flashes", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("customers", sa.Column("region", sa.Text(), nullable=False, server_default=""))
    op.add_column("users", sa.Column("skills", sa.JSON(), nullable=False, server_default="[]"))

"""Contacts of every channel, attachments, several interactions of one operator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _attachments()
    _desk()
    _interactions()
    _other_channels()


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_table(
        "attachment_bodies",
        sa.Column("attachment", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment"],
            ["attachments.id"],
            name=op.f("fk_attachment_bodies_attachment_attachments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("attachment", name=op.f("pk_attachment_bodies")),
    )
    op.create_table(
        "attachment_links",
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment"],
            ["attachments.id"],
            name=op.f("fk_attachment_links_attachment_attachments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_kind", "owner", "attachment", name=op.f("pk_attachment_links")),
    )
    op.create_index(op.f("ix_attachment_links_attachment"), "attachment_links", ["attachment"])


def _desk() -> None:
    op.create_table(
        "favourite_topics",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("login", "topic", name=op.f("pk_favourite_topics")),
    )
    op.create_table(
        "contact_drafts",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("login", "call", "entry", name=op.f("pk_contact_drafts")),
    )
    op.create_index(op.f("ix_contact_drafts_at"), "contact_drafts", ["at"])


def _interactions() -> None:
    with op.batch_alter_table("interactions") as table:
        table.add_column(sa.Column("entry", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("number", sa.Text(), nullable=True))
        table.add_column(sa.Column("card", sa.JSON(), nullable=True))
        table.add_column(sa.Column("opened_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "interaction_changes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("interaction", _ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("from_customer", sa.BigInteger(), nullable=True),
        sa.Column("to_customer", sa.BigInteger(), nullable=True),
        sa.Column("from_number", sa.Text(), nullable=True),
        sa.Column("to_number", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["interaction"],
            ["interactions.id"],
            name=op.f("fk_interaction_changes_interaction_interactions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interaction_changes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_interaction_changes_interaction", "interaction_changes", ["interaction"])


def _other_channels() -> None:
    with op.batch_alter_table("contacts") as table:
        table.add_column(sa.Column("medium", sa.Text(), nullable=False, server_default="phone"))
        table.add_column(sa.Column("office", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("ticket", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "visitors",
        sa.Column("id", _ID, nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("came_at", _MOMENT, nullable=False),
        sa.Column("called_at", _MOMENT, nullable=True),
        sa.Column("called_by", sa.Text(), nullable=True),
        sa.Column("served_at", _MOMENT, nullable=True),
        sa.Column("left_at", _MOMENT, nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visitors")),
        sa.UniqueConstraint("key", name=op.f("uq_visitors_key")),
        sa.UniqueConstraint("office", "ticket", "came_at", name=op.f("uq_visitors_office_ticket_came_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_visitors_office_came_at", "visitors", ["office", "came_at"])
    op.create_table(
        "contact_papers",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("party", sa.Text(), nullable=False),
        sa.Column("handed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call"],
            ["contacts.call"],
            name=op.f("fk_contact_papers_call_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("call", name=op.f("pk_contact_papers")),
    )
    op.create_table(
        "payments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("reversed_at", _MOMENT, nullable=True),
        sa.Column("reversed_by", sa.Text(), nullable=True),
        sa.Column("reversed_why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("contact", name=op.f("uq_payments_contact")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payments_at", "payments", ["at"])

"""The network tree, outages, campaigns with targets and attempts, receipts, do-not-call list, tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "network_nodes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"], ["network_nodes.code"], name=op.f("fk_network_nodes_parent_network_nodes")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_network_nodes")),
    )
    op.create_index("ix_network_nodes_parent", "network_nodes", ["parent"])

    op.create_table(
        "network_customers",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("customer", _ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customers.id"],
            name=op.f("fk_network_customers_customer_customers"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["node"],
            ["network_nodes.code"],
            name=op.f("fk_network_customers_node_network_nodes"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("node", "customer", name=op.f("pk_network_customers")),
    )
    op.create_index("ix_network_customers_customer", "network_customers", ["customer"])

    op.create_table(
        "outages",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cause_ru", sa.Text(), nullable=False),
        sa.Column("cause_en", sa.Text(), nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=False),
        sa.Column("estimated_restoration_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
        sa.UniqueConstraint("number", name=op.f("uq_outages_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outages_ended_at", "outages", ["ended_at"])

    op.create_table(
        "outage_nodes",
        sa.Column("outage", _ROW_ID, nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outage"], ["outages.id"], name=op.f("fk_outage_nodes_outage_outages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outage", "node", name=op.f("pk_outage_nodes")),
    )
    op.create_index("ix_outage_nodes_node", "outage_nodes", ["node"])

    op.create_table(
        "outage_revisions",
        sa.Column("outage", _ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["outage"], ["outages.id"], name=op.f("fk_outage_revisions_outage_outages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("outage", "revision", name=op.f("pk_outage_revisions")),
    )

    op.create_table(
        "campaigns",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("outage", _ROW_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("news", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("voice_ru", sa.Text(), nullable=False),
        sa.Column("voice_en", sa.Text(), nullable=False),
        sa.Column("sms_ru", sa.Text(), nullable=False),
        sa.Column("sms_en", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["outage"], ["outages.id"], name=op.f("fk_campaigns_outage_outages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("outage", "revision", name=op.f("uq_campaigns_outage_revision")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_campaigns_state", "campaigns", ["state"])

    op.create_table(
        "targets",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("campaign", _ROW_ID, nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("next_medium", sa.Text(), nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("wait", sa.Text(), nullable=False),
        sa.Column("rings", sa.Integer(), nullable=False),
        sa.Column("troubles", sa.Integer(), nullable=False),
        sa.Column("texts", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_targets_campaign_campaigns")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_targets_campaign_result", "targets", ["campaign", "result"])
    op.create_index(
        "ix_targets_due",
        "targets",
        ["campaign", "next_medium", "due_at"],
        sqlite_where=sa.text("result IS NULL AND attempt IS NULL"),
        postgresql_where=sa.text("result IS NULL AND attempt IS NULL"),
    )

    op.create_table(
        "attempts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("target", _ROW_ID, nullable=False),
        sa.Column("campaign", _ROW_ID, nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("intended_at", _MOMENT, nullable=False),
        sa.Column("submitted_at", _MOMENT, nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("seconds_heard", sa.Float(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_attempts_campaign_campaigns")),
        sa.ForeignKeyConstraint(["target"], ["targets.id"], name=op.f("fk_attempts_target_targets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_campaign_medium", "attempts", ["campaign", "medium", "result", "key"])
    op.create_index("ix_attempts_number_intended_at", "attempts", ["number", "intended_at"])
    op.create_index(
        "ix_attempts_open",
        "attempts",
        ["route"],
        sqlite_where=sa.text("result IS NULL"),
        postgresql_where=sa.text("result IS NULL"),
    )
    op.create_index("ix_attempts_target", "attempts", ["target"])
    op.create_index(
        "uq_attempts_open_call",
        "attempts",
        ["number"],
        unique=True,
        sqlite_where=sa.text("result IS NULL AND medium = 'voice'"),
        postgresql_where=sa.text("result IS NULL AND medium = 'voice'"),
    )

    op.create_table(
        "message_parts",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt"], ["attempts.id"], name=op.f("fk_message_parts_attempt_attempts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gateway", "message_id", name=op.f("pk_message_parts")),
    )
    op.create_index("ix_message_parts_attempt", "message_parts", ["attempt"])

    op.create_table(
        "message_receipts",
        sa.Column("gateway", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "message_id", name=op.f("pk_message_receipts")),
    )
    op.create_index("ix_message_receipts_at", "message_receipts", ["at"])

    op.create_table(
        "dnc",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dnc")),
    )

    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["login"], ["users.login"], name=op.f("fk_tokens_login_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tokens")),
        sa.UniqueConstraint("login", "name", name=op.f("uq_tokens_login_name")),
    )
    op.create_index("ix_tokens_login", "tokens", ["login"])

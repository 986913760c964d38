"""Second factors, scopes, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index("ix_audit_customer_at", "audit", ["customer", "at"])
    op.create_index("ix_audit_login_at", "audit", ["login", "at"])
    op.create_table(
        "audit_seals",
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("purged_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("last", name=op.f("pk_audit_seals")),
    )
    op.create_table(
        "second_factors",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("last_counter", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"], ["users.login"], name=op.f("fk_second_factors_login_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["login"], ["users.login"], name=op.f("fk_recovery_codes_login_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("login", "code_hash", name=op.f("pk_recovery_codes")),
    )
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("department", sa.Text(), nullable=False, server_default=""))
        users.add_column(
            sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("tokens") as tokens:
        tokens.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default="[]"))
    _keep_what_tokens_had()


def _keep_what_tokens_had() -> None:
    """Until now a token opened outages, campaigns and stories of calls, to those two roles alone. What this
    schema brings, customers above all, is not opened by a token that was made before it."""
    tokens = sa.table("tokens", sa.column("login"), sa.column("scopes", sa.JSON()))
    users = sa.table("users", sa.column("login"), sa.column("role"))
    owners = sa.select(users.c.login).where(users.c.role.in_(("supervisor", "administrator")))
    op.execute(tokens.update().where(tokens.c.login.in_(owners)).values(scopes=_HAD))


_HAD = ["outages.see", "outages.publish", "campaigns.see", "campaigns.run", "calls.all"]

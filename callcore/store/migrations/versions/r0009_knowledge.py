"""Flash notes, articles, directory, counterparties."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CTEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "article_sections",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent"], ["article_sections.slug"], name=op.f("fk_article_sections_parent_article_sections")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_article_sections")),
    )
    op.create_table(
        "counterparty_groups",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counterparty_groups")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_counterparty_groups_name_folded")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "flashes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("must_read", sa.Boolean(), nullable=False),
        sa.Column("begins_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flashes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_flashes_ends_at", "flashes", ["ends_at"], unique=False)
    op.create_index(
        "ix_flashes_scope_target_ends_at", "flashes", ["scope", "target", "ends_at"], unique=False
    )
    op.create_table(
        "staff",
        sa.Column("id", _ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("login", name=op.f("uq_staff_login")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "articles",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_ru", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("archived_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["section"], ["article_sections.slug"], name=op.f("fk_articles_section_article_sections")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_articles")),
    )
    op.create_index(op.f("ix_articles_section"), "articles", ["section"], unique=False)
    op.create_table(
        "counterparties",
        sa.Column("id", _ID, nullable=False),
        sa.Column("group", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phones", sa.JSON(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("haystack", sa.Text(), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["group"],
            ["counterparty_groups.id"],
            name=op.f("fk_counterparties_group_counterparty_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counterparties")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_counterparties_group_name", "counterparties", ["group", "name"], unique=False)
    op.create_table(
        "counterparty_rights",
        sa.Column("group", _ID, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("may_change", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group"],
            ["counterparty_groups.id"],
            name=op.f("fk_counterparty_rights_group_counterparty_groups"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("group", "who", name=op.f("pk_counterparty_rights")),
    )
    op.create_table(
        "flash_reads",
        sa.Column("flash", _ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["flash"], ["flashes.id"], name=op.f("fk_flash_reads_flash_flashes"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("flash", "login", name=op.f("pk_flash_reads")),
    )
    op.create_table(
        "article_topics",
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"],
            ["articles.slug"],
            name=op.f("fk_article_topics_article_articles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("article", "topic", name=op.f("pk_article_topics")),
    )
    op.create_index(op.f("ix_article_topics_topic"), "article_topics", ["topic"], unique=False)
    op.create_table(
        "article_versions",
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("title_ru", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_ru", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["article"],
            ["articles.slug"],
            name=op.f("fk_article_versions_article_articles"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("article", "revision", name=op.f("pk_article_versions")),
    )
    op.create_table(
        "article_words",
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("word", _CTEXT, nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("in_title", sa.Boolean(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article"], ["articles.slug"], name=op.f("fk_article_words_article_articles"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article", "word", name=op.f("pk_article_words")),
    )
    op.create_index(op.f("ix_article_words_stem"), "article_words", ["stem"], unique=False)
    op.create_index("ix_article_words_word", "article_words", ["word"], unique=False)

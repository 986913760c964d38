"""Flash notes, the knowledge base, people of the house, counterparties."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

CTEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""Compared by code points in both databases, so that a beginning of a word is a range of an index."""

flashes = Table(
    "flashes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("target", Text, nullable=False),
    # Customer's id, canonical number, topic's code, node's code, outage's id: by scope.
    Column("label", Text, nullable=False),
    # How people name the target: contract, number, code.
    Column("text", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("must_read", Boolean, nullable=False),
    Column("begins_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_by", Text),
    Column("is_spoken", Boolean, nullable=False, server_default=false()),
    # Callers hear ``spoken_ru`` and ``spoken_en`` before any menu: an emergency announcement.
    Column("spoken_ru", Text, nullable=False, server_default=""),
    Column("spoken_en", Text, nullable=False, server_default=""),
    Index("ix_flashes_scope_target_ends_at", "scope", "target", "ends_at"),
    Index("ix_flashes_ends_at", "ends_at"),
    sqlite_autoincrement=True,
)

flash_reads = Table(
    "flash_reads",
    metadata,
    Column("flash", RowId, ForeignKey("flashes.id", ondelete="CASCADE"), primary_key=True),
    Column("login", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

article_sections = Table(
    "article_sections",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("parent", Text, ForeignKey("article_sections.slug")),
    Column("position", Integer, nullable=False),
    Column("title_ru", Text, nullable=False),
    Column("title_en", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("section", Text, ForeignKey("article_sections.slug"), nullable=False, index=True),
    Column("title_ru", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("body_ru", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    # "" where it is not written in that language.
    Column("revision", Integer, nullable=False),
    Column("login", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("archived_at", UtcDateTime),
)

article_topics = Table(
    "article_topics",
    metadata,
    Column("article", Text, ForeignKey("articles.slug", ondelete="CASCADE"), primary_key=True),
    Column("topic", Text, primary_key=True, index=True),
)

article_versions = Table(
    "article_versions",
    metadata,
    Column("article", Text, ForeignKey("articles.slug", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("section", Text, nullable=False),
    Column("title_ru", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("body_ru", Text, nullable=False),
    Column("body_en", Text, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("note", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

article_words = Table(
    "article_words",
    metadata,
    Column("article", Text, ForeignKey("articles.slug", ondelete="CASCADE"), primary_key=True),
    Column("word", CTEXT, primary_key=True),
    # Folded: lower case, е for ё.
    Column("stem", Text, nullable=False, index=True),
    Column("in_title", Boolean, nullable=False),
    Column("times", Integer, nullable=False),
    Index("ix_article_words_word", "word"),
)

staff = Table(
    "staff",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("login", Text, unique=True),
    # NULL: somebody of the house who does not sign in here.
    Column("name", Text, nullable=False),
    Column("department", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("removed_at", UtcDateTime),
    sqlite_autoincrement=True,
)

counterparty_groups = Table(
    "counterparty_groups",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

counterparty_rights = Table(
    "counterparty_rights",
    metadata,
    Column("group", RowId, ForeignKey("counterparty_groups.id", ondelete="CASCADE"), primary_key=True),
    Column("who", Text, primary_key=True),
    # ``role:operator`` or ``login:anna``.
    Column("may_change", Boolean, nullable=False),
)

counterparties = Table(
    "counterparties",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("group", RowId, ForeignKey("counterparty_groups.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("phones", JSON, nullable=False),
    Column("address", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("haystack", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("removed_at", UtcDateTime),
    Index("ix_counterparties_group_name", "group", "name"),
    sqlite_autoincrement=True,
)

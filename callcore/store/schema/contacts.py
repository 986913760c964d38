"""What belongs to a contact: attachments, favourite topics, typed text, visits, letters, payments."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

attachments = Table(
    "attachments",
    metadata,
    Column("id", Text, primary_key=True),
    # 128 random bits, never counted up: an address that is guessed leads nowhere.
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    # As sniffed from the body, not as it was said.
    Column("kind", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

attachment_bodies = Table(
    "attachment_bodies",
    metadata,
    # Apart from the lists, which shall not turn megabytes over.
    Column("attachment", Text, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

attachment_links = Table(
    "attachment_links",
    metadata,
    Column("owner_kind", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column(
        "attachment", Text, ForeignKey("attachments.id", ondelete="CASCADE"), primary_key=True, index=True
    ),
    Column("login", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

favourite_topics = Table(
    "favourite_topics",
    metadata,
    Column("login", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

contact_drafts = Table(
    "contact_drafts",
    metadata,
    # What is typed at a desk and not saved: here only against a killed daemon.
    Column("login", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("entry", Integer, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

interaction_changes = Table(
    "interaction_changes",
    metadata,
    # D-48: registered on somebody else, or on another number of his.
    Column("id", RowId, primary_key=True),
    Column(
        "interaction",
        RowId,
        ForeignKey("interactions.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("at", UtcDateTime, nullable=False),
    Column("login", Text, nullable=False),
    Column("from_customer", BigInteger),
    Column("to_customer", BigInteger),
    Column("from_number", Text),
    Column("to_number", Text),
    Column("why", Text, nullable=False),
    Index("ix_interaction_changes_interaction", "interaction"),
    sqlite_autoincrement=True,
)

visitors = Table(
    "visitors",
    metadata,
    # The electronic queue of an office (D-50).
    Column("id", RowId, primary_key=True),
    Column("office", Text, nullable=False),
    Column("ticket", Text, nullable=False),
    Column("topic", Text, nullable=False),
    # What the visitor chose at the machine; "" if nothing.
    Column("came_at", UtcDateTime, nullable=False),
    Column("called_at", UtcDateTime),
    Column("called_by", Text),
    Column("served_at", UtcDateTime),
    Column("left_at", UtcDateTime),
    Column("contact", Text),
    Column("key", Text, unique=True),
    # Of whoever told of him, so that he waits once; made from what was sent.
    UniqueConstraint("office", "ticket", "came_at"),
    # Tickets begin anew every day.
    Index("ix_visitors_office_came_at", "office", "came_at"),
    sqlite_autoincrement=True,
)

contact_papers = Table(
    "contact_papers",
    metadata,
    # What a letter or a document is, of a contact that is one.
    Column("call", Text, ForeignKey("contacts.call", ondelete="CASCADE"), primary_key=True),
    Column("number", Text, nullable=False),
    Column("dated", Date),
    Column("party", Text, nullable=False),
    # Sender or addressee.
    Column("handed", Text, nullable=False),
    # By whom or to whom it was handed over, if not that one.
)

payments = Table(
    "payments",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("contact", Text, nullable=False, unique=True),
    # No foreign key: the money stays counted when a person's contacts are erased.
    Column("office", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("reversed_at", UtcDateTime),
    Column("reversed_by", Text),
    Column("reversed_why", Text, nullable=False),
    Index("ix_payments_at", "at"),
    sqlite_autoincrement=True,
)

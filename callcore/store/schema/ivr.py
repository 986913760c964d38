"""What callers leave in the IVR, and the editions of what they hear."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

editions = Table(
    "editions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("login", Text, nullable=False),
    # Who had it read; "" for the start of the daemon.
    Column("digest", Text, nullable=False),
    # Of the files, SHA-256: the same files make no new edition.
    Column("files", JSON, nullable=False),
    # Name, as in the settings' folder, to text.
    Column("back_to", BigInteger),
    # The edition that this one took back.
    sqlite_autoincrement=True,
)

voicemails = Table(
    "voicemails",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("number", Text),
    Column("customer", BigInteger),
    Column("language", Text, nullable=False),
    Column("file", Text, unique=True),
    # Its name in the folder of recordings; none once it is gone from there.
    Column("ms", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("case", BigInteger, ForeignKey("cases.id", ondelete="SET NULL")),
    # The appeal that it became (D-61).
    Column("heard_at", UtcDateTime),
    Column("heard_by", Text),
    Column("deleted_at", UtcDateTime),
    # The sound has to go, the row stays.
    Index("ix_voicemails_made_at", "made_at"),
    Index("ix_voicemails_case", "case"),
    Index("ix_voicemails_customer", "customer"),
    sqlite_autoincrement=True,
)


recordings = Table(
    "recordings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    # 128 random bits: the file's name and the only address of its sound.
    Column("call", Text, nullable=False),
    Column("pbx", Text, nullable=False),
    Column("channel", Text, nullable=False),
    # The caller's, by its uniqueid: it is recorded, whoever talks to him.
    Column("queue", Text, nullable=False),
    Column("mode", Text, nullable=False),
    # ``auto``; ``demand``: silent until an operator opens it.
    Column("file", Text, unique=True),
    # Its name in the folder of recordings; none where he refused, or once it is gone from there.
    Column("consent_at", UtcDateTime),
    Column("consent_how", Text),
    # ``words``: played to him; ``operator``: told by the operator, who says so.
    Column("consent_by", Text),
    Column("consent_words", Text, nullable=False),
    # What was played.
    Column("edition", BigInteger),
    # Of the texts that were played.
    Column("refused_at", UtcDateTime),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ms", BigInteger, nullable=False),
    Column("spans", JSON, nullable=False),
    # A list of turns: {at, on, why, login}.
    Column("deleted_at", UtcDateTime),
    # The sound has to go, the row stays.
    Index("ix_recordings_call", "call"),
    Index("ix_recordings_began_at", "began_at"),
    sqlite_autoincrement=True,
)

"""Calls, contacts, people, outages, campaigns: the tables that routing, pop and notices stand on.

Texts are unbounded here and limited at the border (``texts.py``), so that no limit can lose a contact.
There is no foreign key from a contact or an interaction to calls, customers or users: they are records of
what happened, and stay when the customer is erased or comes from somebody else's base.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from callcore.store.schema.base import metadata
from callcore.store.types import RowId, UtcDateTime

users = Table(
    "users",
    metadata,
    Column("login", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("interfaces", JSON, nullable=False),
    Column("queues", JSON, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("department", Text, nullable=False, server_default=""),
    # A code of ``departments.yaml``; "" for none.
    Column("must_change_password", Boolean, nullable=False, server_default=false()),
    Column("skills", JSON, nullable=False, server_default="[]"),
    # Who has what a call asks for is rung first.
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("login", Text, ForeignKey("users.login", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("ip", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
)

shifts = Table(
    "shifts",
    metadata,
    Column("login", Text, ForeignKey("users.login", ondelete="CASCADE"), primary_key=True),
    Column("interface", Text, nullable=False),
    Column("is_ready", Boolean, nullable=False),
    Column("pause_reason", Text),
)

customers = Table(
    "customers",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("contract", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("tariff", Text, nullable=False),
    Column("balance_minor", BigInteger),
    Column("currency", Text, nullable=False),
    Column("segment", Text, nullable=False),
    Column("legal_form", Text, nullable=False),
    Column("language", Text),
    Column("haystack", Text, nullable=False),
    # Words of names and of the contract, as ``searching.py`` cuts them; the index of words is made of these
    # three columns (SQLite: FTS5 tables kept by triggers; PostgreSQL: GIN indexes on expressions).
    Column("places", Text, nullable=False, server_default=""),
    # Words of addresses and connection points.
    Column("digits", Text, nullable=False, server_default=""),
    # Numbers and contract, digits only.
    Column("status", Text, nullable=False, server_default=""),
    Column("since", Date),
    Column("is_prospective", Boolean, nullable=False, server_default=false()),
    Column("source", Text, nullable=False, server_default=""),
    # "" for the own base, else the directory whose shadow this row is, with the key that it has there.
    Column("external_key", Text),
    Column("urgent", Text, nullable=False, server_default=""),
    Column("email", Text, nullable=False, server_default=""),
    Column("arpu_minor", BigInteger),
    Column("loyalty_club", Text, nullable=False, server_default=""),
    Column("loyalty_card", Text, nullable=False, server_default=""),
    Column("loyalty_points", Integer),
    Column("groups", JSON, nullable=False, server_default="[]"),
    # Invoice groups, by their codes.
    Column("changed_at", UtcDateTime),
    # When a person or an import last changed it.
    Column("region", Text, nullable=False, server_default=""),
    # As the base it came from calls it; topic tables may ask for it.
    Index("ix_customers_source_external_key", "source", "external_key", unique=True),
    Index(
        "ix_customers_unindexed",
        "id",
        sqlite_where=text("haystack = ''"),
        postgresql_where=text("haystack = ''"),
    ),
    # A large import leaves its rows so, and gives them their words after its commit, bit by bit.
    sqlite_autoincrement=True,
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("customer", RowId, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("number", Text, nullable=False, index=True),
    Column("status", Text, nullable=False, server_default=""),
    Column("tariff", Text, nullable=False, server_default=""),
    Column("tariff_since", Date),
    Column("standard", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False, server_default=""),
    Column("sim", Text, nullable=False, server_default=""),
    Column("hlr", Text, nullable=False, server_default=""),
    Column("activated_at", UtcDateTime),
    Column("status_changed_at", UtcDateTime),
    Column("urgent", Text, nullable=False, server_default=""),
    Column("is_bad", Boolean, nullable=False, server_default=false()),
    Column("bad_reason", Text, nullable=False, server_default=""),
    Column("checked_at", UtcDateTime),
    Column("checked_by", Text),
    # Who last said that it is right or bad, and when.
    Column("password_hash", Text),
    # Of the word that the customer says to be believed; Argon2id.
    UniqueConstraint("customer", "number"),
)

calls = Table(
    "calls",
    metadata,
    Column("call", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    UniqueConstraint("pbx", "channel"),
    Index("ix_calls_ended_at_pbx", "ended_at", "pbx"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("call", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("caller_number", Text),
    Column("caller_number_raw", Text, nullable=False),
    Column("caller_name", Text),
    Column("dialed_number", Text),
    Column("language", Text),
    Column("customer", BigInteger),
    Column("topic", Text),
    Column("route", Text),
    Column("route_reason", Text),
    Column("route_reason_ru", Text),
    Column("edition", Integer),
    # Of the tables and the IVR that decided: ``editions.id``.
    Column("node", Text),
    # Of the IVR's file, where the caller was last.
    Column("queue", Text),
    Column("started_at", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("wait_ms", BigInteger, nullable=False),
    Column("ring_ms", BigInteger, nullable=False),
    Column("talk_ms", BigInteger, nullable=False),
    Column("answered_by", Text),
    Column("end_reason", Text, nullable=False),
    Column("hangup_cause", Integer),
    Column("outcome", Text, nullable=False),
    Column("medium", Text, nullable=False, server_default="phone"),
    Column("office", Text, nullable=False, server_default=""),
    Column("ticket", Text, nullable=False, server_default=""),
    Index("ix_contacts_answered_by_ended_at", "answered_by", "ended_at"),
    Index("ix_contacts_customer_ended_at", "customer", "ended_at"),
    Index("ix_contacts_caller_number_ended_at", "caller_number", "ended_at"),
    Index("ix_contacts_ended_at", "ended_at"),
    Index("ix_contacts_channel_pbx", "channel", "pbx"),
)

contact_rings = Table(
    "contact_rings",
    metadata,
    Column("call", Text, ForeignKey("contacts.call", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("login", Text),
    Column("interface", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("result", Text),
    Index("ix_contact_rings_login_began_at", "login", "began_at"),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("call", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("customer", BigInteger),
    Column("topic", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("login", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("saved_at", UtcDateTime),
    # NULL: callcore made it by itself, no person has saved it yet.
    Column("entry", Integer, nullable=False, server_default="1"),
    # Which of this operator's topics on this contact.
    Column("number", Text),
    # Which of the customer's numbers it concerns.
    Column("card", JSON),
    # The customer's main data as they stood when it was saved first.
    Column("opened_ms", BigInteger),
    # How long the card was open.
    UniqueConstraint("call", "n"),
    Index("ix_interactions_login_created_at", "login", "created_at"),
    Index("ix_interactions_customer_created_at", "customer", "created_at"),
    Index(
        "ix_interactions_unclassified",
        "login",
        sqlite_where=text("topic = 'unclassified'"),
        postgresql_where=text("topic = 'unclassified'"),
    ),
    # What each operator has still to classify: few of many.
    sqlite_autoincrement=True,
)

# --- the network, its outages

network_nodes = Table(
    "network_nodes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("parent", Text, ForeignKey("network_nodes.code"), index=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", Text),
    # NULL: that of the parent, at the top that of the organisation.
    Column("haystack", Text, nullable=False),
    # Case-folded code and name.
)

network_customers = Table(
    "network_customers",
    metadata,
    Column("node", Text, ForeignKey("network_nodes.code", ondelete="CASCADE"), primary_key=True),
    Column("customer", RowId, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, index=True),
)

outages = Table(
    "outages",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("cause_ru", Text, nullable=False),
    Column("cause_en", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("estimated_restoration_at", UtcDateTime),
    Column("ended_at", UtcDateTime, index=True),
    Column("published_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

outage_nodes = Table(
    "outage_nodes",
    metadata,
    Column("outage", RowId, ForeignKey("outages.id", ondelete="CASCADE"), primary_key=True),
    Column("node", Text, primary_key=True, index=True),
    # No foreign key: the tree may be imported anew after the outage is over.
    Column("position", Integer, nullable=False),
)

outage_revisions = Table(
    "outage_revisions",
    metadata,
    Column("outage", RowId, ForeignKey("outages.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("content", JSON, nullable=False),
    # As published: a repeat is held against it.
    Column("source", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# --- what callcore places: campaigns, their targets, the ledger of attempts

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("outage", RowId, ForeignKey("outages.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("news", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("voice_ru", Text, nullable=False),
    Column("voice_en", Text, nullable=False),
    Column("sms_ru", Text, nullable=False),
    Column("sms_en", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("outage", "revision"),
    sqlite_autoincrement=True,
)

targets = Table(
    "targets",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("campaign", RowId, ForeignKey("campaigns.id"), nullable=False),
    Column("customer", BigInteger),
    Column("name", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("others", JSON, nullable=False),
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("next_medium", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("wait", Text, nullable=False),
    Column("rings", Integer, nullable=False),
    Column("troubles", Integer, nullable=False),
    Column("texts", Integer, nullable=False),
    Column("attempt", Text),
    Column("result", Text),
    Column("reason", Text, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_by", Text),
    # The attempt whose outcome ended it: only a later word on that one may change the result.
    Column("haystack", Text, nullable=False),
    # Case-folded name and address, and all its numbers.
    Index("ix_targets_campaign_result", "campaign", "result"),
    Index(
        "ix_targets_due",
        "campaign",
        "next_medium",
        "due_at",
        sqlite_where=text("result IS NULL AND attempt IS NULL"),
        postgresql_where=text("result IS NULL AND attempt IS NULL"),
    ),
    sqlite_autoincrement=True,
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("target", RowId, ForeignKey("targets.id"), index=True),
    Column("campaign", RowId, ForeignKey("campaigns.id")),
    # Both NULL: no campaign wants it, but a person.
    Column("medium", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("intended_at", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("result", Text),
    # NULL: open.
    Column("ended_at", UtcDateTime),
    Column("cause", Integer),
    Column("seconds_heard", Float),
    Column("key", Text),
    Column("detail", Text, nullable=False),
    Column("purpose", Text, nullable=False, server_default="notice"),
    Column("login", Text, nullable=False, server_default=""),
    # Who had it placed; "" for callcore itself.
    Column("rate_minor", Integer, nullable=False, server_default="0"),
    # Of a begun minute, or a message.
    Column("plan", Text, nullable=False, server_default="number_first"),
    Column("phone", Text),
    Column("customer", BigInteger),
    Column("call", Text),
    Column("follow_up", BigInteger),
    # The wish that it carries out.
    Index("ix_attempts_number_intended_at", "number", "intended_at"),
    Index(
        "ix_attempts_placed",
        "intended_at",
        sqlite_where=text("purpose <> 'notice'"),
        postgresql_where=text("purpose <> 'notice'"),
    ),
    # What people have placed is few beside what campaigns have.
    Index(
        "ix_attempts_unknown",
        "intended_at",
        sqlite_where=text("result = 'unknown'"),
        postgresql_where=text("result = 'unknown'"),
    ),
    Index("ix_attempts_campaign_medium", "campaign", "medium", "result", "key"),
    # With all that the progress of a campaign counts.
    Index(
        "ix_attempts_open",
        "route",
        sqlite_where=text("result IS NULL"),
        postgresql_where=text("result IS NULL"),
    ),
    Index(
        "uq_attempts_open_call",
        "number",
        unique=True,
        sqlite_where=text("result IS NULL AND medium = 'voice' AND plan <> 'carried'"),
        postgresql_where=text("result IS NULL AND medium = 'voice' AND plan <> 'carried'"),
    ),
    # Many callers may be sent on to one office.
)

message_parts = Table(
    "message_parts",
    metadata,
    Column("gateway", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("attempt", Text, ForeignKey("attempts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
)

message_receipts = Table(
    "message_receipts",
    metadata,
    # Receipts as they came, also before the answer to the submit that they belong to.
    Column("gateway", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

dnc = Table(
    "dnc",
    metadata,
    Column("number", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    # ``key:ATTEMPT``, a login, ``cli``.
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("login", Text, ForeignKey("users.login", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("scopes", JSON, nullable=False, server_default="[]"),
    # Permissions by their names: what it may at most; the role of its owner is asked too.
    UniqueConstraint("login", "name"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    # The last moment at which the link is known to have been up.
    Column("ended_at", UtcDateTime, nullable=False),
    Column("from_journal", Integer, nullable=False),
    Column("from_cdr", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Index("ix_gaps_ended_at", "ended_at"),
    Index("ix_gaps_pbx_ended_at", "pbx", "ended_at"),
    sqlite_autoincrement=True,
)

link_beats = Table(
    "link_beats",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("up_at", UtcDateTime, nullable=False),
)

call_stories = Table(
    "call_stories",
    metadata,
    Column("call", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("number", Text, nullable=False),
    # A pseudonym; "" without a number.
    Column("verdict", JSON, nullable=False),
    # The story's first line, as a list shows it.
    Column("began_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("body", LargeBinary, nullable=False),
    Index("ix_call_stories_number_began_at", "number", "began_at"),
)

call_story_people = Table(
    "call_story_people",
    metadata,
    Column("call", Text, ForeignKey("call_stories.call", ondelete="CASCADE"), primary_key=True),
    Column("login", Text, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Index("ix_call_story_people_login_began_at", "login", "began_at"),
)

keys = Table(
    "keys",
    metadata,
    # Made at random, once for each installation.
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

missed_pops = Table(
    "missed_pops",
    metadata,
    Column("login", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("why", Text, nullable=False),
    Column("number", Text),
    Column("customer", BigInteger),
    Column("queue", Text),
    Column("seen_at", UtcDateTime),
)

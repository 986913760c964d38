"""One list of people to call: call-backs asked for, calls that nobody took, messages.

Wishes keep their ids. Whoever called and was never talked with since comes onto the list, however long ago
that was; so does whoever left a message that nobody has heard.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("state = 'open' AND number <> ''")
_FIRST = sa.text("topic = 'unclassified'")

_KEPT = (
    "id, number, call, customer, topic, queue, language, asked_at, state,"
    " settled_at, settled_by, note, taken_at, taken_by"
)
_WISHES = f"""
INSERT INTO follow_ups ({_KEPT}, kind, last_call, last_at, source)
SELECT {_KEPT}, 'wish', call, asked_at, 'key' FROM call_backs
"""
_TALKS = """
talks AS (
    SELECT number, max(at) AS at FROM (
        SELECT caller_number AS number, coalesce(answered_at, started_at) AS at
        FROM contacts
        WHERE outcome = 'answered' AND direction <> 'internal' AND caller_number IS NOT NULL
        UNION ALL
        SELECT number, settled_at AS at FROM follow_ups WHERE state = 'done'
    ) AS each_talk GROUP BY number
)
"""
_MISSED = f"""
INSERT INTO follow_ups (
    number, kind, call, last_call, customer, topic, queue, language,
    asked_at, last_at, times, source, state
)
WITH {_TALKS}, missed AS (
    SELECT c.caller_number AS number, c.call, c.customer, c.topic, c.queue, c.language, c.ended_at,
        first_value(c.call) OVER one AS first_call,
        min(c.ended_at) OVER (PARTITION BY c.caller_number) AS asked_at,
        count(*) OVER (PARTITION BY c.caller_number) AS times,
        row_number() OVER (PARTITION BY c.caller_number ORDER BY c.ended_at DESC, c.call DESC) AS place
    FROM contacts c LEFT JOIN talks ON talks.number = c.caller_number
    WHERE c.direction = 'inbound' AND c.medium = 'phone' AND c.caller_number IS NOT NULL
        AND c.outcome IN ('abandoned_ivr', 'abandoned_queue', 'abandoned_ringing', 'left_by_key',
            'timeout', 'failed', 'closed')
        AND (c.outcome <> 'abandoned_ivr' OR c.ended_at - c.started_at >= 5000000)
        AND (talks.at IS NULL OR c.ended_at > talks.at)
    WINDOW one AS (PARTITION BY c.caller_number ORDER BY c.ended_at, c.call)
)
SELECT number, 'missed', first_call, call, customer, coalesce(topic, ''), coalesce(queue, ''),
    coalesce(language, ''), asked_at, ended_at, times, 'contact', 'open'
FROM missed WHERE place = 1
"""
_MESSAGES = f"""
INSERT INTO follow_ups (
    number, kind, call, last_call, customer, topic, queue, language,
    asked_at, last_at, times, source, state
)
WITH {_TALKS}, unheard AS (
    SELECT v.number, v.call, v.customer, v.topic, v.language, v.made_at,
        first_value(v.call) OVER one AS first_call,
        min(v.made_at) OVER (PARTITION BY v.number) AS asked_at,
        count(*) OVER (PARTITION BY v.number) AS times,
        row_number() OVER (PARTITION BY v.number ORDER BY v.made_at DESC, v.id DESC) AS place
    FROM voicemails v LEFT JOIN talks ON talks.number = v.number
    WHERE v.heard_at IS NULL AND v.deleted_at IS NULL AND v.number IS NOT NULL
        AND (talks.at IS NULL OR v.made_at > talks.at)
    WINDOW one AS (PARTITION BY v.number ORDER BY v.made_at, v.id)
)
SELECT number, 'voicemail', first_call, call, customer, topic, '', language,
    asked_at, made_at, times, 'contact', 'open'
FROM unheard WHERE place = 1
"""


def upgrade() -> None:
    op.create_table("follow_ups", *_columns(), sqlite_autoincrement=True)
    op.execute(_WISHES)
    if op.get_context().dialect.name == "postgresql":
        newest = "SELECT setval('follow_ups_id_seq', (SELECT max(id) FROM follow_ups)) WHERE EXISTS"
        op.execute(f"{newest} (SELECT 1 FROM follow_ups)")
    op.drop_table("call_backs")
    op.execute(_MISSED)
    op.execute(_MESSAGES)
    op.create_index(
        "ix_follow_ups_open",
        "follow_ups",
        ["number", "kind"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    for columns in (
        ["state", "kind", "asked_at"],
        ["state", "due_at"],
        ["number", "state"],
        ["responsible_login", "state"],
        ["customer"],
    ):
        op.create_index(f"ix_follow_ups_{'_'.join(columns)}", "follow_ups", columns)
    op.create_index(
        "ix_interactions_unclassified",
        "interactions",
        ["login"],
        sqlite_where=_FIRST,
        postgresql_where=_FIRST,
    )


def _columns() -> tuple[sa.schema.SchemaItem, ...]:
    def words(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text(), nullable=False) for name in names]

    def perhaps(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text(), nullable=True) for name in names]

    def moments(*names: str) -> list[sa.Column[int]]:
        return [sa.Column(name, _MOMENT, nullable=True) for name in names]

    def empty(*names: str) -> list[sa.Column[str]]:
        return [sa.Column(name, sa.Text(), nullable=False, server_default="") for name in names]

    return (
        sa.Column("id", _ID, nullable=False),
        *words("number", "kind"),
        *perhaps("call", "last_call"),
        sa.Column("customer", sa.BigInteger(), nullable=True),
        *words("topic", "queue", "language"),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("source", sa.Text(), nullable=False, server_default="key"),
        *perhaps("asked_by"),
        sa.Column("position", sa.Integer(), nullable=True),
        *moments("due_at"),
        *empty("zone"),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        *empty("wait"),
        *perhaps("responsible_login"),
        *empty("responsible_department"),
        *moments("responsible_at"),
        *empty("why_responsible"),
        *words("state"),
        *moments("taken_at"),
        *perhaps("taken_by", "postponed_by"),
        *moments("settled_at"),
        *perhaps("settled_by", "settled_call"),
        *empty("note", "reason"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )

"""The transactional outbox: an event is written with the change that it tells of, or not at all.

Whoever reads on from the last number that he saw must miss none. SQLite has one writer at a time; on
PostgreSQL a command may write beside the daemon, so who tells of something holds a lock until his commit: no
number comes into sight before a lower one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.store import postgresql
from callcore.store.schema.bus import events


async def tell(connection: AsyncConnection, type: str, data: Mapping[str, Any], at: datetime) -> None:
    """Within a writer's op: whoever listens (webhooks) learns of it after the commit.

    ``type``: ``case.created``, ``interaction.saved``, …; ``data``: plain JSON with ids, no secrets.
    """
    values = {"type": type, "data": dict(data), "at": at}
    if connection.dialect.name == "sqlite":
        await connection.execute(events.insert().values(**values))
        return
    row = select(*(literal(value, events.c[name].type) for name, value in values.items()))
    held = row.select_from(func.pg_advisory_xact_lock(postgresql.OUTBOX_LOCK).alias("held"))
    await connection.execute(events.insert().from_select(list(values), held))

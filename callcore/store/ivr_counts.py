"""Where callers left the IVR's file, counted from their contacts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from callcore.domain import Outcome
from callcore.store.ports import Store
from callcore.store.schema.core import contacts


@dataclass(frozen=True, slots=True)
class NodeCount:
    node: str
    outcome: Outcome
    """What became of those calls."""
    calls: int


class IvrCounts:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def left(self, since: datetime, until: datetime) -> tuple[NodeCount, ...]:
        """Of calls that ended from ``since`` on and before ``until``, by node and outcome."""
        c = contacts.c
        query = (
            select(c.node, c.outcome, func.count())
            .where(c.ended_at >= since, c.ended_at < until, c.node.is_not(None))
            .group_by(c.node, c.outcome)
            .order_by(c.node, c.outcome)
        )
        async with self._store.read() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(NodeCount(node, Outcome(outcome), calls) for node, outcome, calls in rows)

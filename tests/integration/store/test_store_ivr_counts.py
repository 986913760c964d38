"""Where callers left the IVR's file, counted by node and by what became of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from callcore.calls.effects import Contact
from callcore.domain import Outcome
from callcore.store.database import Database
from callcore.store.ivr_counts import NodeCount

from .store_samples import T0

HOUR = timedelta(hours=1)


async def test_who_left_where(db: Database, missed: Callable[..., Contact]) -> None:
    calls = [
        ("c1", "menu", Outcome.abandoned_ivr, T0),
        ("c2", "menu", Outcome.abandoned_ivr, T0 + HOUR),
        ("c3", "menu", Outcome.voicemail, T0 + HOUR),
        ("c4", "balance", Outcome.self_served, T0 + HOUR),
        ("c5", None, Outcome.abandoned_ivr, T0 + HOUR),
        ("c6", "menu", Outcome.abandoned_ivr, T0 + 2 * HOUR),
    ]
    for call, node, outcome, ended_at in calls:
        await db.contacts.save(
            missed(call, node=node, outcome=outcome, ended_at=ended_at, started_at=ended_at - HOUR)
        )
    assert await db.ivr_counts.left(T0, T0 + 2 * HOUR) == (
        NodeCount("balance", Outcome.self_served, 1),
        NodeCount("menu", Outcome.abandoned_ivr, 2),
        NodeCount("menu", Outcome.voicemail, 1),
    )
    assert await db.ivr_counts.left(T0 + 3 * HOUR, T0 + 4 * HOUR) == ()

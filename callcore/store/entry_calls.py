"""What became of calls that people had placed from the list of people to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import and_

from callcore.calls.attempt import Attempt, Purpose
from callcore.store.campaign_rows import load_attempts
from callcore.store.follow_rows import FollowUp
from callcore.store.ports import Store
from callcore.store.schema.core import attempts


async def last_calls(store: Store, entries: Sequence[FollowUp]) -> Mapping[int, Attempt]:
    """By entry, the newest that is over; without those of which there is none."""
    numbers = sorted({each.number for each in entries if each.number})
    if not numbers:
        return {}
    wanted = and_(
        attempts.c.number.in_(numbers),
        attempts.c.follow_up.in_([each.id for each in entries]),
        attempts.c.purpose == Purpose.own_call,
        attempts.c.result.is_not(None),
    )
    async with store.read() as connection:
        found = await load_attempts(connection, wanted)
    return {each.follow_up: each for each in found if each.follow_up is not None}

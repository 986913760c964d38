"""Intends and settles attempts and says so, a line each, until it is killed: ``store_ledger_victim.py URL``.

Each target is rung twice in vain, and told the third time. A line comes only after the database's word.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from callcore.calls.attempt import Attempt, AttemptId, AttemptResult, CampaignId, Medium, Outcome
from callcore.calls.campaign import Target, TargetChange, TargetResult
from callcore.store.database import Database

TRIES = 3
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def ring(db: Database, target: Target, n: int) -> None:
    id = AttemptId(f"v{target.id}x{n}")
    await db.attempts.intend(
        Attempt(id, target.id, target.campaign, Medium.voice, target.number, "main", "notice", NOW)
    )
    say("intended", target.id, n)
    is_last = n == TRIES
    result = AttemptResult.told if is_last else AttemptResult.busy
    change = TargetChange(
        rings=n,
        troubles=0,
        texts=0,
        number=target.number,
        others=(),
        next_medium=Medium.voice,
        due_at=NOW,
        wait="" if is_last else "retry_busy",
        result=TargetResult.told if is_last else None,
    )
    if await db.attempts.settle(id, Outcome(result, NOW), change):
        say("settled", target.id, n)


async def main(url: str) -> None:
    db = await Database.open(url)

    async def serve(target: Target) -> None:
        for n in range(1, TRIES + 1):
            await ring(db, target, n)

    while due := await db.campaigns.due(CampaignId(1), Medium.voice, NOW, 7):
        await asyncio.gather(*map(serve, due))


asyncio.run(main(sys.argv[1]))

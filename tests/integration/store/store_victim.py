"""Saves contacts and says so, one line each, until it is killed: ``store_victim.py URL SPOOL``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from callcore.domain import CallId
from callcore.store import contact_codec
from callcore.store.database import Database
from callcore.store.writer import WriterLimits


async def main(url: str, spool: Path) -> None:
    value = json.loads(sys.stdin.readline())
    limits = WriterLimits(spool_after_seconds=0.05, first_pause_seconds=0.01)
    db = await Database.open(url, spool=spool, limits=limits)

    async def save(n: int) -> None:
        contact = contact_codec.from_json(value | {"call": CallId(f"v{n}")})
        saved = await db.contacts.save(contact)
        sys.stdout.write(f"saved {n} {saved}\n")
        sys.stdout.flush()

    n = 0
    while True:
        await asyncio.gather(*(save(n + i) for i in range(7)))
        n += 7


asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

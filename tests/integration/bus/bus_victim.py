"""Changes things, tells of them and delivers, until it is killed: ``bus_victim.py DATABASE PORT``.

Every third change is refused after it told; ``told N`` is said of those that were committed.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count

from sqlalchemy.ext.asyncio import AsyncConnection

from callcore.bus import outward, plan
from callcore.bus.courier import Courier
from callcore.bus.outward import Bounds, Outward
from callcore.store import outbox
from callcore.store.database import Database

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
PATTERNS = {"all": ("*",), "cases": ("case.*",)}


def now() -> datetime:
    return datetime.now(UTC)


async def main(url: str, port: int) -> None:
    db = await Database.open(url, create=True)
    for name, patterns in PATTERNS.items():
        if not any(hook.name == name for hook in await db.webhooks.all()):
            where = f"http://127.0.0.1:{port}/{name}"
            await db.webhooks.add(name, where, patterns, SECRET, "root", now())
    reach = Outward(Bounds(outward.networks(["127.0.0.0/8"])))
    room = asyncio.Semaphore(14)

    async def post(address: str, headers: Mapping[str, str], body: bytes, seconds: float) -> plan.Answer:
        answer = await outward.post(reach, address, headers, body, seconds)
        if address.endswith("/all"):
            room.release()
        return answer

    courier = Courier(db.webhooks, post, now)
    first = await db.webhooks.newest_event()
    await asyncio.gather(courier.run(), change(db, courier, room, first))


async def change(db: Database, courier: Courier, room: asyncio.Semaphore, first: int) -> None:
    """Never much faster than it is delivered."""

    async def one(n: int) -> None:
        if n % 3:
            await room.acquire()

        async def op(connection: AsyncConnection) -> None:
            type = "case.created" if n % 2 else "interaction.saved"
            await outbox.tell(connection, type, {"n": n, "rolled_back": n % 3 == 0}, now())
            if n % 3 == 0:
                raise ValueError("this change is refused")

        try:
            await db.writer.submit(op)
        except ValueError:
            return
        sys.stdout.write(f"told {n}\n")
        sys.stdout.flush()

    for n in count(first * 10, 7):
        await asyncio.gather(*(one(n + i) for i in range(7)))
        courier.nudge()


asyncio.run(main(sys.argv[1], int(sys.argv[2])))

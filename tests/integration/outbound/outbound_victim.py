"""A daemon that places one call or message and stops for ever at one place: ``outbound_victim.py URL FOLDER
MEDIUM CAMPAIGN PLACE``. It says so, and is killed there."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from outbound_world import Daemon, World

from callcore.calls.attempt import AttemptId, CampaignId, Medium
from callcore.outbound.ports import CallAnswered, CallDialled, CallHungUp, CallTold, Receipt, ReceiptState
from callcore.store.database import Database

FIRST = AttemptId("v1")


async def main(url: str, folder: str, medium: str, campaign: str, place: str) -> None:
    async def gap(here: str) -> None:
        if here == place:
            sys.stdout.write(f"at {here}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    database = await Database.open(url)
    daemon = Daemon(database, World(Path(folder), gap), gap, "v")
    running = asyncio.create_task(daemon.room.run())
    await daemon.place_due(CampaignId(int(campaign)), Medium(medium))
    if medium == Medium.voice:
        await _call(daemon, gap)
    else:
        await gap("submission stored")
        await daemon.room.receipt(Receipt("smsc", f"m-{FIRST}", "", ReceiptState.delivered, "DELIVRD"))
    await running


async def _call(daemon: Daemon, gap) -> None:  # type: ignore[no-untyped-def]
    await gap("ringing")
    daemon.room.take(CallAnswered(FIRST))
    await gap("talking")
    daemon.room.take(CallDialled(FIRST, "ANSWER", 16))
    daemon.room.take(CallHungUp(FIRST, 16))
    daemon.room.take(CallTold(FIRST, 9.0, "1", True))


asyncio.run(main(*sys.argv[1:]))

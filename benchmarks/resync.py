"""After a login: the lists of 200 living calls and 200 ended ones, read, reconciled and stored.

This process plays the PBX: 100 callers talk with operators, 100 wait in a queue, and the journal tells of 200
calls that ended while nobody listened. ``resync_house``, a process of its own each round, knows nothing of
them but its operators. The clock runs from the answer to the login until the floor has taken the Snapshot.
``stored``: until the database holds it all too. Beside it the plain split of the same lists.

    python -m benchmarks.resync
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.pop_house import Broken
from benchmarks.pop_pbx import Pbx
from benchmarks.resync_lists import channels, journal, queues
from benchmarks.storm import child
from callcore.testing.ami import listing

CALLS = 200
ENDED = 200
OPERATORS = 300
ROUNDS = 5
GOAL_SECONDS = 2.0


async def measure() -> dict[str, Any]:
    """One line of results (the format is that of ``make bench``). Raises ``Broken``."""
    rounds: list[dict[str, Any]] = []
    floors: list[float] = []
    async with Pbx() as pbx:
        pbx.channels, pbx.queues = channels(CALLS), queues(CALLS, OPERATORS)
        pbx.answers["DBGetTree"] = listing(journal(ENDED, time.time()), "DBGetTreeComplete")
        lists = (
            listing(pbx.channels, "StatusComplete"),
            listing(pbx.queues, "QueueStatusComplete"),
            pbx.answers["DBGetTree"],
        )
        wire = b"".join(answer({}) or b"" for answer in lists)
        pbx.answers["UserEvent"] = lambda _action: wire
        events = wire.count(b"Event: ")
        for _ in range(ROUNDS):
            floors.append((await child("benchmarks.storm_floor", pbx.port, events))["seconds"])
            rounds.append(await child("benchmarks.resync_house", pbx.port, OPERATORS, CALLS, ENDED))
    return line(rounds, floors)


def line(rounds: Sequence[Mapping[str, Any]], floors: Sequence[float]) -> dict[str, Any]:
    """The result; ``stored`` in seconds, ``recovered`` the contacts made of the journal."""
    value, floor = median(found["seconds"] for found in rounds), median(floors)
    faults = Counter[str]()
    for found in rounds:
        faults.update(found["faults"])
    for fault, count in faults.items():
        print(f"resync: {count} {fault}", file=sys.stderr)
    return {
        "bench": "resync",
        "value": round(value, 3),
        "unit": "s",
        "floor": round(floor, 4),
        "ratio": round(value / floor, 1),
        "goal": f"{CALLS} living calls within {GOAL_SECONDS:g} s of the login, none missing",
        "met": value <= GOAL_SECONDS and not faults.total(),
        "n": CALLS,
        "max": round(max(found["seconds"] for found in rounds), 3),
        "stored": round(median(found["stored_seconds"] for found in rounds), 3),
        "recovered": round(median(found["recovered"] for found in rounds)),
        "lost": faults.total(),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> int:
    try:
        print(json.dumps(asyncio.run(measure())), flush=True)
    except (Broken, TimeoutError) as fault:
        print(f"resync: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

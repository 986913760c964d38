"""The IVR: what callcore adds to a step of a call, and how many calls a second its menu takes.

A real Asterisk, the daemon as a process of its own, callers out of SIPp who press keys once they hear
something (RFC 4733). ``ivr_steps``: 200 callers at once in the shipped IVR. A step lasts from Asterisk's
answer to the next command, taken at a door between the two (``ivr_door``); ``floor`` is that of a bare server
which says the same to as many callers through the same door, so it holds the door's own time. ``silence``:
from the end of what a caller hears to the next thing, with all commands between. ``ivr_rate``: the highest
rate at which a menu works that hears one key and says goodbye; ``floor`` that of the same menu with the same
sounds in the dialplan alone. Both are searched for in turns; callcore runs beside the dialplan's calls too,
as it does beside those of any PBX.

    python -m benchmarks.ivr
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ivr_callers import stays
from benchmarks.ivr_door import LISTENS, Door
from benchmarks.ivr_house import House
from benchmarks.ivr_rate import measure_rates
from benchmarks.pop import percentile
from callcore import logs
from callcore.testing.lab.errors import LabError
from callcore.testing.lab.packages import fetch
from callcore.testing.lab.process import free_port

LIMIT_SECONDS = 400.0
CALLERS = 200
MORE = 0.15
"""So many more are on the line, since some have just begun, or wait in a queue already."""
ROUNDS = 2
SECONDS = 10.0
"""Of one round, from the moment when all are there."""
DIAL_RATE = 25.0
FILL_SECONDS = 40.0
LISTENS_SECONDS = (4.0, 12.0)
"""Before he presses a key."""
STAYS_SECONDS = (18.0, 26.0)
WARM_UP_SECONDS = 6.0
WARM_UP_CALLERS = 5
KEYS = "41"
"""Finance, recalculation."""
GOAL_MS = 20.0
SAID = (*LISTENS, b"ANSWER", b"SET AUTOHANGUP")
"""What the bare server repeats: the rest would take the call elsewhere."""
CALLCORE, BARE = "74951000003", "74951000004"
"""Whoever dials these comes through a door."""


@dataclass(frozen=True, slots=True)
class Taken:
    """In one round: seconds, sorted."""

    steps: list[float]
    silences: list[float]


async def _measure(folder: Path) -> list[dict[str, Any]]:
    async with AsyncExitStack() as stack:
        house, bare_port = House(folder / "house"), free_port()
        for dialled, port in ((CALLCORE, house.stage.agi_port), (BARE, bare_port)):
            house.doors[dialled] = await stack.enter_async_context(Door(port, CALLERS))
        await stack.enter_async_context(house.opened())
        return [await _steps(house, bare_port), await measure_rates(house)]


async def _steps(house: House, bare_port: int) -> dict[str, Any]:
    await house.start({})
    script = house.folder / "script.agi"
    script.write_bytes(await _said(house))
    taken: dict[str, list[Taken]] = {BARE: [], CALLCORE: []}
    async with (
        house.bare(bare_port, script),
        house.ear(KEYS, *LISTENS_SECONDS) as ear,
    ):
        for _ in range(ROUNDS):
            for dialled, rounds in taken.items():
                rounds.append(await _round(house, dialled, ear))
                await house.come_to_rest()
    await house.stop()
    return steps_line(taken[CALLCORE], taken[BARE])


async def _said(house: House) -> bytes:
    """What callcore says to a caller, in as many lines."""
    door = house.doors[CALLCORE]
    async with house.ear(KEYS, WARM_UP_SECONDS / 3, WARM_UP_SECONDS / 2) as ear:
        stay = stays(WARM_UP_SECONDS, WARM_UP_SECONDS)
        async with house.crowd(CALLCORE, stay, ear, DIAL_RATE, most=WARM_UP_CALLERS) as crowd:
            await crowd.done()
    await house.come_to_rest()
    said = [line for line in door.said if line.startswith(SAID)]
    if not any(line.startswith(LISTENS) for line in said):
        raise LabError(f"callcore said nothing to a caller\n{house.words}")
    return b"".join(said)


async def _round(house: House, dialled: str, ear: int) -> Taken:
    door = house.doors[dialled]
    at_once = round(CALLERS * (1 + MORE))
    async with house.crowd(dialled, stays(*STAYS_SECONDS), ear, DIAL_RATE, at_once=at_once):
        await _until_full(door)
        # Pauses of this process are not what is measured.
        gc.collect()
        gc.disable()
        try:
            door.begin()
            await asyncio.sleep(SECONDS)  # the callers go on; this long is measured
        finally:
            gc.enable()
        taken = Taken(sorted(door.steps), sorted(door.silences))
    return taken


async def _until_full(door: Door) -> None:
    try:
        async with asyncio.timeout(FILL_SECONDS):
            while not door.is_full:  # noqa: ASYNC110 - the door does not tell
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise LabError(f"{len(door.open)} callers after {FILL_SECONDS:g} s, not {CALLERS}") from None


def steps_line(rounds: Sequence[Taken], floors: Sequence[Taken]) -> dict[str, Any]:
    """Medians of the rounds; besides what each benchmark gives: ``silence_p50`` and ``silence_p99``."""
    value, floor = (_ms([each.steps for each in some], 0.99) for some in (rounds, floors))
    silences = [each.silences for each in rounds]
    return {
        "bench": "ivr_steps",
        "value": value,
        "unit": "ms",
        "floor": floor,
        "ratio": round(value / floor, 2) if value and floor else None,
        "goal": f"p99 at most {GOAL_MS:g} ms with {CALLERS} callers at once",
        "met": value is not None and value <= GOAL_MS,
        "n": sum(len(each.steps) for each in rounds),
        "p50": _ms([each.steps for each in rounds], 0.5),
        "p99": value,
        "silence_p50": _ms(silences, 0.5),
        "silence_p99": _ms(silences, 0.99),
    }


def _ms(rounds: Sequence[Sequence[float]], share: float) -> float | None:
    """Median of the rounds' percentile, in milliseconds; None if most rounds measured nothing."""
    middle = median(percentile(seconds, share) for seconds in rounds)
    return round(middle * 1000, 2) if math.isfinite(middle) else None


def run() -> Iterator[dict[str, Any]]:
    """Two lines of results (the format is that of ``make bench``). Raises LabError, TimeoutError."""

    async def within_limit() -> list[dict[str, Any]]:
        place = "/var/tmp"  # on a disk: /tmp may be memory, where a commit costs nothing
        place = place if os.access(place, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="callcore-bench-", dir=place) as name:
            async with asyncio.timeout(LIMIT_SECONDS):
                return await _measure(Path(name))

    fetch(["asterisk22", "sipp", "espeak", "sox"])
    yield from asyncio.run(within_limit())


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run():
            print(json.dumps(result), flush=True)
    except (LabError, TimeoutError) as fault:
        print(f"ivr: {fault or type(fault).__name__}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

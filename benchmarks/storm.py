"""A storm: 100,000 events in one burst, as after a PBX has stood still, over a socket from another process.

This process plays the PBX. Each round starts two others in turn: ``storm_floor`` reads and splits the same
bytes in plain Python, ``storm_house`` is callcore from the link to the effects. None of the events, calls and
contacts may be lost; each pop must come soon after its own AgentConnect was read, though a hundred thousand
others surround it.

    python -m benchmarks.storm
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.pop import percentile
from benchmarks.pop_house import Broken
from benchmarks.pop_pbx import Pbx
from benchmarks.storm_stream import Stream, build
from callcore.testing.ami import success

ROOT = Path(__file__).parents[1]
ROUNDS = 5
GOAL_RATIO = 2.0
GOAL_POP_MS = 250.0
GOAL_RSS_MIB = 200.0
CHILD_SECONDS = 180.0


async def measure(stream: Stream) -> dict[str, Any]:
    """One line of results (the format is that of ``make bench``). Raises ``Broken``."""
    rounds: list[dict[str, Any]] = []
    floors: list[dict[str, Any]] = []
    async with Pbx() as pbx:
        done = success()
        pbx.answers["UserEvent"] = lambda action: (done(action) or b"") + stream.wire
        for _ in range(ROUNDS):
            floors.append(await child("benchmarks.storm_floor", pbx.port, stream.events))
            rounds.append(await child("benchmarks.storm_house", pbx.port, stream.events, stream.calls))
    return line(stream, rounds, floors)


async def child(module: str, *arguments: int) -> dict[str, Any]:
    """Runs a module to its end; gives what it printed. Raises ``Broken``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(CHILD_SECONDS):
            said, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode:
        raise Broken(f"{module} ended with {process.returncode}")
    result: dict[str, Any] = json.loads(said)
    return result


def faults_of(stream: Stream, rounds: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """All that was lost or came twice, of all rounds."""
    faults = Counter[str]()
    for found in rounds:
        faults.update(found["faults"])
        faults["events lost"] += stream.events - found["events"]
        faults["facts lost"] += found["facts"] - found["facts_taken"]
        faults["events that made no sense"] += found["odd"]
    return +faults


def line(
    stream: Stream, rounds: Sequence[Mapping[str, Any]], floors: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The result; ``max_pop_ms`` is the slowest pop of the worst round, not of the median one.

    ``cpu_ratio``: of the processor's time, which other programs disturb less than the clock's.
    """
    value, floor = (median(found["seconds"] for found in both) for both in (rounds, floors))
    cpu, floor_cpu = (median(found["cpu_seconds"] for found in both) for both in (rounds, floors))
    faults = faults_of(stream, rounds)
    for fault, count in faults.items():
        print(f"storm: {count} {fault}", file=sys.stderr)
    slowest = max((found["pops"][-1] for found in rounds if found["pops"]), default=math.inf) * 1000
    rss = max(found["rss_mib"] for found in rounds)
    is_met = value <= GOAL_RATIO * floor and slowest <= GOAL_POP_MS and rss <= GOAL_RSS_MIB and not faults
    return {
        "bench": "storm",
        "value": round(value, 3),
        "unit": "s",
        "floor": round(floor, 3),
        "ratio": round(value / floor, 2),
        "cpu_ratio": round(cpu / floor_cpu, 2),
        "goal": f"{stream.events} events at most {GOAL_RATIO:g} times the plain split, none lost, every pop "
        f"within {GOAL_POP_MS:g} ms of its read, under {GOAL_RSS_MIB:g} MiB",
        "met": is_met,
        "n": stream.events,
        "p50": _ms(rounds, 0.5),
        "p99": _ms(rounds, 0.99),
        "max_pop_ms": round(slowest, 1) if math.isfinite(slowest) else None,
        "rss_mib": round(rss),
        "rss_growth_mib": round(max(found["rss_mib"] - found["rss_before_mib"] for found in rounds)),
        "facts": rounds[0]["facts"],
        "calls": stream.calls,
        "lost": faults.total(),
        "load": round(os.getloadavg()[0], 1),
    }


def _ms(rounds: Sequence[Mapping[str, Any]], share: float) -> float | None:
    """Pops: median of the rounds' percentile."""
    found = median(percentile(one["pops"], share) for one in rounds)
    return round(found * 1000, 1) if math.isfinite(found) else None


def main() -> int:
    try:
        print(json.dumps(asyncio.run(measure(build()))), flush=True)
    except (Broken, TimeoutError) as fault:
        print(f"storm: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

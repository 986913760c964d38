"""A thousand operators at ten calls a second, the whole product: what it costs, and whether memory grows.

The daemon runs as in production, with SQLite on a disk, and a thousand operators' WebSockets. This process
plays the PBX, with the events of a real queue call, and the operators. Every call must pop once, at its own
operator's, and be stored once.

    python -m benchmarks.operators            CALLCORE_BENCH_SECONDS=3600 for an hour

Memory is looked at each second. Its slope is that of the straight line through the readings after the second
minute; a run of two minutes has none of those, so it takes the last half, and says so in ``slope_over``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import pop_call
from benchmarks.pop import lost, percentile
from benchmarks.pop_house import Broken, House, staff
from benchmarks.pop_load import Load
from benchmarks.pop_pbx import Pbx
from callcore import logs

OPERATORS = 1000
CALLS_PER_SECOND = 10
SLICE_SECONDS = 10.0
SETTLED_AFTER_SECONDS = 120.0
WARM_UP_SECONDS = 5.0
GOAL_CORES = 1.0
GOAL_RSS_MIB = 300.0
GOAL_SLOPE = 1.0
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Watch:
    """Readings of one process: moments of the monotonic clock, seconds of processor time, MiB."""

    pid: int
    at: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)

    def look(self) -> None:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        self.at.append(time.monotonic())
        self.cpu.append((int(fields[11]) + int(fields[12])) / _TICK)
        self.rss.append(int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20)

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(1)  # one sample of memory a second

    @property
    def cores(self) -> float:
        """Processor time over time."""
        return (self.cpu[-1] - self.cpu[0]) / (self.at[-1] - self.at[0])

    def slope(self, after: float) -> float:
        """MiB a minute, over the readings from ``after`` seconds on."""
        kept = [(at - self.at[0], rss) for at, rss in zip(self.at, self.rss, strict=True)]
        return slope([(at / 60, rss) for at, rss in kept if at >= after])


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits best (least squares); 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    x0, y0 = mean(x for x, _ in points), mean(y for _, y in points)
    return sum((x - x0) * (y - y0) for x, y in points) / sum((x - x0) ** 2 for x, _ in points)


def settled_after(seconds: float) -> float:
    """From when on the slope is taken in a run of ``seconds``."""
    return min(SETTLED_AFTER_SECONDS, seconds / 2)


async def measure(seconds: float) -> dict[str, Any]:
    """One line of results (the format is that of ``make bench``). Raises ``Broken``."""
    people = staff(OPERATORS)
    calls = round((seconds + WARM_UP_SECONDS) * CALLS_PER_SECOND) + OPERATORS
    async with Pbx() as pbx, House(people, calls, pbx.port) as house:
        assert house.daemon is not None
        async with Load(house, pbx, people, pop_call.load()) as load:
            await load.calls_at(moments(WARM_UP_SECONDS, 0))
            watch = Watch(house.daemon.pid)
            watching = asyncio.create_task(watch.run())
            pops = await _calls(load, seconds)
            watch.look()
            watching.cancel()
            await house.kill_daemon()
            faults = lost(load.calls.values(), house.stored_contacts()) + load.strays
    for fault, count in faults.items():
        print(f"operators: {count} {fault}", file=sys.stderr)
    return line(seconds, watch, pops, faults)


async def _calls(load: Load, seconds: float) -> list[float]:
    """Slice by slice, so that a long run needs no more memory here than a short one; the end of one slice's
    calls overlaps the next. Gives the pops' seconds, sorted."""
    async with asyncio.TaskGroup() as group:
        slices = []
        begin = time.monotonic()
        for n in range(max(1, round(seconds / SLICE_SECONDS))):
            # the load is spread evenly over the time, whatever the loop is doing
            await asyncio.sleep(max(0.0, begin + n * SLICE_SECONDS - time.monotonic()))
            slices.append(group.create_task(load.calls_at(moments(SLICE_SECONDS, n + 1))))
    return sorted(pop for done in slices for pop in done.result())


def moments(seconds: float, seed: int) -> list[float]:
    """When calls come: independently of each other, the same in every run."""
    dice = random.Random(seed)
    return sorted(dice.uniform(0, seconds) for _ in range(round(seconds * CALLS_PER_SECOND)))


def line(seconds: float, watch: Watch, pops: Sequence[float], faults: Counter[str]) -> dict[str, Any]:
    """The result: ``value`` is the share of one core, which is also the goal's ``floor``; a single run."""
    after = settled_after(seconds)
    grows, most = watch.slope(after), max(watch.rss)
    is_met = watch.cores <= GOAL_CORES and most <= GOAL_RSS_MIB and grows <= GOAL_SLOPE and not faults
    return {
        "bench": "operators",
        "value": round(watch.cores, 3),
        "unit": "cores",
        "floor": GOAL_CORES,
        "ratio": round(watch.cores / GOAL_CORES, 3),
        "goal": f"{OPERATORS} operators at {CALLS_PER_SECOND} calls/s: at most one core, under "
        f"{GOAL_RSS_MIB:g} MiB, slope under {GOAL_SLOPE:g} MiB/min, every pop delivered",
        "met": is_met,
        "n": len(pops),
        "p50": round(percentile(pops, 0.5) * 1000, 2) if pops else None,
        "p99": round(percentile(pops, 0.99) * 1000, 2) if pops else None,
        "rss_mib": round(most, 1),
        "slope_mib_per_minute": round(grows, 2),
        "slope_over": f"{after:g} s to {seconds:g} s",
        "lost": faults.total(),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    try:
        seconds = float(os.environ.get("CALLCORE_BENCH_SECONDS", "120"))
        print(json.dumps(asyncio.run(measure(seconds))), flush=True)
    except Broken as fault:
        print(f"operators: {fault}", file=sys.stderr)
        return 1
    except ValueError:
        print("operators: CALLCORE_BENCH_SECONDS is a number of seconds", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

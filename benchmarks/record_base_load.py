"""The load on a base: requests one after the other, what becomes of five rounds of them, and its telling."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp

from benchmarks.pop import percentile
from benchmarks.pop_house import Broken
from benchmarks.record_base import INTERACTIONS_EACH, KINDS, Base, WrongScale, bases, customers_by_scale
from callcore import logs
from callcore.testing.lab.errors import LabError

ROOT = Path(__file__).parents[1]
ROUNDS = 5
START_SECONDS = 300.0
END_SECONDS = 30.0
MOST_GROWTH = 2.0

Ask = tuple[str, dict[str, str]]
"""Path, ``/bench…`` for our own port, and its query."""


@dataclass(frozen=True, slots=True)
class Round:
    """Of one base: seconds of each request, and of each bare SELECT in between, both sorted."""

    seconds: Sequence[float]
    floors: Sequence[float]
    cpu_seconds: float
    """Of the server, for one request."""


@dataclass
class House:
    """A daemon on a base, and a browser that is signed in there."""

    base: Base
    http: aiohttp.ClientSession
    pages: str
    ours: str
    rounds: list[Round] = field(default_factory=list)

    async def get(self, ask: Ask) -> tuple[float, str]:
        """Seconds until the whole answer was there, and the answer. Raises ``Broken``."""
        path, query = ask
        url = self.ours + path.removeprefix("/bench") if path.startswith("/bench") else self.pages + path
        begun = time.perf_counter()
        async with self.http.get(url, params=query, allow_redirects=False) as answer:
            text = await answer.text()
        seconds = time.perf_counter() - begun
        if answer.status != 200:
            raise Broken(f"{path} {query} gave {answer.status}: {text[:300]}")
        return seconds, text

    async def run(self, asks: Sequence[Ask], floors: Sequence[int]) -> None:
        cpu = json.loads((await self.get(("/bench/cpu", {})))[1])
        seconds = sorted([(await self.get(ask))[0] for ask in asks])
        cpu = json.loads((await self.get(("/bench/cpu", {})))[1]) - cpu
        bare = sorted([(await self.get(("/bench/floor", {"id": str(id)})))[0] for id in floors])
        self.rounds.append(Round(seconds, bare, cpu / len(asks)))


@asynccontextmanager
async def house(base: Base) -> AsyncIterator[House]:
    """Raises ``Broken``."""
    token = secrets.token_urlsafe(32)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.record_base_house"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps([base.url, token]).encode() + b"\n")
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        if not line:
            raise Broken(f"the daemon did not start on {base.kind}")
        pages, ours = (f"http://127.0.0.1:{port}" for port in json.loads(line))
        cookie = {"Cookie": f"callcore_session={token}"}
        async with aiohttp.ClientSession(headers=cookie) as http:
            yield House(base, http, pages, ours)
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def tell(bench: str, run: Callable[[int], list[dict[str, Any]]]) -> int:
    """Print the lines that ``run`` gives for the large base; the exit code."""
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run(customers_by_scale()):
            print(json.dumps(result), flush=True)
    except WrongScale as fault:
        print(f"{bench}: {fault}", file=sys.stderr)
        return 2
    except (Broken, LabError, TimeoutError) as fault:
        print(f"{bench}: {str(fault) or 'not done in time'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


Asks = Callable[[Base, int], Sequence[Ask]]
"""The requests of one round, by its number; 0 is the warming up."""


async def measure(
    bench: str, kinds: dict[str, Asks], most: float, sizes: tuple[int, int], folder: Path | None
) -> list[dict[str, Any]]:
    """Lines of results for each database: of each of ``kinds``, and how it grew. ``most``: ms at p99."""
    found = []
    for kind in KINDS:
        async with AsyncExitStack() as stack:
            both = await stack.enter_async_context(bases(kind, sizes, folder))
            houses = [await stack.enter_async_context(house(base)) for base in both]
            for name, asks in kinds.items():
                few, many = await _rounds(houses, asks)
                found.append(line(f"{bench}_{name}_{kind}" if name else f"{bench}_{kind}", many, most))
                found.append(growth(found[-1]["bench"] + "_growth", few, many))
    return found


async def _rounds(houses: Sequence[House], asks: Asks) -> list[House]:
    done = [House(each.base, each.http, each.pages, each.ours) for each in houses]
    for each in done:
        for ask in asks(each.base, 0):
            await each.get(ask)
    for n in range(1, ROUNDS + 1):
        for each in done:  # interleaved: whatever else this machine does falls on all of them
            wanted = asks(each.base, n)
            floors = [1 + (n * 7_919 + place * 104_729) % each.base.customers for place in range(len(wanted))]
            await each.run(wanted, floors)
    return done


def line(bench: str, house: House, most: float) -> dict[str, Any]:
    """Milliseconds; each figure is the median of the rounds. ``value`` and ``floor`` are p99."""
    p50, p99 = of(house, 0.5), of(house, 0.99)
    floor = median(percentile(round.floors, 0.99) for round in house.rounds) * 1000
    return {
        "bench": bench,
        "value": round(p99, 2),
        "unit": "ms",
        "floor": round(floor, 2),
        "ratio": round(p99 / floor, 2),
        "goal": f"p99 at most {most:g} ms",
        "met": p99 <= most,
        "n": sum(len(each.seconds) for each in house.rounds),
        "p50": round(p50, 2),
        "p99": round(p99, 2),
        "cpu": cpu(house),
        "customers": house.base.customers,
        "interactions": house.base.customers * INTERACTIONS_EACH,
        "load": round(os.getloadavg()[0], 1),
    }


def growth(bench: str, few: House, many: House) -> dict[str, Any]:
    """How many times longer it takes on the large base; ``floor`` is p99 on the small one, in ms."""
    small, large = of(few, 0.99), of(many, 0.99)
    return {
        "bench": bench,
        "value": round(large / small, 2),
        "unit": "times",
        "floor": round(small, 2),
        "ratio": round(large / small, 2),
        "goal": f"p99 at most {MOST_GROWTH:g} times that at {few.base.customers} customers",
        "met": large <= MOST_GROWTH * small,
        "n": sum(len(each.seconds) for each in few.rounds),
        "p50": round(of(few, 0.5), 2),
        "p99": round(small, 2),
        "cpu": cpu(few),
        "customers": few.base.customers,
        "load": round(os.getloadavg()[0], 1),
    }


def of(house: House, share: float) -> float:
    """In milliseconds."""
    return median(percentile(each.seconds, share) for each in house.rounds) * 1000


def cpu(house: House) -> float:
    """Of the server, milliseconds for one request."""
    return round(median(each.cpu_seconds for each in house.rounds) * 1000, 2)

"""The pop: from AMI bytes on the socket to the event parsed by the operator's WebSocket client.

The daemon runs as in production, with SQLite (WAL, synchronous=FULL) on a disk. This process plays the PBX,
with the events of a real queue call, and 500 operators; each is called in turn, 20 calls a second. The clock
starts just before AgentConnect is written and stops when the client has parsed the card. At the end the
daemon is killed, and the database must hold every contact that operators were told is saved: each call once.
Beside it: a bare aiohttp WebSocket with 500 clients, which forwards a text of the same size at the same
moments. Both in turns, five rounds.

    python -m benchmarks.pop [--pid]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks import pop_call
from benchmarks.pop_house import Broken, House, Person, staff
from benchmarks.pop_load import Call, Load
from benchmarks.pop_pbx import Pbx
from callcore import logs

OPERATORS = 500
CALLS_PER_SECOND = 20
ROUNDS = 5
POP_SECONDS = 5.0
FLOOR_SECONDS = 4.0
WARM_UP_SECONDS = 2.0
GOAL_MS = 25.0


def run(show_pid: bool = False) -> Iterator[dict[str, Any]]:
    """One line of results (the format is that of ``make bench``). Raises ``Broken``."""
    yield asyncio.run(_measure(show_pid))


async def _measure(show_pid: bool) -> dict[str, Any]:
    people = staff(OPERATORS)
    seconds = WARM_UP_SECONDS + ROUNDS * POP_SECONDS
    async with Pbx() as pbx:
        house = House(people, round(seconds * CALLS_PER_SECOND), pbx.port)
        with _stoppable(house):
            async with house:
                if show_pid and house.daemon is not None:
                    print(f"daemon: {house.daemon.pid}", file=sys.stderr, flush=True)
                return await _measure_in(house, pbx, people)


@contextmanager
def _stoppable(house: House) -> Iterator[None]:
    """Ctrl-C and SIGTERM end the servers at once, and then this task: raises CancelledError."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    stopped: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        stopped.append(number)
        house.end_now()
        task.cancel()

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    except Exception as fault:
        if not stopped:
            raise
        raise asyncio.CancelledError from fault  # somebody missed what we had just taken away
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _measure_in(house: House, pbx: Pbx, people: Sequence[Person]) -> dict[str, Any]:
    async with Load(house, pbx, people, pop_call.load()) as load:
        # Pauses of this process are not what is measured.
        gc.collect()
        gc.disable()
        try:
            pops, floors = await _rounds(load)
        finally:
            gc.enable()
        await house.kill_daemon()
        faults = lost(load.calls.values(), house.stored_contacts()) + load.strays
    if load.bare_cards:
        print(f"pop: {load.bare_cards} cards were filled in later", file=sys.stderr)
    for fault, count in faults.items():
        print(f"pop: {count} {fault}", file=sys.stderr)
    return line(pops, floors, faults)


async def _rounds(load: Load) -> tuple[list[list[float]], list[list[float]]]:
    await load.calls_at(moments(WARM_UP_SECONDS, 0))
    pops, floors = [], []
    for round_ in range(1, ROUNDS + 1):
        floors.append(await load.triggers_at(moments(FLOOR_SECONDS, round_)))
        pops.append(await load.calls_at(moments(POP_SECONDS, round_)))
    return pops, floors


def moments(seconds: float, seed: int) -> list[float]:
    """When calls come: independently of each other, so that some come together; the same in every run."""
    dice = random.Random(seed)
    return sorted(dice.uniform(0, seconds) for _ in range(round(seconds * CALLS_PER_SECOND)))


def lost(calls: Iterable[Call], stored: Sequence[tuple[str, str | None]]) -> Counter[str]:
    """What is missing or double of pops and contacts; ``stored``: number and operator of each contact."""
    faults: Counter[str] = Counter()
    kept = Counter(stored)
    for call in calls:
        if len(call.popped_at) != 1:
            faults["calls without a card" if not call.popped_at else "calls with two cards"] += 1
        times = kept.pop((call.number, call.login), 0)
        if times != 1:
            faults["calls without a contact" if not times else "calls with two contacts"] += 1
    faults["contacts of nobody's call"] += kept.total()
    return +faults


def line(pops: list[list[float]], floors: list[list[float]], faults: Counter[str]) -> dict[str, Any]:
    """The result; ``pops`` and ``floors``: sorted seconds, round by round.

    Besides what each benchmark gives: ``max``, the slowest pop of all, which a median of rounds would hide,
    and ``lost``, how many faults were counted.
    """
    value, floor = _ms(pops, 0.99), _ms(floors, 0.99)
    is_met = value is not None and value <= GOAL_MS and not faults
    return {
        "bench": "pop",
        "value": value,
        "unit": "ms",
        "floor": floor,
        "ratio": round(value / floor, 2) if value and floor else None,
        "goal": f"p99 at most {GOAL_MS:g} ms, nothing lost",
        "met": is_met,
        "n": sum(map(len, pops)),
        "p50": _ms(pops, 0.5),
        "p99": value,
        "max": max((round(seconds[-1] * 1000, 2) for seconds in pops if seconds), default=None),
        "lost": faults.total(),
    }


def _ms(rounds: list[list[float]], share: float) -> float | None:
    """Median of the rounds' percentile, in milliseconds; None if most rounds measured nothing."""
    middle = median(percentile(seconds, share) for seconds in rounds)
    return round(middle * 1000, 2) if math.isfinite(middle) else None


def percentile(ordered: Sequence[float], share: float) -> float:
    """By nearest rank: a value that was measured; infinite if none was."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.inf


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pop", description="Measure the pop.")
    parser.add_argument("--pid", action="store_true", help="name the daemon's process on standard error")
    options = parser.parse_args()
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run(options.pid):
            print(json.dumps(result), flush=True)
    except Broken as fault:
        print(f"pop: {fault}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

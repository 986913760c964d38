"""How many calls a second a menu takes: the highest rate that holds, through callcore and without."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.ivr_callers import Tally, is_hung_up_on
from benchmarks.ivr_house import DIRECT, KEY, PLAINLY, House

TRIAL_SECONDS = 8.0
BEGIN = 90.0
"""Calls a second."""
SLOWEST, FASTEST = 4.0, 500.0
STEP: Final = 1.5
NEAR: Final = 1.06
"""A rate that holds and one that does not so close together are near enough."""
TRIALS = 6
"""At most, for each of the two."""
CALL_SECONDS: Final = 2.5
"""After so long an answered call should be over: a second more than one call alone takes. More would let a
rate hold that is too much, until the callers who wait are too many."""
FAILURES: Final = 0.001
GOAL_RATIO = 0.9


@dataclass(slots=True)
class Search:
    """For the highest rate that holds: up by half as much again, then between the two that are known."""

    holds: float = 0.0
    fails: float = math.inf
    trials: int = 0

    @property
    def next(self) -> float | None:
        """The rate to try; None: that is it."""
        if self.trials >= TRIALS or self.holds >= FASTEST or self.fails <= SLOWEST:
            return None
        if not self.holds:
            return BEGIN if self.fails == math.inf else max(self.fails / STEP, SLOWEST)
        if self.fails == math.inf:
            return min(self.holds * STEP, FASTEST)
        return math.sqrt(self.holds * self.fails) if self.fails > self.holds * NEAR else None

    def learn(self, rate: float, *, held: bool) -> None:
        self.trials += 1
        if held:
            self.holds = rate
        else:
            self.fails = rate


async def measure_rates(house: House) -> dict[str, Any]:
    await house.start(house.short_menu())
    searches = {PLAINLY: Search(), DIRECT: Search()}
    async with house.ear(KEY, 0, 0) as ear:
        for dialled in searches:  # what is done for the first time takes longer
            await _trial(house, dialled, ear, BEGIN / 2)
        while any(search.next for search in searches.values()):
            for dialled, search in searches.items():
                if rate := search.next:
                    tally = await _trial(house, dialled, ear, rate)
                    search.learn(rate, held=holds(tally))
                    tell(dialled, rate, tally)
    await house.stop()
    return rate_line(searches[DIRECT], searches[PLAINLY])


async def _trial(house: House, dialled: str, ear: int, rate: float) -> Tally:
    most = max(1, round(rate * TRIAL_SECONDS))
    async with house.crowd(dialled, is_hung_up_on(CALL_SECONDS), ear, rate, most) as crowd:
        await crowd.done()
    await house.come_to_rest()
    return crowd.tally


def tell(dialled: str, rate: float, tally: Tally) -> None:
    menu = "callcore" if dialled == DIRECT else "dialplan"
    failed = tally.made - tally.done
    print(
        f"ivr: {menu}, {rate:.1f} calls/s: {failed} of {tally.made} went wrong", file=sys.stderr, flush=True
    )


def holds(tally: Tally) -> bool:
    return tally.made > 0 and tally.made - tally.done < FAILURES * tally.made


def rate_line(through: Search, plain: Search) -> dict[str, Any]:
    ratio = through.holds / plain.holds if plain.holds else None
    return {
        "bench": "ivr_rate",
        "value": round(through.holds, 1),
        "unit": "calls/s",
        "floor": round(plain.holds, 1),
        "ratio": None if ratio is None else round(ratio, 3),
        "goal": f"at least {GOAL_RATIO:g} of the same menu in the dialplan, under {FAILURES:.1%} failures",
        "met": ratio is not None and ratio >= GOAL_RATIO,
        "n": through.trials + plain.trials,
    }

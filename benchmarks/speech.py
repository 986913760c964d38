"""Speech: what it takes to tell one caller his balance, and 200 callers theirs.

Beside it, in turns, five rounds, the bare programs: espeak-ng and sox, two processes a text, as many texts at
a time as callcore speaks. ``speech_balance``: one at a time. ``speech_crowd``: 200 callers ask in the same
moment. ``speech_spread``: the same callers ask within ten seconds, as people who came together and heard a
menu would; ``floor`` is what one sentence takes with nobody else there.

    python -m benchmarks.speech
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pop import percentile
from callcore import logs
from callcore.domain import Language
from callcore.ivr.say_money import money_words
from callcore.speech import Prompts, SpeechError, SpeechSettings
from callcore.testing.lab import program
from callcore.testing.lab.errors import LabError
from callcore.testing.lab.packages import fetch

CALLERS = 200
ROUNDS = 5
ALONE = 20
"""Balances asked one after another, in each round."""
SPREAD_SECONDS = 10.0
WAIT_SECONDS = 3.0
"""After this the IVR goes on without the prompt."""
CROWD_SHARE = 0.6

Asked = tuple[str, Language]


def balances() -> Iterator[Asked]:
    """Never the same one twice; every other one in English."""
    dice = random.Random(8)
    for number in count():
        amount = number * 100_000 + dice.randrange(100_000)
        if number % 2:
            yield f"Your balance is {money_words(amount, 'RUB', 'en')}.", "en"
        else:
            yield f"На вашем счёте {money_words(amount, 'RUB', 'ru')}.", "ru"


class Bare:
    """The programs alone."""

    def __init__(self, settings: SpeechSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._numbers = count()

    def say(self, asked: Asked) -> float:
        """Seconds that it took."""
        (text, language), settings = asked, self._settings
        spoken, ready = (self._folder / f"{next(self._numbers)}.{part}.wav" for part in ("spoken", "ready"))
        began = time.perf_counter()
        voice = ("-b", "1", "-v", settings.voices[language], "-s", "150", "-w", str(spoken), "--stdin")
        subprocess.run((settings.espeak, *voice), input=text.encode(), check=True)
        shape = ("-r", "8000", "-c", "1", "-b", "16", str(ready), "norm", "-3", "pad", "0.1", "0.1")
        subprocess.run((settings.sox, "-D", str(spoken), *shape), check=True)
        return time.perf_counter() - began

    def crowd(self, asked: Sequence[Asked]) -> float:
        """Texts a second."""
        began = time.perf_counter()
        with ThreadPoolExecutor(self._settings.parallel) as pool:
            list(pool.map(self.say, asked))
        return len(asked) / (time.perf_counter() - began)


async def _timed(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began


class Measured:
    """Seconds that each caller waited, and rates, round by round."""

    def __init__(self) -> None:
        self.alone: list[float] = []
        self.bare_alone: list[float] = []
        self.crowd: list[float] = []
        self.rates: list[float] = []
        self.bare_rates: list[float] = []
        self.spread: list[float] = []


async def _measure(settings: SpeechSettings, folder: Path) -> Measured:
    prompts, bare, found = Prompts(settings), Bare(settings, folder), Measured()
    asked = balances()
    dice = random.Random(9)

    def some(number: int) -> list[Asked]:
        return [next(asked) for _ in range(number)]

    async def say(text: Asked) -> float:
        return await _timed(prompts.render(*text, is_personal=True))

    async def later(text: Asked) -> float:
        await asyncio.sleep(dice.uniform(0, SPREAD_SECONDS))
        return await say(text)

    async def together(how: Callable[[Asked], Awaitable[float]]) -> tuple[list[float], float]:
        texts = some(CALLERS)
        began = time.perf_counter()
        waits = await asyncio.gather(*map(how, texts))
        return list(waits), len(texts) / (time.perf_counter() - began)

    for _ in range(ROUNDS):
        found.bare_alone += [bare.say(text) for text in some(ALONE)]
        found.alone += [await say(text) for text in some(ALONE)]
        found.bare_rates.append(bare.crowd(some(CALLERS)))
        waits, rate = await together(say)
        found.crowd += waits
        found.rates.append(rate)
        found.spread += (await together(later))[0]
    await prompts.close()
    return found


def lines(found: Measured) -> Iterator[dict[str, Any]]:
    alone, bare = median(found.alone) * 1000, median(found.bare_alone) * 1000
    yield {
        "bench": "speech_balance",
        "value": round(alone, 1),
        "unit": "ms",
        "floor": round(bare, 1),
        "ratio": round(alone / bare, 2),
        "goal": "at most twice the bare programs",
        "met": alone <= 2 * bare,
        **_waits(found.alone),
    }
    rate, floor = median(found.rates), median(found.bare_rates)
    yield {
        "bench": "speech_crowd",
        "value": round(rate, 1),
        "unit": "prompts/s",
        "floor": round(floor, 1),
        "ratio": round(rate / floor, 2),
        "goal": f"at least {CROWD_SHARE} of the bare programs with {CALLERS} callers in the same moment",
        "met": rate >= CROWD_SHARE * floor,
        **_waits(found.crowd),
        "too_late": sum(wait > WAIT_SECONDS for wait in found.crowd),
    }
    waits = _waits(found.spread)
    yield {
        "bench": "speech_spread",
        "value": waits["p99"],
        "unit": "ms",
        "floor": round(bare, 1),
        "ratio": round(waits["p99"] / bare, 2),
        "goal": f"{CALLERS} callers within {SPREAD_SECONDS:g} s: p99 at most 1000 ms, nobody left without",
        "met": waits["p99"] <= 1000 and max(found.spread) <= WAIT_SECONDS,
        **waits,
        "too_late": sum(wait > WAIT_SECONDS for wait in found.spread),
    }


def _waits(seconds: Sequence[float]) -> dict[str, Any]:
    ordered = sorted(seconds)
    return {
        "n": len(ordered),
        "p50": round(percentile(ordered, 0.5) * 1000, 1),
        "p99": round(percentile(ordered, 0.99) * 1000, 1),
    }


def run() -> Iterator[dict[str, Any]]:
    """Lines of results (the format is that of ``make bench``). Raises LabError, SpeechError."""
    fetch(["espeak", "sox"])
    with TemporaryDirectory(prefix="callcore-bench-") as name:
        folder = Path(name)
        settings = SpeechSettings(
            folder / "prompts", engine="espeak", espeak=str(program("espeak-ng")), sox=str(program("sox"))
        )
        yield from lines(asyncio.run(_measure(settings, folder)))


def main() -> int:
    logs.configure("ERROR", stream=sys.stderr)
    try:
        for result in run():
            print(json.dumps(result), flush=True)
    except (LabError, SpeechError) as fault:
        print(f"speech: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

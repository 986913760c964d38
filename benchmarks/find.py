"""Search as one types on a large customer base: key by key, by the address that the page asks.

Names, addresses, contracts, numbers in several spellings, Russian forms of words, record and case numbers.
The daemon is another process; beside each round as many bare SELECTs by primary key, over HTTP as well.
On both databases, each with a small base beside.

    python -m benchmarks.find
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.record_base import FEW_CUSTOMERS, INTERACTIONS_EACH, Base
from benchmarks.record_base_load import Ask, measure, tell
from callcore.testing.bulk_customers import typed_lines

LINES = 30
GOAL_MS = 50.0


def lines(base: Base, n: int) -> Iterator[str]:
    """What is typed in one round, the same in each run."""
    dice = random.Random(n)
    some = list(typed_lines(seed=n, people=LINES, count=base.customers))
    yield from dice.sample(some, min(LINES, len(some)))
    yield f"№ {dice.randint(1, base.customers * INTERACTIONS_EACH)}"
    yield f"C-2025-{dice.randint(1, base.customers // 2):06}"


def keys(base: Base, n: int) -> Sequence[Ask]:
    typed = (line[:end] for line in lines(base, n) for end in range(1, len(line) + 1))
    return [("/customers/found", {"q": words}) for words in typed if words.strip()]


def run(customers: int, few: int = FEW_CUSTOMERS, folder: Path | None = None) -> list[dict[str, Any]]:
    """Lines of results (the format is that of ``make bench``). Raises ``Broken``, ``LabError``."""
    return asyncio.run(measure("find", {"": keys}, GOAL_MS, (few, customers), folder))


def main() -> int:
    return tell("find", run)


if __name__ == "__main__":
    sys.exit(main())

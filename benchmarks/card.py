"""The card on a large customer base: from the caller's number to the whole card; the customer's page.

``card_desk``: look-up, outages, record, flash notes, open cases and the last contacts as the desk asks them,
up to its HTML. ``card_page``: the page of the customer with the first page of his timeline, by its address.
Every twentieth is one of those who call all the time. The daemon is another process; beside each round as
many bare SELECTs by primary key, over HTTP as well. On both databases, each with a small base beside.

    python -m benchmarks.card
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.record_base import FEW_CUSTOMERS, Base
from benchmarks.record_base_load import Ask, measure, tell
from callcore.testing.bulk_customers import FIRST_ID, number
from callcore.testing.bulk_history import ALWAYS_CALLING

CARDS = 200
GOAL_MS = 20.0


def callers(base: Base, n: int) -> Iterator[int]:
    """Places of customers, the same ones in each run."""
    dice = random.Random(n)
    for place in range(CARDS):
        yield dice.randrange(min(ALWAYS_CALLING, base.customers) if place % 20 == 0 else base.customers)


def desk(base: Base, n: int) -> Sequence[Ask]:
    return [("/bench/card", {"number": number(place)}) for place in callers(base, n)]


def page(base: Base, n: int) -> Sequence[Ask]:
    return [(f"/customers/{FIRST_ID + place}", {}) for place in callers(base, n)]


def run(customers: int, few: int = FEW_CUSTOMERS, folder: Path | None = None) -> list[dict[str, Any]]:
    """Lines of results (the format is that of ``make bench``). Raises ``Broken``, ``LabError``."""
    return asyncio.run(measure("card", {"desk": desk, "page": page}, GOAL_MS, (few, customers), folder))


def main() -> int:
    return tell("card", run)


if __name__ == "__main__":
    sys.exit(main())

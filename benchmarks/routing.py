"""What one decision takes: a table of 200 rows, none of which holds but the last.

Every kind of condition takes its turn among the rows, so that each call is asked all of them; callers differ
from call to call. The value is the median of single decisions; ``floor``, in turns with it, that of as many
plain set lookups in a loop: the least that asking every row can cost in this language.

    python -m benchmarks.routing
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.pop import percentile
from callcore.domain import QueueName, Text, TopicCode
from callcore.routing.decide import decide
from callcore.routing.legs import ToQueue
from callcore.routing.rows import QueueWhen, Row, When
from callcore.routing.situation import CallerFacts, Mark, QueueState, Situation, Standing
from callcore.routing.tables import Topic, TopicTable, TopicTables
from callcore.routing.timetable import ALL_DAY, Hours, Span

ROWS = 200
CALLS = 2_000
ROUNDS = 5
GOAL_MICROSECONDS = 50.0
TEXT = Text("-", "-")
TOPIC, QUEUE = TopicCode("sales.connection"), QueueName("sales")
MOSCOW = ZoneInfo("Europe/Moscow")
NIGHTS = Hours(MOSCOW, ((Span(0, 60),),) * 7, country="RU")
NOON = datetime(2026, 11, 23, 9, tzinfo=UTC)


def whens(number: int) -> tuple[When, ...]:
    """One of each kind, none of which holds."""
    return (
        When(segments=frozenset({f"segment {number}", "vip-0"})),
        When(standings=frozenset({Standing.existing}), legal_forms=frozenset({f"form {number}"})),
        When(regions=frozenset({f"region {number}"})),
        When(languages=frozenset({"en"})),
        When(marks=frozenset({Mark.debt})),
        When(repeat_within=timedelta(minutes=number + 1)),
        When(queue=QueueWhen(QUEUE, waiting_more_than=number + 10)),
        When(hours=NIGHTS),
    )


def table() -> TopicTables:
    asked = [when for number in range(ROWS // 8 + 1) for when in whens(number)][: ROWS - 1]
    rows = [Row(f"r{place}", when, (ToQueue(),)) for place, when in enumerate([*asked, When()])]
    always = Hours(MOSCOW, (ALL_DAY,) * 7)
    sales = TopicTable("sales", TEXT, always, TEXT, (Topic(TOPIC, TEXT, QUEUE),), rows=tuple(rows))
    return TopicTables((sales,), TOPIC)


def calls() -> list[Situation]:
    standings = cycle((Standing.existing, Standing.prospective, Standing.unknown))
    return [
        Situation(
            TOPIC,
            NOON + timedelta(seconds=number),
            caller=CallerFacts(next(standings), f"Mass {number}", "ООО", "Север"),
            queues={QUEUE: QueueState(3, 1, number % 10)},
        )
        for number in range(CALLS)
    ]


def run() -> Iterator[dict[str, Any]]:
    """One line of results (the format is that of ``make bench``)."""
    tables, asked = table(), calls()
    last = f"r{ROWS - 1}"
    assert all(decide(tables, call).row == last for call in asked), "every row is looked at"
    words = [frozenset({f"segment {number}", "vip-0"}) for number in range(ROWS)]
    ours: list[float] = []
    floors: list[float] = []
    gc.disable()
    for _ in range(ROUNDS):
        floors += _timed(lambda call: _looked_up(words, call), asked)
        ours += _timed(lambda call: decide(tables, call), asked)
    gc.enable()
    ours.sort()
    value, floor = percentile(ours, 0.5), median(floors)
    yield {
        "bench": "routing_decision",
        "value": round(value, 1),
        "unit": "µs",
        "floor": round(floor, 1),
        "ratio": round(value / floor, 2),
        "goal": f"a decision in a table of {ROWS} rows takes at most {GOAL_MICROSECONDS:g} µs",
        "met": value <= GOAL_MICROSECONDS,
        "n": CALLS * ROUNDS,
        "p50": round(value, 1),
        "p99": round(percentile(ours, 0.99), 1),
    }


def _looked_up(words: list[frozenset[str]], call: Situation) -> None:
    segment = call.caller.segment
    for known in words:
        if segment in known:
            return


def _timed(one: Callable[[Situation], object], asked: list[Situation]) -> Iterator[float]:
    """Microseconds of each call."""
    for call in asked:
        start = time.perf_counter()
        one(call)
        yield (time.perf_counter() - start) * 1e6


if __name__ == "__main__":
    for line in run():
        print(json.dumps(line, ensure_ascii=False))

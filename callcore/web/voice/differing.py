"""What a change of the topic tables does to callers: the same situations, decided by both. Pure.

Tried are all trials of both editions, and every topic as a caller of each standing would meet it now, and the
next time that its table is open, if it is closed now, or closed, if it is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcore.domain import Text
from callcore.routing.decide import Route, decide
from callcore.routing.hours import is_open, next_open_at
from callcore.routing.situation import CallerFacts, Situation, Standing
from callcore.routing.tables import TopicTables, UnknownTopic
from callcore.routing.timetable import Hours
from callcore.routing.words import STANDINGS, UNTITLED, Titles, leg_words

MOST = 100
SOON = 8 * 24
"""Hours in which a table that is open now has to close for it to be tried closed."""


@dataclass(frozen=True, slots=True)
class Difference:
    who: Text
    """The situation: whose trial it is, or who calls now."""
    at: Situation
    before: tuple[Text, ...] | None
    """The legs in words; None: the topic is not there."""
    after: tuple[Text, ...] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    tried: int
    found: tuple[Difference, ...]
    """At most ``MOST``."""


def compare_tables(
    old: TopicTables, new: TopicTables, now: datetime, titles: Titles = UNTITLED
) -> Comparison:
    tried, found = 0, list[Difference]()
    for who, at in _situations(old, new, now):
        tried += 1
        before, after = _decided(old, at), _decided(new, at)
        if (before and before.legs) != (after and after.legs) and len(found) < MOST:
            found.append(Difference(who, at, _words(before, titles), _words(after, titles)))
    return Comparison(tried, tuple(found))


def _situations(old: TopicTables, new: TopicTables, now: datetime) -> Iterator[tuple[Text, Situation]]:
    seen: set[str] = set()
    for tables in (new, old):
        for table in tables:
            for trial in table.trials:
                if (key := repr(trial.given)) not in seen:
                    seen.add(key)
                    n = trial.place + 1
                    yield (
                        Text(f"проверка {n} таблицы «{table.title.ru}»", f"trial {n} of “{table.title.en}”"),
                        trial.given,
                    )
    moments = {table.code: _moments(table.hours, now) for tables in (old, new) for table in tables}
    for code in dict.fromkeys(topic.code for tables in (new, old) for topic in tables.topics):
        for at in moments[code.partition(".")[0]]:
            for standing in Standing:
                yield STANDINGS[standing], Situation(code, at, caller=CallerFacts(standing))


def _moments(hours: Hours, now: datetime) -> tuple[datetime, ...]:
    """Now, and the next moment at which it is the other way round, if there is one soon."""
    if not is_open(hours, now):
        other = next_open_at(hours, now)
    else:
        later = (now + timedelta(hours=hour) for hour in range(1, SOON))
        other = next((at for at in later if not is_open(hours, at)), None)
    return (now,) if other is None else (now, other)


def _decided(tables: TopicTables, at: Situation) -> Route | None:
    try:
        return decide(tables, at)
    except UnknownTopic:
        return None


def _words(route: Route | None, titles: Titles) -> tuple[Text, ...] | None:
    return None if route is None else tuple(leg_words(leg, titles) for leg in route.legs)

"""Where calls go while callcore is away, said once more in the dialplan's own words. Pure.

A call whose topic is known goes to the topic's queue while its table is open, and hears the announcement
at any other time. Rows ask for what only callcore knows and are left out. Hours of the week are GotoIfTime;
every date of a year that has others (a holiday, the file's own exceptions, the tail of a night before) has an
extension of its own. As Asterisk does in GotoIfTime, all of it takes ``TESTTIME`` for the clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from callcore.domain import LANGUAGES, Language
from callcore.ivr.queue_file import check_queue
from callcore.routing.hours import ONE_DAY, day_of
from callcore.routing.tables import TopicTable, TopicTables
from callcore.routing.timetable import MINUTES_A_DAY, Hours, Spans

TOPICS_CONTEXT: Final = "callcore-topics"
HOURS_CONTEXT: Final = "callcore-hours"
UNTIL: Final = "until"
"""Extension of ``HOURS_CONTEXT`` that nobody goes to: it tells the last date whose hours are known."""
DAYS_AHEAD: Final = 370
"""So far exceptions are known; until then somebody has made the file anew."""
LONGEST_EXTENSION: Final = 79
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PATH: Final = re.compile(r"[\w /.@=+~-]{1,180}")
_CLOCK: Final = "${IF($[${LEN(${TESTTIME})} = 0]?${EPOCH}:${CUT(TESTTIME,.,1)})}"

Told = Callable[[str, Language], str | None]
"""The path of the prompt that says a text, without its ending, as this PBX sees it; None: there is none."""
StaticWays = Mapping[tuple[str, str], tuple[str, ...]]
"""By context and extension what is done there, one application after another."""
Open = tuple[tuple[int, int], ...]
"""From and until just before, in minutes since midnight, within one day."""


def static_ways(tables: TopicTables, since: date, told: Told) -> StaticWays:
    """``since``: today. Raises ValueError for a queue's name or a path that a dialplan would read as
    something else."""
    ways: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in tables:
        for topic in table.walk():
            check_queue(topic.queue)
            if len(topic.code) <= LONGEST_EXTENSION:  # any other goes to the queue of those without a topic
                ways[TOPICS_CONTEXT, topic.code] = (
                    f"Set(CALLCORE_STATIC={topic.queue})",
                    f"Goto({HOURS_CONTEXT},table.{table.code},1)",
                )
    for table in tables:
        for extension, lines in _hours(table, since, told):
            ways[HOURS_CONTEXT, extension] = tuple(lines)
    ways[HOURS_CONTEXT, UNTIL] = (f"NoOp({since + timedelta(days=DAYS_AHEAD):%Y%m%d})",)
    return ways


def render_fallback(ways: StaticWays) -> str:
    """As text, for a file of its own."""
    lines = ["; Made from the topic tables: make it anew after every change of them, and once a year."]
    context = ""
    for (place, extension), (first, *others) in ways.items():
        if place != context:
            context = place
            lines.append(f"\n[{context}]")
        lines.append(f"exten => {extension},1,{first}")
        lines += [f" same => n,{other}" for other in others]
    return "\n".join(lines) + "\n"


def _hours(table: TopicTable, since: date, told: Told) -> Iterator[tuple[str, list[str]]]:
    """The extensions of one table."""
    hours, zone = table.hours, table.hours.zone.key
    exceptions = () if hours.is_always_open else tuple(_exceptions(hours, since))
    closed = f"Goto(closed.{table.code},1)"
    # he waited in this queue already: the one of all others takes him
    lines = ['GotoIf($["${CALLCORE_QUEUE}" = "${CALLCORE_STATIC}"]?callcore-fallback,s,1)']
    if exceptions:
        lines.append(f"Set(CALLCORE_DAY={table.code}.${{STRFTIME({_CLOCK},{zone},%Y%m%d)}})")
        known = f"${{DIALPLAN_EXISTS({HOURS_CONTEXT},${{CALLCORE_DAY}},1)}}"
        lines.append(f'GotoIf($["{known}" = "1"]?${{CALLCORE_DAY}},1)')
    lines += [_if_time(span, days, zone) for days, spans in _week(hours) for span in spans]
    yield f"table.{table.code}", [*lines, closed]
    yield f"closed.{table.code}", [*_announcement(table, told), "Goto(callcore-end,bye,1)"]
    for day, spans in exceptions:
        yield f"{table.code}.{day:%Y%m%d}", [*(_if_time(span, "*", zone) for span in spans), closed]


def _announcement(table: TopicTable, told: Told) -> Iterator[str]:
    """Nothing where one of the languages has no prompt yet."""
    paths = {language: told(table.closed.in_(language), language) for language in LANGUAGES}
    for path in paths.values():
        if path is not None and not _PATH.fullmatch(path):
            raise ValueError(f"{path!r}: the path of a prompt has letters, digits, blanks and /.@=+~_-")
    if None not in paths.values():
        choice = f'$["${{CALLCORE_LANGUAGE}}" = "en"]?{paths["en"]}:{paths["ru"]}'
        yield f"Playback(${{IF({choice})}})"


def _if_time(span: tuple[int, int], days: str, zone: str) -> str:
    """Asterisk counts the last minute in."""
    opens, last = span[0], span[1] - 1
    times = f"{opens // 60:02}:{opens % 60:02}-{last // 60:02}:{last % 60:02}"
    return f"GotoIfTime({times},{days},*,*,{zone}?callcore-fallback,queue,1)"


# --- which minutes of a day


def _week(hours: Hours) -> Iterator[tuple[str, Open]]:
    """Days of the week that are open alike and follow each other, as ``mon-fri``."""
    days = [_usual(hours, weekday) for weekday in range(7)]
    first = 0
    for weekday in range(1, 8):
        if weekday == 7 or days[weekday] != days[first]:
            last = weekday - 1
            yield (_DAYS[first] if last == first else f"{_DAYS[first]}-{_DAYS[last]}"), days[first]
            first = weekday


def _exceptions(hours: Hours, since: date) -> Iterator[tuple[date, Open]]:
    """Dates on which other minutes are open than on their weekday; from yesterday on: somewhere it is still
    that day."""
    for offset in range(-1, DAYS_AHEAD + 1):
        day = since + timedelta(days=offset)
        spans = _within_day(day_of(hours, day - ONE_DAY).spans, day_of(hours, day).spans)
        if spans != _usual(hours, day.weekday()):
            yield day, spans


def _usual(hours: Hours, weekday: int) -> Open:
    return _within_day(hours.weekly[weekday - 1], hours.weekly[weekday])


def _within_day(before: Spans, own: Spans) -> Open:
    """What of these two days' hours lies in the second of them."""
    minutes = [(0, span.closes - MINUTES_A_DAY) for span in before if span.closes > MINUTES_A_DAY]
    minutes += [(span.opens, min(span.closes, MINUTES_A_DAY)) for span in own]
    merged: list[tuple[int, int]] = []
    for opens, closes in sorted(minutes):
        if merged and opens <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], closes)
        else:
            merged.append((opens, closes))
    return tuple(merged)

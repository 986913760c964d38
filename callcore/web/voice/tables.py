"""The topic tables as they are in force: ``/routing``, and one of them with its rows and trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from callcore.domain import Text, TopicCode
from callcore.rights import Permission
from callcore.routing.hours import Day, DayKind, day_of, is_open, next_open_at, open_day
from callcore.routing.hours_words import day_words, hours_words, spans_words
from callcore.routing.rows import Row
from callcore.routing.tables import CLOSED, OWN_ROWS, TopicTable, TopicTables, UnknownTopic
from callcore.routing.trials import Failure, failures
from callcore.routing.words import Titles, leg_words
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.problems import Problem
from callcore.web.voice.ports import ROOM, VoiceRoom
from callcore.web.voice.row_words import conditions

SOON = 366
"""Days in which special days are still worth telling."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row in words."""

    code: str
    when: tuple[Text, ...]
    to: tuple[Text, ...]
    why: Text | None
    is_own: bool
    """Every table ends with it."""
    is_rest: bool
    """It holds whenever no other does."""


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table now."""

    table: TopicTable
    now: Text
    hours: Text
    """Of the day whose hours count now."""
    special: Text | None
    """Why today is not an ordinary day, if it is none."""
    is_open: bool
    opens_at: datetime | None
    topics: int
    failures: tuple[Failure, ...]


def row_line(row: Row, table: TopicTable, tables: TopicTables, titles: Titles) -> RowLine:
    asked = row.when.hours
    others = (each.title for each in tables if asked != table.hours and each.hours == asked)
    return RowLine(
        code=row.code,
        when=conditions(row.when, titles, next(others, None)),
        to=tuple(leg_words(leg, titles) for leg in row.legs),
        why=row.why,
        is_own=row.code in OWN_ROWS,
        is_rest=row.code == CLOSED,
    )


def table_line(table: TopicTable, broken: tuple[Failure, ...], now: datetime) -> TableLine:
    hours = table.hours
    today, opened_by = day_of(hours, now.astimezone(hours.zone).date()), open_day(hours, now)
    return TableLine(
        table=table,
        now=hours_words(hours, now, today, opened_by),
        hours=spans_words(opened_by or today),
        special=day_words(today) if today.kind is not DayKind.weekly else None,
        is_open=is_open(hours, now),
        opens_at=next_open_at(hours, now),
        topics=sum(1 for _topic in table.walk()),
        failures=tuple(each for each in broken if each.table == table.code),
    )


def title_of(tables: TopicTables) -> Callable[[TopicCode], Text]:
    """The title of a topic; its code for one that is not there."""

    def title(code: TopicCode) -> Text:
        try:
            return tables.find(code)[1].title
        except UnknownTopic:
            return Text(code, code)

    return title


def titles_of(room: VoiceRoom, tables: TopicTables) -> Titles:
    """Of every queue and topic."""
    queues: dict[str, Text] = dict(room.queue_titles().items())
    return queues | {topic.code: topic.title for topic in tables.topics}


async def main(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.routing_see)
    book, now = request.app[ROOM].book(), request.app[WEB].deps.now()
    broken = tuple(failures(book.tables))
    return kit.show(
        request,
        identity,
        "voice/tables.html",
        here="routing",
        edition=book.edition,
        lines=[table_line(table, broken, now) for table in book.tables],
        default=title_of(book.tables)(book.tables.default_topic),
    )


async def one(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.routing_see)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    tables = room.book().tables
    table = next((each for each in tables if each.code == request.match_info["table"]), None)
    if table is None:
        raise Problem("not_found")
    return kit.show(
        request,
        identity,
        "voice/table.html",
        here="routing",
        line=table_line(table, tuple(failures(tables)), now),
        table=table,
        rows=[row_line(row, table, tables, titles_of(room, tables)) for row in table.all_rows],
        special=[day_words(day) for day in _special(table, now)],
        queue_titles=room.queue_titles(),
    )


def _special(table: TopicTable, now: datetime) -> list[Day]:
    """Dates with hours of their own, today and later."""
    today = now.astimezone(table.hours.zone).date()
    there = sorted(special.day for special in table.hours.special)
    return [day_of(table.hours, day) for day in there if 0 <= (day - today).days < SOON]


ROUTES = (
    web.get("/routing", main),
    web.get("/routing/tables/{table:[a-z][a-z0-9_]*}", one),
)

"""Faults of single rows and ways: names that lead nowhere, ways that end in nothing, hours nobody serves."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from callcore.domain import Text
from callcore.routing.faults import TableFault
from callcore.routing.hours_words import WEEKDAYS
from callcore.routing.legs import (
    KINDS,
    Leg,
    OfferCallBack,
    OpenCase,
    ToDepartment,
    ToQueue,
    ToTopic,
    department_of,
    is_last,
    kind_of,
    leaves_word,
)
from callcore.routing.rows import Row
from callcore.routing.tables import TopicTable, TopicTables

Path = tuple[str | int, ...]


def ways_of(table: TopicTable) -> Iterator[tuple[Path, tuple[Leg, ...]]]:
    """Where each way of the file stands, and its legs."""
    for row in table.rows:
        yield ("rows", row.code, "to"), row.legs
    yield ("closed_then",), table.closed_then


def has_unresolved(tables: TopicTables) -> bool:
    """Whether a way names a department that has no queue or number for it: told where departments are."""
    return any(
        isinstance(leg, ToDepartment) for table in tables for _at, legs in ways_of(table) for leg in legs
    )


def check_ways(tables: TopicTables, table: TopicTable, queues: Collection[str]) -> Iterator[TableFault]:
    """``queues``: those listed in the settings, empty if none are."""
    for row in table.rows:
        yield from _names(tables, table, row, queues)
    for at, legs in ways_of(table):
        yield from _leads_somewhere(tables, table.code, at, legs, queues)
        yield from _ends(table.code, at, legs)
    for topic_at, leg in enumerate(table.closed_then):
        if isinstance(leg, ToTopic):
            yield TableFault(
                table.code,
                ("closed_then", topic_at),
                Text("topic здесь нельзя: звонок уже решён.", "No topic here: the call is decided already."),
                Text(
                    "Сделайте строку с hours: closed и to: [{topic: …}].",
                    "Make a row with hours: closed and to: [{topic: …}].",
                ),
            )
    yield from _leaves_word(table)


# --- names


def _names(tables: TopicTables, table: TopicTable, row: Row, queues: Collection[str]) -> Iterator[TableFault]:
    own = {topic.code for topic in table.walk()}
    for topic in sorted(row.when.topics - own):
        yield TableFault(
            table.code,
            ("rows", row.code, "when", "topic"),
            Text(f"В этой таблице нет темы «{topic}».", f'This table has no topic "{topic}".'),
            near_topics(topic, own),
        )
    if row.when.queue is not None:
        at = ("rows", row.code, "when", "queue", "of")
        yield from _listed(table.code, at, row.when.queue.queue, queues)


def _leads_somewhere(
    tables: TopicTables, table: str, at: Path, legs: tuple[Leg, ...], queues: Collection[str]
) -> Iterator[TableFault]:
    known = {topic.code for topic in tables.topics}
    for place, leg in enumerate(legs):
        match leg:
            case ToTopic(topic) if topic not in known:
                yield TableFault(
                    table,
                    (*at, place, "topic"),
                    Text(f"Темы «{topic}» нет.", f'There is no topic "{topic}".'),
                    near_topics(topic, known),
                )
            case ToQueue(queue=str(queue), department=None) | OfferCallBack(queue=str(queue)):
                yield from _listed(table, (*at, place, kind_of(leg)), queue, queues)
            case _:
                pass


def near_topics(topic: str, known: Collection[str]) -> Text:
    """Those that may have been meant."""
    near = difflib.get_close_matches(topic[:80], known, n=3, cutoff=0.4) or sorted(known)[:20]
    return Text(f"Есть: {', '.join(near)}.", f"Topics: {', '.join(near)}.")


def _listed(table: str, at: Path, queue: str, queues: Collection[str]) -> Iterator[TableFault]:
    if queues and queue not in queues:
        yield unlisted(table, at, queue, queues)


def unlisted(table: str, at: Path, queue: str, queues: Collection[str]) -> TableFault:
    """A queue that the settings do not list."""
    return TableFault(
        table,
        at,
        Text(f"Очереди «{queue}» нет в queues.", f'The queue "{queue}" is not listed in queues.'),
        Text(
            f"Добавьте её в queues или выберите: {', '.join(queues)}.",
            f"Add it to queues, or choose: {', '.join(queues)}.",
        ),
    )


# --- ends


def _ends(table: str, at: Path, legs: tuple[Leg, ...]) -> Iterator[TableFault]:
    """Each way ends by its last leg, and by no other."""
    for place, leg in enumerate(legs[:-1]):
        if is_last(leg) and not _asks(leg):
            name = KINDS[ToDepartment] if department_of(leg) else kind_of(leg)
            yield TableFault(
                table,
                (*at, place + 1),
                Text(
                    f"До этого шага не дойдёт: {name} перед ним — последний.",
                    f"Nobody comes to this leg: the {name} before it is the last one.",
                ),
                _RINGS if department_of(leg) else _SHORTER if isinstance(leg, ToQueue) else _NOT_BEHIND,
            )
            return
    for place, leg in enumerate(legs[1:], 1):
        if isinstance(leg, ToTopic):
            yield TableFault(
                table,
                (*at, place),
                Text(
                    "topic решает обо всём пути и стоит один.", "A topic decides the whole way: it is alone."
                ),
                Text("Уберите шаги перед ним.", "Take the legs before it out."),
            )
    if not is_last(legs[-1]) and not isinstance(legs[-1], ToDepartment):  # whose own fault is told already
        yield TableFault(
            table,
            (*at, len(legs) - 1),
            Text(
                f"Если никто не ответит, путь кончается ничем: {kind_of(legs[-1])}.",
                f"If nobody takes the call, its way ends in nothing: {kind_of(legs[-1])}.",
            ),
            Text(
                "Закончите так: queue без max_wait, voicemail, case, topic или hang_up.",
                "End with a queue without max_wait, voicemail, case, topic, or hang_up.",
            ),
        )


def _asks(leg: Leg) -> bool:
    """Whoever says nothing is led on."""
    return isinstance(leg, OpenCase) and leg.ask is not None


_SHORTER = Text(
    "Задайте той очереди max_wait или уберите шаг.", "Give that queue a max_wait, or take this leg out."
)
_RINGS = Text(
    "У отдела очередь, и без rings в ней ждут до конца: задайте rings или уберите шаг.",
    "The department has a queue, in which he waits to the end: give it rings, or take this leg out.",
)
_NOT_BEHIND = Text("Уберите его или поменяйте местами.", "Take this one out, or swap them.")


def _leaves_word(table: TopicTable) -> Iterator[TableFault]:
    """Whoever calls while it is closed can leave something behind, or comes to people after all."""
    if table.hours.is_always_open:
        return
    closed = [
        (("rows", row.code, "to"), row.legs)
        for row in table.rows
        if row.when.hours == table.hours and not row.when.is_open
    ]
    for at, legs in (*closed, (("closed_then",), table.closed_then)):
        if any(map(leaves_word, legs)) or isinstance(legs[-1], ToQueue | ToTopic):
            continue
        days = [day for day, spans in zip(WEEKDAYS, table.hours.weekly, strict=True) if not spans]
        whole = Text(
            f" Весь день закрыто: {', '.join(day.ru for day in days)}." if days else "",
            f" Closed the whole of {', '.join(day.en for day in days)}." if days else "",
        )
        yield TableFault(
            table.code,
            at,
            Text(
                f"Кто звонит, когда закрыто, ничего не может оставить.{whole.ru}",
                f"Whoever calls while it is closed can leave nothing behind.{whole.en}",
            ),
            Text("Добавьте voicemail, call_back или case.", "Add voicemail, call_back, or case."),
        )

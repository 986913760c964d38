"""Faults between rows: those that no call reaches, and hours in which callers come to nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callcore.domain import QueueName, Text
from callcore.routing.check_circles import check_circles
from callcore.routing.faults import TableFault
from callcore.routing.legs import ToQueue, ToTopic, leaves_word
from callcore.routing.rows import Row
from callcore.routing.space import Space, is_covered, meet
from callcore.routing.tables import TopicTable, TopicTables, queues_of


def check_rows(tables: TopicTables) -> Iterator[TableFault]:
    """Of tables whose names all lead somewhere."""
    space = Space(tables)
    for table in tables:
        yield from _rows(space, table)
    yield from check_circles(space, tables)
    yield from _skills(tables)


def _rows(space: Space, table: TopicTable) -> Iterator[TableFault]:
    boxes = [space.box(table, row.when) for row in table.rows]
    for place, (row, box) in enumerate(zip(table.rows, boxes, strict=True)):
        above = boxes[:place]
        if not is_covered(box, above):
            if not is_covered(space.while_closed(box, table.hours), above):
                yield from _while_closed(table, row)
            continue
        before = [other.code for other, its in zip(table.rows[:place], above, strict=True) if meet(box, its)]
        yield _unreached(table, row, before)


def _unreached(table: TopicTable, row: Row, before: Sequence[str]) -> TableFault:
    names = ", ".join(before)
    why = Text(
        f"Все такие звонки забирают строки выше: {names}." if before else "Её условия не бывают вместе.",
        f"Rows above it take every such call: {names}." if before else "Its conditions never hold together.",
    )
    return TableFault(
        table.code,
        ("rows", row.code),
        Text(f"До этой строки не дойдёт ни один звонок. {why.ru}", f"No call reaches this row. {why.en}"),
        Text("Поднимите её, сузьте их или уберите её.", "Move it up, narrow those, or take it out.")
        if before
        else Text("Исправьте when.", "Mend its when."),
        severity="warning",
    )


def _while_closed(table: TopicTable, row: Row) -> Iterator[TableFault]:
    """A row that says no hours and holds at night too: there must be people, or a way to leave word."""
    if row.at_any_hour or row.when.hours is not None:
        return
    if any(isinstance(leg, ToQueue) for leg in row.legs):
        yield TableFault(
            table.code,
            ("rows", row.code),
            Text(
                "Строка ведёт в очередь и тогда, когда у таблицы закрыто.",
                "This row sends to a queue even while the table is closed.",
            ),
            Text(
                "Допишите в when hours: open, а если там есть люди — hours: any.",
                "Add hours: open to its when, or hours: any if people are there.",
            ),
        )
    elif not isinstance(row.legs[0], ToTopic) and not any(map(leaves_word, row.legs)):
        yield TableFault(
            table.code,
            ("rows", row.code, "to"),
            Text(
                "Кто попал сюда, когда у таблицы закрыто, ничего не может оставить.",
                "Whoever comes here while the table is closed can leave nothing behind.",
            ),
            Text(
                "Добавьте voicemail, call_back или case, а если так и надо — hours: any в when.",
                "Add voicemail, call_back, or case; or hours: any to its when if it is meant so.",
            ),
        )


def _skills(tables: TopicTables) -> Iterator[TableFault]:
    """A queue has one front row: who has all skills that any row asks for there (``routing.skills``)."""
    asked: dict[QueueName, tuple[str, ...]] = {}
    for table in tables:
        for row in table.rows:
            for place, leg in enumerate(row.legs):
                if not isinstance(leg, ToQueue) or not leg.skills:
                    continue
                for queue in dict.fromkeys(queues_of(leg, row, table)):
                    first = asked.setdefault(queue, leg.skills)
                    if set(first) != set(leg.skills):
                        yield _other_skills(table, row, place, queue, first)


def _other_skills(table: TopicTable, row: Row, place: int, queue: str, first: Sequence[str]) -> TableFault:
    names = ", ".join(first)
    return TableFault(
        table.code,
        ("rows", row.code, "to", place, "skills"),
        Text(
            f"Другая строка просит в очереди {queue} другое: {names}. Первыми звонят тем, кто умеет всё это.",
            f"Another row asks queue {queue} for other skills: {names}. Who has them all is rung first.",
        ),
        Text("Заведите для одной из них свою очередь.", "Give one of them a queue of its own."),
        severity="warning",
    )

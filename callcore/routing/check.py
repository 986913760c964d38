"""What one file cannot show: faults between the rows of the topic tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from callcore.domain import LANGUAGES, Text
from callcore.routing.menu import Menu, main_menu, table_menu
from callcore.routing.tables import Topic, TopicTable, TopicTables, UnknownTopic

ITEM_LIMIT = 120
MENU_LIMIT = 600
"""Characters; people hear about 15 a second, and nobody listens to a menu for more than 40 seconds."""


@dataclass(frozen=True, slots=True)
class TableFault:
    """``table`` and ``path`` say where; an empty table means the settings file."""

    table: str
    path: tuple[str, ...]
    message: Text
    remedy: Text
    severity: Literal["fault", "warning"] = "fault"


def check(
    tables: TopicTables, queues: Collection[str] = (), reserved_key: str | None = None
) -> tuple[TableFault, ...]:
    """Every fault of the tables together.

    ``queues``: the names listed in the settings, empty if none are. ``reserved_key``: the key that the first
    menu uses for the language.
    """
    return (
        *_default_topic(tables),
        *_main_keys(tables, reserved_key),
        *(fault for table in tables for fault in _table(table, queues)),
        *_menu_lengths("", main_menu(tables)),
    )


def _default_topic(tables: TopicTables) -> Iterator[TableFault]:
    try:
        tables.find(tables.default_topic)
    except UnknownTopic:
        known = ", ".join(topic.code for topic in tables.topics)
        yield TableFault(
            "",
            ("ivr", "default_topic"),
            Text(f"Темы «{tables.default_topic}» нет.", f'There is no topic "{tables.default_topic}".'),
            Text(f"Есть темы: {known}.", f"Topics: {known}."),
        )


def _main_keys(tables: TopicTables, reserved_key: str | None) -> Iterator[TableFault]:
    taken: dict[str, str] = {}
    for table in tables:
        if table.key is None:
            continue
        if table.key == reserved_key:
            yield TableFault(
                table.code,
                ("key",),
                Text(f"Клавиша {table.key} переключает язык.", f"The key {table.key} switches the language."),
                Text(
                    "Возьмите другую или смените ivr.language_key.",
                    "Take another, or change ivr.language_key.",
                ),
            )
        if table.key in taken:
            yield _taken(table.code, ("key",), table.key, taken[table.key])
        taken.setdefault(table.key, table.code)
    if not taken:
        yield TableFault(
            "",
            ("topics",),
            Text("Ни у одной таблицы нет клавиши: меню пусто.", "No table has a key: the menu is empty."),
            Text("Дайте хотя бы одной таблице key.", "Give at least one table a key."),
        )


def _taken(table: str, path: tuple[str, ...], key: str, owner: str) -> TableFault:
    return TableFault(
        table,
        path,
        Text(f"Клавиша {key} уже занята: {owner}.", f"The key {key} is already taken by {owner}."),
        Text("Возьмите другую.", "Take another."),
    )


def _table(table: TopicTable, queues: Collection[str]) -> Iterator[TableFault]:
    taken: dict[str, str] = {}
    for topic in table.topics:
        if topic.key is not None:
            if topic.key in taken:
                yield _taken(table.code, (*_path(topic), "key"), topic.key, taken[topic.key])
            taken.setdefault(topic.key, topic.code)
        if queues and topic.queue not in queues:
            yield TableFault(
                table.code,
                _path(topic),
                Text(
                    f"Очереди «{topic.queue}» нет в queues.",
                    f'The queue "{topic.queue}" is not listed in queues.',
                ),
                Text(
                    f"Добавьте её в queues или выберите: {', '.join(queues)}.",
                    f"Add it to queues, or choose: {', '.join(queues)}.",
                ),
            )
    if table.key is not None and not taken and len(table.topics) > 1:
        yield TableFault(
            table.code,
            ("topics",),
            Text(
                "Клавиша таблицы никуда не ведёт: тем несколько, и ни у одной нет key.",
                "The table's key leads nowhere: there are several topics, none with a key.",
            ),
            Text("Дайте темам key.", "Give the topics keys."),
        )
    if not any(table.hours.weekly) and not any(day.spans for day in table.hours.special):
        yield TableFault(
            table.code,
            ("hours",),
            Text("Закрыто всегда.", "It is never open."),
            Text("Задайте часы.", "Give it hours."),
            severity="warning",
        )
    yield from _special_days(table)
    if len(taken) > 1:
        yield from _menu_lengths(table.code, table_menu(table))


def _special_days(table: TopicTable) -> Iterator[TableFault]:
    for special in table.hours.special:
        if special.spans is None and not table.hours.weekly[special.day.weekday()]:
            yield TableFault(
                table.code,
                ("holidays", "days", special.day.isoformat(), "hours"),
                Text(
                    "open — обычные часы, а в этот день недели закрыто.",
                    "open means the usual hours, and this weekday is closed.",
                ),
                Text(
                    "Напишите сами часы, например 10:00-16:00.",
                    "Write the hours themselves, such as 10:00-16:00.",
                ),
            )


def _path(topic: Topic) -> tuple[str, ...]:
    return ("topics", topic.code.partition(".")[2])


def _menu_lengths(table: str, menu: Menu) -> Iterator[TableFault]:
    long = {item.key for item in menu.items for lang in LANGUAGES if len(item.say.in_(lang)) > ITEM_LIMIT}
    for key in sorted(long):
        yield TableFault(
            table,
            ("topics",),
            Text(
                f"Фраза меню на клавише {key} длиннее {ITEM_LIMIT} знаков.",
                f"The menu's phrase for key {key} is longer than {ITEM_LIMIT} characters.",
            ),
            Text("Сократите: её слушают.", "Shorten it: people have to listen to it."),
            severity="warning",
        )
    if any(len(menu.sentence.in_(lang)) > MENU_LIMIT for lang in LANGUAGES):
        yield TableFault(
            table,
            ("topics",),
            Text(
                f"Меню длиннее {MENU_LIMIT} знаков, это больше 40 секунд.",
                f"The menu is longer than {MENU_LIMIT} characters, more than 40 seconds.",
            ),
            Text("Сократите фразы или уберите пункты.", "Shorten the phrases or drop items."),
            severity="warning",
        )

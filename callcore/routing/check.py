"""What one file cannot show: faults between the rows of the topic tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from callcore.domain import LANGUAGES, Text
from callcore.routing.check_rows import check_rows
from callcore.routing.check_ways import check_ways, has_unresolved, near_topics, unlisted
from callcore.routing.faults import TableFault
from callcore.routing.menu import Menu, main_menu, table_menu
from callcore.routing.tables import Topic, TopicTable, TopicTables, UnknownTopic
from callcore.routing.trials import as_command, failures

ITEM_LIMIT = 120
LONGEST_CODE = 128
MENU_LIMIT = 600
"""Characters; people hear about 15 a second, and nobody listens to a menu for more than 40 seconds."""


def check(
    tables: TopicTables,
    queues: Collection[str] = (),
    reserved_key: str | None = None,
    *,
    with_trials: bool = True,
) -> tuple[TableFault, ...]:
    """Every fault of the tables together.

    ``queues``: the names listed in the settings, empty if none are. ``reserved_key``: the key that the first
    menu uses for the language. ``with_trials`` False: the tables' own tests are not run.
    """
    found = [
        *_default_topic(tables),
        *_main_keys(tables, reserved_key),
        *(fault for table in tables for fault in _table(table, queues)),
        *_menu_lengths("", main_menu(tables)),
        *(fault for table in tables for fault in check_ways(tables, table, queues)),
        *_names_of_trials(tables, queues),
    ]
    # what rows do together shows only once each of them leads somewhere
    if all(fault.severity == "warning" for fault in found) and not has_unresolved(tables):
        found += [*check_rows(tables), *(_trials(tables) if with_trials else ())]
    return tuple(found)


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
    for topic in table.walk():
        yield from _topic(table, topic)
        if queues and topic.queue not in queues:
            yield unlisted(table.code, _path(topic), topic.queue, queues)
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


def _topic(table: TopicTable, topic: Topic) -> Iterator[TableFault]:
    """Doubles among its macros and children, which nobody could tell apart, and codes that are too long."""
    if len(topic.code) > LONGEST_CODE:
        yield TableFault(
            table.code,
            _path(topic),
            Text(
                f"Код {topic.code} длиннее {LONGEST_CODE} знаков.",
                f"The code {topic.code} is longer than {LONGEST_CODE} characters.",
            ),
            Text("Сократите коды или уберите уровень.", "Shorten the codes, or take a level out."),
        )
    for where, titles in (
        ("macros", [macro.title for macro in topic.macros]),
        ("children", [child.title for child in topic.children]),
    ):
        for double in _doubles(titles):
            yield TableFault(
                table.code,
                (*_path(topic), where),
                Text(f"«{double}» встречается дважды.", f'"{double}" stands there twice.'),
                Text("Назовите по-разному.", "Give them different titles."),
            )


def _doubles(titles: list[Text]) -> tuple[str, ...]:
    """The titles of one language that stand there more than once."""
    found: dict[str, None] = {}
    for language in LANGUAGES:
        said = [title.in_(language).casefold() for title in titles]
        for title, folded in zip(titles, said, strict=True):
            if said.count(folded) > 1:
                found[title.in_(language)] = None
    return tuple(found)


def _path(topic: Topic) -> tuple[str, ...]:
    first, *below = topic.code.split(".")[1:]
    return ("topics", first, *(step for code in below for step in ("children", code)))


def _names_of_trials(tables: TopicTables, queues: Collection[str]) -> Iterator[TableFault]:
    known = {topic.code for topic in tables.topics}
    for table in tables:
        for trial in table.trials:
            if trial.given.topic not in known:
                yield TableFault(
                    table.code,
                    ("tests", trial.place, "given", "topic"),
                    Text(f"Темы «{trial.given.topic}» нет.", f'There is no topic "{trial.given.topic}".'),
                    near_topics(trial.given.topic, known),
                )
            for queue in trial.given.queues if queues else ():
                if queue not in queues:
                    at = ("tests", trial.place, "given", "queues", queue)
                    yield unlisted(table.code, at, queue, queues)


def _trials(tables: TopicTables) -> Iterator[TableFault]:
    zones = {table.code: table.hours.zone for table in tables}
    for failure in failures(tables):
        command = as_command(failure.trial.given, zones[failure.table])
        yield TableFault(
            failure.table,
            ("tests", failure.trial.place),
            Text(f"Проба не прошла: {failure.message.ru}", f"This test fails: {failure.message.en}"),
            Text(
                f"Исправьте строки или пробу. Почему вышло так: {command}",
                f"Mend the rows or the test. Why it came out so: {command}",
            ),
        )


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

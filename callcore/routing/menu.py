"""The IVR's menu, made from the topic tables: first the departments, then the topics of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callcore.domain import Text, TopicCode
from callcore.routing.tables import TopicTable, TopicTables


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One key: it leads to a topic, or to the next menu; exactly one of the two is set."""

    key: str
    say: Text
    topic: TopicCode | None = None
    menu: Menu | None = None

    @property
    def sentence(self) -> Text:
        """What is said, e.g. ``For payments and charges, press 4.``"""
        return Text(f"{self.say.ru}: нажмите {self.key}.", f"{self.say.en}, press {self.key}.")


@dataclass(frozen=True, slots=True)
class Menu:
    items: tuple[MenuItem, ...]
    """In the order of the keys, 0 last."""

    def choose(self, key: str) -> MenuItem | None:
        """What a pressed key leads to; None for a wrong one."""
        return next((item for item in self.items if item.key == key), None)

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(item.key for item in self.items)

    @property
    def sentence(self) -> Text:
        """The whole menu as it is said."""
        parts = [item.sentence for item in self.items]
        return Text(" ".join(part.ru for part in parts), " ".join(part.en for part in parts))


def main_menu(tables: TopicTables) -> Menu:
    """The first level: one item for each table with a key; a table of one topic leads straight to it."""
    return _menu(_table_item(table, table.key) for table in tables if table.key is not None)


def _table_item(table: TopicTable, key: str) -> MenuItem:
    say = table.say or table.title
    offered = table.keyed_topics
    if len(offered) > 1:
        return MenuItem(key, say, menu=table_menu(table))
    return MenuItem(key, say, topic=(offered or table.topics)[0].code)


def table_menu(table: TopicTable) -> Menu:
    """The second level: one item for each topic that has a key."""
    return _menu(
        MenuItem(topic.key, topic.say or topic.title, topic=topic.code)
        for topic in table.topics
        if topic.key is not None
    )


def _menu(items: Iterable[MenuItem]) -> Menu:
    return Menu(tuple(sorted(items, key=lambda item: (item.key == "0", item.key))))

"""The topics that an operator can choose for a contact: those of the topic tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from callcore.domain import UNCLASSIFIED, Language, Text, TopicCode
from callcore.routing.tables import TopicTable

UNCLASSIFIED_TITLE = Text("Тема не выбрана", "No topic chosen")


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """One leaf of the tree."""

    code: TopicCode
    title: Text
    group: Text
    """Title of its table."""


@dataclass(frozen=True, slots=True)
class TopicGroup:
    code: str
    title: Text
    topics: tuple[TopicChoice, ...]


class TopicTree:
    """Groups in the order of the tables, topics in the order of their table."""

    def __init__(self, tables: Iterable[TopicTable]) -> None:
        self.groups = tuple(
            TopicGroup(
                table.code,
                table.title,
                tuple(TopicChoice(topic.code, topic.title, table.title) for topic in table.topics),
            )
            for table in tables
        )
        self._by_code = {choice.code: choice for group in self.groups for choice in group.topics}

    def __contains__(self, code: object) -> bool:
        """True for a topic that an operator may choose; ``unclassified`` is none."""
        return code in self._by_code

    def get(self, code: str) -> TopicChoice | None:
        return self._by_code.get(TopicCode(code))

    def title(self, code: str) -> Text:
        """The topic's name for people; a topic that no table has any more shows its code."""
        choice = self.get(code)
        if choice is not None:
            return choice.title
        return UNCLASSIFIED_TITLE if code == UNCLASSIFIED else Text(code, code)

    def search(self, words: str, language: Language, limit: int = 20) -> tuple[TopicChoice, ...]:
        """Topics in whose title, group or code each word begins some word; those of the title first."""
        wanted = _words(words)
        if not wanted:
            return ()
        ranked: list[tuple[int, TopicChoice]] = []
        for choice in self._by_code.values():
            own = _words(choice.title.in_(language))
            wide = own + _words(f"{choice.group.in_(language)} {choice.code.replace('.', ' ')}")
            if all(_begins(word, own) for word in wanted):
                ranked.append((0, choice))
            elif all(_begins(word, wide) for word in wanted):
                ranked.append((1, choice))
        ranked.sort(key=lambda each: each[0])
        return tuple(choice for _, choice in ranked[:limit])


def _words(text: str) -> list[str]:
    folded = text.casefold().replace("ё", "е")
    return "".join(c if c.isalnum() else " " for c in folded).split()


def _begins(word: str, words: list[str]) -> bool:
    return any(each.startswith(word) for each in words)

"""The topic tree that operators register contacts by (D-22, D-32, D-34), and finding in it. Pure.

It is made from the topic tables: a table, its topics, their children to any depth. What is typed finds a
topic by parts of words of either language, and by other forms of its words: «счетами» finds «Счета».
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import snowballstemmer

from callcore.domain import LANGUAGES, Language, QueueName, Text, TopicCode
from callcore.routing.tables import PLACEHOLDERS, Macro, Topic, TopicTable, TopicTables

SHORTEST = 3
"""Letters of a stem or a part that find something; a shorter one finds beginnings of words only."""
_WORD = re.compile(r"[^\W_]+")
_BRACES = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True, slots=True)
class TopicNode:
    code: TopicCode
    title: Text
    group: Text
    """The table's title."""
    trail: tuple[Text, ...]
    """Titles of the topics above it, the highest first."""
    queue: QueueName
    script: Text | None
    """Its own, or that of the nearest topic above it that has one; the same for ``article``."""
    article: str | None
    macros: tuple[Macro, ...]
    """Its own, those of the topics above it, those of all topics."""
    has_children: bool

    @property
    def titles(self) -> tuple[Text, ...]:
        return (*self.trail, self.title)


@dataclass(frozen=True)
class TopicTree:
    """All topics in the order of the tables, each before its children."""

    nodes: tuple[TopicNode, ...] = ()

    @classmethod
    def of(cls, tables: TopicTables) -> TopicTree:
        return cls(tuple(node for table in tables for node in _of_table(table, tables.macros)))

    @cached_property
    def _by_code(self) -> Mapping[str, TopicNode]:
        return {node.code: node for node in self.nodes}

    def find(self, code: str) -> TopicNode | None:
        return self._by_code.get(code)

    def search(self, typed: str, limit: int = 20) -> tuple[TopicNode, ...]:
        """The topics that every typed word fits, those whose own title it fits first; nothing for no word."""
        words = words_of(typed)
        if not words:
            return ()
        ranked = [(_rank(node, words), place, node) for place, node in enumerate(self.nodes)]
        found = sorted((rank, place, node.code) for rank, place, node in ranked if rank is not None)
        return tuple(self._by_code[code] for _, _, code in found[:limit])


def _of_table(table: TopicTable, general: tuple[Macro, ...]) -> Iterator[TopicNode]:
    def walk(topic: Topic, above: TopicNode | None) -> Iterator[TopicNode]:
        inherited = above.macros if above else general
        node = TopicNode(
            code=topic.code,
            title=topic.title,
            group=table.title,
            trail=above.titles if above else (),
            queue=topic.queue,
            script=topic.script or (above.script if above else None),
            article=topic.article or (above.article if above else None),
            macros=(*topic.macros, *inherited),
            has_children=bool(topic.children),
        )
        yield node
        for child in topic.children:
            yield from walk(child, node)

    for topic in table.topics:
        yield from walk(topic, None)


def filled(text: str, values: Mapping[str, str]) -> str:
    """A macro's text with what is known put in; what is not known stays between its braces, to be seen."""
    return _BRACES.sub(lambda match: values.get(match[1], "") or match[0], text)


def words_of(text: str) -> tuple[str, ...]:
    """Its words, folded: neither letter case nor ё counts."""
    return tuple(_WORD.findall(text.casefold().replace("ё", "е")))


@lru_cache(maxsize=4096)
def stem(word: str, language: Language) -> str:
    """What all forms of a word begin with."""
    return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: Language) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer({"ru": "russian", "en": "english"}[language])


def words_and_stems(*titles: Text, code: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What typing finds these titles by: their words in both languages (and the code's), and word stems."""
    words: dict[str, None] = {}
    stems: dict[str, None] = {}
    for language in LANGUAGES:
        for title in titles:
            for word in words_of(title.in_(language)):
                words[word] = None
                if len(found := stem(word, language)) >= SHORTEST:
                    stems[found] = None
    words |= dict.fromkeys(words_of(code.replace("_", " ")))
    return tuple(words), tuple(stems)


@lru_cache(maxsize=4096)
def _index(title: Text, code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return words_and_stems(title, code=code)


def fits(typed: str, words: tuple[str, ...], stems: tuple[str, ...]) -> bool:
    """One typed word: it begins a word, is another form of one, or stands within one. As ``topics.js``."""
    return (
        any(word.startswith(typed) for word in words)
        or (len(typed) >= SHORTEST and any(typed.startswith(stem) for stem in stems))
        or (len(typed) >= SHORTEST and any(typed in word for word in words))
    )


def _rank(node: TopicNode, typed: tuple[str, ...]) -> int | None:
    """0: its own title has it all; 1: with the titles above it; 2: with the group; None: it does not fit."""
    own = _index(node.title, node.code)
    above = [_index(title, "") for title in node.trail]
    for rank, indexes in enumerate(([own], [own, *above], [own, *above, _index(node.group, "")])):
        words = tuple(word for index in indexes for word in index[0])
        stems = tuple(stem for index in indexes for stem in index[1])
        if all(fits(word, words, stems) for word in typed):
            return rank
    return None

"""The topics of an edition as the desk lists them in one language: made once, shown on every card. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from callcore.crm.topics import words_and_stems
from callcore.domain import TopicCode
from callcore.routing.tables import Macro
from callcore.web.pages import TopicChoice

_OPTION = Markup('value="{}" data-code="{}" data-group="{}" data-words="{}" data-stems="{}"')


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the topic list."""

    code: TopicCode
    label: str
    option: Markup
    """Its attributes as an ``<option>``. ``data-words`` is what typing finds it by: titles in both
    languages, group, code; ``data-stems`` what the forms of its words begin with."""


class TopicMenu:
    def __init__(self, topics: tuple[TopicChoice, ...], spoken: str) -> None:
        self.topics = topics
        self.by_code: Mapping[TopicCode, TopicChoice] = {topic.code: topic for topic in topics}
        titles = Counter(topic.title.in_(spoken) for topic in topics)
        self.choices = tuple(
            _choice(topic, spoken, needs_group=titles[topic.title.in_(spoken)] > 1) for topic in topics
        )
        """Two with one title are told apart by their group."""
        self.labels: Mapping[str, str] = {choice.code: choice.label for choice in self.choices}
        first = topics[0].macros if topics else ()
        self.general: tuple[Macro, ...] = tuple(
            macro for macro in first if all(macro in topic.macros for topic in topics)
        )
        """Macros that every topic has."""


def _choice(topic: TopicChoice, spoken: str, *, needs_group: bool) -> Choice:
    title, group = topic.title.in_(spoken), topic.group.in_(spoken)
    label = " › ".join((*(above.in_(spoken) for above in topic.trail), title))
    label = f"{label} · {group}" if needs_group and not topic.trail else label
    words, stems = words_and_stems(*topic.trail, topic.title, topic.group, code=topic.code)
    option = _OPTION.format(label, topic.code, group, " ".join(words), " ".join(stems))
    return Choice(topic.code, label, option)

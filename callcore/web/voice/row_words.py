"""What a row of a topic table asks for, in words, apart from any call. Pure.

What a call had instead, and what a leg does, stands in ``routing.words``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from callcore.domain import LANGUAGES, Text, TopicCode
from callcore.routing.rows import QueueWhen, When
from callcore.routing.words import MARKS, SPOKEN, STANDINGS, Titles, length


def conditions(when: When, titles: Titles, elsewhere: Text | None = None) -> tuple[Text, ...]:
    """Each in a few words, in the order in which they are looked at; empty: the row holds for everybody.
    ``elsewhere``: whose hours are meant, if they are those of another table."""
    return tuple(_conditions(when, titles, elsewhere))


def _conditions(when: When, titles: Titles, elsewhere: Text | None) -> Iterator[Text]:
    if when.topics:
        yield _one_of(Text("тема", "topic"), (_called(code, titles) for code in highest(when.topics)))
    for name, words in (
        (Text("сегмент", "segment"), when.segments),
        (Text("правовая форма", "legal form"), when.legal_forms),
        (Text("регион", "region"), when.regions),
    ):
        if words:
            yield _one_of(name, (Text(f"«{word}»", f'"{word}"') for word in sorted(words)))  # of the base
    if when.standings:
        yield _one_of(Text("кто звонит", "who calls"), (STANDINGS[each] for each in sorted(when.standings)))
    if when.languages:
        yield _one_of(Text("язык", "language"), (SPOKEN[each] for each in sorted(when.languages)))
    if when.marks:
        yield _listed(Text("есть", "has"), (MARKS[each] for each in sorted(when.marks)))
    if when.without:
        yield _listed(Text("нет", "has not"), (MARKS[each] for each in sorted(when.without)))
    if when.repeat_within is not None:
        within = length(when.repeat_within)
        yield Text(f"повторный звонок за {within.ru}", f"a repeated call within {within.en}")
    if when.queue is not None:
        queue = _called(when.queue.queue, titles)
        yield _listed(Text(f"очередь {queue.ru}", f"queue {queue.en}"), _queue(when.queue))
    if when.hours is not None:
        said = Text("открыто", "open") if when.is_open else Text("закрыто", "closed")
        yield _listed(said, (elsewhere,)) if elsewhere is not None else said


def highest(codes: Collection[TopicCode]) -> list[TopicCode]:
    """Those whose own parent is not among them: a topic stands for all below it."""
    return [code for code in sorted(codes) if code.rpartition(".")[0] not in codes]


def _called(code: str, titles: Titles) -> Text:
    return titles.get(code) or Text(code, code)


def _queue(wanted: QueueWhen) -> Iterator[Text]:
    if wanted.nobody:
        yield Text("никто не вошёл", "nobody signed in")
    if wanted.all_paused:
        yield Text("все на паузе", "all paused")
    if wanted.waits_longer_than is not None:
        wait = length(wanted.waits_longer_than)
        yield Text(f"ждут дольше {wait.ru}", f"a wait longer than {wait.en}")
    if wanted.waiting_more_than is not None:
        yield Text(f"ждут больше {wanted.waiting_more_than}", f"more than {wanted.waiting_more_than} waiting")


def _one_of(name: Text, words: Iterable[Text]) -> Text:
    return _joined(name, words, Text(" или ", " or "))


def _listed(name: Text, words: Iterable[Text]) -> Text:
    return _joined(name, words, Text(", ", ", "))


def _joined(name: Text, words: Iterable[Text], by: Text) -> Text:
    parts = list(words)
    ru, en = (
        f"{name.in_(each)}: {by.in_(each).join(part.in_(each) for part in parts)}" for each in LANGUAGES
    )
    return Text(ru, en)

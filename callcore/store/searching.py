"""How customers are searched for as one types: what is indexed, and what a typed line asks. Pure.

Names, places and what is typed are cut into words the same way: letter case, ё/е and punctuation do not
matter. Beside each Russian word stands its stem, so that "Садовой" finds "Садовая"; the words of a query
match the beginnings of indexed words, or their stems as a whole. Digits of numbers and contracts are indexed
apart, so that any three of them in a row find their owner, however they are grouped.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import snowballstemmer

from callcore.store.texts import folded

MOST_WORDS = 8
"""Of a query; further ones are not looked at."""
LONGEST_WORD = 40
MOST_INDEXED = 400
LONGEST_TEXT = 20_000
"""Characters of a text in which numbers are looked for."""
SHORTEST_DIGITS = 3
NO_WORDS = "-"
"""Of a text without any: an empty column means that it was not indexed yet."""

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-я]+")
_NUMBER = re.compile(r"\+?\d(?:[\s().\-–—]*\d)+")
_ONLY_NUMBER = re.compile(r"[\s+().\-–—\d]+")
_COMMON = "г гор город ул улица пр просп проспект пер переулок наб пл ш д дом кв корп стр обл область р н"
_NOISE = frozenset(_COMMON.split())
"""Words that stand in every address: they choose nobody, and are left out where a query has others."""
_local = threading.local()


def words(text: str) -> list[str]:
    """The words of a text in order, folded, each cut to ``LONGEST_WORD`` characters."""
    plain = folded(unicodedata.normalize("NFKC", text))
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded(plain))]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a Russian word; any other word as it is."""
    if not _CYRILLIC.fullmatch(word) or len(word) < 4:
        return word
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:  # it has a state: one for each thread
        stemmer = _local.stemmer = snowballstemmer.stemmer("russian")
    found = str(stemmer.stemWord(word))
    return found if len(found) > 1 else word


def index_words(texts: Iterable[str], contract: str = "") -> str:
    """What the column holds: every word once, with its stem, separated by single spaces."""
    found: dict[str, None] = {}
    for text in texts:
        for word in words(text):
            if word not in _NOISE:
                found[word] = None
                found[stem(word)] = None
    parts = words(contract)
    found |= dict.fromkeys(parts)
    if len(parts) > 1:
        found["".join(parts)[:LONGEST_WORD]] = None
    return " ".join(list(found)[:MOST_INDEXED]) or NO_WORDS


def index_digits(texts: Iterable[str]) -> str:
    """The digits of each text that has at least three, separated by spaces."""
    runs = dict.fromkeys(digits_of(text) for text in texts)
    return " ".join(run for run in runs if len(run) >= SHORTEST_DIGITS)


def digits_of(text: str) -> str:
    """Its digits, all written the Western way."""
    return "".join(str(unicodedata.digit(sign)) for sign in text if sign.isdecimal())


@dataclass(frozen=True, slots=True)
class Query:
    """A typed line. ``digits``: the one number in it, as variants of its digits (a leading 8 may be a 7)."""

    typed: str
    words: tuple[str, ...]
    """All words, each of which must be found."""
    digits: tuple[str, ...]
    other_words: tuple[str, ...]
    """The words beside the digits."""
    asks_null: bool
    whole: bool = False
    """Nothing matches but whole words and whole numbers, so that nobody can guess at what he may not see."""

    @property
    def is_empty(self) -> bool:
        return not self.words and not self.digits


def parse(typed: str, *, whole: bool = False) -> Query:
    """What a typed line asks for. Never raises; control characters and operators mean nothing."""
    typed = unicodedata.normalize("NFKC", typed[:400]).strip()
    found = _NUMBER.search(typed) or re.search(r"\d{3,}", typed)
    run = digits_of(found[0]) if found else ""
    rest = typed
    digits: tuple[str, ...] = ()
    if found and SHORTEST_DIGITS <= len(run) <= 20:
        digits = (run, "7" + run[1:]) if run[0] == "8" and len(run) > SHORTEST_DIGITS else (run,)
        rest = typed[: found.start()] + " " + typed[found.end() :]
    return Query(
        typed=typed,
        words=_asked(typed),
        digits=digits,
        other_words=_asked(rest) if digits else (),
        asks_null=typed == "0",
        whole=whole,
    )


def _asked(text: str) -> tuple[str, ...]:
    every = tuple(dict.fromkeys(words(text)))
    telling = tuple(word for word in every if word not in _NOISE)
    return (telling or every)[:MOST_WORDS]


def is_only_number(typed: str) -> bool:
    """Nothing but digits and what people write between them."""
    return bool(_ONLY_NUMBER.fullmatch(typed))


def numbers_in(text: str) -> list[str]:
    """The numbers of a text as they stand there, grouped or not."""
    return _NUMBER.findall(text[:LONGEST_TEXT])


def trigrams(digits: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(digits[i : i + 3] for i in range(len(digits) - 2)))


def holds(indexed: Sequence[str], asked: Iterable[str], *, whole: bool = False) -> bool:
    """Whether a text with these ``index_words`` matches every word asked for: what the databases compute.

    ``whole``: the beginning of a word is not enough.
    """
    there = frozenset(indexed)
    return all(
        one in there or stem(one) in there or (not whole and any(word.startswith(one) for word in indexed))
        for one in asked
    )

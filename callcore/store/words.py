"""Words as the knowledge base is searched: folded, each with the stem that its forms share. Pure."""

from __future__ import annotations

import threading
from collections import Counter
from functools import lru_cache

import snowballstemmer

from callcore.store import searching

_local = threading.local()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What the forms of a folded word share: ``перерасчета``, ``перерасчету``; ``invoice``, ``invoices``."""
    if not (word.isascii() and word.isalpha()):
        return searching.stem(word)
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:  # it has a state: one for each thread
        stemmer = _local.stemmer = snowballstemmer.stemmer("english")
    return str(stemmer.stemWord(word))


def asked(typed: str) -> tuple[str, ...]:
    """The words of a search, each of which must be found; at most eight."""
    return tuple(dict.fromkeys(searching.words(typed[:400])))[: searching.MOST_WORDS]


def counted(texts: tuple[str, ...]) -> Counter[str]:
    """How often each word stands in the texts."""
    return Counter(word for text in texts for word in searching.words(text))


def matches(word: str, one: str) -> bool:
    """Whether a folded word of a text is one that was asked for: by its beginning or by its stem."""
    return word.startswith(one) or stem(word) == stem(one)

"""The search of cases as one types: its index for each database, and the condition that uses it.

The same words, stems and prefixes as for customers (``searching``, ``search_index``): the column ``haystack``
holds the words of what is written in the case, an index of the database finds it by their beginnings. What is
known of the customer is found by the index of customers, so that a new name of his holds at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, column, func, literal, select, table, union_all
from sqlalchemy.dialects.postgresql import TSQUERY

from callcore.store.schema.cases import cases
from callcore.store.schema.core import customers
from callcore.store.search_index import postgresql_match, sqlite_match
from callcore.store.searching import SHORTEST_DIGITS, digits_of, index_words, numbers_in, parse

TELLING = 3
"""Letters of a word whose beginning alone chooses customers; a shorter one must be a whole word of a name."""

_FORGET = "INSERT INTO case_words(case_words, rowid, haystack) VALUES ('delete', old.id, old.haystack);"
_LEARN = "INSERT INTO case_words(rowid, haystack) VALUES (new.id, new.haystack);"
_SQLITE = (
    """CREATE VIRTUAL TABLE case_words USING fts5(haystack, content='cases', content_rowid='id',
        detail=none, columnsize=0, prefix='1 2 3 4 5 6', tokenize='ascii')""",
    f"CREATE TRIGGER cases_inserted AFTER INSERT ON cases BEGIN {_LEARN} END",
    f"CREATE TRIGGER cases_deleted AFTER DELETE ON cases BEGIN {_FORGET} END",
    f"""CREATE TRIGGER cases_rewritten AFTER UPDATE OF haystack ON cases
        WHEN old.haystack <> new.haystack BEGIN {_FORGET} {_LEARN} END""",
)
_POSTGRESQL = (
    """CREATE INDEX gin_cases_words ON cases
        USING gin (callcore_lexemes('', haystack)) WITH (fastupdate = off)""",
)
_words = table("case_words", column("rowid"), column("case_words"))
_names = table("customer_names", column("rowid"), column("customer_names"))
_lexemes: ColumnElement[Any] = func.callcore_lexemes(cast("", Text), cases.c.haystack)
_name_lexemes: ColumnElement[Any] = func.callcore_lexemes(customers.c.haystack, customers.c.places)


def create_index(dialect: str) -> tuple[str, ...]:
    """The statements that make it; table and index of customers must be there."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL


def index_case(texts: Iterable[str]) -> str:
    """What the column holds: the words, and the digits of each number however it is grouped."""
    given = tuple(texts)
    numbers = (digits_of(number) for text in given for number in numbers_in(text))
    runs = [run for run in numbers if SHORTEST_DIGITS <= len(run) <= 20]
    return index_words((*given, *runs, *("7" + run[1:] for run in runs if len(run) == 11 and run[0] == "8")))


def matching(dialect: str, typed: str, id_: int | None) -> Select[Any] | None:
    """Ids of the cases that hold every word that was typed, and ``id_``; None: nothing was asked for."""
    query = parse(typed)
    groups: list[tuple[str, ...]] = [(word,) for word in query.words]
    if query.digits:
        groups = [query.digits, *((word,) for word in query.other_words)]
    if not groups:
        return select(cases.c.id).where(cases.c.id == id_) if typed.strip() else None
    held = select(cases.c.id).where(*(cases.c.id.in_(_holding(dialect, group)) for group in groups))
    if id_ is None:
        return held
    both = union_all(held, select(literal(id_))).subquery()
    return select(both.c[0])


def _holding(dialect: str, words: Sequence[str]) -> Any:
    """Cases that hold one of the words, or whose customer's name or contract does."""
    parts: list[Select[Any]] = []
    for word in words:
        is_whole = len(word) < TELLING
        if dialect == "sqlite":
            here = _words.c.case_words.op("MATCH")(sqlite_match((word,), whole=False))
            his = _names.c.customer_names.op("MATCH")(sqlite_match((word,), whole=is_whole))
            parts.append(select(_words.c.rowid).where(here))
            owners = select(_names.c.rowid).where(his)
        else:
            here = _lexemes.op("@@")(cast(postgresql_match((word,), name=False, whole=False), TSQUERY))
            his = _name_lexemes.op("@@")(cast(postgresql_match((word,), name=True, whole=is_whole), TSQUERY))
            parts.append(select(cases.c.id).where(here))
            owners = select(customers.c.id).where(his)
        parts.append(select(cases.c.id).where(cases.c.customer.in_(owners)))
    return union_all(*parts)

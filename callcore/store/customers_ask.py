"""Ids of customers by words and by digits, the first ones, as each database tells them soonest.

SQLite reads an index in order and stops. PostgreSQL's index cannot stop: of a frequent word it reads all
places before the first is given. So the first customers are looked through before it is asked, by plain
comparison: where a word is frequent, that is enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from callcore.domain import CustomerId
from callcore.store.schema.core import customers
from callcore.store.search_index import LONGEST_PREFIX, postgresql_match, sqlite_digits, sqlite_match
from callcore.store.searching import stem, trigrams

LOOKED_THROUGH = 2_000
_names = table("customer_names", column("rowid"), column("customer_names"))
_words = table("customer_words", column("rowid"), column("customer_words"))
_digits = table("customer_digits", column("rowid"), column("customer_digits"))
_MOST = bindparam("most", type_=Integer)


def by_words(
    connection: Connection, words: Sequence[str], most: int, *, name: bool, whole: bool
) -> list[CustomerId]:
    """Who has all these words, or words that begin so (or their stems); ``name``: in his name."""
    if connection.dialect.name == "sqlite":
        given = {"match": sqlite_match(words, whole=whole), "most": most}
        return _ids(connection, _sqlite_words(name), given)
    given = {"most": most}
    for n, word in enumerate(words):
        given |= {f"word{n}": f" {word} " if whole else f" {word}", f"stem{n}": f" {stem(word)} "}
    found = _ids(connection, _first_by_words(len(words), name), given)
    if len(found) < most:
        checked = len(words) if max(map(len, words)) > LONGEST_PREFIX else 0
        match = postgresql_match(words, name=name, whole=whole)
        found = _ids(connection, _postgresql_words(checked, name), given | {"match": match})
    return found


def by_digits(connection: Connection, digits: str, most: int) -> list[CustomerId]:
    """Whose numbers or contract have these digits, one after the other."""
    given = {"digits": digits, "most": most}
    if connection.dialect.name == "sqlite":
        return _ids(connection, _sqlite_digits(len(digits) > 3), given | {"match": sqlite_digits(digits)})
    found = _ids(connection, _FIRST_BY_DIGITS, given)
    if len(found) < most:
        found = _ids(connection, _POSTGRESQL_DIGITS, given | {"grams": list(trigrams(digits))})
    return found


def by_digits_and_words(
    connection: Connection, digits: str, words: Sequence[str], most: int
) -> list[CustomerId]:
    """Whose words are these, among the first who have the digits: their own words are looked through."""
    is_sqlite = connection.dialect.name == "sqlite"
    given = {"digits": digits, "most": LOOKED_THROUGH, "shown": most}
    given |= {"match": sqlite_digits(digits)} if is_sqlite else {"grams": list(trigrams(digits))}
    for n, word in enumerate(words):
        given |= {f"word{n}": f" {word}", f"stem{n}": f" {stem(word)} "}
    return _ids(connection, _among_digits(is_sqlite, len(digits) > 3, len(words)), given)


def _ids(connection: Connection, query: Select[Any], given: dict[str, Any]) -> list[CustomerId]:
    return sorted(map(CustomerId, connection.execute(query, given).scalars()))


def _line(them: FromClause, name: bool) -> Any:
    """The words of each of them, between blanks."""
    named = " " + them.c.haystack + " "
    return named if name else named + them.c.places + " "


def _held(line: Any, count: int, *, is_sqlite: bool) -> list[ColumnElement[bool]]:
    """Whether each word, or its stem, stands in a line of words between blanks."""
    place = func.instr if is_sqlite else func.strpos
    return [
        (place(line, bindparam(f"word{n}", type_=Text)) > 0)
        | (place(line, bindparam(f"stem{n}", type_=Text)) > 0)
        for n in range(count)
    ]


@cache
def _sqlite_words(name: bool) -> Select[Any]:
    words = _names if name else _words
    match = words.c[words.name].op("MATCH")(bindparam("match", type_=Text))
    return select(words.c.rowid).where(match).order_by(words.c.rowid).limit(_MOST)


@cache
def _sqlite_digits(is_long: bool) -> Select[Any]:
    """Trigrams only say that it may be there: the digits must follow each other."""
    match = _digits.c.customer_digits.op("MATCH")(bindparam("match", type_=Text))
    query = select(_digits.c.rowid).where(match).order_by(_digits.c.rowid).limit(_MOST)
    if is_long:
        query = query.join_from(_digits, customers, customers.c.id == _digits.c.rowid)
        query = query.where(func.instr(customers.c.digits, bindparam("digits", type_=Text)) > 0)
    return query


_lexemes: ColumnElement[Any] = func.callcore_lexemes(customers.c.haystack, customers.c.places)


@cache
def _postgresql_words(checked: int, name: bool) -> Select[Any]:
    """``checked``: how many words are looked at beside the index, which does not know long ones to their end."""
    match = _lexemes.op("@@")(cast(bindparam("match", type_=Text), TSQUERY))
    held = _held(_line(customers, name), checked, is_sqlite=False)
    return select(customers.c.id).where(match, *held).limit(_MOST)


_has_digits = func.strpos(customers.c.digits, bindparam("digits", type_=Text)) > 0
_POSTGRESQL_DIGITS = (
    select(customers.c.id)
    .where(
        func.callcore_trigrams(customers.c.digits).op("@>")(bindparam("grams", type_=ARRAY(Text))),
        _has_digits,
    )
    .limit(_MOST)
)
_first = select(customers).order_by(customers.c.id).limit(LOOKED_THROUGH).subquery()
_FIRST_BY_DIGITS = (
    select(_first.c.id).where(func.strpos(_first.c.digits, bindparam("digits", type_=Text)) > 0).limit(_MOST)
)


@cache
def _first_by_words(count: int, name: bool) -> Select[Any]:
    return select(_first.c.id).where(*_held(_line(_first, name), count, is_sqlite=False)).limit(_MOST)


@cache
def _among_digits(is_sqlite: bool, is_long: bool, count: int) -> Select[Any]:
    some = (_sqlite_digits(is_long) if is_sqlite else _POSTGRESQL_DIGITS).subquery()
    query = select(customers.c.id).where(customers.c.id.in_(select(some.c[0])))
    held = _held(_line(customers, name=False), count, is_sqlite=is_sqlite)
    query = query.where(*held).order_by(customers.c.id)
    return query.limit(bindparam("shown", type_=Integer))

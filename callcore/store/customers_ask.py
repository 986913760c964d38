"""Ids of customers by words and by digits, the first ones, as each database tells them soonest.

SQLite reads an index in order and stops. PostgreSQL's index cannot stop: of a frequent word it reads all
places before the first is given. So the first customers are looked through before it is asked, by plain
comparison: where a word is frequent, that is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from callcore.store.search_index import (
    LONGEST_PREFIX,
    postgresql_match,
    sqlite_digits,
    sqlite_match,
    telling_trigrams,
)
from callcore.store.searching import stem

LOOKED_THROUGH = 2_000
FEW = 300
"""Words with at most so many owners are rare."""
_names = table("customer_names", column("rowid"), column("customer_names"))
_words = table("customer_words", column("rowid"), column("customer_words"))
_digits = table("customer_digits", column("rowid"), column("customer_digits"))
_MOST = bindparam("most", type_=Integer)


def by_words(
    connection: Connection, words: Sequence[str], most: int, *, name: bool, whole: bool
) -> list[CustomerId]:
    """Who has all these words, or words that begin so (or their stems); ``name``: in his name.

    A long word is a list for each of its endings, which are merged before the first answer: endless where it
    is a patronymic. Beside others its beginning is asked for, and the rest looked at. Alone it is asked for
    in full: where many have it, the whole word was asked for before, and found enough.
    """
    dialect = connection.dialect.name
    cut = not whole and len(words) > 1 and max(map(len, words)) > LONGEST_PREFIX[dialect]
    checked = len(words) if cut else 0
    given = {"most": most} | _looked_for(words, whole=whole)
    if dialect == "sqlite":
        match = sqlite_match(words, whole=whole, cut=cut)
        return _ids(connection, _sqlite_words(checked, name), given | {"match": match})
    found = _ids(connection, _first_by_words(len(words), name), given)
    if len(found) < most:
        match = postgresql_match(words, name=name, whole=whole, cut=cut)
        found = _ids(connection, _postgresql_words(checked, name), given | {"match": match})
    return found


def may_have(connection: Connection, word: str, most: int, *, whole: bool) -> list[CustomerId]:
    """Whose words may be this one, in SQLite: of a long one its beginning is theirs."""
    match = sqlite_match((word,), whole=whole, cut=True)
    return _ids(connection, _sqlite_words(0, name=False), {"match": match, "most": most})


def by_digits(connection: Connection, digits: str, most: int) -> list[CustomerId]:
    """Whose numbers or contract have these digits, one after the other."""
    given = {"digits": digits, "most": most}
    if connection.dialect.name == "sqlite":
        return _ids(connection, _sqlite_digits(len(digits) > 3), given | {"match": sqlite_digits(digits)})
    found = _ids(connection, _FIRST_BY_DIGITS, given)
    if len(found) < most:
        found = _ids(connection, _POSTGRESQL_DIGITS, given | {"grams": list(telling_trigrams(digits))})
    return found


def by_digits_and_words(
    connection: Connection, digits: str, words: Sequence[str], most: int
) -> list[CustomerId]:
    """Whose words are these, among the first who have the digits: their own words are looked through. Where
    few have the words, these are asked for their digits."""
    is_sqlite = connection.dialect.name == "sqlite"
    owners = by_words(connection, words, FEW + 1, name=False, whole=False)
    if len(owners) <= FEW:
        with_digits = _SQLITE_OF_THESE if is_sqlite else _POSTGRESQL_OF_THESE
        return _ids(connection, with_digits, {"ids": owners, "digits": digits, "most": most})
    given = {"digits": digits, "most": LOOKED_THROUGH, "shown": most} | _looked_for(words, whole=False)
    given |= {"match": sqlite_digits(digits)} if is_sqlite else {"grams": list(telling_trigrams(digits))}
    return _ids(connection, _among_digits(is_sqlite, len(digits) > 3, len(words)), given)


def _looked_for(words: Sequence[str], *, whole: bool) -> dict[str, Any]:
    """Parameters of ``_held``."""
    given: dict[str, Any] = {}
    for n, word in enumerate(words):
        given |= {f"word{n}": f" {word} " if whole else f" {word}", f"stem{n}": f" {stem(word)} "}
    return given


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
def _sqlite_words(checked: int, name: bool) -> Select[Any]:
    """``checked``: how many words are looked at to their end."""
    words = _names if name else _words
    match = words.c[words.name].op("MATCH")(bindparam("match", type_=Text))
    query = select(words.c.rowid).where(match).order_by(words.c.rowid).limit(_MOST)
    if checked:
        query = query.join_from(words, customers, customers.c.id == words.c.rowid)
        query = query.where(*_held(_line(customers, name), checked, is_sqlite=True))
    return query


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


def _of_these(place: Callable[..., ColumnElement[int]]) -> Select[Any]:
    has_digits = place(customers.c.digits, bindparam("digits", type_=Text)) > 0
    chosen = customers.c.id.in_(bindparam("ids", expanding=True))
    return select(customers.c.id).where(chosen, has_digits).order_by(customers.c.id).limit(_MOST)


_SQLITE_OF_THESE, _POSTGRESQL_OF_THESE = _of_these(func.instr), _of_these(func.strpos)
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

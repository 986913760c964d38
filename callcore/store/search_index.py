"""The index behind the search of customers, for each database: its making, and the conditions that use it.

SQLite: FTS5 tables over columns of ``customers``, kept by triggers. Those of words have an index of prefixes,
so that even one letter reads one list in order and stops at the limit; names have a table of their own, for a
filter by column would walk through every place of that name; ``customer_digits`` holds trigrams. Nothing but
rows is stored with a word (``detail``): phrases are never asked for. The tokenizer is ``ascii``: the words
come cut and folded already, and must not be cut again.

PostgreSQL: GIN indexes on two functions that give the same: prefixes of words up to ten characters, and
trigrams of digits. A prefix is a lexeme of its own, so that it is one posting list, not thousands merged;
``=`` before it: of a name; ``$`` after it: the word ends here. Their cost says that reading the index is
cheaper than calling them for a few rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcore.store.searching import stem, trigrams

SHADOWS = ("customer_names", "customer_words", "customer_digits")
"""Virtual tables of SQLite; what stands behind them is named ``SHADOW_…``."""
LONGEST_PREFIX = {"sqlite": 12, "postgresql": 10}
"""Letters of the longest beginning that an index has a list of."""
_LONG = 7
"""Digits. How so long a number begins, nearly all do; its last ones tell whose it is."""

_OPTIONS = "content='customers', content_rowid='id', detail=none, columnsize=0"
_LENGTHS = " ".join(map(str, range(1, LONGEST_PREFIX["sqlite"] + 1)))
_PREFIXES = f"prefix='{_LENGTHS}', tokenize='ascii'"
_FORGET_WORDS = """
        INSERT INTO customer_names(customer_names, rowid, haystack) VALUES ('delete', old.id, old.haystack);
        INSERT INTO customer_words(customer_words, rowid, haystack, places)
            VALUES ('delete', old.id, old.haystack, old.places);"""
_LEARN_WORDS = """
        INSERT INTO customer_names(rowid, haystack) VALUES (new.id, new.haystack);
        INSERT INTO customer_words(rowid, haystack, places) VALUES (new.id, new.haystack, new.places);"""
_FORGET_DIGITS = """
        INSERT INTO customer_digits(customer_digits, rowid, digits) VALUES ('delete', old.id, old.digits);"""
_LEARN_DIGITS = """
        INSERT INTO customer_digits(rowid, digits) VALUES (new.id, new.digits);"""
_SQLITE = (
    f"CREATE VIRTUAL TABLE customer_names USING fts5(haystack, {_OPTIONS}, {_PREFIXES})",
    f"CREATE VIRTUAL TABLE customer_words USING fts5(haystack, places, {_OPTIONS}, {_PREFIXES})",
    f"CREATE VIRTUAL TABLE customer_digits USING fts5(digits, {_OPTIONS}, tokenize='trigram')",
    f"CREATE TRIGGER customers_inserted AFTER INSERT ON customers BEGIN {_LEARN_WORDS}{_LEARN_DIGITS} END",
    f"CREATE TRIGGER customers_deleted AFTER DELETE ON customers BEGIN {_FORGET_WORDS}{_FORGET_DIGITS} END",
    f"""CREATE TRIGGER customers_renamed AFTER UPDATE OF haystack, places ON customers
        WHEN old.haystack <> new.haystack OR old.places <> new.places
        BEGIN {_FORGET_WORDS}{_LEARN_WORDS} END""",
    f"""CREATE TRIGGER customers_renumbered AFTER UPDATE OF digits ON customers
        WHEN old.digits <> new.digits BEGIN {_FORGET_DIGITS}{_LEARN_DIGITS} END""",
    *(f"INSERT INTO {name}({name}) VALUES ('rebuild')" for name in SHADOWS),
)
_BEGINNINGS = ", ".join(
    f"nullif(mark || left(word, {n}), mark || left(word, {n - 1}))"
    for n in range(1, LONGEST_PREFIX["postgresql"] + 1)
)
"""Of a word, each once: one expression costs half of what a row for each of them does."""
_POSTGRESQL = (
    f"""CREATE FUNCTION callcore_lexemes(names text, places text) RETURNS tsvector
        LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
        SELECT array_to_tsvector(coalesce(string_to_array(string_agg(
            concat_ws(' ', {_BEGINNINGS}, mark || word || '$'), ' '), ' '), '{{}}'::text[]))
        FROM (SELECT '' AS mark, unnest(string_to_array(names || ' ' || places, ' ')) AS word
            UNION ALL SELECT '=', unnest(string_to_array(names, ' '))) AS given
        WHERE word <> '' $$""",
    """CREATE FUNCTION callcore_trigrams(digits text) RETURNS text[]
        LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 AS $$
        SELECT coalesce(array_agg(DISTINCT substr(run, n, 3)), '{}'::text[])
        FROM unnest(string_to_array(digits, ' ')) AS run, generate_series(1, length(run) - 2) AS n $$""",
    """CREATE INDEX gin_customers_words ON customers
        USING gin (callcore_lexemes(haystack, places)) WITH (fastupdate = off)""",
    """CREATE INDEX gin_customers_digits ON customers
        USING gin (callcore_trigrams(digits)) WITH (fastupdate = off)""",
)


def create_index(dialect: str) -> tuple[str, ...]:
    """The statements that make it; the columns must be there and filled."""
    return _SQLITE if dialect == "sqlite" else _POSTGRESQL


def sqlite_match(asked: Sequence[str], *, whole: bool, cut: bool = False) -> str:
    """An FTS5 expression. Words hold letters and digits only, and stand between quotes.

    ``cut``: no more of a word is asked for than ``LONGEST_PREFIX``; whoever asks looks at the rest.
    """
    parts = []
    for word in asked:
        begun = word[: LONGEST_PREFIX["sqlite"]] if cut else word
        options = [f'"{word}"' if whole else f'"{begun}"*']
        if stem(word) != word:
            options.append(f'"{stem(word)}"')
        parts.append(f"({' OR '.join(options)})")
    return " AND ".join(parts)


def postgresql_match(asked: Sequence[str], *, name: bool, whole: bool, cut: bool = False) -> str:
    """The same as a ``tsquery``."""
    mark, longest = "=" if name else "", LONGEST_PREFIX["postgresql"]
    parts = []
    for word in asked:
        options = [f"'{mark}{word}$'"]
        if not whole:
            begun = word[:longest] if cut else word
            options = [f"'{mark}{begun}'" + (":*" if len(begun) > longest else "")]
        if stem(word) != word:
            options.append(f"'{mark}{stem(word)}$'")
        parts.append(f"({' | '.join(options)})")
    return " & ".join(parts)


def telling_trigrams(digits: str) -> tuple[str, ...]:
    """Those by which the index finds who may have these digits; whoever asks looks at them as a whole."""
    return trigrams(digits[2:])[-5:] if len(digits) >= _LONG else trigrams(digits)


def sqlite_digits(digits: str) -> str:
    return " AND ".join(f'"{three}"' for three in telling_trigrams(digits))

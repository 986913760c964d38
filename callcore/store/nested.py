"""Rows of other tables, read with the row that they belong to: one statement where each table had its own.

They come in a column of that row, as a JSON array with an array for each of them. For a card, with its ten
tables, that is a tenth of the time, and one trip to the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import JSON, Boolean, ColumnElement, Date, Select, func, select, type_coerce
from sqlalchemy.types import TypeEngine

from callcore.store.types import UtcDateTime, from_microseconds

T = TypeVar("T")


class Nested(Generic[T]):
    """A query whose rows stand in one column of another query, and what is made of each of them."""

    def __init__(
        self,
        make: Callable[..., T],
        columns: Sequence[ColumnElement[Any]],
        where: ColumnElement[bool],
        order: Sequence[ColumnElement[Any]],
        *,
        newest: int | None = None,
    ) -> None:
        """``make`` is given the values of ``columns``; ``order``: what tells two rows apart, never NULL.
        ``newest``: at most so many, the last ones by that order, first."""
        query = select(*order, *columns).where(where)
        if newest is not None:
            query = query.order_by(*(key.desc() for key in order)).limit(newest)
        self._query: Select[Any] = query
        self._make = make
        self._decoders = [_decoder(column.type) for column in columns]
        self._keys = len(order)
        self._is_newest_first = newest is not None

    def column(self, dialect: str) -> ColumnElement[Any]:
        """For the other query; what it gives is for ``read``."""
        rows, is_sqlite = self._query.subquery(), dialect == "sqlite"
        array, gathered = (
            (func.json_array, func.json_group_array) if is_sqlite else (func.json_build_array, func.json_agg)
        )
        values = [func.json(one) if is_sqlite and isinstance(one.type, JSON) else one for one in rows.c]
        return select(type_coerce(gathered(array(*values)), JSON)).scalar_subquery()

    def read(self, found: list[list[Any]] | None) -> tuple[T, ...]:
        # Put in order here: an aggregate need not keep that of its rows.
        rows = sorted(found or (), key=itemgetter(slice(self._keys)), reverse=self._is_newest_first)
        return tuple(self._make(*map(_decoded, self._decoders, row[self._keys :])) for row in rows)


def _decoder(type_: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """From what JSON holds to what the column means."""
    if isinstance(type_, UtcDateTime):
        return from_microseconds
    if isinstance(type_, Date):
        return date.fromisoformat
    return bool if isinstance(type_, Boolean) else None


def _decoded(decode: Callable[[Any], Any] | None, value: Any) -> Any:
    return value if decode is None or value is None else decode(value)

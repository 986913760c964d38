"""Column types of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, kept as whole microseconds since 1970 in UTC: exact, sortable, the same in every database.

    Reads as aware UTC. A naive datetime is refused with ``TypeError``: nobody knows which moment it means.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def to_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC; raises ``TypeError`` for a naive datetime."""
    if moment.utcoffset() is None:
        raise TypeError(f"a naive datetime cannot be stored: {moment.isoformat()}")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """The moment, aware UTC."""
    return _EPOCH + timedelta(microseconds=count)


RowId = BigInteger().with_variant(Integer, "sqlite")
"""A number given by the database; SQLite counts up by itself only in a column of exactly INTEGER."""

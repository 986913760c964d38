from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from callcore.store.errors import TextRefused
from callcore.store.texts import canonical_login, machine_text, purified, typed_text
from callcore.store.types import UtcDateTime, to_microseconds

DIALECT = sqlite.dialect()


def test_impossible_characters_never_get_in() -> None:
    assert purified("a\0b\ud800c\x1b[31m\n") == "ab\ufffdc[31m"
    assert purified("one\r\ntwo\tx\x00", lines=True) == "one\ntwo\tx"


@given(st.text(st.characters()), st.booleans())
def test_every_purified_text_can_be_stored(text: str, lines: bool) -> None:
    clean = purified(text, lines=lines)
    clean.encode()
    assert "\0" not in clean
    assert purified(clean, lines=lines) == clean


def test_a_machines_text_is_cut_and_a_persons_refused() -> None:
    assert machine_text("x" * 11, 10) == "x" * 9 + "…"
    assert machine_text("x" * 10, 10) == "x" * 10
    assert typed_text("  Анна ", 4, "name") == "Анна"
    with pytest.raises(TextRefused, match="name: 5 characters, at most 4"):
        typed_text("Анна!", 4, "name")
    with pytest.raises(TextRefused, match="must not be empty"):
        typed_text(" \0 ", 4, "name", empty=False)


def test_logins() -> None:
    assert canonical_login(" Anna.Petrova@North ") == "anna.petrova@north"


@pytest.mark.parametrize("text", ["", "анна", "a b", ".a", "a" * 65, "a\n", "a\0", "a/b", "\ud800"])
def test_impossible_logins(text: str) -> None:
    if text == "a\n":
        assert canonical_login(text) == "a"
        return
    with pytest.raises(TextRefused):
        canonical_login(text)


@given(st.datetimes(timezones=st.timezones()))
def test_moments_come_back_exactly(moment: datetime) -> None:
    column = UtcDateTime()
    stored = column.process_bind_param(moment, DIALECT)
    back = column.process_result_value(stored, DIALECT)
    assert back == moment.astimezone(UTC)
    assert back is not None
    assert back.tzinfo is UTC


def test_moments_sort_as_numbers_also_before_1970() -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert to_microseconds(early) == -1
    assert to_microseconds(datetime(1970, 1, 1, 3, tzinfo=timezone(timedelta(hours=3)))) == 0


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(TypeError, match="naive"):
        to_microseconds(datetime(2026, 1, 1))  # noqa: DTZ001

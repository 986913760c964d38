"""What we write for spreadsheets never becomes a formula there."""

from __future__ import annotations

import pytest

from callcore.csvtext import inert


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1", "'=1"),
        ("+79000000001", "'+79000000001"),
        ("  @x", "'  @x"),
        ("\t=1", "'\t'=1"),
        ("name=x;=cmd", "name=x;'=cmd"),
        ("name=x, -1", "name=x,' -1"),
        ("Анна\n=1", "Анна\n'=1"),
        ("new=2; changed=0", "new=2; changed=0"),
        ("2026-03-02T12:00:00+03:00", "2026-03-02T12:00:00+03:00"),
        (None, ""),
        (17, "17"),
    ],
)
def test_no_cell_is_a_formula_whatever_separates_the_cells(text: object, kept: str) -> None:
    assert inert(text) == kept

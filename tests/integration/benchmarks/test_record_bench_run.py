"""Card and search in small: the real daemon on both databases, bases that are made once and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks import card, find, record_base, record_base_load
from callcore.testing.lab import packages
from callcore.testing.lab.errors import NotDebian

SIZES = (400, 120)
FIELDS = {"bench", "value", "unit", "floor", "ratio", "goal", "met", "n", "p50", "p99"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    try:
        packages.fetch(["postgres"])
    except NotDebian as reason:
        pytest.skip(str(reason))
    monkeypatch.setattr(record_base_load, "ROUNDS", 1)
    monkeypatch.setattr(card, "CARDS", 8)
    monkeypatch.setattr(find, "LINES", 2)
    return tmp_path


def test_both_in_small(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = {result["bench"]: result for result in card.run(*SIZES, folder)}
    names = [f"card_{what}_{kind}" for kind in record_base.KINDS for what in ("desk", "page")]
    assert list(results) == [each for name in names for each in (name, f"{name}_growth")]
    assert all(set(result) >= FIELDS for result in results.values())
    assert {results[name]["n"] for name in names} == {8}
    assert capsys.readouterr().err.count("made in") == 4
    found = find.run(*SIZES, folder)
    assert [result["bench"] for result in found] == [
        f"find_{kind}{growth}" for kind in record_base.KINDS for growth in ("", "_growth")
    ]
    assert all(result["n"] >= 10 and result["value"] > 0 for result in found)
    assert "made in" not in capsys.readouterr().err, "kept"


def test_a_base_of_another_schema_goes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def made(size: int) -> Path:
        async with record_base.bases("sqlite", (size,), folder) as (base,):
            return Path(base.url.removeprefix("sqlite:///"))

    before = asyncio.run(made(5))
    assert before.is_file()
    monkeypatch.setattr(record_base.migrate, "head", lambda: "another")
    assert asyncio.run(made(6)).is_file()
    assert not before.exists()


@pytest.mark.parametrize("said", ["", "many", "0", "-1", "1000", "nan"])
def test_a_scale_that_is_none_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(record_base.SCALE_SETTING, said)
    with pytest.raises(record_base.WrongScale, match=r"from 0\.01 to 100"):
        record_base.customers_by_scale()
    assert (card.main(), find.main()) == (2, 2)

"""The benchmark of speech, with few callers: every line comes, and nobody waits in vain."""

from __future__ import annotations

import pytest

from benchmarks import speech


def test_few_callers(laboratory: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"CALLERS": 6, "ROUNDS": 1, "ALONE": 2, "SPREAD_SECONDS": 0.1}.items():
        monkeypatch.setattr(speech, name, value)
    found = {line["bench"]: line for line in speech.run()}
    assert list(found) == ["speech_balance", "speech_crowd", "speech_spread"]
    assert [line["n"] for line in found.values()] == [2, 6, 6]
    for line in found.values():
        assert line.keys() >= {"value", "unit", "floor", "ratio", "goal", "met", "n", "p50", "p99"}
        assert line["value"] > 0
        assert line["ratio"] == pytest.approx(line["value"] / line["floor"], rel=0.1)


def test_no_two_callers_ask_for_the_same_balance() -> None:
    asked = speech.balances()
    some = [next(asked) for _ in range(5_000)]
    assert len(set(some)) == len(some)

"""The benchmark of the IVR, with few callers: both lines come, no call fails, and times are plausible."""

from __future__ import annotations

import pytest

from benchmarks import ivr, ivr_rate

FIELDS = {"bench", "value", "unit", "floor", "ratio", "goal", "met", "n"}


def test_few_callers(
    laboratory: None, prompts: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = {"CALLERS": 2, "ROUNDS": 1, "SECONDS": 1.5, "WARM_UP_SECONDS": 2.0, "WARM_UP_CALLERS": 1}
    for name, value in {**small, "LISTENS_SECONDS": (0.5, 1.0), "STAYS_SECONDS": (4.0, 5.0)}.items():
        monkeypatch.setattr(ivr, name, value)
    for name, number in {"TRIAL_SECONDS": 1.0, "BEGIN": 2.0, "TRIALS": 1}.items():
        monkeypatch.setattr(ivr_rate, name, number)
    steps, rate = ivr.run()
    assert steps.keys() >= FIELDS | {"p50", "p99", "silence_p50", "silence_p99"}
    assert (steps["bench"], steps["unit"], steps["n"] > 0) == ("ivr_steps", "ms", True)
    assert steps["silence_p50"] >= steps["p50"] > 0
    assert rate.keys() >= FIELDS
    assert (rate["bench"], rate["value"], rate["floor"], rate["ratio"]) == ("ivr_rate", 2.0, 2.0, 1.0)
    assert capsys.readouterr().err.count("0 of 2 went wrong") == 2

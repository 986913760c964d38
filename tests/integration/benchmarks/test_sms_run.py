"""The SMS benchmark in small: the real SMS centre, some hundred messages."""

from __future__ import annotations

import pytest

from benchmarks import sms
from callcore.testing.lab.packages import fetch


def test_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(["smsc"])
    for name, value in {"MESSAGES": 300, "ROUNDS": 2}.items():
        monkeypatch.setattr(sms, name, value)
    (result,) = sms.run()
    assert (result["n"], result["met"]) == (300, True)
    assert (result["lost"], result["twice"], result["falsely_failed"]) == (0, 0, 0)

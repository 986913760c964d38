"""The pop benchmark in small: the real daemon, a handful of operators; and how it ends when it cannot run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from benchmarks import pop, pop_house
from benchmarks.pop_house import Broken, House, staff

ROOT = Path(__file__).parents[3]


def test_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"OPERATORS": 12, "ROUNDS": 1, "WARM_UP_SECONDS": 0.3}.items():
        monkeypatch.setattr(pop, name, value)
    monkeypatch.setattr(pop, "POP_SECONDS", 0.5)
    monkeypatch.setattr(pop, "FLOOR_SECONDS", 0.3)
    (result,) = pop.run()
    assert {"bench", "value", "unit", "floor", "ratio", "goal", "met", "n", "p50", "p99"} <= set(result)
    assert (result["n"], result["lost"]) == (10, 0)


async def test_a_daemon_that_does_not_start_is_told_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pop_house, "DAEMON", ("-c", "raise SystemExit('no such luck')"))
    house = House(staff(1), 1, ami_port=1)
    with pytest.raises(Broken, match=r"callcore ended with 1\nno such luck"):
        async with house:
            pytest.fail("it cannot be ready")
    assert not house.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaves_nothing_behind_when_it_is_stopped(number: signal.Signals) -> None:
    command = (sys.executable, "-m", "benchmarks.pop", "--pid")
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        daemon = int(process.stderr.readline().removeprefix("daemon: "))
        settings = Path(f"/proc/{daemon}/cmdline").read_text().split("\0")[-2]
        folder = Path(settings).parents[1]
        assert folder.name.startswith("callcore-pop-")
        process.send_signal(number)
        _stdout, complaints = process.communicate()
    assert (process.returncode, complaints) == (130, "")
    with pytest.raises(ProcessLookupError):
        os.kill(daemon, 0)
    assert not folder.exists()

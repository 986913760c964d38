"""kill -9 in the middle of intents and outcomes: nothing acknowledged is lost, nobody is taken twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from callcore.calls.attempt import AttemptResult
from callcore.calls.campaign import TargetResult
from callcore.store.database import Database

from .store_placed import a_recipient, running, targets_of

VICTIM = Path(__file__).with_name("store_ledger_victim.py")
ROOT = Path(__file__).parents[3]
PEOPLE = 900
"""Far more than the victim gets through before it dies."""


@pytest.mark.parametrize("after", [1, 50, 333])
async def test_the_ledger_survives(url: str, after: int) -> None:
    async with await Database.open(url, create=True) as db:
        campaign = await running(db, *map(a_recipient, range(1, PEOPLE + 1)))
    said = _kill_after(after, url)
    async with await Database.open(url) as db:
        targets = await targets_of(db, campaign.id)
        tried = {target.id: await db.attempts.of_target(target.id) for target in targets}
    stored = {attempt.id: attempt for found in tried.values() for attempt in found}
    for word, target, n in said:
        attempt = stored[f"v{target}x{n}"]  # type: ignore[index]
        if word == "settled":
            assert attempt.outcome is not None
            assert attempt.outcome.result is (AttemptResult.told if n == 3 else AttemptResult.busy)
    for target in targets:
        open_ones = [attempt.id for attempt in tried[target.id] if attempt.outcome is None]
        assert open_ones == ([] if target.attempt is None else [target.attempt])
        closed = [attempt for attempt in tried[target.id] if attempt.outcome is not None]
        assert target.rings == len(closed)
        assert target.result is (TargetResult.told if len(closed) == 3 else None)


def _kill_after(lines: int, url: str) -> list[tuple[str, int, int]]:
    """What the victim had said when it died."""
    with subprocess.Popen(
        [sys.executable, str(VICTIM), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as victim:
        assert victim.stdout is not None
        said: list[tuple[str, int, int]] = []
        for line in victim.stdout:
            if line.endswith("\n"):
                word, target, n = line.split()
                said.append((word, int(target), int(n)))
            if len(said) == lines:
                victim.kill()
    assert len(said) >= lines
    return said

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from callcore.outbound import gate, rules

from .campaign_stage import Stage


@pytest.fixture(autouse=True)
def calls_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is on the line is asked for again sooner than in life."""
    for place in (gate, rules):
        monkeypatch.setattr(place, "OPEN_CALL_PAUSE", timedelta(seconds=0.1))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """An open database, nobody in it, callcore not started."""
    async with Stage.open(tmp_path) as opened:
        yield opened

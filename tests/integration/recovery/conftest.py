"""callcore away for a while, on the real Asterisk; calls end meanwhile."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.testing.house import PEOPLE, House
from callcore.testing.stage import Stage


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Asterisk, settings and people, callcore not started."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3))
        stage.write_config({"desk": {"wrap_up_seconds": 2, "reject_pause_after": 3}})
        await stage.add_people(PEOPLE)
        yield House(stage, tmp_path, stack)

"""A whole house on the real Asterisk, whose files change while people call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcore.testing.house import PEOPLE, House
from callcore.testing.stage import Stage

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def bare_house(tmp_path: Path) -> AsyncIterator[House]:
    """Asterisk, settings and people, callcore not started."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3))
        stage.write_config()
        await stage.add_people(PEOPLE)
        yield House(stage, tmp_path, stack)


def change_finance(house: House, change: Change) -> None:
    """In the file of the finance group."""
    file = house.stage.config_file.parent / "topics" / "finance.yaml"
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(table)
    file.write_text(yaml.safe_dump(table, allow_unicode=True, sort_keys=False), encoding="utf-8")

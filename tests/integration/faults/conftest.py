"""What breaks, on the real Asterisk: callcore, Asterisk, the link between them, the database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.testing.stage import Stage
from callcore.testing.wire import Wire

from .room import Room, settle


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people") / "callcore.db"


@pytest.fixture
async def room(tmp_path: Path, people: Path) -> AsyncIterator[Room]:
    """callcore runs and is linked; nobody has called yet."""
    async with AsyncExitStack() as stack:
        stage = Stage(tmp_path, queue_timeout=60)
        settle(stage)
        await stack.enter_async_context(stage)
        wire = await stack.enter_async_context(Wire(stage.lab.ami_port))
        room = Room(stage, tmp_path, stack, wire)
        await room.furnish(people)
        await room.begin()
        await room.linked()
        yield room

"""callcore away, or cut off, while its operators work on living calls; on the real Asterisk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.testing.house import PEOPLE, House
from callcore.testing.stage import Stage
from callcore.testing.wire import Wire

VERSIONS = (22, 16)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture(params=VERSIONS, ids=lambda version: f"asterisk{version}")
async def house(request: pytest.FixtureRequest, stack: AsyncExitStack, tmp_path: Path) -> House:
    """Asterisk, settings and people, callcore not started."""
    stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3, version=request.param))
    stage.write_config({"desk": {"wrap_up_seconds": 60}}, is_terse=True)
    await stage.add_people(PEOPLE)
    return House(stage, tmp_path, stack)


@pytest.fixture
async def wire(house: House, stack: AsyncExitStack) -> Wire:
    """callcore's AMI link to the PBX."""
    lab = house.stage.lab
    wire = await stack.enter_async_context(Wire(lab.ami_port))
    main = {
        "host": "127.0.0.1",
        "port": wire.port,
        "username": lab.username,
        "secret_file": "ami.secret",
        "fallback_queue": "expert",
    }
    house.stage.write_config({"desk": {"wrap_up_seconds": 60}, "pbx": {"main": main}}, is_terse=True)
    return wire

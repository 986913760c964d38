"""The way out on real Asterisks: a PBX, a carrier with subscribers, the ledger, a gateway."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from callcore.testing.blackout import QUICK, Blackout
from callcore.testing.carrier import Carrier
from callcore.testing.house import PEOPLE
from callcore.testing.sms import Smsc
from callcore.testing.stage import Stage

from .apart import Apart
from .centre import Centre


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
async def carrier(tmp_path: Path, stack: AsyncExitStack) -> Carrier:
    return await stack.enter_async_context(Carrier(tmp_path / "carrier", press_seconds=1.5))


@pytest.fixture
async def stage(tmp_path: Path, stack: AsyncExitStack, carrier: Carrier) -> Stage:
    stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3, carrier_port=carrier.sip_port))
    stage.write_config({**QUICK, "desk": {"wrap_up_seconds": 2}})
    await stage.add_people(PEOPLE, seeds=False)
    return stage


@pytest.fixture
def blackout(stage: Stage, carrier: Carrier, tmp_path: Path, stack: AsyncExitStack) -> Blackout:
    """PBX and carrier run; people of callcore are there; callcore is not started."""
    return Blackout(stage, carrier, tmp_path, stack)


@pytest.fixture
def apart(stage: Stage, carrier: Carrier, tmp_path: Path, stack: AsyncExitStack) -> Apart:
    """The same, and callcore will be a process of its own."""
    return Apart(stage, carrier, tmp_path, stack)


@pytest.fixture
async def centre(apart: Apart, stack: AsyncExitStack) -> Centre:
    """callcore's SMS go there."""
    centre = Centre(await stack.enter_async_context(Smsc()))
    centre.settings(apart)
    return centre

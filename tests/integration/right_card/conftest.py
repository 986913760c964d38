"""Every way a call can take, on the real Asterisk 22 and 16, with operators at their desks.

Each module has an Asterisk and a callcore of its own for each version; each test is one story on them.
``VERSIONS`` in a module says on which versions its stories are told, if not on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from callcore.testing.house import PASSWORD
from callcore.testing.operator import ApiOperator
from callcore.testing.recording.capture import Link

from .building import SEATS, OfficeStage
from .office import Office
from .wire import Wire


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" not in metafunc.fixturenames:
        return
    name = metafunc.module.__name__.rpartition(".")[2]
    versions = getattr(metafunc.module, "VERSIONS", (22, 16))
    groups = [pytest.param(one, marks=pytest.mark.xdist_group(f"{name}-{one}")) for one in versions]
    metafunc.parametrize("version", groups, scope="module", ids=lambda version: f"asterisk{version}")


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OfficeStage]:
    """Asterisk of this version, and callcore beside it."""
    async with OfficeStage(tmp_path_factory.mktemp(f"office{version}"), version) as stage:
        stage.write_config({"desk": {"wrap_up_seconds": 120}}, is_terse=True)
        stage.keep_open("finance")
        await stage.add_everybody()
        await stage.start()
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apis(stage: OfficeStage) -> AsyncIterator[dict[str, ApiOperator]]:
    """Everybody is signed in and listens; on shift they come in their stories."""
    async with AsyncExitStack() as stack:
        people = [ApiOperator(stage.url, login, PASSWORD) for login in SEATS]
        yield {api.login: await stack.enter_async_context(api) for api in people}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def links(stage: OfficeStage) -> AsyncIterator[tuple[Link, Link]]:
    """Who only listens to Asterisk, and a hand that acts there."""
    lab = stage.lab
    async with (
        Link(lab.ami_port, "callcore", lab.secret) as ear,
        Link(lab.ami_port, "hand", lab.secret) as hand,
    ):
        yield ear, hand


@pytest_asyncio.fixture(loop_scope="module")
async def office(
    stage: OfficeStage, apis: dict[str, ApiOperator], links: tuple[Link, Link]
) -> AsyncIterator[Office]:
    """One story. Zoya is on shift in each, and no card may ever come to her."""
    ear, hand = links
    office = Office(stage, apis, Wire(ear), hand)
    await office.open()
    try:
        await office.sits("zoya")
        yield office
    finally:
        await office.close()

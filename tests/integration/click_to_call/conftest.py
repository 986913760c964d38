"""Operators who have numbers called: a PBX, a carrier with subscribers, and phones in their hands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

VERSIONS = (22, 16)
SHOWN = "+74951112233"
"""What numbers outside see."""
OUTBOUND = {
    "outbound": {
        "trunks": {
            "main": {"calls_per_second": 20, "lines": 10, "ring_seconds": 5, "caller_number": SHOWN},
        }
    }
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        name = metafunc.module.__name__.rpartition(".")[2]
        groups = [pytest.param(one, marks=pytest.mark.xdist_group(f"{name}-{one}")) for one in VERSIONS]
        metafunc.parametrize("version", groups, scope="module", ids=lambda version: f"asterisk{version}")


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


class Desk:
    """An operator on shift with his phone in his hand."""

    def __init__(self, api: ApiOperator, phone: Softphone) -> None:
        self.api = api
        self.phone = phone

    async def calls(self, number: str, **more: Any) -> str:
        """Has it called; the attempt."""
        placed = await self.api.call("POST", "/api/v1/calls", {"number": number, **more})
        assert (placed["state"], placed["result"]) == ("open", None)
        return str(placed["attempt"])

    async def state(self, attempt: str) -> dict[str, Any]:
        return dict(await self.api.call("GET", f"/api/v1/calls/{attempt}"))

    async def over(self, attempt: str) -> dict[str, Any]:
        """What became of it, once that is known."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.state(attempt))["state"] != "over":  # noqa: ASYNC110 - the API is asked
                await asyncio.sleep(0.05)
        return found

    async def hangs_up(self, attempt: str) -> None:
        await self.api.call("POST", f"/api/v1/calls/{attempt}/hang-up")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(
    version: int, needs: None, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    version: int, carrier: Carrier, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp(f"stage{version}")
    async with Stage(folder, carrier_port=carrier.sip_port, version=version) as stage:
        more = {"desk": {"wrap_up_seconds": 1}, "recordings": {"placed": True}}
        more["calls"] = {"auto_answer": {"PJSIP/102": "call_info", "PJSIP/10*": "no"}}
        stage.write_config({**OUTBOUND, **more}, is_terse=True)
        await stage.add_people(PEOPLE, queues=())
        await stage.start()
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as opened:
        yield opened


async def _sits(stage: Stage, stack: AsyncExitStack, login: str, number: str) -> Desk:
    lab = stage.lab
    phone = await stack.enter_async_context(Softphone(number, lab.phone_port(number), lab.sip_port))
    api = await stack.enter_async_context(ApiOperator(stage.url, login, PASSWORD))
    await api.open(f"PJSIP/{number}")
    stack.push_async_callback(api.sign_out)
    return Desk(api, phone)


@pytest_asyncio.fixture(loop_scope="module")
async def anna(stage: Stage, stack: AsyncExitStack) -> Desk:
    return await _sits(stage, stack, "anna", "101")


@pytest_asyncio.fixture(loop_scope="module")
async def boris(stage: Stage, stack: AsyncExitStack) -> Desk:
    return await _sits(stage, stack, "boris", "102")

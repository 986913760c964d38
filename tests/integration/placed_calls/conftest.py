"""callcore as a process that dies while Anna has a number called, and its second life."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from callcore import config
from callcore.calls.attempt import Attempt
from callcore.store.database import Database
from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import SoftCall, Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import until
from callcore.testing.stage import DIALPLAN, Stage

MORTAL = Path(__file__).with_name("mortal.py")
TRUNK = {"calls_per_second": 20, "lines": 10, "ring_seconds": 10, "caller_number": "+74951112233"}
ELSEWHERE = """
[elsewhere]
exten => s,1,Dial(Local/busy@elsewhere)
 same => n,Wait(300)
exten => busy,1,Hangup(17)
"""
"""Of the house's own dialplan."""
_people = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture(scope="module")
def version() -> int:
    """Of the Asterisk."""
    return 22


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
    folder = tmp_path_factory.mktemp(f"stage{version}")
    dialplan = DIALPLAN + ELSEWHERE
    async with Stage(folder, carrier_port=carrier.sip_port, version=version, dialplan=dialplan) as stage:
        stage.write_config({"outbound": {"trunks": {"main": TRUNK}}}, is_terse=True)
        await stage.add_people(PEOPLE, queues=(), seeds=False)
        yield stage


class Lives:
    """``begin`` it, have a number called, let it die, ``begin`` again."""

    def __init__(self, stage: Stage, carrier: Carrier, stack: AsyncExitStack) -> None:
        self.stage = stage
        self.carrier = carrier
        self._stack = stack
        self._database: Database | None = None
        self.anna = ApiOperator(stage.url, "anna", PASSWORD)
        self.phone = Softphone("101", stage.lab.phone_port("101"), stage.lab.sip_port)

    async def begin(self, place: str | None = None) -> None:
        """Start callcore; ``place``: it dies there. Anna is on shift when this returns."""
        await self.stage.begin(script=(str(MORTAL), place) if place else ())
        if self._database is None:
            url = config.load(self.stage.config_file).database.url
            self._database = await self._stack.enter_async_context(await Database.open(url))
            await self._stack.enter_async_context(self.phone)
            await self._stack.enter_async_context(self.anna)
            if await self.anna.desk() is None:
                await self.anna.open("PJSIP/101")

    def number(self, ending: str) -> str:
        """Of somebody whom nobody has called yet; the ending says who lives there."""
        return f"791600{next(_people):03}{ending}"

    async def calls(self, number: str) -> None:
        """Has it called; callcore may die of it."""
        with suppress(aiohttp.ClientError, ConnectionError):
            await self.anna.call("POST", "/api/v1/calls", {"number": f"+{number}"})

    async def picks_up(self, ending: str) -> tuple[str, SoftCall]:
        """Anna has somebody called whom nobody has called yet, and picks up her phone, which rings first."""
        number = self.number(ending)
        await self.calls(number)
        call = await self.phone.incoming()
        await call.answer()
        return number, call

    async def row(self, number: str) -> Attempt | None:
        """The ledger's newest of this number."""
        assert self._database is not None
        found = await self._database.attempts.placed(login="anna", limit=100)
        return next((one for one in found if one.number == f"+{number}"), None)

    async def over(self, number: str) -> tuple[str, str]:
        """Result and detail, once they are stored."""

        async def is_over() -> bool:
            call = await self.row(number)
            return call is not None and call.outcome is not None

        await until(is_over)
        call = await self.row(number)
        assert call is not None
        assert call.outcome is not None
        return call.outcome.result.value, call.outcome.detail


@pytest_asyncio.fixture(loop_scope="module")
async def lives(stage: Stage, carrier: Carrier) -> AsyncIterator[Lives]:
    async with AsyncExitStack() as stack:
        yield Lives(stage, carrier, stack)
        await stage.stop()

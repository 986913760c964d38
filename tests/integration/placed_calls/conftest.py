"""callcore as a process that dies while Anna has a number called, and its second life."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
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
from callcore.testing.lab import Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

MORTAL = Path(__file__).with_name("mortal.py")
START_SECONDS = 40.0
OLD_ENOUGH_SECONDS = 8
"""A PBX that began less than some seconds before an intent may have forgotten it."""
TRUNK = {"calls_per_second": 20, "lines": 10, "ring_seconds": 10, "caller_number": "+74951112233"}
_people = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(carrier: Carrier, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage(tmp_path_factory.mktemp("stage"), carrier_port=carrier.sip_port) as stage:
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
        await self._until(self._has_old_pbx)
        await self.stage.start_process(script=(str(MORTAL), place) if place else ())
        await self._until(self._is_ready, START_SECONDS)
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

    async def killed(self) -> None:
        """Waits until callcore has died by its own hand."""
        process = self.stage.process
        assert process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await process.wait() == -signal.SIGKILL

    async def kill(self) -> None:
        self.stage.signal(signal.SIGKILL)
        await self.killed()

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

        await self._until(is_over)
        call = await self.row(number)
        assert call is not None
        assert call.outcome is not None
        return call.outcome.result.value, call.outcome.detail

    async def _is_ready(self) -> bool:
        process = self.stage.process
        assert process is not None
        assert process.returncode is None, (self.stage.folder / "callcore.log").read_text("utf-8")[-3000:]
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.stage.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _has_old_pbx(self) -> bool:
        shown = await self.stage.lab.console("core show uptime seconds")
        seconds = shown.partition("System uptime:")[2].split()
        return bool(seconds) and int(seconds[0]) >= OLD_ENOUGH_SECONDS

    async def _until(
        self, condition: Callable[[], Awaitable[bool]], seconds: float = PATIENCE_SECONDS
    ) -> None:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - another process cannot set our Event
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(loop_scope="module")
async def lives(stage: Stage, carrier: Carrier) -> AsyncIterator[Lives]:
    async with AsyncExitStack() as stack:
        yield Lives(stage, carrier, stack)
        await stage.stop()

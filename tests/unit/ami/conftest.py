"""A scripted peer, and a link that runs against it for the length of a test."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from callcore.ami.client import AmiLink, AmiSettings, Inbox
from callcore.calls.facts import Fact
from callcore.testing.ami import ScriptedAmi
from callcore.testing.patience import PATIENCE_SECONDS


class Running:
    """A link with its inbox."""

    def __init__(self, settings: AmiSettings, size: int) -> None:
        self.inbox: Inbox = asyncio.Queue(size)
        self.link = AmiLink(settings, self.inbox)
        self.task = asyncio.create_task(self.link.run())

    async def fact(self) -> Fact:
        async with asyncio.timeout(PATIENCE_SECONDS):
            moment, fact = await self.inbox.get()
        assert moment <= time.monotonic()
        place = fact if hasattr(fact, "pbx") else getattr(fact, "channel", None)
        assert place is None or place.pbx == self.link.pbx
        return fact

    async def facts(self, count: int) -> list[Fact]:
        return [await self.fact() for _ in range(count)]

    async def settled(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.link.settled()

    async def until(self, condition: Callable[[], bool]) -> None:
        """For what the link tells nobody; looks after every turn of the loop."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0)


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    async with ScriptedAmi() as peer:
        yield peer


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """``await start(settings)``: a running link; ``up=False`` to not wait until it is up."""
    running: list[Running] = []

    async def begin(settings: AmiSettings, *, up: bool = True, size: int = 1000, **_: Any) -> Running:
        one = Running(settings, size)
        running.append(one)
        if up:
            assert await one.settled() == "up", one.link.why
        return one

    yield begin
    for one in running:
        await one.link.stop()
        await one.task

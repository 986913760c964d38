"""A PBX, a carrier with subscribers, and a Dialer between them with everything that it told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from callcore.ami.client import AmiLink, AmiSettings, Inbox
from callcore.ami.dialer import AmiDialer
from callcore.calls.attempt import AttemptId, Medium
from callcore.calls.number_history import NumberHistory
from callcore.domain import PbxName
from callcore.ivr.dialplan import include_file
from callcore.outbound.gate import Ask, Destinations, Permit, Profile, Purpose, decide
from callcore.outbound.ports import CallHungUp, CallNews, CallOrder, RouteBack, Trace
from callcore.testing.carrier import TRUNK, Carrier
from callcore.testing.lab import Account, AsteriskLab, OutgoingTrunk
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS

NOTICE = "demo-congrats"
"""Asterisk's own prompt, longer than anybody in a test listens."""
SHORT_NOTICE = "vm-goodbye"
MAIN = PbxName("main")
PROFILE = Profile("test", None, None, 100, 100, timedelta(days=1), Destinations(("+7",)))
NewsKind = TypeVar("NewsKind", bound=CallNews)


def now() -> datetime:
    return datetime.now(UTC)


def permit(attempt: str, number: str, route: str = MAIN, at: datetime | None = None) -> Permit:
    """From the real gate."""
    ask = Ask(AttemptId(attempt), Medium.voice, Purpose.notice, number, "Europe/Moscow", route, PROFILE)
    answer = decide(ask, NumberHistory(), at or now())
    assert isinstance(answer, Permit), answer
    return answer


def order(notice: str = NOTICE, ring_seconds: int = 20) -> CallOrder:
    return CallOrder(notice, "en", ring_seconds, "+74951112233")


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None) -> None:
    """Every test here."""


@pytest.fixture
async def carrier(tmp_path: Path) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path / "carrier") as running:
        yield running


MakePbx = Callable[..., Awaitable[AsteriskLab]]


@pytest.fixture
async def make_pbx(carrier: Carrier, tmp_path: Path) -> AsyncIterator[MakePbx]:
    """``await make_pbx(qualify_seconds=1)``: a PBX that dials through the carrier; without ``agi_port``
    nobody answers its FastAGI."""
    include = tmp_path / "callcore.conf"
    include.write_text(include_file(), encoding="utf-8")
    started: list[AsteriskLab] = []

    async def make(*, qualify_seconds: int = 0, agi_port: int | None = None, **variables: str) -> AsteriskLab:
        lab = AsteriskLab(
            tmp_path / f"pbx{len(started)}",
            includes=[include],
            variables={
                "CALLCORE_AGI": f"127.0.0.1:{agi_port or free_port()}",
                "CALLCORE_PBX": MAIN,
                "CALLCORE_FALLBACK_QUEUE": "none",
                **TRUNK,
                **variables,
            },
            accounts=(Account("poor", "s3", write="call,agent,reporting,user"),),
            carrier=OutgoingTrunk("127.0.0.1", carrier.sip_port, qualify_seconds),
        )
        await lab.start()
        started.append(lab)
        return lab

    yield make
    for lab in started:
        await lab.kill()


@pytest.fixture
async def pbx(make_pbx: MakePbx) -> AsteriskLab:
    return await make_pbx()


class Dialling:
    """A link, its Dialer, and the news in order."""

    def __init__(self, settings: AmiSettings) -> None:
        self.inbox: Inbox = asyncio.Queue(10_000)
        self.link = AmiLink(settings, self.inbox)
        self.news: list[CallNews] = []
        self.dialer = AmiDialer(self.link, self.news.append, now)
        self._changed = asyncio.Condition()
        self._tasks = [asyncio.create_task(self.link.run()), asyncio.create_task(self._pump())]

    async def _pump(self) -> None:
        while True:
            _, fact = await self.inbox.get()
            self.dialer.take_fact(fact)
            async with self._changed:
                self._changed.notify_all()

    async def up(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await self.link.settled() == "up", self.link.why

    async def back(self, times: int) -> None:
        """Waits until the link has been up so often, the first time counted."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
            await self._changed.wait_for(
                lambda: sum(isinstance(one, RouteBack) for one in self.news) >= times
            )

    async def dial(self, attempt: str, number: str, **changes: Any) -> None:
        await self.dialer.dial(permit(attempt, number), order(**changes))

    def of(self, attempt: str) -> list[CallNews]:
        return [one for one in self.news if getattr(one, "attempt", None) == attempt]

    async def told(
        self, kind: type[NewsKind], attempt: str | None = None, limit: float = PATIENCE_SECONDS
    ) -> NewsKind:
        """Waits for news of this kind."""

        def found() -> NewsKind | None:
            news = self.news if attempt is None else self.of(attempt)
            return next((one for one in news if isinstance(one, kind)), None)

        async with asyncio.timeout(limit), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
        one = found()
        assert one is not None
        return one

    async def cause(self, attempt: str) -> int | None:
        return (await self.told(CallHungUp, attempt)).cause

    async def trace(self, attempt: str, wanted: Callable[[Trace], bool] = lambda _: True) -> Trace:
        """The first that is ``wanted``."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                traces = await self.dialer.trace([AttemptId(attempt)])
                if wanted(trace := traces.by_attempt[AttemptId(attempt)]):
                    return trace
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        await self.link.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


Connect = Callable[..., Awaitable[Dialling]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """``await connect(pbx)``: a Dialer whose link is up; ``port=`` of a wire in between."""
    running: list[Dialling] = []

    async def begin(pbx: AsteriskLab, **changes: Any) -> Dialling:
        settings: dict[str, Any] = {
            "name": MAIN,
            "host": "127.0.0.1",
            "port": pbx.ami_port,
            "username": pbx.username,
            "secret": pbx.secret,
            "first_retry_seconds": 0.05,
            "longest_retry_seconds": 0.2,
            "refused_retry_seconds": 0.2,
        }
        one = Dialling(AmiSettings(**(settings | changes)))
        running.append(one)
        await one.up()
        await one.back(1)
        return one

    yield begin
    for one in running:
        await one.stop()


@pytest.fixture
async def line(pbx: AsteriskLab, connect: Connect) -> Dialling:
    """A Dialer on the PBX."""
    return await connect(pbx)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ServeScript = Callable[[Script], Awaitable[int]]


async def step(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: str) -> str:
    """Asterisk's answer to one command of a script."""
    writer.write(f"{command}\n".encode())
    return (await reader.readline()).decode().strip()


@pytest.fixture
async def serve() -> AsyncIterator[ServeScript]:
    """``await serve(script)``: the port of a FastAGI server that runs ``script`` and then goes away."""
    servers: list[asyncio.Server] = []
    tasks: set[asyncio.Task[None]] = set()

    async def begin(script: Script) -> int:
        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await reader.readuntil(b"\n\n")
                await script(reader, writer)
            finally:
                writer.transport.abort()
                tasks.discard(task)

        server = await asyncio.start_server(one, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield begin
    for server in servers:
        server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""A server with a route of the test's choice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callcore.ivr.agi_session import Session
from callcore.ivr.fastagi import Server
from callcore.testing.patience import PATIENCE_SECONDS

from .scripted_asterisk import PEERS, Counters, FakeAsterisk, environment


class Bench:
    """A running server whose route is ``route``; keeps what the route returned or raised."""

    def __init__(self, server: Server, counters: Counters) -> None:
        self.server = server
        self.counters = counters
        self.outcomes: list[Any] = []
        self.sessions: list[Session] = []
        self._peers: list[FakeAsterisk] = []

    async def connect(self) -> FakeAsterisk:
        peer = FakeAsterisk(*await asyncio.open_connection("127.0.0.1", self.server.port))
        self._peers.append(peer)
        return peer

    async def call(self, script: str = "inbound/main", **more: str | bytes) -> FakeAsterisk:
        peer = await self.connect()
        peer.send(environment(script, **more))
        return peer

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():  # noqa: ASYNC110 - any condition at all
                await asyncio.sleep(0.005)

    async def close(self) -> None:
        for peer in self._peers:
            peer.writer.transport.abort()
        await self.server.close()


RouteOf = Callable[[Session], Awaitable[Any]]
MakeBench = Callable[..., Any]


@pytest.fixture
def bench() -> MakeBench:
    """``async with bench(route, **server_options) as b``."""

    @asynccontextmanager
    async def make(
        route: RouteOf, *, peers: Mapping[str, list[str]] = PEERS, **options: Any
    ) -> AsyncIterator[Bench]:
        counters = Counters()
        made: list[Bench] = []

        async def kept(session: Session) -> None:
            bench = made[0]
            bench.sessions.append(session)
            try:
                bench.outcomes.append(await route(session))
            except BaseException as error:
                bench.outcomes.append(error)
                raise

        server = Server("127.0.0.1", 0, {"inbound": kept}, peers, metrics=counters, **options)
        await server.start()
        made.append(Bench(server, counters))
        try:
            yield made[0]
        finally:
            await made[0].close()

    return make

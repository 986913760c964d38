"""The shipped fake itself: it behaves as the real Asterisk did where the product's tests rely on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callcore.testing.ami import SILENT, ScriptedAmi, listing, refusal
from callcore.testing.patience import PATIENCE_SECONDS

LOGIN = b"Action: Login\r\nActionID: 1\r\nUsername: callcore\r\nSecret: right\r\n\r\n"


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def message(self) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode()


@asynccontextmanager
async def connected(pbx: ScriptedAmi) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", pbx.port)
    try:
        assert await reader.readline() == pbx.greeting
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


async def test_login() -> None:
    async with ScriptedAmi() as pbx, connected(pbx) as peer:
        peer.writer.write(LOGIN.replace(b"right", b"wrong"))
        assert (
            await peer.message() == "Response: Error\r\nActionID: 1\r\nMessage: Authentication failed\r\n\r\n"
        )
        peer.writer.write(LOGIN)
        assert "Response: Success" in await peer.message()
        assert "Event: FullyBooted" in await peer.message()


async def test_lists_and_scripted_answers() -> None:
    async with ScriptedAmi() as pbx, connected(pbx) as peer:
        pbx.channels = [[("Event", "Status"), ("Uniqueid", "1")]]
        pbx.answers = {"Ping": SILENT, "Hangup": refusal("No such channel")}
        peer.writer.write(
            b"Action: Ping\r\n\r\nAction: Status\r\nActionID: 7\r\nVariable: A\r\nVariable: B\r\n\r\n"
        )
        assert "EventList: start" in await peer.message()
        assert await peer.message() == "Event: Status\r\nActionID: 7\r\nUniqueid: 1\r\n\r\n"
        assert "EventList: Complete\r\nListItems: 1" in await peer.message()
        peer.writer.write(b"Action: Hangup\r\n\r\n")
        assert await peer.message() == "Response: Error\r\nMessage: No such channel\r\n\r\n"
        assert [action["action"] for action in pbx.received] == ["Ping", "Status", "Hangup"]
        assert pbx.actions("Status")[0]["variable"] == "A\nB"


async def test_a_list_that_is_cancelled() -> None:
    answer = listing([], "XComplete", end="cancelled")({"actionid": "1"})
    assert answer is not None
    assert b"EventList: cancelled" in answer


async def test_events_and_cut_reach_everybody_and_it_starts_again_on_its_port() -> None:
    pbx = ScriptedAmi()
    await pbx.start()
    port = pbx.port
    async with connected(pbx) as one, connected(pbx) as two:
        pbx.event(Event="Shutdown")
        assert await one.message() == await two.message() == "Event: Shutdown\r\n\r\n"
        await pbx.stop()
        assert await one.reader.read() == b""
    await pbx.start()
    assert pbx.port == port
    async with connected(pbx):
        assert pbx.connections == 3
    await pbx.stop()


async def test_stopping_what_never_started_is_harmless() -> None:
    await ScriptedAmi().stop()

"""A scripted Asterisk on a real loopback socket."""

import asyncio
import socket
import struct
from collections.abc import Callable

from callcore.testing.patience import PATIENCE_SECONDS

PEERS = {"main": ["127.0.0.1", "::1"]}
Reply = bytes | Callable[[str], bytes | None] | None


def environment(script: str = "inbound/main", **more: str | bytes) -> bytes:
    data: dict[str, str | bytes] = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1/{script}",
        "agi_channel": "PJSIP/trunk-00000001",
        "agi_language": "ru",
        "agi_uniqueid": "lab-1795.1",
        "agi_callerid": "79161234567",
        "agi_calleridname": "Иван",
        "agi_callingpres": "0",
        "agi_dnid": "100",
        "agi_rdnis": "unknown",
        "agi_context": "callcore-inbound",
        "agi_extension": "s",
        **more,
    }
    lines = [
        name.encode() + b": " + (value if isinstance(value, bytes) else value.encode())
        for name, value in data.items()
    ]
    return b"\n".join(lines) + b"\n\n"


class FakeAsterisk:
    """Answers commands as Asterisk would; ``replies`` maps a command's beginning to something else."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.commands: list[str] = []
        self.replies: dict[str, Reply] = {}

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self) -> str | None:
        """The next command, unanswered; None at the end of the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                line = await self.reader.readline()
            except ConnectionError:
                return None
        if not line:
            return None
        text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
        self.commands.append(text)
        return text

    async def run(self) -> list[str]:
        """Answers everything till the server closes; all commands."""
        while (command := await self.command()) is not None:
            if (reply := self.reply(command)) is not None:
                self.send(reply)
        return self.commands

    def reply(self, command: str) -> bytes | None:
        for beginning, reply in self.replies.items():
            if command.startswith(beginning):
                return reply(command) if callable(reply) else reply
        if command.startswith("STREAM FILE"):
            return b"200 result=0 endpos=8000\n"
        if command.startswith("CHANNEL STATUS"):
            return b"200 result=6\n"
        if command.startswith(("SET VARIABLE", "HANGUP", "VERBOSE")):
            return b"200 result=1\n"
        return b"200 result=0\n"

    async def closed(self) -> bytes:
        """What still comes, till the server closes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def reset(self) -> None:
        """Closes with RST, as a crash does."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Counters:
    def __init__(self) -> None:
        self.started = 0
        self.results: list[str] = []
        self.refusals: list[str] = []
        self.timeouts: list[str] = []

    def session_started(self) -> None:
        self.started += 1

    def session_ended(self, result: str) -> None:
        self.results.append(result)

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)

    def timed_out(self, verb: str) -> None:
        self.timeouts.append(verb)

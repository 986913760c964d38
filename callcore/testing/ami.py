"""A scripted Asterisk manager port on a real loopback socket, for failures that a real Asterisk cannot show.

    async with ScriptedAmi() as pbx:
        link = AmiLink(pbx.settings(), inbox)
        ...
        pbx.event(Event="Newchannel", Uniqueid="1.1", Channel="PJSIP/101-1")
        pbx.answers["Ping"] = SILENT
        pbx.cut()

It logs in whoever knows ``secret``, answers Status and QueueStatus with ``channels`` and ``queues``, and any
other action with Success, unless ``answers`` says otherwise. ``received`` holds each action as it came.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from callcore.ami.settings import AmiSettings
from callcore.domain import PbxName

Row = Sequence[tuple[str, str]]
Answer = Callable[[Mapping[str, str]], bytes | None]
"""Gets an action's headers (lower-case names, repeated ones joined by a newline); gives the bytes to send."""

GREETING = b"Asterisk Call Manager/9.0.0\r\n"


def message(*headers: tuple[str, str]) -> bytes:
    """One message in the bytes of the wire."""
    return b"".join(f"{name}: {value}\r\n".encode() for name, value in headers) + b"\r\n"


def success(text: str = "Done") -> Answer:
    return lambda action: message(("Response", "Success"), *_id(action), ("Message", text))


def refusal(text: str) -> Answer:
    return lambda action: message(("Response", "Error"), *_id(action), ("Message", text))


def listing(rows: Sequence[Row], complete: str, *, end: str = "Complete") -> Answer:
    """A list of events between a response and its closing event ``complete``."""

    def answer(action: Mapping[str, str]) -> bytes:
        ident = _id(action)
        head = message(("Response", "Success"), *ident, ("EventList", "start"), ("Message", "will follow"))
        body = b"".join(message(row[0], *ident, *row[1:]) for row in rows)
        tail = message(("Event", complete), *ident, ("EventList", end), ("ListItems", str(len(rows))))
        return head + body + tail

    return answer


def SILENT(_: Mapping[str, str]) -> None:
    """Never answers."""


def _id(action: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return (("ActionID", action["actionid"]),) if "actionid" in action else ()


class ScriptedAmi:
    """See the module. Everything may be changed while it runs; ``port`` is known once it has started."""

    def __init__(self, *, secret: str = "right", tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.secret = secret
        self.port = port
        self.greeting = GREETING
        self.fully_booted = True
        self.uptime: int | None = None
        """Seconds that FullyBooted tells; None: an Asterisk that does not say it."""
        self.channels: list[Row] = []
        self.queues: list[Row] = []
        self.answers: dict[str, Answer] = {}
        self.received: list[dict[str, str]] = []
        self.connections = 0
        self._tls = tls
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._happened = asyncio.Condition()

    def settings(self, **changes: Any) -> AmiSettings:
        """Settings of a link to this port, with short waits between attempts."""
        defaults: dict[str, Any] = {
            "name": PbxName("main"),
            "host": "127.0.0.1",
            "port": self.port,
            "username": "callcore",
            "secret": self.secret,
            "first_retry_seconds": 0.01,
            "longest_retry_seconds": 0.05,
            "refused_retry_seconds": 0.05,
            "booted_seconds": 0.2,
        }
        return AmiSettings(**(defaults | changes))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listens; after ``stop`` on the same port again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.cut()
            await self._server.wait_closed()
            await self.until(lambda: not self._writers)

    @property
    def is_connected(self) -> bool:
        return bool(self._writers)

    def cut(self) -> None:
        """Breaks every connection as a crash does, without a word."""
        for writer in self._writers:
            writer.transport.abort()

    def raw(self, data: bytes) -> None:
        """Sends these bytes to everybody who is connected."""
        for writer in self._writers:
            writer.write(data)

    def event(self, **headers: str) -> None:
        self.raw(message(*headers.items()))

    def actions(self, name: str) -> list[dict[str, str]]:
        """Those received under this name."""
        return [action for action in self.received if action.get("action") == name]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits until ``condition`` holds; looked at after every connection, action and loss."""
        async with self._happened:
            await self._happened.wait_for(condition)

    async def _note(self) -> None:
        async with self._happened:
            self._happened.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        await self._note()
        try:
            writer.write(self.greeting)
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                action = _parse(raw)
                self.received.append(action)
                answer = self.answers.get(action.get("action", ""), self._default)(action)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
                await self._note()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            await self._note()

    def _default(self, action: Mapping[str, str]) -> bytes | None:
        match action.get("action"):
            case "Login":
                return self._login(action)
            case "Status":
                return listing(self.channels, "StatusComplete")(action)
            case "QueueStatus":
                return listing(self.queues, "QueueStatusComplete")(action)
            case _:
                return success()(action)

    def _login(self, action: Mapping[str, str]) -> bytes:
        if action.get("secret") != self.secret:
            return message(("Response", "Error"), *_id(action), ("Message", "Authentication failed"))
        answer = message(("Response", "Success"), *_id(action), ("Message", "Authentication accepted"))
        uptime = [] if self.uptime is None else [("Uptime", str(self.uptime))]
        booted = message(
            ("Event", "FullyBooted"), ("Privilege", "system,all"), *uptime, ("Status", "Fully Booted")
        )
        return answer + booted if self.fully_booted else answer


def _parse(raw: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(": ")
        if colon:
            key = name.lower()
            headers[key] = f"{headers[key]}\n{value}" if key in headers else value
    return headers

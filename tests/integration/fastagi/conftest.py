"""One private Asterisk per test, with our dialplan and our queues, and an ear on its events."""

import asyncio
import os
import signal
import sys
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from callcore.ivr.agi_session import Session
from callcore.ivr.dialplan import include_file
from callcore.ivr.fastagi import Server
from callcore.ivr.queue_file import QueueDefinition, render_queues
from callcore.testing.lab import AsteriskLab, Caller, Softphone, Step
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
PHONES = ("101", "102")
DIALPLAN = """[from-trunk]
exten => _X.,1,Goto(callcore-inbound,${EXTEN},1)
exten => support,1,Goto(callcore-inbound,${EXTEN},1)
"""


def the_include(folder: Path) -> Path:
    """The one file that an administrator includes."""
    file = folder / "callcore.conf"
    file.write_text(include_file(), encoding="utf-8")
    return file


class Ear:
    """Reads the PBX's events, as dictionaries; values that are not UTF-8 keep their bytes as surrogates."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.events: list[dict[str, str]] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def open(cls, lab: AsteriskLab) -> "Ear":
        reader, writer = await asyncio.open_connection("127.0.0.1", lab.ami_port)
        writer.write(f"Action: Login\r\nUsername: {lab.username}\r\nSecret: {lab.secret}\r\n\r\n".encode())
        ear = cls(reader, writer)
        await ear.hears("FullyBooted")
        return ear

    async def _listen(self) -> None:
        event: dict[str, str] = {}
        while line := (await self._reader.readline()).decode("utf-8", "surrogateescape"):
            name, _, value = line.rstrip("\r\n").partition(": ")
            if name:
                event[name] = value
            elif event:
                self.events.append(event)
                event = {}
                self._news.set()

    async def hears(self, event: str, *, times: int = 1, **fields: str) -> dict[str, str]:
        """The first such event (or the second, …), past or to come. Raises TimeoutError with what came."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    such = [e for e in self.events if e.get("Event") == event and fields.items() <= e.items()]
                    if len(such) >= times:
                        return such[times - 1]
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [(heard.get("Event"), heard.get("Queue"), heard.get("Exten")) for heard in self.events]
            raise TimeoutError(f"no {event} {fields}, but {names}") from None

    async def close(self) -> None:
        self._task.cancel()
        self._writer.transport.abort()
        await asyncio.wait({self._task})


class World:
    """The PBX, its events, and callers."""

    def __init__(self, lab: AsteriskLab, ear: Ear, folder: Path, stack: AsyncExitStack) -> None:
        self.lab = lab
        self.ear = ear
        self.folder = folder
        self._stack = stack

    async def call(self, *steps: Step, **caller: Any) -> Caller:
        return await self._stack.enter_async_context(
            Caller(self.lab.sip_port, self.folder / "sip", steps=steps, **caller)
        )

    async def softphone(self, number: str) -> Softphone:
        """A phone of the PBX; with any other number somebody who calls from outside."""
        port = self.lab.phone_port(number) if number in PHONES else free_port()
        return await self._stack.enter_async_context(Softphone(number, port, self.lab.sip_port))

    def prompt(self, seconds: float) -> str:
        """A prompt of quiet, by its absolute path without suffix."""
        path = self.folder / f"quiet-{seconds:g}.wav"
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(b"\x08\x00\xf8\xff" * int(4000 * seconds))
        return str(path.with_suffix(""))

    async def journal(self) -> list[list[str]]:
        """The rows of the journal, as lists of fields; waits for the first."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                shown = await self.lab.console("database show callcore-journal")
                rows = [
                    line.partition(":")[2].strip() for line in shown.splitlines() if "/callcore-j" in line
                ]
                if rows:
                    return [row.split("|") for row in rows]
                await asyncio.sleep(0.1)


@pytest.fixture
def world(tmp_path: Path) -> Callable[[int], Any]:
    """``async with world(port_of_the_server) as w``."""

    @asynccontextmanager
    async def make(port: int, **variables: str) -> AsyncIterator[World]:
        queues = [
            QueueDefinition("corporate"),
            QueueDefinition("finance", strategy="ringall"),
            QueueDefinition("patient", exit_by_key=True),
            QueueDefinition("told", exit_by_key=True, announce="position"),
        ]
        lab = AsteriskLab(
            tmp_path / "pbx",
            phones=PHONES,
            includes=[the_include(tmp_path)],
            dialplan=DIALPLAN,
            variables={
                "CALLCORE_AGI": f"127.0.0.1:{port}",
                "CALLCORE_PBX": "lab",
                "CALLCORE_FALLBACK_QUEUE": "corporate",
                "CALLCORE_MAX_WAIT": "60",
                **variables,
            },
            extra_files={"queues.conf": "[general]\npersistentmembers=no\n" + render_queues(queues)},
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(lab)
            ear = await Ear.open(lab)
            stack.push_async_callback(ear.close)
            yield World(lab, ear, tmp_path, stack)

    return make


@pytest.fixture
def serving() -> Callable[..., Any]:
    """``async with serving(route, overflow=…) as server``: a server in this process."""

    @asynccontextmanager
    async def make(
        route: Callable[[Session], Awaitable[None]], **others: Callable[[Session], Awaitable[None]]
    ) -> AsyncIterator[Server]:
        server = Server("127.0.0.1", 0, {"inbound": route, **others}, {"lab": ["127.0.0.1"]})
        await server.start()
        try:
            yield server
        finally:
            await server.close()

    return make


class Service:
    """``answering_service.py`` as a child process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0

    async def says(self, word: str) -> str:
        """What follows the word on the line that begins with it."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while line := await self._process.stdout.readline():
                first, _, rest = line.decode().strip().partition(" ")
                if first == word:
                    return rest
        raise AssertionError(f"the service never said {word}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)


@pytest.fixture
async def service() -> AsyncIterator[Callable[..., Awaitable[Service]]]:
    processes: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str) -> Service:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(__file__).with_name("answering_service.py")),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        processes.append(process)
        service = Service(process)
        service.port = int(await service.says("port"))
        return service

    yield start
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()

"""What the IVR benchmark runs in: a private Asterisk, callcore as a process beside it, and who calls them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from benchmarks.ivr_callers import Crowd
from benchmarks.ivr_door import Door
from callcore import config
from callcore.speech import Prompts
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.testing.lab.errors import LabError
from callcore.testing.lab.process import Child, free_port, has_udp_port
from callcore.testing.stage import Stage

START_SECONDS: Final = 60.0
REST_SECONDS: Final = 0.5
MOST_RESTS: Final = 20
RESTING_SHARE: Final = 0.1
"""Of a processor: whoever takes less of it rests."""
ROOT: Final = Path(__file__).parents[1]
MEDIA: Final = "[general]\nrtpstart = 10000\nrtpend = 19999\nicesupport = no\n"
"""Room for more calls at once than the laboratory's thousand ports."""
CUSTOMERS: Final = 2000
DAEMON: Final = ("-m", "callcore.cli")
"""What Python is to run; a profiler may take its place."""
GREETING = {"ru": "Здравствуйте.", "en": "Hello."}
OFFER = {"ru": "Баланс: нажмите 1.", "en": "Balance: press 1."}
GOODBYE = {"ru": "Пока.", "en": "Bye."}
KEY: Final = "1"
SHORT_MENU: Final = """
greeting: true
start: menu
nodes:
  menu:
    menu: {{ru: "{ru}", en: "{en}"}}
    keys: {{"{key}": bye}}
    wait: 5 s
    otherwise: lost
  bye: {{do: [hang_up], topic: expert.diagnosis}}
  lost: {{transfer: expert.diagnosis}}
"""
"""An IVR's file; who presses nothing waits in a queue for ever."""
PLAIN: Final = """
[bench-plain]
exten => s,1,Answer()
 same => n,Background({greeting}&{offer})
 same => n,WaitExten(5)
 same => n,Wait(60)
exten => {key},1,Playback({goodbye})
 same => n,Hangup()
exten => i,1,Wait(60)
exten => t,1,Wait(60)
"""
"""The same menu."""
DIRECT, PLAINLY = "74951000001", "74951000002"
"""Whoever dials these comes to callcore's menu, or to the dialplan's."""


class House:
    """``doors``: by the number that people dial to come through one; all before it is ``opened``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage = Stage(folder, phones=(), extra_files={"rtp.conf": MEDIA})
        self.daemon: Child | None = None
        self.doors: dict[str, Door] = {}
        self._runs = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[House]:
        self._write_dialplan(None)
        async with self.stage:
            self.stage.write_config()
            await self._fill_database()
            try:
                yield self
            finally:
                await self.stop()

    async def start(self, changes: Mapping[str, Any]) -> None:
        """callcore with these settings, linked, and every prompt spoken. Raises LabError."""
        settings = self.stage.write_config(changes)
        self._write_dialplan(Prompts(settings.speech.to_settings()))
        await self.stage.lab.reload("pbx_config.so")
        self._log.unlink(missing_ok=True)
        command = [sys.executable, *DAEMON, "run", "-c", str(self.stage.config_file)]
        self.daemon = await Child.start(command, ROOT, self._log, os.environ)
        try:
            async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
                while not await self._is_ready(http):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise LabError(f"callcore was not ready after {START_SECONDS:g} s\n{self.words}") from None

    async def stop(self) -> None:
        """callcore's end. Harmless when it does not run."""
        if self.daemon is not None:
            await self.daemon.kill()
            self.daemon = None

    @property
    def _log(self) -> Path:
        return self.folder / "callcore.log"

    @property
    def words(self) -> str:
        """The last ones of callcore."""
        return self._log.read_text("utf-8", "replace")[-2000:]

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        assert self.daemon is not None
        if not self.daemon.is_running:
            raise LabError(f"callcore ended with {self.daemon.returncode}\n{self.words}")
        try:
            async with http.get(f"{self.stage.url}/readyz") as answer:
                return answer.status == 200 and b"prompts_ready" in self._log.read_bytes()
        except aiohttp.ClientError:
            return False

    # --- before the start

    def _write_dialplan(self, prompts: Prompts | None) -> None:
        text = "[from-trunk]\n"
        for dialled, door in self.doors.items():
            text += f"exten => {dialled},1,Set(CALLCORE_AGI=127.0.0.1:{door.port})\n"
            text += " same => n,Goto(callcore-inbound,${EXTEN},1)\n"
        text += f"exten => {DIRECT},1,Goto(callcore-inbound,${{EXTEN}},1)\n"
        text += f"exten => {PLAINLY},1,Goto(bench-plain,s,1)\n"
        if prompts is not None:
            said = {"greeting": GREETING, "offer": OFFER, "goodbye": GOODBYE}
            ways = {name: prompts.ways(words["ru"], "ru")[0] for name, words in said.items()}
            sounds = {name: way.target.with_suffix("") for name, way in ways.items()}
            text += PLAIN.format(**sounds, key=KEY)
        self.stage.lab.dialplan = text

    def short_menu(self) -> Mapping[str, Any]:
        """Settings under which a call is over in a moment."""
        file = self.folder / "config" / "short.yaml"
        file.write_text(SHORT_MENU.format(**OFFER, key=KEY), "utf-8")
        return {"ivr": {"file": file.name, "greeting": GREETING, "texts": {"goodbye": GOODBYE}}}

    async def _fill_database(self) -> None:
        """Half of those who call are customers."""
        await self.stage.add_people({}, seeds=False)
        numbers = [f"7916{serial:07}" for serial in range(CUSTOMERS)]
        self._numbers.write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in numbers), "utf-8")
        async with await Database.open(config.load(self.stage.config_file).database.address) as database:
            await database.customers.add_many(
                NewCustomer(contract=number, name=f"Абонент Пробный {number}", numbers=(f"+{number}",))
                for number in numbers[::2]
            )

    @property
    def _numbers(self) -> Path:
        return self.folder / "numbers.csv"

    # --- calls

    @asynccontextmanager
    async def ear(self, keys: str, least: float, most: float) -> AsyncIterator[int]:
        """Somebody hears and presses, each key after so many seconds, for callers whose sound goes to this
        port."""
        port = free_port()
        arguments = [str(port), keys, str(least), str(most)]
        async with self._program("benchmarks.ivr_ear", *arguments) as ear:
            async with asyncio.timeout(START_SECONDS):
                while not has_udp_port(ear.pid, port):  # noqa: ASYNC110 - another process opens it
                    await asyncio.sleep(0.02)
            yield port

    @asynccontextmanager
    async def bare(self, port: int, script: Path) -> AsyncIterator[None]:
        """A FastAGI server that thinks of nothing (``ivr_bare``)."""
        async with self._program("benchmarks.ivr_bare", str(port), str(script)):
            async with asyncio.timeout(START_SECONDS):
                while not await _listens(port):  # noqa: ASYNC110 - another process opens it
                    await asyncio.sleep(0.02)
            yield

    @asynccontextmanager
    async def _program(self, module: str, *arguments: str) -> AsyncIterator[Child]:
        command = [sys.executable, "-m", module, *arguments]
        child = await Child.start(command, ROOT, self.folder / f"{module}.log", os.environ)
        try:
            yield child
        finally:
            await child.kill()

    def crowd(
        self, dialled: str, then: str, ear: int, rate: float, most: int | None = None, at_once: int = 10_000
    ) -> Crowd:
        self._runs += 1
        folder = self.folder / f"crowd-{self._runs}"
        return Crowd(self.stage.lab.sip_port, folder, self._numbers, dialled, then, ear, rate, most, at_once)

    async def come_to_rest(self) -> None:
        """Nobody is on the line any more, and nobody has work left; or so it seems not to become."""
        await self.stage.lab.console("channel request hangup all")
        used = self._used()
        for _ in range(MOST_RESTS):
            before = used
            await asyncio.sleep(REST_SECONDS)
            used = self._used()
            if used - before < RESTING_SHARE * REST_SECONDS:
                return

    def _used(self) -> float:
        """Processor seconds of Asterisk and callcore."""
        own = 0.0 if self.daemon is None else processor_seconds(self.daemon.pid)
        return own + processor_seconds(self.stage.lab.pid)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def processor_seconds(pid: int) -> float:
    """That a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

"""A whole callcore that reads its files anew while callers are in its hands: each keeps what he began with.

Asterisk is played by a socket; with the real one: ``tests/integration/editions``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcore.app import Daemon
from callcore.config import ConfigFaults, load
from callcore.domain import PbxName
from callcore.floor.clock import SteadyClock
from callcore.floor.spoken import Spoken, SpokenPrompts
from callcore.testing.lab.process import free_port

from .conftest import Write

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday, 12:00 in Moscow: everybody works."""
PATIENCE_SECONDS = 20.0


class Channel:
    """One call as Asterisk carries it through the dialplan; its variables stay from script to script."""

    def __init__(self, port: int, unique: str) -> None:
        self._port = port
        self._unique = unique
        self.variables: dict[str, str] = {}
        self.place: dict[str, str] = {}
        """CONTEXT and EXTENSION where it goes."""
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.is_asked = asyncio.Event()
        """The script waits for a key."""

    async def run(self, script: str, *arguments: str) -> str:
        """Through one script; the queue that it is sent to, or "" for none."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            try:
                writer.write(self._environment(script, arguments))
                self.place.clear()
                while line := (await reader.readline()).decode().strip():
                    writer.write(f"{await self._answer(line)}\n".encode())
            finally:
                writer.close()
        return self.place.get("EXTENSION", "") if self.place.get("CONTEXT") == "callcore-queue" else ""

    def _environment(self, script: str, arguments: tuple[str, ...]) -> bytes:
        told = {
            "agi_network": "yes",
            "agi_network_script": script,
            "agi_request": f"agi://127.0.0.1/{script}",
            "agi_channel": f"PJSIP/trunk-{self._unique}",
            "agi_language": "ru",
            "agi_uniqueid": self._unique,
            "agi_callerid": "79000000110",
            "agi_calleridname": "unknown",
            "agi_callingpres": "0",
            "agi_dnid": "100",
            "agi_rdnis": "unknown",
            "agi_context": "callcore-inbound",
            "agi_extension": "s",
            **{f"agi_arg_{n}": argument for n, argument in enumerate(arguments, 1)},
        }
        return "".join(f"{name}: {value}\n" for name, value in told.items()).encode() + b"\n"

    async def _answer(self, line: str) -> str:
        verb = " ".join(line.split()[:2])
        if verb == "WAIT FOR":
            self.is_asked.set()
            return f"200 result={ord(await self.keys.get())}"
        if verb == "STREAM FILE":
            return "200 result=0 endpos=8000"
        if verb == "CHANNEL STATUS":
            return "200 result=6"
        if verb == "GET VARIABLE":
            found = self.variables.get(line.split()[2].strip('"'))
            return "200 result=0" if found is None else f"200 result=1 ({found})"
        if verb == "SET VARIABLE":
            name, value = re.findall(r'"((?:[^"\\]|\\.)*)"', line) or line.split()[2:4]
            self.variables[name.lstrip("_")] = value
        elif verb in ("SET CONTEXT", "SET EXTENSION"):
            self.place[verb.split()[1]] = line.split()[2].strip('"')
        return "200 result=1"


class House:
    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self._file = daemon.settings.file.parent / "topics" / "finance.yaml"

    def call(self, unique: str) -> Channel:
        return Channel(self.daemon.agi.port, unique)

    async def through(self, unique: str) -> tuple[Channel, str]:
        """A caller who wants finance and recalculation; where he is sent."""
        caller = self.call(unique)
        for key in "41":
            caller.keys.put_nowait(key)
        return caller, await caller.run("inbound/main")

    def change(self, change: Callable[[dict[str, Any]], None]) -> None:
        table = yaml.safe_load(self._file.read_text(encoding="utf-8"))
        change(table)
        self._file.write_text(yaml.safe_dump(table, allow_unicode=True, sort_keys=False), encoding="utf-8")

    def leads(self, *queues: str) -> None:
        """Everybody who wants finance waits in one queue after the other, in the last as long as he likes."""
        legs: list[dict[str, str]] = [{"queue": queue, "max_wait": "60 s"} for queue in queues[:-1]]
        legs.append({"queue": queues[-1]})
        self.change(lambda table: table.update(rows={"all": {"when": {"hours": "open"}, "to": legs}}))

    async def reload(self) -> int:
        return (await self.daemon.editions.reload("anna")).edition.id


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[House]:
    daemon, stop = Daemon(load(file)), asyncio.Event()
    daemon.clock = SteadyClock(lambda: NOON)
    daemon.drain_seconds = 0.0
    async with daemon:
        work = asyncio.create_task(daemon.run(stop))
        yield House(daemon)
        stop.set()
        await work


async def spoken(_self: SpokenPrompts, _pbx: PbxName, text: str, language: str, **_: object) -> Spoken:
    return Spoken(f"/prompts/{language}/{len(text)}", 1.0)


@pytest.fixture
async def house(write: Write, monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> AsyncIterator[House]:
    """The shipped sample without a PBX, and with a voice that says everything in a second."""
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "s3cret")
    monkeypatch.setattr(SpokenPrompts, "prompt", spoken)
    pbx = {"host": "127.0.0.1", "port": 1, "secret_env": "CALLCORE_AMI_SECRET", "fallback_queue": "expert"}
    file = write(
        http={"listen": f"127.0.0.1:{free_port()}"},
        fastagi={"listen": f"127.0.0.1:{free_port()}"},
        pbx={"main": pbx},
        database={"url": "sqlite:///../callcore.db"},
    )
    table = file.parent / "topics" / "finance.yaml"
    found = yaml.safe_load(table.read_text(encoding="utf-8"))
    del found["tests"]  # they are about its own rows
    table.write_text(yaml.safe_dump(found, allow_unicode=True, sort_keys=False), encoding="utf-8")
    async with running(file) as house:
        yield house


async def test_a_caller_in_the_menu_keeps_the_edition_that_answered_him(house: House) -> None:
    caller = house.call("a.1")
    visit = asyncio.create_task(caller.run("inbound/main"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await caller.is_asked.wait()
    house.change(lambda table: table.update(colour="red"))
    with pytest.raises(ConfigFaults):
        await house.reload()
    house.change(lambda table: table.pop("colour"))
    house.leads("retention")
    assert await house.reload() == 2
    for key in "41":
        caller.keys.put_nowait(key)
    assert (await visit, caller.variables["CALLCORE_EDITION"]) == ("finance", "1")
    other, queue = await house.through("a.2")
    assert (queue, other.variables["CALLCORE_EDITION"]) == ("retention", "2")


async def test_who_waits_in_a_queue_overflows_by_his_edition(house: House) -> None:
    """His second leg is another queue by now, and nobody took him in the first."""
    house.leads("finance", "retention")
    await house.reload()
    caller, queue = await house.through("a.1")
    assert queue == "finance"
    house.leads("finance", "corporate")
    await house.reload()
    other, _ = await house.through("a.2")
    assert await caller.run("overflow/main", "", "TIMEOUT") == "retention"
    assert await other.run("overflow/main", "", "TIMEOUT") == "corporate"


async def test_taken_back_while_people_wait(house: House) -> None:
    first = house.daemon.editions.newest.edition
    assert first is not None
    house.leads("retention", "corporate")
    await house.reload()
    caller, queue = await house.through("a.1")
    assert queue == "retention"
    done = await house.daemon.editions.take_back(first, "boris")
    assert (done.edition.back_to, done.set_aside) == (first, ())
    assert (await house.through("a.2"))[1] == "finance"
    assert await caller.run("overflow/main", "", "TIMEOUT") == "corporate", "as he was promised"

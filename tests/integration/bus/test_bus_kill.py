"""kill -9 in the midst of deliveries: nothing is lost or overtakes, nothing is told that did not happen."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from callcore.testing.patience import PATIENCE_SECONDS

VICTIM = Path(__file__).with_name("bus_victim.py")
ROOT = Path(__file__).parents[3]
KEY = bytes(range(32))


@dataclass
class Receiver:
    """Another system: answers 204 until it is told to hold its answers back."""

    port: int = 0
    came: dict[str, list[tuple[int, dict[str, object]]]] = field(
        default_factory=lambda: {"all": [], "cases": []}
    )
    faults: list[str] = field(default_factory=list)
    wakes: asyncio.Condition = field(default_factory=asyncio.Condition)
    holds: bool = False
    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        fault = unsound(request.headers, body)
        if fault:
            self.faults.append(fault)
        id = int(request.headers["webhook-id"].removeprefix("evt_"))
        self.came[request.match_info["name"]].append((id, json.loads(body)))
        async with self.wakes:
            self.wakes.notify_all()
        if self.holds:
            await self.free.wait()
        return web.Response(status=204)

    async def until(self, name: str, more: int) -> None:
        """So many requests have come to this one since."""
        wanted = len(self.came[name]) + more
        async with asyncio.timeout(PATIENCE_SECONDS), self.wakes:
            await self.wakes.wait_for(lambda: len(self.came[name]) >= wanted)

    async def until_told(self, name: str, numbers: set[int]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self.wakes:
            await self.wakes.wait_for(lambda: numbers <= self.numbers(name))

    def numbers(self, name: str) -> set[int]:
        return {int(str(body["data"]["n"])) for _, body in self.came[name]}  # type: ignore[index]


def unsound(headers: object, body: bytes) -> str:
    """Standard Webhooks, computed anew: base64 of HMAC-SHA256 over ``id.timestamp.payload``, by the secret
    without its prefix, decoded from base64."""
    given = {name.lower(): value for name, value in headers.items()}  # type: ignore[attr-defined]
    id, moment, signature = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    signed = b".".join((id.encode(), moment.encode(), body))
    right = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    said = json.loads(body)
    if signature.split(" ") != [f"v1,{right}"]:
        return f"{id}: the signature is wrong"
    if set(said) != {"type", "timestamp", "data"} or given["content-type"] != "application/json":
        return f"{id}: the message is wrong"
    if datetime.fromisoformat(said["timestamp"]).tzinfo is None or abs(int(moment) - now()) > 300:
        return f"{id}: the moment is wrong"
    return ""


def now() -> float:
    return datetime.now(UTC).timestamp()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/{name}", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.port = runner.addresses[0][1]
    yield made
    made.free.set()
    await runner.cleanup()


@dataclass
class Victim:
    process: asyncio.subprocess.Process
    told: set[int] = field(default_factory=set)
    """What it said was committed."""

    @classmethod
    async def start(cls, folder: Path, port: int) -> Victim:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(VICTIM),
            f"sqlite:///{folder}/c.db",
            str(port),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        return cls(process)

    async def kill(self) -> None:
        self.process.kill()
        assert self.process.stdout is not None
        said = await self.process.stdout.read()
        await self.process.wait()
        lines = said.decode().split("\n")[:-1]  # the last one may be cut
        self.told = {int(line.removeprefix("told ")) for line in lines if line.startswith("told ")}


async def test_every_event_arrives_in_order_and_none_that_was_rolled_back(
    tmp_path: Path, receiver: Receiver
) -> None:
    told: set[int] = set()
    for holds in (True, False, True):  # killed while an answer is awaited, and at any moment whatever
        victim = await Victim.start(tmp_path, receiver.port)
        await receiver.until("all", 8)
        if holds:
            receiver.holds = True
            await receiver.until("all", 1)
        await victim.kill()
        assert victim.told
        told |= victim.told
        receiver.holds = False
        receiver.free.set()
        receiver.free = asyncio.Event()
    last = await Victim.start(tmp_path, receiver.port)
    await receiver.until_told("all", told)
    await receiver.until_told("cases", {n for n in told if n % 2})
    await last.kill()
    assert receiver.faults == []
    for name, came in receiver.came.items():
        ids = [id for id, _ in came]
        assert ids == sorted(ids), f"{name}: one overtook another"
        assert len(ids) - len(set(ids)) <= 3, "only what was under way when it died comes twice"
        assert not any(body["data"]["rolled_back"] for _, body in came)  # type: ignore[index]
        bodies: dict[int, dict[str, object]] = {}
        assert all(bodies.setdefault(id, body) == body for id, body in came)
    assert {body["type"] for _, body in receiver.came["cases"]} == {"case.created"}
    assert {body["type"] for _, body in receiver.came["all"]} == {"case.created", "interaction.saved"}

"""``callcore run`` as a process: its words to systemd, its end, and what it says when it cannot begin."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callcore.commands import run
from callcore.store.database import Database
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS

from .conftest import Write

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


@pytest.fixture
async def start(write: Write, tmp_path: Path) -> AsyncIterator[Start]:
    """callcore in a folder of its own, with a PBX that is not there and without a voice."""
    started: list[Process] = []

    async def run(**sections: dict[str, Any]) -> Process:
        pbx = {"host": "127.0.0.1", "port": 1, "username": "callcore", "secret_env": "CALLCORE_AMI_SECRET"}
        usual: dict[str, dict[str, Any]] = {
            "http": {"listen": f"127.0.0.1:{free_port()}"},
            "fastagi": {"listen": f"127.0.0.1:{free_port()}"},
            "pbx": {"main": {**pbx, "fallback_queue": "expert"}},
            "speech": {"espeak": "/nowhere/espeak"},
            "database": {"url": "sqlite:///../callcore.db"},
        }
        environ = {**os.environ, "CALLCORE_AMI_SECRET": "s3cret", "NOTIFY_SOCKET": str(tmp_path / "notify")}
        command = (sys.executable, "-m", "callcore.cli", "run", "-c", str(write(**(usual | sections))))
        process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=PIPE, stderr=PIPE)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def hears(systemd: socket.socket) -> str:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await asyncio.get_running_loop().sock_recv(systemd, 1000)).decode()


async def test_it_tells_systemd_how_it_is(start: Start, systemd: socket.socket, tmp_path: Path) -> None:
    process = await start()
    assert await hears(systemd) == "READY=1"
    process.send_signal(signal.SIGTERM)
    assert await hears(systemd) == "STOPPING=1"
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert b"s3cret" not in out + errors
    assert (tmp_path / "callcore.db").stat().st_mode & 0o007 == 0, "nobody else may read it"


async def test_sighup_has_the_files_read(start: Start, systemd: socket.socket, tmp_path: Path) -> None:
    """What is right holds, what is faulty is refused in the log; the process lives on."""
    table = tmp_path / "config" / "topics" / "finance.yaml"
    process = await start()
    assert await hears(systemd) == "READY=1"
    assert process.stdout is not None
    right = table.read_text(encoding="utf-8")
    table.write_text(right + "colour: red\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    refused = await logged(process.stdout, "reload_refused")
    assert f"finance.yaml:{right.count(chr(10)) + 1}: colour" in refused["fault"]
    table.write_text(right.replace("Finance group", "Coins"), encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    holds = await logged(process.stdout, "edition_holds")
    assert (holds["login"], holds["is_new"], holds["needs_restart"]) == ("SIGHUP", True, [])
    async with await Database.open(f"sqlite:///{tmp_path}/callcore.db") as database:
        newest, _first = await database.editions.list()
        assert (newest.id, newest.login) == (holds["edition"], "SIGHUP")
        files = await database.editions.files(newest.id)
    assert files is not None
    assert "Coins" in files["topics/finance.yaml"]
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        await process.communicate()
    assert process.returncode == 0


async def logged(stream: asyncio.StreamReader, event: str) -> dict[str, Any]:
    """The next line of the log that is about this event."""
    async with asyncio.timeout(30):
        async for line in stream:
            told: dict[str, Any] = json.loads(line) if line.startswith(b"{") else {}
            if told.get("event") == event:
                return told
    raise AssertionError(f"it ended without {event}")


async def test_a_port_that_is_taken(start: Start, systemd: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        process = await start(fastagi={"listen": f"127.0.0.1:{port}"})
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, errors = await process.communicate()
    assert process.returncode != 0
    assert b"fastagi.listen" in errors
    assert str(port).encode() in errors
    assert b"Traceback" not in errors


async def test_a_database_that_is_none(start: Start, systemd: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "callcore.db").write_bytes(b"this is no database" * 100)
    process = await start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, errors = await process.communicate()
    assert process.returncode != 0
    assert b"Traceback" not in errors


def test_full_collections_become_rare() -> None:
    """Most of what lives by then is never looked at again, and the young are collected as before."""
    before = gc.get_threshold()
    try:
        run._spare_collector()
        assert gc.get_threshold() == (*before[:2], run.FULL_COLLECTION_AFTER)
        assert gc.get_freeze_count() > 10_000
        assert gc.isenabled()
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)

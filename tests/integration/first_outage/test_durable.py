"""An intent is on the disk before its call or message leaves: fsync before the Originate, traced."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from callcore.calls.attempt import Attempt, Medium
from callcore.testing.blackout import person
from callcore.testing.lab import program

from . import traced
from .apart import Apart
from .traced import Asked

RUNG, TEXTED = [person("01", n) for n in range(1, 4)], [person("23", n) for n in range(1, 4)]


@pytest.fixture
async def strace() -> Path:
    """Some containers let nobody look into another process, were it his own child: then nothing is proven."""
    found = program("strace")
    trial = await asyncio.create_subprocess_exec(
        found, "-qq", "-o", "/dev/null", "true", stderr=asyncio.subprocess.PIPE
    )
    _, why = await trial.communicate()
    if trial.returncode != 0 and b"PTRACE" in why:
        pytest.skip(f"this machine forbids tracing: {why.decode().strip()}")
    return found


@pytest.mark.usefixtures("centre")
async def test_fsync_before_each_originate_and_submit_sm(apart: Apart, strace: Path, tmp_path: Path) -> None:
    await apart.people(*RUNG, *TEXTED)
    trace = tmp_path / "trace"
    plain = (sys.executable, "-m", "callcore.cli")
    await apart.begin(command=traced.command(strace, trace, *plain))
    process = apart.stage.process
    assert process is not None
    try:
        await apart.publish()
        ended = await apart.ended()
        attempts = [attempt for line in ended.values() for attempt in await apart.attempts(line)]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()
    asked = traced.read(trace)
    calls = [attempt for attempt in attempts if attempt.medium is Medium.voice]
    messages = [attempt for attempt in attempts if attempt.medium is Medium.sms]
    assert (len(calls), len(messages)) == (6, 3)
    for call in calls:
        (originate,) = sent(asked, f"ChannelId: {call.id}")
        assert_durable_before(originate, call, asked)
    for message in messages:
        (submit,) = sent(asked, message.number.lstrip("+") + r"\0")
        assert_durable_before(submit, message, asked)


def sent(asked: list[Asked], mark: str) -> list[Asked]:
    """What was written to a socket with this in it."""
    return [one for one in asked if one.name in ("sendto", "sendmsg") and mark in one.arguments]


def assert_durable_before(leaves: Asked, attempt: Attempt, asked: list[Asked]) -> None:
    """Its row was in the log of the database, and after that the log was flushed to the disk."""
    wal = "/callcore.db-wal>"
    rows = [
        one
        for one in asked
        if one.name == "pwrite64" and wal in one.arguments and attempt.id in one.arguments
    ]
    stored = min(rows, key=lambda one: one.ended)
    flushed = [
        one
        for one in asked
        if one.name in ("fsync", "fdatasync")
        and wal in one.arguments
        and one.result == 0
        and stored.ended < one.begun
        and one.ended < leaves.begun
    ]
    assert flushed, (attempt.id, stored.begun, leaves.begun)

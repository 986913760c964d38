"""kill -9 in the middle of writing: what was acknowledged is there afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from callcore.calls.effects import Contact
from callcore.domain import CallId
from callcore.store import contact_codec, migrate
from callcore.store.database import Database

from .store_samples import locked, until

VICTIM = Path(__file__).with_name("store_victim.py")
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("database", ["usable", "locked"])
async def test_everything_acknowledged_is_there(
    url: str, spool: Path, contact: Callable[..., Contact], database: str
) -> None:
    await migrate.upgrade(url)
    with ExitStack() as stack:
        if database == "locked":
            stack.enter_context(locked(url))
        acknowledged = _kill_after(200, url, spool, contact())
    assert {saved for _, saved in acknowledged} == {"new" if database == "usable" else "spooled"}
    async with await Database.open(url, spool=spool) as db:
        await until(lambda: db.writer.spool_length == 0)
        for n, _ in acknowledged:
            call = CallId(f"v{n}")
            assert await db.contacts.get(call) == contact(call)
            assert len(await db.interactions.of_call(call)) == 1


def _kill_after(lines: int, url: str, spool: Path, contact: Contact) -> list[tuple[int, str]]:
    """What the victim had acknowledged when it died."""
    with subprocess.Popen(
        [sys.executable, str(VICTIM), url, str(spool)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as victim:
        assert victim.stdin is not None
        assert victim.stdout is not None
        victim.stdin.write(json.dumps(contact_codec.to_json(contact)) + "\n")
        victim.stdin.flush()
        answers: list[tuple[int, str]] = []
        for line in victim.stdout:
            if line.startswith("saved ") and line.endswith("\n"):
                answers.append((int(line.split()[1]), line.split()[2]))
            if len(answers) == lines:
                victim.kill()
    assert len(answers) >= lines
    return answers

"""An SMS centre of our own: a Node process that speaks SMPP (npm's ``smpp``), steered over its input.

    fetch(["smsc"])
    async with Smsc() as smsc:                        # 127.0.0.1, smsc.port, system_id as you like
        await smsc.configure(receipts="before", failing=["79160000002"])
        ...
        (message,) = (await smsc.report()).messages   # whole texts, joined as a handset joins them

What can be configured stands at the top of ``smsc/smsc.js``.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from typing import Any, Self

from callcore.testing.lab.bundles import smsc_command
from callcore.testing.lab.errors import StartFailed

PASSWORD = "secret"
_START_SECONDS = 60
_LINE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Got:
    """One whole message as it would be shown; ``parts`` it came in, ``coding`` as on the wire (8: UCS-2)."""

    to: str
    to_ton: int
    sender: str
    sender_ton: int
    text: str
    parts: int
    coding: int
    registered: int


@dataclass(frozen=True, slots=True)
class Report:
    """Counts since the centre was started. A message of three parts is three ``submits``."""

    binds: int
    refused_binds: int
    submits: int
    accepted: int
    throttled: int
    acknowledged: int
    """Receipts that callcore took."""
    put_off: int
    """Receipts that callcore asked to be brought again."""
    unacknowledged: int
    halves: int
    """Messages of which a part is missing."""
    messages: tuple[Got, ...] = ()


class Smsc:
    """``start``, ``stop`` and ``kill`` as often as you like: it keeps its port, and forgets all else."""

    def __init__(self) -> None:
        self.port = 0
        self._process: Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> Self:
        """Returns when it listens. Raises StartFailed, NotFetched."""
        command, environment = smsc_command()
        self._process = await asyncio.create_subprocess_exec(
            *command,
            str(self.port),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=environment,
            limit=_LINE_LIMIT,
            start_new_session=True,
        )
        async with asyncio.timeout(_START_SECONDS):
            self.port = (await self._answer())["port"]
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def configure(self, **options: Any) -> None:
        """Change options; ``hang_up=True`` cuts every session now."""
        await self._ask({"configure": options})

    async def report(self, *, with_messages: bool = True) -> Report:
        answer = await self._ask({"report": with_messages})
        found = answer.pop("messages", [])
        messages = tuple(Got(sender=one.pop("from"), sender_ton=one.pop("from_ton"), **one) for one in found)
        return Report(**answer, messages=messages)

    async def stop(self) -> None:
        """Closes its input, upon which it ends. Harmless when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def kill(self) -> None:
        """Ends it as a crash would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    async def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        process = self._running()
        async with self._one_at_a_time:
            assert process.stdin is not None
            process.stdin.write(json.dumps(order).encode() + b"\n")
            return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        process = self._running()
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise StartFailed(f"the SMS centre on port {self.port} has ended.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _running(self) -> Process:
        if self._process is None:
            raise StartFailed("the SMS centre was not started.")
        return self._process

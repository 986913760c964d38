"""Callers who press a key when they hear something. After so many seconds a busy machine may not yet play
anything, and the key is lost.

Asterisk's log says what plays on which channel, and which keys have come there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from callcore.testing.lab import AsteriskLab, Caller, Hear, Press, Step
from callcore.testing.patience import PATIENCE_SECONDS

_POLL_SECONDS = 0.05
_CHANNEL, _CALLER_NUMBER = 0, 7
"""Fields of a line of ``core show channels concise``."""


class Hearing:
    def __init__(self, lab: AsteriskLab) -> None:
        self._lab = lab
        self._taken: set[str] = set()
        """Channels of callers who are known."""

    async def go_on(self, caller: Caller, number: str, steps: Sequence[Step]) -> None:
        """End each ``Hear`` of his once a prompt plays that began after his last key. Raises TimeoutError."""
        channel, pressed, heard = "", 0, 0
        for step in steps:
            pressed += len(step.keys) if isinstance(step, Press) else 0
            if not isinstance(step, Hear):
                continue
            heard += 1
            await caller.happened("listens", heard)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not channel:
                    channel = await self._find(number)
                while not self._plays(channel, pressed):  # noqa: ASYNC110 - another process writes the log
                    await asyncio.sleep(_POLL_SECONDS)
            caller.proceed()

    async def _find(self, number: str) -> str:
        """The channel of the newest call from there, "" while there is none."""
        await asyncio.sleep(_POLL_SECONDS)
        shown = await self._lab.console("core show channels concise")
        for line in shown.splitlines():
            fields = line.split("!")
            if len(fields) > _CALLER_NUMBER and fields[_CALLER_NUMBER] == number:
                channel = fields[_CHANNEL]
                if channel not in self._taken:
                    self._taken.add(channel)
                    return channel
        return ""

    def _plays(self, channel: str, pressed: int) -> bool:
        """Whether something was begun after at least so many keys."""
        keys, plays = 0, False
        for line in self._lab.log.read_text("utf-8", "replace").splitlines():
            if f"<{channel}> Playing" in line:
                plays = keys >= pressed
            elif f"received on {channel}," in line and "DTMF end" in line:
                keys, plays = keys + 1, False
        return plays

"""callcore as a process of its own, forked from one that has loaded the program already.

Loading it costs seconds of a core, each time, and proves nothing. From the fork on it is a process as any
other: a session, arguments, environment, output, signals and an end of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

PROGRAM = "callcore.cli"


class Forked:
    """As much of ``asyncio.subprocess.Process`` as tests use."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        assert process.pid is not None
        self.pid = process.pid
        self._end = asyncio.ensure_future(asyncio.to_thread(process.join))

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode if self._end.done() else None  # two threads may not ask at once

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        await asyncio.shield(self._end)
        assert self.returncode is not None
        return self.returncode


async def start(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], script: str = ""
) -> Forked:
    """``callcore ARGUMENTS…``, or with a ``script`` that Python file with them; what it says goes to the end
    of ``log``."""
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["callcore.testing.preloaded"])
    process = context.Process(target=_run, args=(list(arguments), log, dict(environment), script))
    await asyncio.to_thread(log.touch)
    await asyncio.to_thread(process.start)  # the first one waits until the program is loaded
    return Forked(process)


def _run(arguments: list[str], log: Path, environment: dict[str, str], script: str) -> None:
    os.setsid()
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [script or "callcore", *arguments]
    if script:
        runpy.run_path(script, run_name="__main__")
    else:
        sys.exit(import_module(PROGRAM).main(arguments))

"""The daemon's pages and API on a Unix socket, in a thread of their own: commands are synchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from aiohttp import web

from callcore.screenpop.hub import Hub
from callcore.testing.desks import FakeDesks
from callcore.testing.outage_room import FakeRoom
from callcore.testing.outage_samples import NOW
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web.app import build
from callcore.web.control import serve_control
from callcore.web.metrics import Metrics
from callcore.web.ports import WebDeps, WebSettings

T = TypeVar("T")


@contextmanager
def running(path: Path, folder: Path) -> Iterator[FakeRoom]:
    """Serves until the end of the block."""
    room = FakeRoom(folder, lambda: NOW)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def do(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE_SECONDS)

    try:
        runner = do(_serve(room, path))
        yield room
        do(runner.cleanup())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_SECONDS)
        loop.close()


async def _serve(room: FakeRoom, path: Path) -> web.AppRunner:
    runner = web.AppRunner(build(_deps(room)), shutdown_timeout=0.2)
    await runner.setup()
    await serve_control(runner, path)
    return runner


def _deps(room: FakeRoom) -> WebDeps:
    nobody = cast(Any, None)
    hub = Hub("epoch-1", lambda: 0.0)
    return WebDeps(
        settings=WebSettings(),
        users=nobody,
        sessions=nobody,
        contacts=nobody,
        hub=hub,
        desks=FakeDesks(hub, now=lambda: NOW),
        renderer=nobody,
        topics=lambda: (),
        health=lambda: [],
        readiness=lambda: [],
        now=lambda: NOW,
        monotonic=lambda: 0.0,
        metrics=Metrics(),
        outages=room.room,
    )

"""The API of editions over the control socket, on a database of its own, in a thread: commands are
synchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from callcore.assembly.current import Current
from callcore.assembly.editions import Editions
from callcore.config import load
from callcore.config.control import control_socket
from callcore.screenpop.hub import Hub
from callcore.store.database import Database
from callcore.testing.desks import FakeDesks
from callcore.web import editions_api
from callcore.web.app import build
from callcore.web.control import serve_control
from callcore.web.metrics import Metrics
from callcore.web.ports import WebDeps, WebSettings

PATIENCE_SECONDS = 30.0


@contextmanager
def running(file: Path, *, unspoken: int = 0) -> Iterator[None]:
    """A daemon that does nothing but keep editions, until the end of the block."""
    up, held, failed = threading.Event(), list[Any](), list[BaseException]()

    async def live() -> None:
        settings = load(file)
        stop = asyncio.Event()
        path = control_socket(settings)
        assert path is not None
        async with await Database.open(settings.database.address, create=True) as database:
            editions = Editions(
                Current(settings), database.editions, lambda _book: _spoken(unspoken), frozenset, _now
            )
            await editions.start()
            application = build(_deps())
            editions_api.add_to(application, editions)
            runner = web.AppRunner(application, shutdown_timeout=0.2)
            await runner.setup()
            await serve_control(runner, path)
            held.append((asyncio.get_running_loop(), stop))
            up.set()
            await stop.wait()
            await runner.cleanup()

    def thread() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            failed.append(error)
            up.set()

    worker = threading.Thread(target=thread)
    worker.start()
    assert up.wait(PATIENCE_SECONDS)
    try:
        if not failed:
            yield
    finally:
        if held:
            loop, stop = held[0]
            loop.call_soon_threadsafe(stop.set)
        worker.join(PATIENCE_SECONDS)
        if failed:
            raise failed[0]


async def _spoken(unspoken: int) -> int:
    return unspoken


def _now() -> datetime:
    return datetime.now(UTC)


def _deps() -> WebDeps:
    nobody = cast(Any, None)
    hub = Hub("epoch-1", lambda: 0.0)
    return WebDeps(
        settings=WebSettings(),
        users=nobody,
        sessions=nobody,
        contacts=nobody,
        hub=hub,
        desks=FakeDesks(hub, now=_now),
        renderer=nobody,
        topics=lambda: (),
        health=lambda: [],
        readiness=lambda: [],
        now=_now,
        monotonic=lambda: 0.0,
        metrics=Metrics(),
        outages=nobody,
    )

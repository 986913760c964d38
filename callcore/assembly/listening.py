"""Where callcore is reached: its pages by HTTP, its commands by a Unix socket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import structlog
from aiohttp import web

from callcore.config import Address, Settings
from callcore.config.control import control_socket
from callcore.web.control import serve_control
from callcore.web.door import Runner

log = structlog.get_logger("callcore.app")


class CannotListen(Exception):
    """``setting``, such as ``http.listen``, names an ``address`` that cannot be had."""

    def __init__(self, setting: str, address: Address | str, error: OSError) -> None:
        self.setting = setting
        self.address = address
        self.why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        super().__init__(f"{setting}: {address}: {self.why}")


@contextmanager
def listening(setting: str, address: Address | str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotListen(setting, address, error) from error


async def serve(stack: AsyncExitStack, application: web.Application, settings: Settings) -> int:
    """Until ``stack`` is closed; gives the port of the pages."""
    runner = Runner(application, shutdown_timeout=2.0)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    listen = settings.http.listen
    site = web.TCPSite(runner, listen.host, listen.port)
    with listening("http.listen", listen):
        await site.start()
    port = int(runner.addresses[0][1])
    await _open_control(runner, settings)
    return port


async def _open_control(runner: web.AppRunner, settings: Settings) -> None:
    """Commands are worth less than calls: a place nobody chose that cannot be had stops nothing."""
    path = control_socket(settings)
    if path is None:
        return
    try:
        with listening("control.socket", str(path)):
            await serve_control(runner, path)
    except CannotListen as error:
        if settings.control.socket is not None:
            raise
        log.error("control_socket_missing", path=str(path), why=error.why, remedy="set control.socket")

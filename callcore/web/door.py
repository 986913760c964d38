"""Who may stand in the door: so many connections and no more, and none that never says what it wants.

aiohttp waits for the first request of a connection as long as it takes. Some thousand that say nothing, or a
letter a minute, would take every file descriptor of the daemon, and with them the callers' FastAGI sessions
and the database. Here they cost their own place only.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

import structlog
from aiohttp import web

log = structlog.get_logger("callcore.web")

FIRST_REQUEST_SECONDS = 15.0
KEEP_ALIVE_SECONDS = 75.0
"""How long a connection may be idle between two requests; reverse proxies give up theirs sooner."""
MOST_CONNECTIONS = 4000
"""With the pages of 500 operators, and never more than half of the files that the process may open."""
TELL_AGAIN_SECONDS = 60.0


def room() -> int:
    """How many connections this process can afford."""
    files, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, files // 2)


class Door:
    """The connections that have not asked for anything yet."""

    def __init__(self, most: int | None = None, seconds: float = FIRST_REQUEST_SECONDS) -> None:
        self.most = room() if most is None else most
        self.seconds = seconds
        self._silent: set[asyncio.BaseProtocol] = set()
        self._told_at: float | None = None

    def heard(self, protocol: asyncio.BaseProtocol) -> None:
        """A whole head of a request came over this connection."""
        self._silent.discard(protocol)

    def let_in(self, server: web.Server) -> asyncio.BaseProtocol:
        """The protocol of a new connection."""
        if len(server.connections) >= self.most:
            self._tell()
            return _Full()
        handler = server()
        self._silent.add(handler)
        asyncio.get_running_loop().call_later(self.seconds, self._look, handler)
        return handler

    def _look(self, handler: web.RequestHandler) -> None:
        if handler in self._silent:
            self._silent.discard(handler)
            handler.force_close()

    def _tell(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._told_at is None or now - self._told_at >= TELL_AGAIN_SECONDS:
            self._told_at = now
            log.warning("http_connections_full", most=self.most)


DOOR = web.AppKey("door", Door)


class Runner(web.AppRunner):
    """Runs an application that has a ``DOOR``."""

    def __init__(self, app: web.Application, **settings: Any) -> None:
        super().__init__(app, access_log=None, keepalive_timeout=KEEP_ALIVE_SECONDS, **settings)

    @property
    def server(self) -> Any:
        """What makes the protocol of each connection, for the site that listens."""
        server, door = super().server, self.app[DOOR]
        return None if server is None else lambda: door.let_in(server)


class _Full(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()

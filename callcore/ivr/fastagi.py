"""The FastAGI server: who may come in, which route he gets, and how a call ends for us.

The dialplan calls ``agi://HOST:PORT/ROUTE/PBX``. Whatever goes wrong here, the connection is closed without
``CALLCORE_RC=OK`` on the channel, and the dialplan goes on to its static queue. So nothing is worth a risk:
a stranger, a full house, a bad environment, a route that fails are one log line and a closed socket.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Final, Protocol

import structlog
from panoramisk.fast_agi import Application

from callcore.ivr.agi import AgiError, AgiProtocolError, CallerHungUp
from callcore.ivr.agi_environment import (
    ENVIRONMENT_BYTES,
    ENVIRONMENT_LINES,
    AgiEnvironment,
    parse_environment,
)
from callcore.ivr.agi_session import Session

log = structlog.get_logger("callcore.agi")

ENVIRONMENT_SECONDS: Final = 5.0
MAX_SESSIONS: Final = 1000
HANGUP_SECONDS: Final = 1.5
"""How long a route may go on after its caller hung up, before it is cancelled."""
CLEANUP_SECONDS: Final = 5.0
"""How long a cancelled route may clean up, before it is left behind."""
LINE_LIMIT: Final = 65_536
TELL_AGAIN_SECONDS: Final = 60.0
TELL_ADDRESSES: Final = 1000

Route = Callable[[Session], Awaitable[None]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Metrics(Protocol):
    """Counters the server feeds.

    ``result``: done, failed (the route raised), stopped (by us), or why the call was lost: hung_up, watchdog,
    timed_out, protocol. ``reason``: full, stranger, pbx, route, silent, closed_early, environment,
    environment_too_long.
    """

    def session_started(self) -> None: ...
    def session_ended(self, result: str) -> None: ...
    def refused(self, reason: str) -> None: ...
    def timed_out(self, verb: str) -> None: ...


class NoMetrics:
    """Counts nothing."""

    def session_started(self) -> None:
        pass

    def session_ended(self, result: str) -> None:
        pass

    def refused(self, reason: str) -> None:
        pass

    def timed_out(self, verb: str) -> None:
        pass


Tap = Callable[[str, str, str, bool], None]
"""Sees each line of AGI: name of the PBX, uniqueid, the line, and whether it is ours."""


class _Refused(Exception):
    """A connection that gets no session; ``args[0]`` is the reason as one word."""


class Server(Application):  # type: ignore[misc]
    """Listens for Asterisk. Make it inside a running event loop.

    ``routes``: name -> ``async def route(session)``. ``peers``: name of a PBX -> addresses or networks it may
    come from, e.g. ``{"main": ["127.0.0.1"]}``; a name that is not there is refused. ``port`` 0 takes a free
    one. When the caller hangs up, the step of that moment still gets its answer, and later ones raise
    CallerHungUp. A route that does not end by that is cancelled after ``HANGUP_SECONDS``, and may clean up
    for ``CLEANUP_SECONDS``. What a route raises is logged, and the call falls back to the dialplan.
    """

    def __init__(
        self,
        host: str,
        port: int,
        routes: Mapping[str, Route],
        peers: Mapping[str, Collection[str]],
        *,
        metrics: Metrics | None = None,
        tap: Tap = lambda pbx, channel, line, is_ours: None,
        max_sessions: int = MAX_SESSIONS,
        environment_seconds: float = ENVIRONMENT_SECONDS,
        hangup_seconds: float = HANGUP_SECONDS,
        cleanup_seconds: float = CLEANUP_SECONDS,
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        for name, route in routes.items():
            self.add_route(name, route)
        self._host = host
        self._port = port
        self._peers = {name: _networks(addresses) for name, addresses in peers.items()}
        self._metrics: Metrics = metrics or NoMetrics()
        self._tap = tap
        self._max_sessions = max_sessions
        self._environment_seconds = environment_seconds
        self._hangup_seconds = hangup_seconds
        self._cleanup_seconds = cleanup_seconds
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._told: dict[tuple[str, str], float] = {}
        self._left_behind: set[asyncio.Task[None]] = set()

    def __bool__(self) -> bool:
        return True  # panoramisk's Application is a dict, and ours an empty one

    def add_route(self, path: str, endpoint: Route) -> None:
        """Adds a route; any callable that returns a coroutine will do."""
        if path in self._route:
            raise ValueError(f"the route {path!r} is there already")
        self._route[path] = endpoint

    # --- life

    async def start(self) -> None:
        """Begins to listen. Raises OSError where the address is taken."""
        self._server = await asyncio.start_server(
            self.handler, self._host, self._port, limit=LINE_LIMIT, backlog=256
        )
        log.info("agi_listening", host=self._host, port=self.port)

    @property
    def port(self) -> int:
        """The port in use; the one asked for before ``start``."""
        if self._server is None or not self._server.sockets:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def sessions(self) -> int:
        """Connections at this moment."""
        return len(self._connections)

    async def drain(self, seconds: float) -> None:
        """Takes no new calls, lets the present ones end for ``seconds``, then closes the rest."""
        self._stop_listening()
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=seconds)
        await self.close()

    async def close(self) -> None:
        """Ends everything now; calls in the middle go on in the dialplan's static queue."""
        self._stop_listening()
        tasks = self._connections | self._left_behind
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self._cleanup_seconds + 1)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._port = self.port
            self._server.close()
            self._server = None

    # --- one connection

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection from its first byte to its last; never raises, as nobody waits for it."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._connection(reader, writer)
        except _Refused as refusal:
            self._metrics.refused(str(refusal))
            self._tell_refusal(str(refusal), _address(writer))
        except asyncio.CancelledError:
            log.info("agi_connection_stopped")
        except Exception:
            log.exception("agi_connection_failed")
        finally:
            self._connections.discard(task)
            writer.close()

    def _tell_refusal(self, reason: str, address: str) -> None:
        """One line a minute for the same trouble: whoever knocks all day does not fill the log."""
        now = self.loop.time()
        last = self._told.get((reason, address))
        if last is not None and now - last < TELL_AGAIN_SECONDS:
            return
        if len(self._told) >= TELL_ADDRESSES:
            self._told.clear()
        self._told[reason, address] = now
        log.warning("agi_refused", reason=reason, peer=address)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = _address(writer)
        if len(self._connections) > self._max_sessions:
            raise _Refused("full")
        if not any(_within(address, networks) for networks in self._peers.values()):
            raise _Refused("stranger")
        _keep_alive(writer)
        environment = await self._environment(reader)
        if not _within(address, self._peers.get(environment.pbx, ())):
            raise _Refused("pbx")
        route: Route | None = self._route.get(environment.route)
        if route is None:
            raise _Refused("route")
        tap = partial(self._tap, environment.pbx, environment.uniqueid)
        session = Session(self, environment, reader, writer, on_timeout=self._metrics.timed_out, tap=tap)
        await self._serve(session, route)

    async def _environment(self, reader: asyncio.StreamReader) -> AgiEnvironment:
        lines: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._environment_seconds):
                while (line := await reader.readline()).rstrip(b"\r\n"):
                    lines.append(line)
                    size += len(line)
                    if size > ENVIRONMENT_BYTES or len(lines) > ENVIRONMENT_LINES:
                        raise _Refused("environment_too_long")
                if not line:
                    raise _Refused("closed_early")
            return parse_environment(lines)
        except TimeoutError:
            raise _Refused("silent") from None
        except ValueError:
            raise _Refused("environment_too_long") from None
        except OSError:
            raise _Refused("closed_early") from None
        except AgiProtocolError:
            raise _Refused("environment") from None

    async def _serve(self, session: Session, route: Route) -> None:
        call = {"pbx": session.environment.pbx, "channel_id": session.environment.uniqueid}
        log.info("agi_session_started", route=session.environment.route, **call)
        self._metrics.session_started()
        reading = asyncio.create_task(session.read_answers())
        result = "stopped"
        try:
            result = await self._run(session, route)
        finally:
            await session.close(reading)
            self._metrics.session_ended(result)
            log.info("agi_session_ended", result=result, **call)

    async def _run(self, session: Session, route: Route) -> str:
        """Runs the route beside the caller's presence; returns the result as one word."""
        job = asyncio.create_task(_as_coroutine(route, session))
        gone = asyncio.create_task(session.gone.wait())
        try:
            await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():  # steps raise CallerHungUp from now on: most routes end by that
                await asyncio.wait({job}, timeout=self._hangup_seconds)
                job.cancel()
        except asyncio.CancelledError:
            job.cancel()
            await self._let_clean_up(job)
            raise
        finally:
            gone.cancel()
        if not job.done():
            await self._let_clean_up(job)
        return await self._result(session, job)

    async def _let_clean_up(self, job: asyncio.Task[None]) -> None:
        await asyncio.wait({job}, timeout=self._cleanup_seconds)
        if not job.done():
            log.error("agi_route_left_behind")
            self._left_behind.add(job)
            job.add_done_callback(self._forget)

    def _forget(self, job: asyncio.Task[None]) -> None:
        self._left_behind.discard(job)
        if not job.cancelled() and (error := job.exception()) is not None:
            log.error("agi_route_failed", exc_info=error)

    async def _result(self, session: Session, job: asyncio.Task[None]) -> str:
        if not job.done() or job.cancelled():
            return session.verdict or "stopped"
        error = job.exception()
        if error is None:
            return await self._finish(session)
        if isinstance(error, CallerHungUp):
            return session.verdict or "hung_up"
        log.error("agi_route_failed", route=session.environment.route, exc_info=error)
        return session.verdict or "failed"

    async def _finish(self, session: Session) -> str:
        try:
            return "done" if await session.finish() else session.verdict or "done"
        except AgiError as error:
            log.warning("agi_result_not_taken", error=str(error))
            return session.verdict or "failed"


async def _as_coroutine(route: Route, session: Session) -> None:
    await route(session)


def _networks(addresses: Collection[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def _within(address: str, networks: Collection[Network]) -> bool:
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in networks)


def _address(writer: asyncio.StreamWriter) -> str:
    name = writer.get_extra_info("peername")
    return str(name[0]).partition("%")[0] if name else ""


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket | None = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

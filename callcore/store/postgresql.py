"""All that only PostgreSQL knows: how to connect, its error codes, the lock of the one daemon, what became
of a transaction, its backup.

A connection that is broken or refused is an ``OSError`` here, as a vanished file is: an outage, which the
writer waits out. Statements never wait for ever: for another's lock as long as the engine's patience, for a
server that has gone silent ``COMMAND_SECONDS``.

Addresses are those of libpq, so TLS is asked for in the URL: ``?sslmode=verify-full&sslrootcert=/etc/…``.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callcore.store.errors import StoreError

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 30.0
LOCK_TRIES = 10
_LOCK_PAUSE_SECONDS = 0.1

_DAEMON_LOCK = 0x63616C6C  # "call"
_UPGRADE_LOCK = 0x63616C6D
OUTBOX_LOCK = 0x63616C6E

_OUTAGES = ("08", "40", "53", "57", "58", "XX")
"""Classes of SQLSTATE: connection, a transaction to be repeated, resources, an operator, the system."""
_OUTAGE_STATES = frozenset(("25006", "25P02", "28000", "28P01", "3D000", "42501", "55006", "55P03"))
"""Read-only (a standby), a transaction already failed, rights or the database itself gone, locked."""

_NOT_BEGUN = "22023"
"""pg_xact_status for a number that no transaction has had yet."""

Connect = Callable[..., Awaitable[Any]]


class Unreachable(OSError):
    """The server refuses the connection, or is not there."""


class OtherDaemon(Unreachable):
    """Another callcore serves calls from this database."""


def connector(url: URL, *, writer: bool, busy_seconds: float, daemon: bool = False) -> Connect:
    """Opens connections for an engine. ``daemon``: each holds the daemon's lock, or is not opened.

    They raise ``Unreachable`` (or another ``OSError``), ``OtherDaemon``.
    """
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"callcore {secrets.token_hex(8)}" if daemon else "callcore"
    settings = {"application_name": name, "jit": "off", "lock_timeout": str(max(1, int(busy_seconds * 1000)))}
    if writer:
        settings["synchronous_commit"] = "on"  # whoever is told that something is stored may rely on it
    else:
        settings["default_transaction_read_only"] = "on"
        settings["max_parallel_workers_per_gather"] = "0"  # they start in 10 ms: somebody waits for less

    async def connect(**arguments: Any) -> Any:
        try:
            connection = await asyncpg.connect(
                dsn,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                server_settings=settings,
                **arguments,
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise Unreachable(str(error) or type(error).__name__) from error
        except ValueError as error:  # e.g. a parameter of the URL
            raise StoreError(f"the address of the database is wrong: {error}") from error
        if not daemon:
            return connection
        try:
            await _lock(connection, name)
        except BaseException:
            connection.terminate()
            raise
        return connection

    return connect


async def _lock(connection: Any, name: str) -> None:
    """Hold the lock until this connection ends; a connection of our own that is lost but still holds it
    (the server has not noticed yet) is ended."""
    for remaining in reversed(range(LOCK_TRIES)):
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", _DAEMON_LOCK):
            return
        holder = await connection.fetchrow(
            "SELECT a.pid, a.application_name, a.client_addr::text AS address, a.backend_start"
            " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
            " JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()"
            " WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = $1 AND l.granted",
            _DAEMON_LOCK,
        )
        if holder is not None and holder["application_name"] == name:
            await connection.execute("SELECT pg_terminate_backend($1)", holder["pid"])
        elif holder is not None and not remaining:
            where = (holder["address"] or "this machine").removesuffix("/32")
            since = f"{holder['backend_start']:%Y-%m-%d %H:%M:%S}"
            raise OtherDaemon(f"another callcore (on {where}, since {since}) serves calls from this database")
        if not remaining:
            raise OtherDaemon("another callcore serves calls from this database")
        await asyncio.sleep(_LOCK_PAUSE_SECONDS)


def attach(engine: AsyncEngine) -> None:
    """Hand out no connection that the server has closed meanwhile: the pool opens another one."""

    def checked_out(connection: Any, _entry: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError("closed by the server")

    event.listen(engine.sync_engine, "checkout", checked_out)


def is_outage(error: DBAPIError) -> bool:
    """True if the database could not be used; False if this one statement was wrong."""
    if error.connection_invalidated:
        return True
    cause = getattr(error.orig, "__cause__", None)
    if isinstance(cause, asyncpg.InterfaceError):  # a value that the driver cannot send is one too
        return not isinstance(cause, ValueError)
    state = getattr(cause, "sqlstate", None) or ""
    return state in _OUTAGE_STATES or state[:2] in _OUTAGES


async def transaction_id(connection: AsyncConnection) -> str | None:
    """Of the transaction that runs; None if it has changed nothing."""
    found = await connection.execute(text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)"))
    return cast("str | None", found.scalar_one())


async def was_committed(connection: AsyncConnection, transaction: str) -> bool:
    """Raises ``Unreachable`` while the server is still at it."""
    query = text("SELECT pg_xact_status(CAST(CAST(:transaction AS text) AS xid8))")
    try:
        status = (await connection.execute(query, {"transaction": transaction})).scalar_one()
    except DBAPIError as error:
        if getattr(getattr(error.orig, "__cause__", None), "sqlstate", "") != _NOT_BEGUN:
            raise
        return False  # another server has taken over, and never heard of it
    if status == "in progress":
        raise Unreachable("the server is still busy with the transaction that was cut off")
    return cast(str, status) == "committed"


def require_utf8(connection: Connection) -> None:
    """Raises ``StoreError`` for a database that cannot hold every text."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            f"the database has the encoding {encoding}, callcore needs UTF8:"
            " CREATE DATABASE … ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' TEMPLATE template0"
        )


def lock_for_upgrade(connection: Connection) -> None:
    """Two upgrades one after the other, until the end of this transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})


def dump_command(url: URL, target: str) -> str:
    """The command that makes a backup; the password is asked for, or comes from ~/.pgpass."""
    bare = url._replace(drivername="postgresql", password=None).render_as_string(hide_password=False)
    return f"pg_dump --format=custom --file={shlex.quote(target)} {shlex.quote(bare)}"

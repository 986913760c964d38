"""All that only SQLite knows: its file, its pragmas, its error codes, its backup."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import structlog
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from callcore.store.errors import DatabaseMissing, StoreError

log = structlog.get_logger("callcore.store")

_OUTAGES = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    )
)


class FileReplaced(OSError):
    """Another file has taken the place of the open database; an outage, so that records go to the spool."""


def database_file(url: URL) -> Path:
    """The file of a SQLite URL; raises ``StoreError`` for a database in memory, which no restart survives."""
    name = url.database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise StoreError("the database must be a file, e.g. sqlite:////var/lib/callcore/callcore.db")
    return Path(name)


def never_creating(url: URL) -> URL:
    """The same database, but an error instead of a new empty one if its file has vanished meanwhile."""
    path = quote(str(database_file(url).absolute()))
    return url.set(database=f"file:{path}", query={"mode": "rw", "uri": "true"})


def prepare_file(path: Path, *, create: bool) -> None:
    """Make sure that the file exists and that only its owner can read it.

    Raises ``DatabaseMissing`` unless ``create``, ``StoreError`` where the folder is missing or closed to us.
    """
    if not path.parent.is_dir():
        raise StoreError(f"the folder of the database does not exist: {path.parent}")
    if not path.exists():
        if not create:
            raise DatabaseMissing(f"there is no database {path}: callcore db upgrade -c FILE creates it")
        private_file(path)
    elif not path.is_file():
        raise StoreError(f"the database is not a file: {path}")
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        _close_to_others(path)


def private_file(path: Path) -> None:
    """An empty file with mode 0600, whatever the umask; an existing one is left as it is."""
    try:
        fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"the file cannot be created: {path}: {error.strerror}") from error
    try:
        os.fchmod(fd, 0o600)
    finally:
        os.close(fd)


def _close_to_others(path: Path) -> None:
    """Customers' data must not be readable by every account of the host (a copied file often is)."""
    try:
        path.chmod(0o600)
    except OSError as error:
        log.warning("database_file_open_to_others", file=str(path), error=error.strerror)
    else:
        log.info("database_file_closed_to_others", file=str(path))


def attach(
    engine: AsyncEngine | Engine, *, writer: bool, busy_seconds: float, foreign_keys: bool = True
) -> None:
    """Give each connection its pragmas, and begin transactions ourselves.

    Python's driver begins them too late (not before DDL and SAVEPOINT). A writer asks for the lock at once:
    waiting for it at the first write instead would fail at once with "locked" if somebody wrote meanwhile.
    Each time it also looks whether the file is still there: SQLite would go on writing into one that was
    deleted, or replaced by a backup, and every contact of that time would vanish with it.
    """
    path = _path_of(engine)
    pragmas = [f"busy_timeout={int(busy_seconds * 1000)}", f"foreign_keys={'ON' if foreign_keys else 'OFF'}"]
    if writer:
        pragmas += ["journal_mode=WAL", "synchronous=FULL"]
    else:
        pragmas += ["query_only=ON"]

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        driver: Any = connection
        driver.isolation_level = None
        cursor = driver.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    first: list[tuple[int, int]] = []
    """Which file it was when we began."""

    def begun(connection: Connection) -> None:
        first[:] = first or [_identity(path)]
        if _identity(path) != first[0]:
            raise FileReplaced(
                f"{path} is no longer the file that was opened: put it back, or restart callcore"
            )
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    target = engine.sync_engine if isinstance(engine, AsyncEngine) else engine
    event.listen(target, "connect", connected)
    if writer:
        event.listen(target, "begin", begun)


def _path_of(engine: AsyncEngine | Engine) -> Path:
    return Path(unquote((engine.url.database or "").removeprefix("file:")))


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def is_outage(error: sqlite3.Error) -> bool:
    """True if the database could not be used; False if this one statement was wrong."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and (code & 0xFF) in _OUTAGES


def backup_file(source: Path, target: Path) -> None:
    """Copy a database in use, as it is at one moment; the target appears whole (mode 0600) or not at all.

    Blocking. Raises ``StoreError`` if the target exists or cannot be written.
    """
    if not source.is_file():
        raise DatabaseMissing(f"there is no database {source}")
    if target.exists():
        raise StoreError(f"the target of the backup exists already: {target}")
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        private_file(part)
        _copy(source, part)
        _sync(part)
        os.link(part, target)  # unlike rename, never over a file that appeared meanwhile
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the backup to {target} failed: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    reader = sqlite3.connect(source, timeout=10)
    try:
        writer = sqlite3.connect(target)
        try:
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE")  # one file, not three
            fault = writer.execute("PRAGMA quick_check(1)").fetchone()[0]
            if fault != "ok":
                raise sqlite3.DatabaseError(f"the copy is damaged: {fault}")
        finally:
            writer.close()
    finally:
        reader.close()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

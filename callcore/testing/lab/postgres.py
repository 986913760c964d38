"""A private PostgreSQL: a cluster in a folder, its server a child of this process, nothing left behind.

    async with PostgresLab(tmp_path / "pg", is_durable=False) as server:
        url = await server.fresh_database()          # a new empty database, in some 50 ms
        await server.drop(url)

It listens on a port of 127.0.0.1 alone and asks for a password, since a superuser of a database can start
programs as the server's account.

PostgreSQL refuses to run as root. Where we are, the server runs as `nobody`, with root's right to enter
folders (the laboratory may lie in root's home), by setpriv of util-linux.

Texts sort by code point, as SQLite sorts them, so an order is the same on both, and an index on a text
serves beginnings (LIKE 'x%'); letters are those of Unicode, which pg_trgm needs for Cyrillic. That is
LC_COLLATE=C and LC_CTYPE=C.UTF-8, the recommended setting of a real installation too.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg

from callcore.testing.lab.bundles import lab_folder, program
from callcore.testing.lab.errors import StartFailed
from callcore.testing.lab.process import Child, free_port

OWNER = "callcore"
_NOBODY = 65534
_READY_SECONDS = 60.0
_TRIES = 10
_LAYOUT = "1"  # raise it when the cluster is made otherwise: the kept one is then made anew
_FAST = {"fsync": "off", "full_page_writes": "off"}
_SETTINGS = {
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "32MB",
    "jit": "off",
    "autovacuum_naptime": "10min",
    "timezone": "GMT",
    "log_timezone": "GMT",
    "lc_messages": "C",
}


class PostgresLab:
    """One PostgreSQL server on a free port.

    folder      its own, created; the cluster and the log lie there; one that holds a cluster goes on with it
    is_durable  False: commits do not wait for the disk; a killed server loses nothing, a killed machine may
    settings    further settings of postgresql.conf
    """

    def __init__(
        self, folder: Path, *, is_durable: bool = True, settings: dict[str, str] | None = None
    ) -> None:
        self.folder = folder.absolute()
        self._settings = _SETTINGS | ({} if is_durable else _FAST) | (settings or {})
        self._data = self.folder / "data"
        self._password = ""
        self.port = 0
        self._child: Child | None = None
        self._names = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        if self._child is None:
            raise StartFailed("the laboratory's PostgreSQL is not running.")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running

    def url(self, database: str = "postgres") -> str:
        """`postgresql://user:password@127.0.0.1:port/database`; the same after a restart."""
        return f"postgresql://{OWNER}:{self._password}@127.0.0.1:{self.port}/{database}"

    # --- its life

    async def start(self) -> None:
        """Start and wait until it answers (0.2 s; the first of all makes the cluster, 2 s). A restart keeps
        port, password and data. Raises `StartFailed` with the end of its log, `NotFetched`."""
        if self.is_running:
            return
        if not self._data.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._password = await asyncio.to_thread(_copy_cluster, self._data)
            _keep_secret(self.folder / "password", self._password)
        elif not self._password:  # another process made it
            self._password = (self.folder / "password").read_text("ascii")
        is_new = not self.port
        for remaining in reversed(range(_TRIES)):
            self.port = self.port or free_port()
            try:
                await self._start_once()
            except StartFailed as error:
                if not remaining or "in use" not in str(error):
                    raise
                if is_new:
                    self.port = 0
                else:  # what a killed server leaves is still ending
                    await asyncio.sleep(0.1)
            else:
                return

    async def _start_once(self) -> None:
        log = self.folder / "postgres.log"
        log.unlink(missing_ok=True)
        settings = self._settings | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*_as_nobody(), str(program("postgres")), "-D", str(self._data), *options]
        self._child = await Child.start(command, self._data, log, _environment())
        try:
            async with asyncio.timeout(_READY_SECONDS):
                while not await self._answers():
                    if not self._child.is_running:
                        raise StartFailed(f"PostgreSQL ended at once.\n{self.last_log()}")
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.kill()
            raise StartFailed(f"PostgreSQL did not answer.\n{self.last_log()}") from None
        except BaseException:
            await self.kill()
            raise

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection = await asyncpg.connect(self.url(), timeout=5)
            await connection.close()
            return True
        return False

    async def stop(self) -> None:
        """End it at once but in order; whoever is connected is cut. Harmless when it is not running."""
        if self._child is not None:
            self._child.signal(signal.SIGINT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._child.wait(), 10.0)
            await self._child.kill()
            self._child = None

    async def kill(self) -> None:
        """End it as a crash would; `start` recovers the data."""
        if self._child is not None:
            await self._child.kill()
            self._child = None

    def signal(self, number: int) -> None:
        """Send a signal to the server's first process."""
        if self._child is not None:
            self._child.signal(number)

    def last_log(self, lines: int = 15) -> str:
        with contextlib.suppress(OSError):
            text = (self.folder / "postgres.log").read_text("utf-8", "replace")
            return "\n".join(text.splitlines()[-lines:])
        return "(no log)"

    # --- databases

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """One statement, outside of any transaction."""
        await self._fetch(statement, database)

    async def fetch(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        return [tuple(row) for row in await self._fetch(statement, database)]

    async def _fetch(self, statement: str, database: str) -> Sequence[Any]:
        connection = await asyncpg.connect(self.url(database), timeout=30)
        try:
            rows: Sequence[Any] = await connection.fetch(statement)
            return rows
        finally:
            await connection.close()

    async def fresh_database(self, template: str = "template0") -> str:
        """The URL of a new database, a copy of ``template`` (a name), to which nobody may be connected."""
        name = f"lab{next(self._names)}"
        await self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Remove a database of `fresh_database`, whoever is connected."""
        await self.execute(f'DROP DATABASE IF EXISTS "{database_of(url)}" WITH (FORCE)')


def database_of(url: str) -> str:
    """The database's name in a URL."""
    return urlsplit(url).path.removeprefix("/")


def _as_nobody() -> list[str]:
    """What comes before a command that must not run as root; nothing if we are not."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv", path="/usr/bin:/bin")
    if setpriv is None:
        raise StartFailed("PostgreSQL refuses to run as root, and setpriv of util-linux is not here.")
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=SIGKILL")
    return [setpriv, f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *rights]


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}


def _copy_cluster(data: Path) -> str:
    """A cluster of its own from the one that is made once; its superuser's password. Blocking."""
    kept = lab_folder() / f"postgres-cluster-{os.geteuid()}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made_by = f"{_LAYOUT} {_version()}"
        if not (kept / "made-by").is_file() or (kept / "made-by").read_text("utf-8") != made_by:
            shutil.rmtree(kept, ignore_errors=True)
            _make_cluster(kept)
            (kept / "made-by").write_text(made_by, "utf-8")
    shutil.copytree(kept / "data", data, symlinks=True)
    _give_away(data)
    return (kept / "password").read_text("ascii")


def _make_cluster(kept: Path) -> None:
    kept.mkdir(mode=0o700)
    password, data = kept / "password", kept / "data"
    _keep_secret(password, secrets.token_hex(16))
    data.mkdir(mode=0o700)
    _give_away(data)
    locale = ("--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8")
    login = (f"--username={OWNER}", "--auth=scram-sha-256", f"--pwfile={password}")
    _run(["initdb", "--no-sync", *locale, *login, "-D", str(data)], kept)


def _keep_secret(file: Path, secret: str) -> None:
    file.touch(mode=0o600)
    file.write_text(secret, "ascii")


def _give_away(folder: Path) -> None:
    """To the account that the server runs as."""
    if os.geteuid() == 0:
        for place in (folder, *folder.rglob("*")):
            os.chown(place, _NOBODY, _NOBODY, follow_symlinks=False)


def _version() -> str:
    return _run(["postgres", "--version"], Path("/")).strip()


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        [*_as_nobody(), str(program(command[0])), *command[1:]],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartFailed(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-1500:]}")
    return done.stdout

"""What the pop benchmark runs against: a folder with settings and people, the daemon, the bare server."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import yaml

from benchmarks.pop_pbx import SECRET
from callcore.domain import Interface, Login, QueueName
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.store.sessions import hash_token
from callcore.store.users import Role
from callcore.testing.lab.process import free_port
from callcore.testing.stage import SAMPLE

ROOT = Path(__file__).parents[1]
START_SECONDS = 30.0
LOG_TAIL_LINES = 15
DAEMON = ("-m", "callcore.cli")
"""What Python is to run; a profiler may take its place."""
FIRST_PHONE = 1000
QUEUES = ("finance", "expert")
"""Each operator serves both."""


class Broken(Exception):
    """The benchmark cannot be run here; the text says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """An operator who has signed in already."""

    login: str
    phone: str
    token: str
    csrf: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"callcore_session={self.token}", "X-CSRF-Token": self.csrf}


def staff(count: int) -> tuple[Person, ...]:
    """Operators with phones from 1000 on, and fresh tokens."""
    return tuple(
        Person(f"op{phone}", str(phone), secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        for phone in range(FIRST_PHONE, FIRST_PHONE + count)
    )


def number_of(serial: int) -> str:
    """The caller's number of a call, which is one customer's, canonical."""
    return f"+790000{serial:05}"


class House:
    """``async with House(people, customers, ami_port) as house``: both servers run, callcore is connected."""

    def __init__(self, people: Sequence[Person], customers: int, ami_port: int) -> None:
        """``customers``: how many of ``number_of(1)`` and so on are known."""
        self._people = people
        self._customers = customers
        self._ami_port = ami_port
        # On a disk: /tmp may be memory, where a commit costs nothing.
        place = Path("/var/tmp")
        self._folder = tempfile.TemporaryDirectory(
            prefix="callcore-pop-", dir=place if os.access(place, os.W_OK) else None
        )
        self.folder = Path(self._folder.name)
        self.http_port = free_port()
        self.daemon: asyncio.subprocess.Process | None = None
        self._floor: asyncio.subprocess.Process | None = None
        self.floor_http_port = self.floor_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def database(self) -> Path:
        return self.folder / "callcore.db"

    @property
    def log(self) -> Path:
        return self.folder / "callcore.log"

    async def __aenter__(self) -> Self:
        try:
            self._write_config()
            await self._fill_database()
            await self._start_floor()
            await self._start_daemon()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        self.end_now()
        await asyncio.gather(*(process.wait() for process in (self.daemon, self._floor) if process))

    def end_now(self) -> None:
        """Kill both servers and remove the folder, without waiting for anything. May be called again.

        Whoever presses Ctrl-C under make leaves us a quarter of a second before we are killed ourselves.
        """
        for process in (self.daemon, self._floor):
            _kill(process)
        self._folder.cleanup()

    # --- before the start

    def _write_config(self) -> None:
        """The shipped sample, with our ports. No prompts are made: nobody hears them here."""
        config = self.folder / "config"
        (config / "topics").mkdir(parents=True)
        for table in (SAMPLE / "topics").glob("*.yaml"):
            (config / "topics" / table.name).write_bytes(table.read_bytes())
        secret = config / "ami.secret"
        secret.write_text(SECRET, encoding="utf-8")
        secret.chmod(0o600)
        for other in SAMPLE.glob("*.yaml"):  # named by the settings
            (config / other.name).write_bytes(other.read_bytes())
        top = yaml.safe_load((SAMPLE / "callcore.yaml").read_text(encoding="utf-8"))
        top["database"] = {"url": "sqlite:///../callcore.db"}
        top["http"] = {"listen": f"127.0.0.1:{self.http_port}"}
        top["fastagi"] = {"listen": f"127.0.0.1:{free_port()}"}
        main = {"host": "127.0.0.1", "port": self._ami_port, "secret_file": "ami.secret"}
        top["pbx"] = {"main": main}
        top["speech"] |= {"folder": "../prompts", "espeak": "./none", "sox": "./none"}
        top["desk"]["wrap_up_seconds"] = 1
        (config / "callcore.yaml").write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")

    async def _fill_database(self) -> None:
        """Everybody has signed in before: five hundred argon2 hashes are not what is measured."""
        now = datetime.now(UTC)
        async with await Database.open(f"sqlite:///{self.database}", create=True) as database:
            await database.customers.add_many(_customers(self._customers))
            async with asyncio.TaskGroup() as group:
                for person in self._people:
                    group.create_task(_sign_in(database, person, now))

    # --- processes

    async def _start_floor(self) -> None:
        self._floor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.pop_floor"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        assert self._floor.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            line = await self._floor.stdout.readline()
        if not line:
            raise Broken("the bare WebSocket server did not start")
        self.floor_http_port, self.floor_port = json.loads(line)

    async def _start_daemon(self) -> None:
        settings = self.folder / "config" / "callcore.yaml"
        with self.log.open("ab") as log:
            self.daemon = await asyncio.create_subprocess_exec(
                *(sys.executable, *DAEMON, "run", "-c", str(settings)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._until_ready(self.daemon)
        except TimeoutError:
            raise Broken(f"callcore was not ready after {START_SECONDS:g} s\n{self.log_tail()}") from None

    async def _until_ready(self, daemon: asyncio.subprocess.Process) -> None:
        async with aiohttp.ClientSession() as http:
            while not await _is_ready(http, self.url) or b"prompts_ready" not in self.log.read_bytes():
                if daemon.returncode is not None:
                    raise Broken(f"callcore ended with {daemon.returncode}\n{self.log_tail()}")
                await asyncio.sleep(0.1)

    async def kill_daemon(self) -> None:
        """Without a chance to write anything more."""
        assert self.daemon is not None
        _kill(self.daemon)
        await self.daemon.wait()

    def log_tail(self) -> str:
        """The newest lines of the daemon's log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:]) or "(its log is empty)"

    def stored_contacts(self) -> list[tuple[str, str | None]]:
        """Number and operator of each contact in the database, read by ourselves."""
        with closing(sqlite3.connect(self.database)) as connection:
            return list(connection.execute("SELECT caller_number, answered_by FROM contacts"))


async def _sign_in(database: Database, person: Person, now: datetime) -> None:
    await database.users.add(
        person.login,
        f"Оператор {person.phone}",
        Role.operator,
        "",
        at=now,
        interfaces=(Interface(f"PJSIP/{person.phone}"),),
        queues=tuple(map(QueueName, QUEUES)),
    )
    ends = now + timedelta(hours=8)
    await database.sessions.create(
        hash_token(person.token), Login(person.login), person.csrf, at=now, expires_at=ends
    )


def _customers(count: int) -> Iterator[NewCustomer]:
    for serial in range(1, count + 1):
        yield NewCustomer(
            contract=f"{serial:06}",
            name=f"Абонент Пробный {serial}",
            address=f"г. Заречинск, ул. Садовая, {serial % 120 + 1}, кв. {serial % 90 + 1}",
            tariff="Домашний 300",
            balance_minor=serial * 100,
            numbers=(number_of(serial),),
        )


async def _is_ready(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(f"{url}/readyz") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


def _kill(process: asyncio.subprocess.Process | None) -> None:
    if process is not None and process.returncode is None:
        process.kill()

"""A whole call centre on this machine: a private Asterisk and a callcore, set to each other.

The demo plays on it, and so do the tests against the real Asterisk.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Collection, Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import aiohttp
import yaml

from callcore import config
from callcore.app import Daemon
from callcore.config import Settings
from callcore.crm import seeds_records
from callcore.crm.seeds_work import add_work
from callcore.domain import Interface, Language, Login, QueueName
from callcore.floor.clock import SteadyClock
from callcore.ivr.dialplan import include_file
from callcore.ivr.queue_file import EXIT_CONTEXT, QueueDefinition, render_rules, rule_name
from callcore.outages.network_csv import import_network
from callcore.rights import Role
from callcore.routing.skills import words_of
from callcore.store.database import Database
from callcore.testing import forked
from callcore.testing.blank import blank_database
from callcore.testing.carrier import TRUNK
from callcore.testing.forked import Forked
from callcore.testing.lab import AsteriskLab, OutgoingTrunk, Queue, program
from callcore.testing.lab.process import free_port
from callcore.testing.patience import PATIENCE_SECONDS, until
from callcore.web.passwords import hash_password

SAMPLE = Path(__file__).parents[2] / "config"
QUEUES = ("corporate", "expert", "retention", "finance")
"""Where people sit, if nothing else is said."""
OTHER_QUEUES = ("telesales", "sales", "service", "reactivation")
OLD_ENOUGH_SECONDS = 8
"""A PBX that began less than some seconds before an intent may have forgotten it."""
RULED = QueueDefinition("any", skills_first_seconds=20)
RULES = {"defaultrule": rule_name(20), "penaltymemberslimit": "0"}
FALLBACK = "expert"
EXIT = {"context": EXIT_CONTEXT}
DIALPLAN = """
[from-trunk]
exten => _[+0-9].,1,Goto(callcore-inbound,${EXTEN},1)
"""


_hashed = cache(hash_password)
"""As slow as it shall be; once is enough."""


class _Plain(yaml.CSafeDumper):
    """callcore refuses anchors, so none are written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@cache
def _parsed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load((SAMPLE / name).read_text(encoding="utf-8"), yaml.CSafeLoader)
    return found


def sample(name: str) -> dict[str, Any]:
    """A file of the shipped sample, to be changed at will."""
    return deepcopy(_parsed(name))


def _as_yaml(data: Any) -> str:
    return str(yaml.dump(data, Dumper=_Plain, allow_unicode=True, sort_keys=False))  # rows have an order


def _hours(*, is_closed: bool) -> dict[str, Any]:
    """Round the clock, or never; but for one day of the other kind, so that rows for it lead somewhere."""
    other = "09:00-18:00" if is_closed else "closed"
    day = {"hours": other, "why": {"ru": "иначе", "en": "otherwise"}}
    return {
        "hours": {"mon-sun": "closed" if is_closed else "00:00-24:00"},
        "holidays": {"days": {"2099-12-31": day}},
    }


class Stage:
    """``async with Stage(folder) as stage``: Asterisk runs; ``await stage.start()`` adds callcore."""

    def __init__(
        self,
        folder: Path,
        *,
        phones: Collection[str] = ("101", "102", "103"),
        http_port: int | None = None,
        queue_timeout: int = 15,
        static_members: Mapping[str, tuple[str, ...]] | None = None,
        observer: bool = False,
        carrier_port: int | None = None,
        version: int = 22,
        exit_by_key: bool = False,
        dialplan: str = DIALPLAN,
        extra_files: Mapping[str, str] | None = None,
    ) -> None:
        """``static_members``: by queue, interfaces that answer without callcore's help. ``carrier_port``: of
        the carrier that its own calls leave through (``testing.carrier``). ``version``: of Asterisk.
        ``exit_by_key``: 1 leads out of every queue. ``dialplan``: the PBX's own, which hands calls over.
        ``extra_files``: of its configuration, in place of the laboratory's."""
        self.folder = folder
        self.agi_port = free_port()
        self.http_port = http_port or free_port()
        include = folder / "dialplan" / "callcore.conf"
        include.parent.mkdir(parents=True, exist_ok=True)
        include.write_text(include_file(), encoding="utf-8")
        members = static_members or {}
        self.phones = tuple(phones)
        extra = RULES | EXIT if exit_by_key else RULES
        self.lab = AsteriskLab(
            folder / "pbx",
            phones=self.phones,
            queues=[
                Queue(name, members.get(name, ()), timeout=queue_timeout, extra=extra)
                for name in (*QUEUES, *OTHER_QUEUES)
            ],
            extra_files={"queuerules.conf": "[general]\n" + render_rules([RULED]), **(extra_files or {})},
            includes=[include],
            variables={
                "CALLCORE_AGI": f"127.0.0.1:{self.agi_port}",
                "CALLCORE_PBX": "main",
                "CALLCORE_FALLBACK_QUEUE": FALLBACK,
                "CALLCORE_MAX_WAIT": "600",
                "CALLCORE_INTERNAL": "phones",
                **({} if carrier_port is None else TRUNK),
            },
            dialplan=dialplan,
            carrier=None if carrier_port is None else OutgoingTrunk("127.0.0.1", carrier_port),
            observer=observer,
            version=version,
        )
        self.daemon: Daemon | None = None
        self.process: asyncio.subprocess.Process | Forked | None = None
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def config_file(self) -> Path:
        return self.folder / "config" / "callcore.yaml"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    async def __aenter__(self) -> Self:
        await self.lab.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.stop()
        finally:
            await self.lab.stop()

    # --- settings and people

    def write_config(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        closed: Collection[str] = (),
        is_terse: bool = False,
        tables: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Settings:
        """The shipped sample, made to fit this Asterisk; every table is always open but ``closed``.

        ``is_terse``: menus of one word an item and no IVR's file, for tests that listen to the end.
        ``tables``: what stands in some topic tables instead, by their codes.
        """
        top = sample("callcore.yaml")
        secret = self.folder / "config" / "ami.secret"
        (self.folder / "config" / "topics").mkdir(parents=True, exist_ok=True)
        secret.write_text(self.lab.secret, encoding="utf-8")
        secret.chmod(0o600)
        top["database"] = {"url": "sqlite:///../callcore.db"}
        top["http"] = {"listen": f"127.0.0.1:{self.http_port}"}
        top["fastagi"] = {"listen": f"127.0.0.1:{self.agi_port}"}
        top["pbx"] = {
            "main": {
                "host": "127.0.0.1",
                "port": self.lab.ami_port,
                "username": self.lab.username,
                "secret_file": "ami.secret",
                "fallback_queue": FALLBACK,
            }
        }
        top["speech"] |= {
            "folder": os.environ.get("CALLCORE_PROMPTS", str((self.folder / "prompts").absolute())),
            "engine": "espeak",
            "espeak": str(program("espeak-ng")),
            "sox": str(program("sox")),
        }
        top["recordings"] = {"folder": str((self.folder / "recordings").absolute())}
        if is_terse:
            top["ivr"].pop("file")
        for section, values in (changes or {}).items():
            top[section] = {**top.get(section, {}), **values} if isinstance(values, Mapping) else values
        self.config_file.write_text(_as_yaml(top), encoding="utf-8")
        for other in SAMPLE.glob("*.yaml"):  # departments, cases: named by the settings
            if other.name != self.config_file.name:
                shutil.copy(other, self.config_file.with_name(other.name))
        for table in (SAMPLE / "topics").glob("*.yaml"):
            row = sample(f"topics/{table.name}")
            row.pop("tests", None)  # they are about its own hours
            if table.stem in closed or row["hours"] != "always":
                row |= _hours(is_closed=table.stem in closed)
            if is_terse:
                row["say"] = {"ru": "Да", "en": "Yes"}
            row |= (tables or {}).get(table.stem, {})
            target = self.folder / "config" / "topics" / table.name
            target.write_text(_as_yaml(row), encoding="utf-8")
        return config.load(self.config_file)

    async def add_people(
        self,
        people: Mapping[str, tuple[str, str]],
        *,
        queues: Collection[str] = QUEUES,
        language: Language = "ru",
        seeds: bool = True,
        role: Role = Role.operator,
    ) -> None:
        """``people``: login -> (name, password); each may take every phone and has every skill. Repeats are
        harmless."""
        settings = config.load(self.config_file)
        url = settings.database.address
        phones = tuple(Interface(f"PJSIP/{number}") for number in self.phones)
        file = self.folder / "callcore.db"
        if url.database == str(file) and not file.exists():
            blank_database(file)
        async with await Database.open(url, create=True) as database:
            if seeds:
                await seeds_records.add_records(database, datetime.now(UTC))
            for login, (name, password) in people.items():
                if await database.users.get(login) is None:
                    await database.users.add(
                        login,
                        name,
                        role,
                        _hashed(password),
                        at=datetime.now(UTC),
                        language=language,
                        interfaces=phones,
                        queues=tuple(QueueName(queue) for queue in queues),
                        skills=words_of(settings.tables.skills),
                    )

    async def add_network(self) -> None:
        """The sample's feeders and houses, with the seeded customers on them."""
        async with await Database.open(config.load(self.config_file).database.address) as database:
            report = await import_network(database.network, SAMPLE / "network.csv")
            assert not report.faults, report.faults

    async def add_work(self) -> None:
        """Contacts of last weeks, cases, notes, visitors; people and network come first."""
        settings = config.load(self.config_file)
        async with await Database.open(settings.database.address) as database:
            await add_work(database, settings.cases, settings.case_members, datetime.now(UTC))

    async def speak(self, login: str, language: Language) -> None:
        """The person's pages are in this language from now on."""
        async with await Database.open(config.load(self.config_file).database.address) as database:
            await database.users.set_language(Login(login), language)

    # --- callcore

    async def start(self, clock: SteadyClock | None = None) -> Daemon:
        """callcore in this process; ready when the AMI link is up and the prompts are there. ``clock``: one
        that the test sets."""
        self._stop.clear()
        self.daemon = Daemon(config.load(self.config_file))
        self.daemon.clock = clock or self.daemon.clock
        await self.daemon.__aenter__()
        self._running = asyncio.create_task(self.daemon.run(self._stop))
        await self.daemon.ready()
        return self.daemon

    async def start_process(self, *command: str, script: tuple[str, ...] = ()) -> None:
        """callcore as a process of its own, for those who want to kill or stop it. ``script``: a Python file
        that runs it, and what stands before its arguments; ``command``: another program that does."""
        log, run = self.folder / "callcore.log", ("run", "-c", str(self.config_file))
        # as the product runs: asyncio's debugging is for what runs within the tests
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"}
        if not command:
            file, *before = script or ("",)
            self.process = await forked.start((*before, *run), log, environment, file)
            return
        with log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(*command, *run), stdout=output, stderr=output, start_new_session=True, env=environment
            )

    async def begin(self, *command: str, script: tuple[str, ...] = ()) -> None:
        """One more life of callcore, as ``start_process``: returns when it is ready, on a PBX of which the
        ledger believes that it remembers."""
        await until(self._has_old_pbx)
        await self.start_process(*command, script=script)
        await until(self.is_ready)

    async def is_ready(self) -> bool:
        """Does callcore's process say that calls may come?"""
        assert self.process is None or self.process.returncode is None, self.log()
        try:
            async with aiohttp.ClientSession() as http, http.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _has_old_pbx(self) -> bool:
        shown = await self.lab.console("core show uptime seconds")
        seconds = shown.partition("System uptime:")[2].split()
        return bool(seconds) and int(seconds[0]) >= OLD_ENOUGH_SECONDS

    async def killed(self) -> None:
        """Waits until callcore has died by its own hand, or by ``kill``'s."""
        assert self.process is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await self.process.wait() == -signal.SIGKILL, self.log()

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.killed()

    def log(self) -> str:
        """The end of what callcore's process has written."""
        return "\n".join((self.folder / "callcore.log").read_text("utf-8").splitlines()[-30:])

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def stop(self) -> None:
        """Ends callcore, not Asterisk. Harmless when it does not run."""
        if self.daemon is not None and self._running is not None:
            self._stop.set()
            await self._running
            await self.daemon.__aexit__(None, None, None)
            self.daemon = self._running = None
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            await self.process.wait()

"""A whole call centre on this machine: a private Asterisk and a callcore, set to each other.

The demo plays on it, and so do the tests against the real Asterisk.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from callcore import config
from callcore.app import Daemon
from callcore.config import Settings
from callcore.crm.seeds import customers
from callcore.domain import Interface, Language, Login, QueueName
from callcore.ivr.dialplan import include_file
from callcore.outages.network_csv import import_network
from callcore.store.database import Database
from callcore.store.users import Role
from callcore.testing.carrier import TRUNK
from callcore.testing.lab import AsteriskLab, OutgoingTrunk, Queue, program
from callcore.testing.lab.process import free_port
from callcore.web.passwords import hash_password

SAMPLE = Path(__file__).parents[2] / "config"
QUEUES = ("corporate", "expert", "retention", "finance")
FALLBACK = "expert"
DIALPLAN = """
[from-trunk]
exten => _[+0-9].,1,Goto(callcore-inbound,${EXTEN},1)
"""


class _Plain(yaml.SafeDumper):
    """callcore refuses anchors, so none are written."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _as_yaml(data: Any) -> str:
    return str(yaml.dump(data, Dumper=_Plain, allow_unicode=True))


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
    ) -> None:
        """``static_members``: by queue, interfaces that answer without callcore's help. ``carrier_port``: of
        the carrier that its own calls leave through (``testing.carrier``). ``version``: of Asterisk."""
        self.folder = folder
        self.agi_port = free_port()
        self.http_port = http_port or free_port()
        include = folder / "dialplan" / "callcore.conf"
        include.parent.mkdir(parents=True, exist_ok=True)
        include.write_text(include_file(), encoding="utf-8")
        members = static_members or {}
        self.phones = tuple(phones)
        self.lab = AsteriskLab(
            folder / "pbx",
            phones=self.phones,
            queues=[Queue(name, members.get(name, ()), timeout=queue_timeout) for name in QUEUES],
            includes=[include],
            variables={
                "CALLCORE_AGI": f"127.0.0.1:{self.agi_port}",
                "CALLCORE_PBX": "main",
                "CALLCORE_FALLBACK_QUEUE": FALLBACK,
                "CALLCORE_MAX_WAIT": "600",
                **({} if carrier_port is None else TRUNK),
            },
            dialplan=DIALPLAN,
            carrier=None if carrier_port is None else OutgoingTrunk("127.0.0.1", carrier_port),
            observer=observer,
            version=version,
        )
        self.daemon: Daemon | None = None
        self.process: asyncio.subprocess.Process | None = None
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
    ) -> Settings:
        """The shipped sample, made to fit this Asterisk; every table is always open but ``closed``.

        ``is_terse``: menus of one word an item, for tests that listen to the end.
        """
        top = yaml.safe_load((SAMPLE / "callcore.yaml").read_text(encoding="utf-8"))
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
            "espeak": str(program("espeak-ng")),
            "sox": str(program("sox")),
        }
        for section, values in (changes or {}).items():
            top[section] = {**top.get(section, {}), **values} if isinstance(values, Mapping) else values
        self.config_file.write_text(_as_yaml(top), encoding="utf-8")
        for table in (SAMPLE / "topics").glob("*.yaml"):
            row = yaml.safe_load(table.read_text(encoding="utf-8"))
            row.pop("holidays", None)
            row["hours"] = {"mon-sun": "closed"} if table.stem in closed else "always"
            if is_terse:
                row["say"] = {"ru": "Да", "en": "Yes"}
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
        """``people``: login -> (name, password); each may take every phone. Repeats are harmless."""
        url = config.load(self.config_file).database.url
        phones = tuple(Interface(f"PJSIP/{number}") for number in self.phones)
        async with await Database.open(url, create=True) as database:
            if seeds:
                await database.customers.add_many(customers())
            for login, (name, password) in people.items():
                if await database.users.get(login) is None:
                    await database.users.add(
                        login,
                        name,
                        role,
                        hash_password(password),
                        at=datetime.now(UTC),
                        language=language,
                        interfaces=phones,
                        queues=tuple(QueueName(queue) for queue in queues),
                    )

    async def add_network(self) -> None:
        """The sample's feeders and houses, with the seeded customers on them."""
        async with await Database.open(config.load(self.config_file).database.url) as database:
            report = await import_network(database.network, SAMPLE / "network.csv")
            assert not report.faults, report.faults

    async def speak(self, login: str, language: Language) -> None:
        """The person's pages are in this language from now on."""
        async with await Database.open(config.load(self.config_file).database.url) as database:
            await database.users.set_language(Login(login), language)

    # --- callcore

    async def start(self) -> Daemon:
        """callcore in this process; ready when the AMI link is up and the prompts are there."""
        self._stop.clear()
        self.daemon = Daemon(config.load(self.config_file))
        await self.daemon.__aenter__()
        self._running = asyncio.create_task(self.daemon.run(self._stop))
        await self.daemon.ready()
        return self.daemon

    async def start_process(self, *command: str) -> None:
        """callcore as a process of its own, for those who want to kill or stop it. ``command``: what runs it,
        if not Python as it comes."""
        with (self.folder / "callcore.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(command or (sys.executable, "-m", "callcore.cli")),
                *("run", "-c", str(self.config_file)),
                stdout=log,
                stderr=log,
                start_new_session=True,
                # as the product runs: asyncio's debugging is for what runs within the tests
                env={name: value for name, value in os.environ.items() if name != "PYTHONASYNCIODEBUG"},
            )

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

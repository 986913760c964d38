"""The office in which pictures of pages are taken: its people, its customers and work, its settings."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from callcore.app import Daemon
from callcore.crm import seeds_records
from callcore.crm.knowledge_import import import_folder
from callcore.crm.seeds_work import add_work
from callcore.domain import Interface, Login, QueueName
from callcore.floor.clock import SteadyClock
from callcore.outages.network_csv import import_network
from callcore.rights import Role
from callcore.testing.ami import ScriptedAmi
from callcore.testing.picture_calls import furnish_calls
from callcore.testing.picture_voice import furnish_voice
from callcore.testing.stage import SAMPLE
from callcore.web.passwords import hash_password

AT = datetime(2026, 11, 18, 8, 40, tzinfo=UTC)
PASSWORD = "korova-na-lune-7"
PEOPLE = (
    ("anna", "Анна Кузнецова", Role.operator),
    ("boris", "Борис Смирнов", Role.operator),
    ("olga", "Ольга Соколова", Role.supervisor),
    ("ivan", "Иван Орлов", Role.administrator),
)


class StillClock(SteadyClock):
    def at(self, moment: float) -> datetime:
        return AT


async def furnish(daemon: Daemon, folder: Path) -> None:
    """Everything that there is to see."""
    database, settings = daemon.database, daemon.settings
    password = await asyncio.to_thread(hash_password, PASSWORD)
    await seeds_records.add_records(database, AT)
    for n, (login, name, role) in enumerate(PEOPLE):
        await database.users.add(
            login,
            name,
            role,
            password,
            at=AT - timedelta(days=200),
            interfaces=(Interface(f"PJSIP/{101 + n}"),),
            queues=tuple(QueueName(queue) for queue in settings.all_queues),
        )
    await import_network(database.network, SAMPLE / "network.csv")
    await import_folder(
        database.articles, settings.tables, SAMPLE / "knowledge", Login("olga"), AT - timedelta(days=3)
    )
    await add_work(database, settings.cases, settings.case_members, AT)
    secret = "whsec_" + 8 * "c2VlZHNl"
    await database.webhooks.add(
        "CRM", "https://crm.example/hooks", ("case.*", "flash.created"), secret, "ivan", AT
    )
    await furnish_calls(daemon, AT)
    await furnish_voice(daemon, AT)


def write_settings(folder: Path, ami: ScriptedAmi) -> Path:
    house = folder / "config"
    shutil.copytree(SAMPLE, house)
    secret = house / "ami.secret"
    secret.write_text(ami.secret, encoding="utf-8")
    secret.chmod(0o600)
    file = house / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    changes: dict[str, dict[str, Any]] = {
        "database": {"url": f"sqlite:///{folder}/callcore.db"},
        "http": {"listen": "127.0.0.1:0"},
        "fastagi": {"listen": "127.0.0.1:0"},
        "control": {"socket": str(folder / "control.sock")},
    }
    for name, values in changes.items():
        top[name] = {**top.get(name, {}), **values}
    pbx = top["pbx"]["main"]
    pbx.pop("secret_env", None)
    pbx |= {"port": ami.port, "secret_file": secret.name}
    top["speech"]["folder"] = str(folder / "prompts")
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    return file

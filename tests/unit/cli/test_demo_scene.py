"""The demo's company: what it has beside the sample, and that its settings are sound."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import yaml

from callcore.config import load
from callcore.crm.departments import Departments
from callcore.domain import RecordMode
from callcore.rights import Role
from callcore.store.database import Database
from callcore.testing import demo_scene
from callcore.testing.blank import blank_database
from callcore.testing.lab import Press
from callcore.testing.people import story
from callcore.testing.stage import QUEUES

from .conftest import SAMPLE


def changed(file: Path, changes: Any) -> None:
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    for section, values in changes.items():
        top[section] = {**top.get(section, {}), **values} if isinstance(values, dict) else values
    file.write_text(yaml.safe_dump(top, allow_unicode=True, sort_keys=False), encoding="utf-8")


async def test_everything_that_calls_can_do_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    copytree(SAMPLE.parent, folder)
    file = folder / "callcore.yaml"
    address = f"sqlite:///{tmp_path}/c.db"
    changed(file, {**demo_scene.changes(), "database": {"url": address}})
    for table, rows in demo_scene.tables().items():
        changed(folder / "topics" / f"{table}.yaml", {**rows, "tests": []})
    blank_database(tmp_path / "c.db")
    async with await Database.open(address) as database:
        for login in demo_scene.WORKING_IN:
            await database.users.add(login, login, Role.operator, "-", at=datetime.now(UTC))
    await demo_scene.add_departments(load(file, need_secrets=False, with_trials=False))
    settings = load(file, need_secrets=False, with_trials=False)
    assert not [each for each in settings.warnings if each.path.startswith(("outbound", "queues"))]
    queues = settings.queues
    assert queues[demo_scene.CALLING_BACK].call_back is not None
    assert queues[demo_scene.RECORDING].record is RecordMode.auto
    departments: Departments = settings.departments
    assert all(departments.of_queue(queue) for queue in QUEUES), "people to call have an owner"
    async with await Database.open(address) as database:
        found = {user.login: user.department for user in await database.users.list()}
    assert found == demo_scene.WORKING_IN
    assert all(department in settings.departments for department in found.values())


def test_some_callers_ask_to_be_called_back() -> None:
    """By the key that the offer names, after those of the menu."""
    told = [story(random.Random(seed)) for seed in range(60)]
    keys = [[step.keys for step in steps if isinstance(step, Press)] for steps in told]
    assert ["4", "1", "1"] in keys
    assert ["1", "1"] in keys

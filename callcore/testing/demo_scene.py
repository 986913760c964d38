"""How the demo's company differs from the sample: in a hurry, and with everything that calls can do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callcore.config import Settings
from callcore.store.database import Database
from callcore.testing.stage import sample

CALLING_BACK = "finance"
"""Callers may ask for a call while others wait; callcore itself calls them back."""
RECORDING = "retention"
WORKING_IN = {"anna": "corporate", "boris": "finance", "emma": "expert"}
_DEPARTMENT = """
  corporate:
    title: {ru: "Корпоративный отдел", en: "Corporate department"}
    functions: {ru: "Обслуживает организации", en: "Serves companies"}
    ways: [transfer, appeal]
    queue: corporate
    head: {role: supervisor}
"""


def changes() -> dict[str, Mapping[str, Any]]:
    """What the demo's settings have otherwise."""
    top = sample("callcore.yaml")
    purposes, queues = top["outbound"]["purposes"], top["queues"]
    purposes["call_back"]["skips"].append("quiet_hours")  # nobody sleeps in it
    queues[CALLING_BACK]["call_back"] = {"first": "operator", "tries": 2, "after_seconds": 60}
    queues[RECORDING]["record"] = "auto"
    return {
        "desk": {"wrap_up_seconds": 20},
        "outbound": {
            "trunks": {"main": {"calls_per_second": 1, "lines": 6, "ring_seconds": 12}},
            "retries": {
                "busy": {"times": 1, "after_seconds": 20},
                "no_answer": {"times": 1, "after_seconds": 30},
                "network": {"times": 2, "after_seconds": 20},
            },
            "purposes": purposes,
        },
        "queues": queues,
    }


def tables() -> dict[str, Mapping[str, Any]]:
    """Topic tables that have something else: one caller who waits already is a crowd."""
    rows = sample(f"topics/{CALLING_BACK}.yaml")["rows"]
    rows["crowded"]["when"]["queue"]["waiting_more_than"] = 1
    return {CALLING_BACK: {"rows": rows}}


async def add_departments(settings: Settings) -> None:
    """Each queue that people sit in is some department's, and the people are in one: whoever has to be called
    has an owner."""
    file = Path(settings.file).with_name("departments.yaml")
    file.write_text(file.read_text(encoding="utf-8").rstrip() + "\n" + _DEPARTMENT, encoding="utf-8")
    async with await Database.open(settings.database.address) as database:
        for login, department in WORKING_IN.items():
            await database.users.set_department(login, department)

"""``callcore webhook``, ``callcore customer import`` and ``callcore check --live`` as one types them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcore.app import Daemon
from callcore.cli import main
from callcore.config import load
from callcore.store.database import Database
from callcore.testing.patience import PATIENCE_SECONDS

SAMPLE = Path(__file__).parents[3] / "config"
LOGGED = re.compile(r"\d{4}-\d\d-\d\d \d\d:")
"""The daemon's own words: it is in the same process."""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "config")
    file = tmp_path / "config" / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    billing = tmp_path / "billing.db"
    with sqlite3.connect(billing) as connection:
        connection.execute("CREATE TABLE clients (key, name, numbers)")
    connection.close()
    top |= {
        "database": {"url": f"sqlite:///{tmp_path}/c.db"},
        "http": {"listen": "127.0.0.1:0"},
        "fastagi": {"listen": "127.0.0.1:0"},
        "control": {"socket": str(tmp_path / "control")},
        "pbx": {"main": {"host": "127.0.0.1", "port": 1, "secret_env": "CALLCORE_AMI_SECRET"}},
        "speech": {**top["speech"], "espeak": "/nowhere/espeak"},
        "directory": {
            "sources": {
                "billing": {
                    "kind": "sql",
                    "url": f"sqlite:///{billing}",
                    "by_number": "select key, name, numbers from clients where numbers = :number",
                },
                "crm": {"kind": "http", "by_number": "http://127.0.0.1:1/{number}"},
            }
        },
    }
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    return file


@pytest.fixture
def call(
    settings_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
) -> Call:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "s3cret")
    monkeypatch.setenv("CALLCORE_CONFIG", str(settings_file))

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        said = [line for line in captured.out.splitlines(keepends=True) if not LOGGED.match(line)]
        return code, "".join(said), captured.err

    return run


@pytest.fixture
def daemon(settings_file: Path, call: Call) -> Iterator[None]:
    """A whole one, in a thread."""
    settings, loop, up = load(settings_file), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def live() -> None:
        async with Daemon(settings) as running:
            running.drain_seconds = 0.0
            up.set()
            await running.run(stop)

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    try:
        assert up.wait(PATIENCE_SECONDS)
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_SECONDS)
        loop.close()


@pytest.mark.usefixtures("daemon")
def test_a_webhook_from_its_first_day_to_its_last(call: Call) -> None:
    assert "No subscriptions" in call("webhook", "list")[1]
    code, out, err = call("webhook", "add", "crm", "https://crm.example/hook", "case.*", "--json")
    assert code == 0, err
    made = json.loads(out)
    assert made["secret"].startswith("whsec_")
    number = str(made["id"])
    listed = call("webhook", "list")[1]
    assert "crm · https://crm.example/hook · case.* · works" in listed
    assert "secret" not in call("webhook", "list", "--json")[1]
    assert "No deliveries yet" in call("webhook", "deliveries", number)[1]
    assert "On its way" in call("webhook", "test", number)[1]
    (delivery,) = json.loads(call("webhook", "deliveries", number, "--json")[1])
    assert delivery["type"] == "webhook.test"
    assert "webhook.test" in call("webhook", "deliveries", number)[1]
    assert call("webhook", "again", str(delivery["id"]))[0] == 0
    assert call("webhook", "remove", number)[:2] == (0, "Removed.\n")
    assert json.loads(call("webhook", "list", "--json")[1]) == []


@pytest.mark.usefixtures("daemon")
def test_what_a_webhook_cannot_be(call: Call) -> None:
    for words, said in (
        (("add", "crm", "ftp://crm.example", "*"), ""),
        (("add", "crm", "https://crm.example", "no such pattern!"), ""),
        (("add", "crm", "http://127.0.0.1:9911", "case.*"), "webhooks.allow in the settings"),
        (("add", "crm", "https://crm.example", "case.*", "case.creatd"), "case.created"),
        (("test", "77"), ""),
        (("remove", "77"), ""),
        (("again", "77"), ""),
        (("deliveries", "77"), ""),
    ):
        code, out, err = call("webhook", *words)
        assert (code != 0, out) == (True, ""), words
        assert err.strip()
        assert said in err
        assert "Traceback" not in err


def test_a_webhook_needs_the_daemon(call: Call) -> None:
    code, out, err = call("webhook", "list")
    assert (code != 0, out) == (True, "")
    assert "callcore run" in err


def test_an_import_is_looked_at_first(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "base.csv"
    file.write_text("contract;name;numbers\n1;Анна;+79160000001\n", encoding="utf-8")
    code, out, err = call("customer", "import", str(file), "--dry", "--json")
    assert code == 0, err
    looked = json.loads(out)
    assert (looked["done"], looked["contracts"]["new"], looked["faults"]) == (False, 1, [])
    assert looked["report"] == [{"row": 2, "contract": "1", "verdict": "new", "fields": []}]
    assert count(tmp_path) == 0
    assert json.loads(call("customer", "import", str(file), "--json")[1])["done"] is True
    assert count(tmp_path) == 1
    assert "1 unchanged" in call("customer", "import", str(file))[1]


def test_a_faulty_import_names_every_row(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "base.csv"
    file.write_text("contract;name;numbers\n1;Анна;abc\n;Пётр;\n", encoding="utf-8")
    code, out, _ = call("customer", "import", str(file), "--dry", "--json")
    assert code == 1
    assert [fault["row"] for fault in json.loads(out)["faults"]] == [2, 3]
    code, out, err = call("customer", "import", str(file))
    assert (code, out) == (1, "")
    assert "row 2: " in err
    assert "Nothing was imported" in err
    assert count(tmp_path) == 0
    assert call("customer", "import", str(tmp_path / "gone.csv"))[0] != 0


def test_check_asks_each_source_of_customers(call: Call) -> None:
    _, out, err = call("check", "--live", "--json")
    report: dict[str, Any] = json.loads(out)
    said = {each["source"]: each for each in report["directory"]}
    assert said["billing"]["ok"] is True
    assert said["crm"]["ok"] is False
    code, out, err = call("check", "--live")
    assert code != 0
    assert "billing" in out + err
    assert "does not answer" in out + err


def count(folder: Path) -> int:
    async def read() -> int:
        async with await Database.open(f"sqlite:///{folder}/c.db", create=True) as database:
            return await database.customers.count()

    return asyncio.run(read())

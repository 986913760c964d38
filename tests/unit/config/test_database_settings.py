"""``database``: SQLite's file, PostgreSQL's address, its password, the spool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from callcore.config import ConfigFaults, load
from callcore.config.control import control_socket, spool_file
from callcore.config.database import Database

from .conftest import SETTINGS, Files

PG = "postgresql://callcore@db.example.org/callcore"
SPOOL = "/var/lib/callcore/callcore.spool"


def make(folder: Path, **values: Any) -> Database:
    return Database.model_validate(values, context={"folder": folder})


def fault(folder: Path, **values: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        make(folder, **values)
    [error] = raised.value.errors()
    return str(error["ctx"]["en"])


def test_sqlite_needs_nothing_more(tmp_path: Path) -> None:
    found = make(tmp_path, url="sqlite:///var/callcore.db")
    assert found.address.database == f"{tmp_path}/var/callcore.db"
    assert (found.spool, found.connections, found.has_password) == (None, 4, False)


def test_postgresql(tmp_path: Path) -> None:
    found = make(tmp_path, url=f"{PG}?sslmode=require", spool="var/spool", connections=9)
    assert (found.address.drivername, found.address.host) == ("postgresql+asyncpg", "db.example.org")
    assert found.address.query == {"sslmode": "require"}
    assert (found.spool, found.connections) == (tmp_path / "var" / "spool", 9)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": PG}, "Nothing says where records wait while the database is away"),
        ({"url": "postgresql://callcore@db.example.org", "spool": SPOOL}, "no address of a database"),
        ({"url": "mysql://u@h/d"}, "no address of a database"),
        ({"url": "postgresql://h:port/d", "spool": SPOOL}, "no address of a database"),
        ({"url": "postgresql://u:korova@h/d", "spool": SPOOL}, "A password is written in the settings"),
        ({"url": "postgresql://u@h/d?password=korova", "spool": SPOOL}, "A password is written in the"),
        ({"url": "sqlite:///x.db", "password_env": "PGPASSWORD"}, "An SQLite database has no password"),
        (
            {"url": PG, "spool": SPOOL, "password_env": "A", "password_file": "b"},
            "The database's password is given twice",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    told = fault(tmp_path, **values)
    assert said in told
    assert "korova" not in told


def test_the_password_is_found_also_for_commands(files: Files) -> None:
    """They need no other secret, but this one opens what they work on."""
    files.settings(
        SETTINGS.replace(
            "url: sqlite:///var/callcore.db",
            f"url: {PG}\n  password_file: pg.password\n  spool: var/callcore.spool",
        )
    )
    password = files.folder / "pg.password"
    password.write_text("ко/ро:ва@\n", encoding="utf-8")
    password.chmod(0o600)
    settings = load(files.folder / "callcore.yaml", {}, need_secrets=False)
    assert settings.database.address.password == "ко/ро:ва@"
    assert "ко/ро" not in repr(settings) + str(settings.database.address)
    assert spool_file(settings) == files.folder / "var" / "callcore.spool"
    assert control_socket(settings) == files.folder / "var" / "callcore.sock"
    password.unlink()
    with pytest.raises(ConfigFaults, match="cannot be read"):
        load(files.folder / "callcore.yaml", {}, need_secrets=False)

"""``callcore db``: the schema brought up to date, a copy made, and each told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from callcore.store import migrate

from .conftest import Command


def test_an_upgrade_says_from_where_to_where(command: Command) -> None:
    head = migrate.head()
    assert command("db", "upgrade") == (0, f"The database was made, with schema {head}.\n", "")
    assert command("db", "upgrade") == (0, f"The schema is {head} already.\n", "")


def test_a_copy_is_whole_and_overwrites_nothing(command: Command, tmp_path: Path) -> None:
    command("db", "upgrade")
    copy = tmp_path / "copy.db"
    assert command("db", "backup", str(copy))[:2] == (0, f"Copy: {copy}\n")
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert opened.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrate.head(),)]
    code, said, why = command("db", "backup", str(copy))
    assert (code, said) == (1, "")
    assert str(copy) in why


def test_a_copy_needs_a_place(command: Command) -> None:
    code, _, why = command("db", "backup")
    assert code == 1
    assert "callcore db backup FILE" in why


def test_a_copy_of_postgresql_is_made_by_its_own_program(command: Command, own_config: Path) -> None:
    text = own_config.read_text(encoding="utf-8")
    ours = f"sqlite:///{own_config.parent}/c.db"
    assert ours in text
    named = f"postgresql://callcore@127.0.0.1/callcore\n  spool: {own_config.parent}/c.spool"
    own_config.write_text(text.replace(ours, named), encoding="utf-8")
    code, said, why = command("db", "backup", "/root/my copy.dump")
    assert (code, said) == (1, "")
    assert (
        "pg_dump --format=custom --file='/root/my copy.dump' postgresql://callcore@127.0.0.1/callcore\n"
        in why
    )
    assert why.endswith("It asks for the account's password, or takes it from ~/.pgpass.\n")
    assert "~/.pgpass" in command("--lang", "ru", "db", "backup", "x")[2]

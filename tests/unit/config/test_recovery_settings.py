"""``pbx.NAME.recovery``: where the administrator's own records are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from callcore.config.recovery import Recovery
from callcore.store.errors import StoreError


def make(folder: Path, **values: Any) -> Recovery:
    return Recovery.model_validate(values, context={"folder": folder})


def fault(folder: Path, **values: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        make(folder, **values)
    [error] = raised.value.errors()
    return str(error["ctx"]["en"])


def test_nothing_is_open_by_default(tmp_path: Path) -> None:
    nothing = make(tmp_path)
    assert (nothing.is_open, nothing.cdr_database(), nothing.cdr_table) == (False, None, "cdr")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    opened = make(
        tmp_path, cdr_url="sqlite:///log/master.db", queue_log="log/queue_log", cdr_zone="Asia/Omsk"
    )
    assert opened.cdr_database() == f"sqlite:///{tmp_path}/log/master.db"
    assert opened.queue_log == tmp_path / "log" / "queue_log"
    assert str(opened.cdr_zone) == "Asia/Omsk"
    assert opened.is_open
    assert make(tmp_path, queue_log="queue_log").is_open


def test_postgresql_without_a_password(tmp_path: Path) -> None:
    assert (
        make(tmp_path, cdr_url="postgresql://asterisk@db/cdr").cdr_database()
        == "postgresql://asterisk@db/cdr"
    )


def test_an_address_with_a_password_is_in_a_file(tmp_path: Path) -> None:
    opened = make(tmp_path, cdr_url_file="cdr.url")
    file = tmp_path / "cdr.url"
    file.write_text("postgresql://asterisk:korova@db/cdr\n", encoding="utf-8")
    assert opened.is_open
    assert opened.cdr_database() == "postgresql://asterisk:korova@db/cdr"
    file.write_text("sqlite:///master.db", encoding="utf-8")
    assert opened.cdr_database() == f"sqlite:///{tmp_path}/master.db"
    for wrong in ("two\nlines", "mysql://db/cdr", ""):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(StoreError):
            opened.cdr_database()
    file.unlink()
    with pytest.raises(OSError, match="No such file"):
        opened.cdr_database()


def test_what_is_wrong_is_said_without_the_password(tmp_path: Path) -> None:
    assert "password" in fault(tmp_path, cdr_url="postgresql://asterisk:korova@db/cdr")
    told = fault(tmp_path, cdr_url="mysql://asterisk:korova@db/cdr")
    assert told == '"mysql://…@db/cdr" is no address of a database.'
    assert "twice" in fault(tmp_path, cdr_url="sqlite:///a.db", cdr_url_file="b")
    assert "no name of a table" in fault(tmp_path, cdr_table="cdr; drop table cdr")

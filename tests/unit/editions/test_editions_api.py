"""The REST API of editions, over the control socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callcore.commands.control import Daemon, NotThere
from callcore.commands.frame import CommandFailed
from callcore.strictyaml.faults import ConfigFaults

from .conftest import SETTINGS, TABLE
from .daemon_thread import running


def write(folder: Path, text: str) -> None:
    (folder / "topics" / "finance.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "topics").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "callcore.yaml").write_text(SETTINGS, encoding="utf-8")
    write(tmp_path, TABLE)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[Daemon]:
    """Three editions: Money, Coins, and Money again."""
    with running(folder / "callcore.yaml"):
        client = Daemon(folder / "var" / "callcore.sock", "ru")
        write(folder, TABLE.replace("Money", "Coins"))
        client.post("editions")
        write(folder, TABLE)
        client.post("editions")
        yield client


def test_the_list_page_by_page(client: Daemon) -> None:
    first = client.get("editions", query={"limit": "2"})
    assert [(each["id"], each["login"], each["back_to"]) for each in first["editions"]] == [
        (3, "cli", 1),
        (2, "cli", None),
    ]
    assert first["next"] == 2
    second = client.get("editions", query={"limit": "2", "before": "2"})
    assert [(each["id"], each["login"]) for each in second["editions"]] == [(1, "")]
    assert second["next"] is None


def test_one_with_its_files(client: Daemon) -> None:
    found = client.get("editions", "2")
    assert found["id"] == 2
    assert list(found["files"]) == ["callcore.yaml", "topics/finance.yaml"]
    assert "en: Coins" in found["files"]["topics/finance.yaml"]
    assert "organisation" not in found["files"]["callcore.yaml"]


def test_how_two_differ(client: Daemon) -> None:
    before = client.get("editions", "2", "changes")
    assert before["since"] == 1
    [change] = before["files"]
    assert (change["name"], change["is_new"], change["is_gone"]) == ("topics/finance.yaml", False, False)
    assert change["lines"][1:3] == ["-title: {ru: Деньги, en: Money}", "+title: {ru: Деньги, en: Coins}"]
    assert client.get("editions", "3", "changes", query={"since": "1"}) == {"since": 1, "files": []}
    first = client.get("editions", "1", "changes")
    assert first["since"] is None
    assert [each["is_new"] for each in first["files"]] == [True, True]


def test_taken_back(client: Daemon, folder: Path) -> None:
    done = client.post("editions", "2", "take-back")
    assert (done["edition"]["id"], done["edition"]["back_to"], done["is_new"]) == (4, 2, True)
    assert (done["needs_restart"], done["unspoken"], done["set_aside"]) == ([], 0, [])
    assert "Coins" in (folder / "topics" / "finance.yaml").read_text(encoding="utf-8")


def test_faults_by_file_line_and_setting_in_his_language(client: Daemon, folder: Path) -> None:
    write(folder, TABLE.replace("key: 1", "key: 99"))
    with pytest.raises(ConfigFaults) as refused:
        client.post("editions")
    [fault] = refused.value.faults
    assert (fault.file, fault.line, fault.path) == (f"{folder}/topics/finance.yaml", 2, "key")
    assert "99" in fault.message.ru
    assert fault.remedy.ru.startswith("Напишите")


def test_a_place_that_cannot_be_written_is_told_with_a_remedy(client: Daemon, folder: Path) -> None:
    """The folder of the tables has become a file: even root cannot write into it."""
    (folder / "callcore.yaml").write_text(SETTINGS.replace("topics: topics", "topics: tables"))
    (folder / "topics").rename(folder / "tables")
    (folder / "topics").write_text("")
    with pytest.raises(CommandFailed) as refused:
        client.post("editions", "2", "take-back")
    assert "callcore editions show НОМЕР --into ПАПКА" in refused.value.message.ru
    assert str(folder / "topics") in refused.value.message.ru


def test_what_is_not_there_and_what_is_no_number(client: Daemon) -> None:
    for steps in (("editions", "9"), ("editions", "9", "changes")):
        with pytest.raises(NotThere):
            client.get(*steps)
    with pytest.raises(NotThere):
        client.get("editions", "1", "changes", query={"since": "9"})
    with pytest.raises(NotThere):
        client.post("editions", "9", "take-back")
    for wrong in ("0", "x", "9" * 30):
        with pytest.raises((ConfigFaults, CommandFailed)):
            client.get("editions", wrong)

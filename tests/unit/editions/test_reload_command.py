"""``callcore reload`` and ``callcore editions``, as a person at the terminal meets them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.assembly import editions
from callcore.cli import main
from callcore.commands import editions_kept

from .conftest import SETTINGS, TABLE
from .daemon_thread import running

Ran = tuple[int, str, str]
Command = Callable[..., Ran]
COINS = TABLE.replace("Money", "Coins")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "topics").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "callcore.yaml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "topics" / "finance.yaml").write_text(TABLE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def command(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Exit code, output and errors of one command, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", str(folder / "callcore.yaml"))
    monkeypatch.delenv("CALLCORE_TRACEBACK", raising=False)

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        code = main(arguments)
        captured = capsys.readouterr()
        # the daemon is of this process, and logs to the same place
        errors = [line for line in captured.err.splitlines(keepends=True) if '"logger"' not in line]
        return code, captured.out, "".join(errors)

    return run


def write(folder: Path, text: str) -> None:
    (folder / "topics" / "finance.yaml").write_text(text, encoding="utf-8")


def test_a_change_holds(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        assert command("reload") == (0, "The files are the same: edition 1.\n", "")
        write(folder, COINS)
        assert command("reload") == (0, "Edition 2 holds now.\n", "")
        assert command("--lang", "ru", "reload") == (0, "Файлы те же: редакция 2.\n", "")


def test_what_a_person_should_still_see_to(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml", unspoken=3):
        changed = SETTINGS.replace("Hello", "Hi") + "http: {listen: '127.0.0.1:9'}\nqueues:\n"
        changed += "  finance: {title: {ru: Деньги, en: Money}}\n  spare: {title: {ru: Запас, en: Spare}}\n"
        (folder / "callcore.yaml").write_text(changed, encoding="utf-8")
        code, out, err = command("reload")
    assert (code, err) == (0, "")
    first, restart, unspoken, warning, *_ = out.splitlines()
    assert first == "Edition 2 holds now."
    assert restart == "Only after a restart: http.listen"
    assert unspoken.startswith("Texts that could not be spoken: 3 ")
    assert "callcore.yaml:20: queues.spare: " in warning


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_faulty_file_is_refused_with_its_line(folder: Path, command: Command, language: str) -> None:
    with running(folder / "callcore.yaml"):
        write(folder, COINS + "colour: red\n")
        (folder / "topics" / "cards.yaml").write_text("key: 99\n", encoding="utf-8")
        code, out, err = command("--lang", language, "reload")
        assert (code, out) == (1, "")
        assert f"topics/finance.yaml:{TABLE.count(chr(10)) + 1}: colour: " in err
        assert "topics/cards.yaml:1: " in err
        last = err.splitlines()[-1]
        assert ("the edition before stays" if language == "en" else "действует прежняя редакция") in last
        code, out, _ = command("reload", "--json")
        told = json.loads(out)
        assert (code, told["ok"]) == (1, False)
        assert len(told["faults"]) == int(last.split()[1].rstrip("."))
        assert command("editions", "list", "--json")[1].count('"id"') == 1


def test_a_settings_file_that_cannot_be_read(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        (folder / "callcore.yaml").write_text(SETTINGS + "ivr: [\n", encoding="utf-8")
        code, out, err = command("reload")
    assert (code, out) == (1, "")
    assert "callcore.yaml:" in err
    assert "Nothing has changed" in err


def test_nobody_is_there(folder: Path, command: Command) -> None:
    code, out, err = command("reload")
    assert (code, out) == (1, "")
    assert "callcore does not run" in err


# --- editions


def test_what_held_when_and_how_it_differs(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        write(folder, COINS)
        command("reload")
        newest, first = command("editions", "list")[1].splitlines()
        assert newest.startswith("2 · ")
        assert newest.endswith(" · cli")
        assert first.endswith(" · start of callcore")
        assert len(command("editions", "list", "--last", "1")[1].splitlines()) == 1
        code, out, err = command("editions", "diff", "1", "2")
        assert (code, err) == (0, "")
        assert out.splitlines()[:2] == ["topics/finance.yaml", "@@ -1,4 +1,4 @@"]
        assert "-title: {ru: Деньги, en: Money}" in out
        assert "+title: {ru: Деньги, en: Coins}" in out
        assert command("editions", "diff", "2", "2") == (0, "They are the same.\n", "")
        assert command("editions", "diff", "2") == (0, "They are the same.\n", "")
        code, out, err = command("editions", "diff", "1")
        assert (code, "+title: {ru: Деньги, en: Coins}" in out, err) == (0, True, ""), (
            "as the files lie there"
        )
        assert "en: Coins" in command("editions", "show", "2")[1]


def test_files_of_an_edition_into_a_folder(folder: Path, command: Command, tmp_path: Path) -> None:
    with running(folder / "callcore.yaml"):
        pass
    into = tmp_path / "kept"
    assert command("editions", "show", "1", "--into", str(into))[0] == 0
    assert (into / "topics" / "finance.yaml").read_text(encoding="utf-8") == TABLE
    assert (into / "callcore.yaml").read_text(encoding="utf-8").startswith("topics: topics\nivr:\n")
    code, out, err = command("editions", "show", "1", "--into", str(into))
    assert (code, out) == (2, "")
    assert "is not empty" in err


def test_an_edition_is_taken_back(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        write(folder, COINS)
        command("reload")
        write(folder, TABLE.replace("Money", "An evening's work"))
        code, out, err = command("editions", "take-back", "1")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "Edition 3 holds now.",
            "What you had edited is kept in topics/finance.yaml~",
        ]
        assert (folder / "topics" / "finance.yaml").read_text(encoding="utf-8") == TABLE
        assert command("editions", "list")[1].splitlines()[0].endswith(" · cli · edition 1 taken back")


def test_where_the_daemon_may_not_write_the_person_at_the_terminal_does(
    folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual way of install: the settings are root's, and callcore may only read them."""
    with running(folder / "callcore.yaml"):
        write(folder, COINS)
        command("reload")
        monkeypatch.setattr(editions, "write_back", not_allowed)
        assert command("editions", "take-back", "1") == (0, "Edition 3 holds now.\n", "")
        assert (folder / "topics" / "finance.yaml").read_text(encoding="utf-8") == TABLE
        assert command("editions", "list")[1].splitlines()[0].endswith(" · cli · edition 1 taken back")
        monkeypatch.setattr(editions_kept, "write_back", not_allowed)
        code, out, err = command("editions", "take-back", "2")
        assert (code, out) == (1, "")
        assert "callcore editions show NUMBER --into FOLDER" in err


def not_allowed(*_: object) -> tuple[str, ...]:
    raise PermissionError(13, os.strerror(13), "/etc/callcore")


def test_files_that_callcore_cannot_start_with_are_taken_back(folder: Path, command: Command) -> None:
    """It was restarted after a bad edit and is down: that is when somebody needs it most."""
    file = folder / "callcore.yaml"
    with running(file):
        pass
    write(folder, "title: [\n")
    file.write_text(SETTINGS.replace("Hello", "Hi") + "topics: [\n", encoding="utf-8")
    assert command("check")[0] == 1
    code, out, err = command("editions", "take-back", "1")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "Edition 1 is in place. callcore does not run: it will start with it.",
        "What you had edited is kept in topics/finance.yaml~",
        "What you had edited is kept in callcore.yaml~",
    ]
    assert file.read_text(encoding="utf-8") == SETTINGS
    assert command("check")[0] == 0
    with running(folder / "callcore.yaml"):
        assert command("reload") == (0, "The files are the same: edition 1.\n", "")


def test_one_that_does_not_fit_is_told(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        write(folder, TABLE.replace("queue: finance", "queue: coins"))
        (folder / "callcore.yaml").write_text(SETTINGS + "pop: {queues: {coins: ringing}}\n")
        assert command("reload")[0] == 0
        for _ in ("by the daemon", "again"):
            code, _, err = command("editions", "take-back", "1")
            assert code == 1
            assert "pop.queues.coins" in err
    code, _, err = command("editions", "take-back", "1")
    assert code == 1, "without it neither"
    assert "pop.queues.coins" in err
    assert "queue: coins" in (folder / "topics" / "finance.yaml").read_text(encoding="utf-8")


def test_numbers_that_are_none(folder: Path, command: Command) -> None:
    with running(folder / "callcore.yaml"):
        for arguments in (("show", "7"), ("diff", "1", "7"), ("take-back", "7")):
            code, out, err = command("editions", *arguments)
            assert (code, out) == (1, "")
            assert "There is no edition 7; callcore editions list" in err
        for wrong in ("0", "-1", "x", "9" * 30, "١"):
            assert command("editions", "show", wrong)[0] == 2

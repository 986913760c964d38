"""Tokens for programs: made once, shown once, listed without their secret, taken back."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.store.database import Database
from callcore.web.signin import digest

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'callcore.db'}"


@pytest.fixture
def user(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
    tmp_path: Path,
    database: str,
) -> Call:
    """Exit code, output and errors of ``callcore user …`` on a database of its own."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    text = SAMPLE.read_text(encoding="utf-8").replace("sqlite:///../var/callcore.db", database)
    shutil.copytree(SAMPLE.parent, tmp_path, dirs_exist_ok=True)
    (tmp_path / "callcore.yaml").write_text(text, encoding="utf-8")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(("user", *arguments, "-c", str(tmp_path / "callcore.yaml")))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    for login, role in (("olga", "supervisor"), ("anna", "operator")):
        assert run("add", login, "--name", login, "--role", role)[0] == 0
    return run


def test_a_token_is_shown_once_and_only_its_hash_is_kept(user: Call, database: str, tmp_path: Path) -> None:
    code, token, told = user("token", " Olga", "control room")
    assert code == 0
    assert token.startswith("cc_")
    assert "Bearer" in told

    async def login() -> str | None:
        async with await Database.open(database, create=False) as opened:
            found = await opened.tokens.find(digest(token.strip()))
            return found.login if found else None

    assert asyncio.run(login()) == "olga"
    (listed,) = json.loads(user("tokens", "olga", "--json")[1])
    assert (listed["name"], listed["last_used_at"]) == ("control room", None)
    assert "control room" in user("tokens", "olga")[1]
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert token.strip().encode() not in kept
    assert digest(token.strip()).encode() in kept


def test_what_cannot_be(user: Call) -> None:
    assert user("token", "olga", "one")[0] == 0
    for login, name, why in (
        ("olga", "one", "of this name"),
        ("nobody", "one", "There is no user nobody; who there is: callcore user list."),
        ("olga", "", "name"),
    ):
        code, out, err = user("token", login, name)
        assert (code, out) == (1, ""), (login, name)
        assert why in err
    assert [each["name"] for each in json.loads(user("tokens", "olga", "--json")[1])] == ["one"]


def test_a_token_is_taken_back(user: Call) -> None:
    assert "user token olga NAME" in user("tokens", "olga")[1]
    user("token", "olga", "one")
    assert user("token-remove", "olga", "one")[0] == 0
    assert json.loads(user("tokens", "olga", "--json")[1]) == []
    code, _, err = user("token-remove", "olga", "one")
    assert code == 1
    assert "no such token" in err


def test_scopes_are_those_of_the_role_at_most(user: Call) -> None:
    code, _, err = user("token", "anna", "one", "--scope", "outages.see")
    assert code == 1
    assert "may not: outages.see" in err
    assert user("token", "olga", "one", "--scope", "outages.see", "--scope", "calls.all")[0] == 0
    (listed,) = json.loads(user("tokens", "olga", "--json")[1])
    assert listed["scopes"] == ["calls.all", "outages.see"]

"""What the store refuses is said to people, in both languages: pages show it as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import callcore
from callcore.domain import Text
from callcore.store.errors import NotStored, StoreUnavailable, no_customer, no_language, no_user

FOLDERS = ("store", "crm", "web")
REFUSALS = {"NotStored", "TextRefused"}


def said_in_english_only() -> Iterator[str]:
    home = Path(callcore.__file__).parent
    for file in sorted(file for folder in FOLDERS for file in (home / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            is_whole = len(node.args) == 2 or any(isinstance(each, ast.Starred) for each in node.args)
            if node.func.id in REFUSALS and not is_whole:
                yield f"{file.relative_to(home)}:{node.lineno}"


def test_every_refusal_is_said_in_both_languages() -> None:
    assert not list(said_in_english_only())


def test_the_words_are_the_text() -> None:
    assert no_customer(7).text == Text("клиента 7 нет", "there is no customer 7")
    assert str(no_user("anna")) == "there is no user anna"
    assert "ru, en" in no_language().text.ru
    assert StoreUnavailable("gone").text == Text("gone", "gone")
    assert isinstance(no_user("anna"), NotStored)

"""``callcore case``: codes as the settings call them, in the terminal's language."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callcore.commands import case
from callcore.commands.control import NotThere
from callcore.commands.frame import Output
from callcore.config import Settings, load
from callcore.domain import Text

from .conftest import Command

CASE: dict[str, Any] = {
    "number": "C-2026-000001",
    "type": "money",
    "status": "dispatch",
    "stage": "answer",
    "owner": None,
    "department": "finance",
    "due_at": "2026-03-02T09:00:00+00:00",
    "is_overdue": False,
    "stages": [
        {
            "n": 1,
            "stage": "decide",
            "department": "finance",
            "ended_at": "2026-03-02T09:00:00+00:00",
            "due_at": None,
            "result": "granted",
        },
        {
            "n": 2,
            "stage": "answer",
            "department": "initiator",
            "ended_at": None,
            "due_at": None,
            "result": "",
        },
    ],
    "form": {"answer_by": "phone"},
    "history": [
        {
            "at": "2026-03-02T09:00:00+00:00",
            "login": "",
            "act": act,
            "field": field,
            "was": was,
            "became": became,
            "reason": "",
        }
        for act, field, was, became in (
            ("create", "queue", "", "money.finance"),
            ("send", "status", "open", "dispatch"),
            ("take", "owner", "anna", ""),
            ("begin", "", "", ""),
            ("postpone", "due_at", "2026-03-02T09:00:00+00:00", "2026-03-03T09:00:00+00:00"),
        )
    ],
}


class FakeDaemon:
    def get(self, *steps: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        if steps == ("cases",):
            return {"cases": [CASE], "next_offset": None}
        if steps == ("cases", CASE["number"]):
            return CASE
        raise NotThere(Text("Такой страницы нет.", "There is no such page."))


@pytest.fixture(autouse=True)
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(options: argparse.Namespace, _output: Output) -> tuple[FakeDaemon, Settings]:
        return FakeDaemon(), load(Path(options.config), need_secrets=False)

    monkeypatch.setattr(case, "daemon", found)


def test_a_case_as_on_its_page(command: Command) -> None:
    code, out, err = command("--lang", "ru", "case", "show", "C-2026-000001")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "C-2026-000001 · Перерасчёт или претензия · передан"
    assert lines[1].startswith("  1. Решение · ")
    assert lines[1].endswith(" · 2026-03-02 12:00 удовлетворить")
    assert lines[2:4] == ["  2. Ответ клиенту · инициатор · —", "  Как ответить: позвонить"]
    assert [line.split(" callcore · ")[1] for line in lines[4:]] == [
        "Создан · очередь: Деньги → Перерасчёт, претензии — финансы",
        "Отправлен · состояние: в работе → передан",
        "Взят в работу · у кого: anna → —",
        "Этап начат",
        "Срок перенесён · срок: 2026-03-02 12:00 → 2026-03-03 12:00",
    ]


def test_a_list_in_words(command: Command) -> None:
    for language, said in (("ru", "Перерасчёт или претензия · Ответ клиенту · "), ("en", " · Answer to the")):
        code, out, _ = command("--lang", language, "case", "list")
        assert code == 0
        assert said in out
        assert "finance" not in out.lower() or language == "en"


def test_no_such_case_says_where_to_look(command: Command) -> None:
    assert command("case", "show", "C-1") == (1, "", "callcore: no case C-1; see: callcore case list\n")
    assert "Нет кейса C-1" in command("--lang", "ru", "case", "show", "C-1")[2]

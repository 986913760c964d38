"""Cases over the API and on the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from callcore.cli import main

FORM = {"company": "ООО «Ромашка»", "address": "Тверская, 1", "person": "Пётр", "phone": "8 495 000-00-00"}


async def made(house: Any, **more: Any) -> Any:
    answer = await house.api("POST", "/cases", {"queue": "connect.company", "form": FORM, **more})
    assert answer.status == 201, answer.text
    return answer.json


async def test_a_case_goes_its_way(house: Any) -> None:
    await house.sign_in(login="anna")
    case = await made(house, comment="срочно")
    assert (case["status"], case["department"], case["owner"]) == ("dispatch", "account_managers", None)
    assert case["form"]["phone"] == "+74950000000"
    path = f"/cases/{case['number']}"
    await house.sign_in(login="boris")
    taken = (await house.api("POST", f"{path}/take", {"revision": case["revision"]})).json
    assert taken["owner"] == "boris"
    done = await house.api("POST", f"{path}/finish", {"revision": taken["revision"], "result": "agreed"})
    assert (done.json["status"], done.json["result"]) == ("closed", "agreed")
    shut = await house.api("POST", f"{path}/status", {"revision": 3, "status": "open", "reason": "ошибка"})
    assert shut.status == 403
    listed = (await house.api("GET", "/cases", folder="closed")).json
    assert [each["number"] for each in listed["cases"]] == [case["number"]]


async def test_what_is_refused_says_why(house: Any) -> None:
    await house.sign_in(login="anna")
    answer = await house.api("POST", "/cases", {"queue": "connect.company", "form": {"company": "ООО"}})
    assert answer.status == 422
    assert answer.json["type"] == "urn:callcore:problem:case-refused"
    assert {fault["field"] for fault in answer.json["faults"]} == {"address", "person", "phone", "email"}
    walk_in = {"period": "март", "demand": "вернуть", "answer_by": "phone"}
    answer = await house.api("POST", "/cases", {"queue": "money.in_person", "form": walk_in})
    assert "Принимает" in answer.json["detail"]
    assert (await house.api("POST", "/cases", {"queue": "connect.company", "customer": 99})).status == 422
    lost = await house.api("POST", "/cases", {"queue": "connect.company", "form": FORM | {"firm": "ООО"}})
    assert (lost.status, [fault["field"] for fault in lost.json["faults"]]) == (422, ["firm"])
    assert "company" in lost.json["faults"][0]["remedy"]
    assert (await house.api("GET", "/cases/ромашка")).status == 404
    assert (await house.api("GET", "/cases", limit=501)).status == 422
    case = await made(house)
    path = f"/cases/{case['number']}"
    await house.api("POST", f"{path}/take", {"revision": 1})
    await house.sign_in(login="boris")
    late = await house.api("POST", f"{path}/take", {"revision": 1})
    assert late.status == 409
    assert late.json["type"] == "urn:callcore:problem:case-taken"
    nobody = await house.api("POST", f"{path}/hand-over", {"revision": 2, "to": "nobody"})
    assert nobody.status == 422


@pytest.mark.parametrize(
    ("act", "body", "status"),
    [
        ("fill", {"form": FORM | {"business": "цветы"}}, 200),
        ("fill", {"form": {"busyness": "цветы"}}, 422),
        ("mark", {"flag": "paid"}, 422),
        ("begin", {"reason": "надо"}, 409),
        ("priority", {"priority": "urgent"}, 200),
        ("postpone", {"due_at": "2026-04-01T12:00:00+03:00", "reason": "ждём"}, 200),
        ("postpone", {"due_at": "2026-01-01T12:00:00+03:00", "reason": "ждём"}, 422),
        ("reject", {"reason": ""}, 422),
        ("reject", {"reason": "нет города"}, 200),
        ("hand-over", {"department": "finance"}, 200),
        ("hand-over", {"department": "service_centre"}, 422),
        ("send", {}, 409),
        ("status", {"status": "closed", "reason": "дубль"}, 200),
    ],
)
async def test_every_command(house: Any, act: str, body: Any, status: int) -> None:
    await house.sign_in("supervisor", login="vera")
    case = await made(house)
    answer = await house.api("POST", f"/cases/{case['number']}/{act}", {"revision": 1, **body})
    assert answer.status == status, answer.text
    if status == 200:
        assert answer.json["revision"] == 2
        assert answer.json["history"][-1]["login"] == "vera"


async def test_tasks(house: Any) -> None:
    await house.sign_in(login="anna")
    case = await made(house)
    task = await house.api("POST", "/tasks", {"text": "Перезвонить", "case": case["number"]})
    assert (task.status, task.json["responsible"]) == (201, "anna")
    assert (await house.api("POST", "/tasks", {"text": "x", "responsible": "nobody"})).status == 422
    assert len((await house.api("GET", "/tasks")).json["tasks"]) == 1
    assert (await house.api("POST", f"/tasks/{task.json['id']}/done", {})).json["done_by"] == "anna"
    assert (await house.api("GET", "/tasks")).json["tasks"] == []
    assert (await house.api("POST", "/tasks/99/done", {})).status == 404


async def test_the_command_line_tells_what_is_overdue(
    house: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.sign_in(login="anna")
    case = await made(house)
    house.clock.pass_(days=5)
    file = str(tmp_path / "house" / "callcore.yaml")

    async def told(*words: str) -> str:
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["case", *words, "-c", file, "--lang", "en"]) == 0
        return capsys.readouterr().out

    (line,) = json.loads(await told("overdue", "--json"))
    assert (line["number"], line["is_overdue"]) == (case["number"], True)
    assert case["number"] in await told("list")
    assert "There are no such cases." in await told("list", "--department", "noc")
    shown = await told("show", case["number"])
    assert "1. Contact and offer · Account managers" in shown
    assert "Company name: ООО «Ромашка»" in shown

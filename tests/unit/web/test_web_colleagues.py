"""The list of colleagues as desks get it: rendered once for each language, however many are open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from callcore.calls.effects import ShowAgent
from callcore.domain import AgentState, Login, PauseReason, Text
from callcore.screenpop.colleagues import Person
from callcore.web import colleagues
from callcore.web.colleagues import ColleagueBoard, DepartmentNow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MANY = [Person(Login(f"op{n:03}"), f"Operator {n:03}") for n in range(300)]
HOSTILE = Person(Login("eve"), "<b>Eve</b>")


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of templates, each time that one is filled in."""
    seen: list[str] = []
    real = colleagues.template

    class Counted:
        def __init__(self, name: str) -> None:
            self.name = name

        def render(self, **values: Any) -> str:
            seen.append(self.name)
            return real(self.name).render(**values)

    monkeypatch.setattr(colleagues, "template", Counted)
    return seen


@pytest.fixture
async def board() -> ColleagueBoard:
    async def people() -> Sequence[Person]:
        return [*MANY, HOSTILE]

    def departments(_at: datetime) -> Sequence[DepartmentNow]:
        return [DepartmentNow("experts", Text("Эксперты", "Experts"), True, "301")]

    made = ColleagueBoard(people, departments, lambda: NOW)
    await made.look()
    return made


def says(board: ColleagueBoard, login: str, state: AgentState, reason: PauseReason | None = None) -> None:
    board.carry(ShowAgent(f"{login}:{state}", Login(login), state, reason, NOW))


async def test_three_hundred_desks_cost_one_render(board: ColleagueBoard, rendered: list[str]) -> None:
    for _desk in range(300):
        board.part(0, "ru")
    assert rendered.count("parts/colleagues.html") == 1
    assert rendered.count("parts/colleague.html") == 301
    del rendered[:]
    seen = board.version
    says(board, "op007", AgentState.talking)
    board.turn()
    parts = [board.part(seen, "ru") for _desk in range(300)]
    assert rendered == ["parts/colleague.html"]
    assert all(part is parts[0] for part in parts)
    assert list(parts[0]["rows"]) == ["colleague-op007"]  # type: ignore[call-overload]
    assert parts[0]["sum"] == "говорят 1"


async def test_both_languages(board: ColleagueBoard) -> None:
    says(board, "op001", AgentState.paused, PauseReason.lunch)
    board.turn()
    russian, english = str(board.part(0, "ru")["html"]), str(board.part(0, "en")["html"])
    assert "пауза: обед" in russian
    assert "paused: lunch" in english
    assert "Эксперты" in russian
    assert "Experts" in english
    assert "301" in english


async def test_names_are_only_text(board: ColleagueBoard) -> None:
    html = str(board.part(0, "ru")["html"])
    assert "<b>Eve" not in html
    assert "&lt;b&gt;Eve" in html


async def test_a_desk_that_waits_is_woken_once(board: ColleagueBoard) -> None:
    seen = board.version
    waits = asyncio.create_task(board.changed(seen))
    await asyncio.sleep(0)
    assert not waits.done()
    says(board, "op001", AgentState.ready)
    board.turn()
    await waits
    assert board.version == seen + 1


async def test_another_person_means_the_whole_list(board: ColleagueBoard) -> None:
    seen = board.version

    async def fewer() -> Sequence[Person]:
        return MANY[:2]

    board._people = fewer
    await board.look()
    assert "html" in board.part(seen, "ru")

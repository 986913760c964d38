"""Customers who wait without anybody, as every desk gets them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callcore.calls.effects import ShowAgent
from callcore.domain import AgentState, CallId, Login
from callcore.web.parked import ParkedBoard, ParkedNow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
IVAN = ParkedNow(CallId("c1"), "+79161234567", "Иван <b>", Login("anna"), NOW)
STRANGER = ParkedNow(CallId("c2"), "+79161234568", "", Login("ghost"), NOW - timedelta(minutes=1))


@pytest.fixture
def waiting() -> list[ParkedNow]:
    return []


@pytest.fixture
def board(waiting: list[ParkedNow]) -> ParkedBoard:
    return ParkedBoard(lambda: waiting, lambda: {Login("anna"): "Анна Кузнецова"}, "RU")


def html(board: ParkedBoard, language: str = "ru") -> str:
    return str(board.part(0, language)["html"])  # type: ignore[arg-type]


def test_who_has_waited_longest_stands_first(board: ParkedBoard, waiting: list[ParkedNow]) -> None:
    waiting += [IVAN, STRANGER]
    board.look()
    shown = html(board)
    assert shown.index("8 (916) 123-45-68") < shown.index("Иван &lt;b&gt;")
    assert "Анна Кузнецова" in shown
    assert "ghost" in shown, "who works here no more has his login"
    assert 'name="do" value="take"' in shown
    assert "Parked" in html(board, "en")


def test_nobody_waits_and_nothing_is_left(board: ParkedBoard, waiting: list[ParkedNow]) -> None:
    waiting.append(IVAN)
    board.look()
    waiting.clear()
    board.look()
    assert (html(board), board.version) == ("", 2)


def test_a_look_without_news_tells_nothing(board: ParkedBoard, waiting: list[ParkedNow]) -> None:
    waiting.append(IVAN)
    board.look()
    first = board.part(0, "ru")
    board.look()
    assert board.version == 1
    assert board.part(0, "ru") is first, "one render for all desks"
    waiting[0] = replace(IVAN, name="Пётр")
    board.look()
    assert "Пётр" in html(board)


async def test_any_effect_of_a_call_makes_it_look(board: ParkedBoard, waiting: list[ParkedNow]) -> None:
    runs = asyncio.create_task(board.run())
    waiting.append(IVAN)
    board.carry(ShowAgent("k", Login("anna"), AgentState.ready, None, NOW))
    await board.changed(0)
    assert "Иван" in html(board)
    runs.cancel()

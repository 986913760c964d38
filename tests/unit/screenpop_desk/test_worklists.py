"""Counts of cases and tasks on the desks: one question for many changes, and a database that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from callcore.domain import Login
from callcore.screenpop import worklists
from callcore.screenpop.card import WorkCounts
from callcore.screenpop.worklists import WorkLists
from callcore.store.errors import StoreError

ANNA, BORIS = Login("anna"), Login("boris")


class House:
    def __init__(self) -> None:
        self.asked: list[Login] = []
        self.shown: list[tuple[Login, int]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.is_away = False
        self.lists = WorkLists(self, lambda: (ANNA, BORIS), self._show, self._start)

    async def counts(self, login: Login) -> WorkCounts:
        self.asked.append(login)
        if self.is_away:
            raise StoreError("gone")
        return WorkCounts(mine=len(self.asked))

    def _show(self, login: Login, counts: WorkCounts) -> None:
        self.shown.append((login, counts.mine))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def settled(self) -> None:
        await asyncio.gather(*self.tasks)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(worklists, "TOGETHER_SECONDS", 0)
    return House()


async def test_many_changes_are_one_question_for_each_desk(house: House) -> None:
    for _ in range(5):
        house.lists.changed()
    await house.settled()
    assert house.shown == [(ANNA, 1), (BORIS, 2)]
    house.lists.changed()
    await house.settled()
    assert house.asked == [ANNA, BORIS] * 2


async def test_who_comes_is_told_at_once(house: House) -> None:
    house.lists.ask(BORIS)
    await house.settled()
    assert house.shown == [(BORIS, 1)]


async def test_a_database_that_is_away_leaves_what_is_shown(house: House) -> None:
    house.is_away = True
    house.lists.changed()
    await house.settled()
    assert house.shown == []
    house.is_away = False
    house.lists.changed()
    await house.settled()
    assert [login for login, _ in house.shown] == [ANNA, BORIS]


async def test_nobody_counts() -> None:
    started: list[object] = []
    lists = WorkLists(None, lambda: (ANNA,), lambda *_: None, started.append)
    lists.changed()
    lists.ask(ANNA)
    assert started == []

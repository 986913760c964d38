"""What a desk is told of a call that it ordered, while the database fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callcore.assembly.deskcalls import DeskCalls
from callcore.calls.attempt import AttemptId
from callcore.domain import Login
from callcore.floor.ids import call_of_attempt
from callcore.outbound.wanted import Wanted
from callcore.screenpop.ports import DeskRefused
from callcore.store.errors import StoreUnavailable
from callcore.store.follow_rows import FollowUpState

from .outbound_house import T0

ANNA = Login("anna")
NUMBER = "+79160000001"
ATTEMPT = AttemptId("a" + "0" * 23)


@dataclass
class House:
    """Everything that the desk's calls ask; ``fails``: these the database does not take."""

    fails: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    async def place(self, _wanted: Wanted) -> Any:
        self._do("place")
        return SimpleNamespace(id=ATTEMPT)

    async def take(self, *_args: object, **_more: object) -> None:
        self._do("take")

    async def called(self, *_args: object) -> None:
        self._do("called")

    async def get(self, _id: int) -> Any:
        return SimpleNamespace(state=FollowUpState.open, number=NUMBER, taken_by=None)

    def _do(self, what: str) -> None:
        if what in self.fails:
            raise StoreUnavailable("the database is away")
        self.done.append(what)

    async def dial(self) -> object:
        me = cast(Any, self)
        calls = DeskCalls(me, me, me, me, me, "RU", lambda: T0, lambda _call: None)
        return await calls.dial(ANNA, NUMBER, None, follow_up=1, case=2)


async def test_it_is_his_and_the_case_knows_of_it() -> None:
    house = House()
    assert await house.dial() == call_of_attempt(ATTEMPT)
    assert house.done == ["place", "take", "called"]


@pytest.mark.parametrize("fails", [{"take"}, {"called"}, {"take", "called"}])
async def test_a_call_that_rings_is_not_denied(fails: set[str]) -> None:
    house = House(fails)
    assert await house.dial() == call_of_attempt(ATTEMPT)
    assert house.done == [each for each in ("place", "take", "called") if each not in fails]


async def test_what_was_not_stored_was_not_placed() -> None:
    house = House({"place"})
    with pytest.raises(DeskRefused) as refused:
        await house.dial()
    assert refused.value.code == "store_down"
    assert house.done == []

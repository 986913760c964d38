"""Who may order the recording of his talk, or hand a caller on to outside, and what an order must say."""

from __future__ import annotations

from typing import Any, cast

import pytest

from callcore.domain import CallId, Login
from callcore.rights import Role
from callcore.screenpop.ports import DeskRefused, DeskService
from callcore.web import commands
from callcore.web.bodies import BadBody


class Desks:
    def __init__(self) -> None:
        self.orders: list[tuple[object, ...]] = []
        self.call_orders = self

    async def record(self, *order: object, is_announced: bool) -> None:
        self.orders.append((*order, is_announced))


class Handing(Desks):
    async def dial(self, login: Login, **order: object) -> None:
        self.orders.append((login, order["number"], order["case"]))

    async def transfer(self, *order: object) -> None:
        self.orders.append(order)


async def order(desks: Desks, role: str, do: str, **fields: Any) -> None:
    await commands.run(cast(DeskService, desks), Login("anna"), role, do, {"call": "c1", **fields})


@pytest.mark.parametrize("do", ["record", "record_pause", "record_resume"])
async def test_it_takes_the_right(do: str) -> None:
    desks = Desks()
    for role in (Role.campaign_manager, "nobody"):
        with pytest.raises(DeskRefused, match="no_right"):
            await order(desks, role, do)
    assert desks.orders == []
    await order(desks, Role.operator, do, announced="1")
    assert desks.orders == [("anna", CallId("c1"), do, True)]


@pytest.mark.parametrize("announced", ["yes", "0", 1])
async def test_only_a_tick_is_a_tick(announced: Any) -> None:
    desks = Desks()
    with pytest.raises(BadBody):
        await order(desks, Role.operator, "record", announced=announced)
    await order(desks, Role.operator, "record", announced="")
    assert desks.orders == [("anna", CallId("c1"), "record", False)]


async def test_to_hand_a_caller_on_outside_is_to_call_there() -> None:
    desks = Handing()
    for to in ("outside:+79160000001", " outside:+79160000001"):
        with pytest.raises(DeskRefused, match="no_right"):
            await order(desks, Role.campaign_manager, "transfer", to=to)
    await order(desks, Role.campaign_manager, "transfer", to="department:finance")
    await order(desks, Role.operator, "transfer", to="outside:+79160000001")
    assert [one[2] for one in desks.orders] == ["department:finance", "outside:+79160000001"]


async def test_a_call_may_be_about_a_case() -> None:
    desks = Handing()
    await order(desks, Role.operator, "dial", number="+79160000001", about="case:17")
    await order(desks, Role.operator, "dial", number="+79160000001", about="")
    assert desks.orders == [("anna", "+79160000001", 17), ("anna", "+79160000001", None)]
    for about in ("case:", "case:x", "case:-1", "case:1 2", "17", "customer:17"):
        with pytest.raises(BadBody):
            await order(desks, Role.operator, "dial", number="+79160000001", about=about)
    with pytest.raises(DeskRefused, match="no_right"):
        await order(desks, Role.campaign_manager, "dial", number="+79160000001", about="case:17")

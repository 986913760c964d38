"""Orders to living calls, as a page or a program sends them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from callcore.calls.line import Do
from callcore.domain import CallId, Login
from callcore.rights import Role
from callcore.screenpop.ports import DeskService
from callcore.web import commands
from callcore.web.bodies import BadBody

ANNA = Login("anna")


class Desks:
    def __init__(self) -> None:
        self.orders: list[tuple[object, ...]] = []
        self.call_orders = self

    async def work_line(self, *order: object) -> None:
        self.orders.append(order)


async def order(desks: Desks, do: str, **fields: Any) -> None:
    await commands.run(cast(DeskService, desks), ANNA, Role.operator, do, fields)


@pytest.mark.parametrize("do", [do for do in Do if do is not Do.consult])
async def test_each_order_names_its_call(do: Do) -> None:
    desks = Desks()
    await order(desks, do.value, call="c1")
    assert desks.orders == [(ANNA, CallId("c1"), do)]
    for fields in ({}, {"call": ""}, {"call": " "}, {"call": "c\x001"}, {"call": 1}, {"call": "c" * 200}):
        with pytest.raises(BadBody):
            await order(desks, do.value, **fields)


async def test_nobody_is_handed_on_by_them() -> None:
    """That is ``transfer``'s, which takes the words along; ``blind`` lets go of a caller who is handed on."""
    desks = Desks()
    with pytest.raises(BadBody):
        await order(desks, "consult", call="c1", colleague="boris")
    assert desks.orders == []
    for field in ("queue", "colleague", "inside", "to"):
        await order(desks, "blind", call="c1", **{field: "boris"})
    assert desks.orders == [(ANNA, CallId("c1"), Do.blind)] * 4

"""Orders to living calls, as a page or a program sends them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from callcore.calls.line import Do
from callcore.domain import CallId, Login
from callcore.rights import Role
from callcore.screenpop.ports import DeskService, LineTo
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


@pytest.mark.parametrize("do", Do)
async def test_each_order_names_its_call(do: Do) -> None:
    desks = Desks()
    await order(desks, do.value, call="c1")
    assert desks.orders == [(ANNA, CallId("c1"), do, None)]
    for fields in ({}, {"call": ""}, {"call": " "}, {"call": "c\x001"}, {"call": 1}, {"call": "c" * 200}):
        with pytest.raises(BadBody):
            await order(desks, do.value, **fields)


@pytest.mark.parametrize("do", [Do.consult, Do.blind])
@pytest.mark.parametrize(
    ("field", "kind"), [("queue", "queue"), ("colleague", "colleague"), ("inside", "number")]
)
async def test_to_whom(do: Do, field: str, kind: str) -> None:
    desks = Desks()
    await order(desks, do.value, call="c1", **{field: " x "})
    assert desks.orders == [(ANNA, CallId("c1"), do, LineTo(cast(Any, kind), "x"))]
    with pytest.raises(BadBody):
        await order(desks, do.value, call="c1", queue="a", colleague="b")
    with pytest.raises(BadBody):
        await order(desks, do.value, call="c1", **{field: "a\nb"})


async def test_what_takes_no_target_has_none() -> None:
    desks = Desks()
    await order(desks, "hold", call="c1", queue="finance")
    assert desks.orders == [(ANNA, CallId("c1"), Do.hold, None)]

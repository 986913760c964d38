"""Calls from desk to desk: only numbers that the house names, and never by the trunk."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from callcore.domain import PbxName
from callcore.ivr.placed import Go, Stop
from callcore.outbound.gate import Rule

from .outbound_house import PBX
from .test_outbound_placing import Desk


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()

    async def inside() -> Collection[str]:
        return {"101", "102", "301"}

    desk.placing.inside = inside
    return desk


@pytest.mark.parametrize("number", ["102", " 301 "])
async def test_whom_the_house_names(desk: Desk, number: str) -> None:
    async with desk.house.running():
        call = await desk.place(number)
        assert call.number == number.strip()
        assert await desk.placing.confirm(PbxName(PBX), call.id) == Go(number.strip(), is_inside=True)


@pytest.mark.parametrize("number", ["112", "3010", "30", "101"])
async def test_any_other_short_number_is_the_gates(desk: Desk, number: str) -> None:
    """Emergency, somebody's longer and shorter one, and his own."""
    async with desk.house.running():
        refused = await desk.refused(number)
    assert (refused.code, refused.rule) == ("refused_by_gate", Rule.destination)
    assert desk.house.dialer.orders == []


async def test_a_number_that_the_house_has_given_up_meanwhile(desk: Desk) -> None:
    """His phone rang; when he picks it up, nobody here has that number any more."""
    async with desk.house.running():
        call = await desk.place("102")

        async def nobody() -> Collection[str]:
            return ()

        desk.placing.inside = nobody
        assert await desk.placing.confirm(PbxName(PBX), call.id) == Stop(Rule.destination)


async def test_a_number_outside_stays_one(desk: Desk) -> None:
    async with desk.house.running():
        call = await desk.place("8 916 000-00-01")
        answer = await desk.placing.confirm(PbxName(PBX), call.id)
    assert answer == Go("79160000001")

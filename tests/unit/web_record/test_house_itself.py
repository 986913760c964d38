"""The house that the other tests of the record stand on."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.rights import Role


@pytest.mark.parametrize("role", list(Role))
async def test_everybody_can_sign_in(house: Any, role: Role) -> None:
    assert (await house.get("/")).headers["Location"] == "/sign-in"
    assert await house.sign_in(role) == role
    answer = await house.get("/desk")
    assert answer.status == 200
    assert house.csrf in answer.text


async def test_the_clock_moves_when_told(house: Any) -> None:
    before = house.clock.now()
    house.clock.pass_(hours=3)
    assert (house.daemon.clock.now() - before).total_seconds() == 10_800

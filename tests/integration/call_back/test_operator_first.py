"""A placeholder waits in the queue, an operator takes it, and then the customer is rung."""

from __future__ import annotations

import pytest

from .conftest import Town

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_they_talk(town: Town) -> None:
    anna = await town.sits()
    number = town.number("00")
    await town.wishes(number)
    call = await anna.phone.incoming()
    assert await town.carrier.invites_of(number) == 0
    await call.answer()
    await town.carrier.answered(number)
    await call.hang_up()
    assert await town.over(number) == ["answered"]
    await town.is_so(number, state="done")
    assert await town.carrier.invites_of(number) == 1

"""A colleague is called from the desk: by the context of the internal numbers, and never by the trunk."""

from __future__ import annotations

import pytest

from callcore.testing.carrier import Carrier
from callcore.testing.operator import Refused

from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_colleague_answers(anna: Desk, boris: Desk, carrier: Carrier) -> None:
    attempt = await anna.calls("102")
    call = await anna.phone.incoming()
    assert call.number == "102"
    await call.answer()
    his = await boris.phone.incoming()
    assert his.number == "101", "he sees who calls him"
    await his.answer()
    assert (await anna.state(attempt))["state"] == "open"
    await call.hang_up()
    await his.ended()
    over = await anna.over(attempt)
    assert (over["result"], over["number"]) == ("answered", "102")
    assert await carrier.invites_of("102") == 0


async def test_a_colleague_is_busy(anna: Desk, boris: Desk, carrier: Carrier) -> None:
    boris.phone.refuse(486)
    attempt = await anna.calls("102")
    call = await anna.phone.incoming()
    await call.answer()
    await call.ended()
    assert (await anna.over(attempt))["result"] == "busy"
    assert await carrier.invites_of("102") == 0


@pytest.mark.parametrize("number", ["112", "0900", "99", "10"])
async def test_a_short_number_that_nobody_here_has(anna: Desk, carrier: Carrier, number: str) -> None:
    """Outside it might be anybody's."""
    before = len(await carrier.invites())
    with pytest.raises(Refused, match=r"not-a-number|refused-by-gate"):
        await anna.calls(number)
    assert anna.phone.calls == ()
    assert len(await carrier.invites()) == before

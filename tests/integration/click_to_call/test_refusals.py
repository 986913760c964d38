"""Who may have no number called, and which numbers nobody may: refused with a reason, nobody is rung."""

from __future__ import annotations

import pytest

from callcore.testing.carrier import Carrier
from callcore.testing.operator import Refused

from .conftest import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def refused(desk: Desk, number: str, **more: object) -> Refused:
    with pytest.raises(Refused) as caught:
        await desk.calls(number, **more)
    return caught.value


def kind(answer: Refused) -> str:
    return str(answer.problem["type"]).removeprefix("urn:callcore:problem:")


@pytest.mark.parametrize("number", ["112", "+441632960000", "+380441234567", "101"])
async def test_where_the_house_does_not_call(anna: Desk, carrier: Carrier, number: str) -> None:
    """Emergency, abroad, and oneself: short numbers never go to the trunk."""
    before = len(await carrier.invites())
    answer = await refused(anna, number)
    assert (answer.status, kind(answer), answer.problem["rule"]) == (403, "refused-by-gate", "destination")
    assert answer.problem["detail"]
    assert anna.phone.calls == ()
    assert len(await carrier.invites()) == before


@pytest.mark.parametrize("number", ["", "x", "7916&PJSIP/102", "79160000001\r\nAction: Logoff", "sip:1@evil"])
async def test_what_is_no_number(anna: Desk, number: str) -> None:
    answer = await refused(anna, number)
    assert (answer.status, kind(answer)) in (
        (422, "invalid"),
        (422, "not-a-number"),
        (403, "refused-by-gate"),
    )
    assert anna.phone.calls == ()


async def test_two_people_one_number(anna: Desk, boris: Desk, carrier: Carrier) -> None:
    """The second is told who calls; whose call it is, only the first may see and end."""
    number = "+79160005100"
    attempt = await anna.calls(number)
    answer = await refused(boris, number)
    assert (answer.status, kind(answer)) == (409, "being-called")
    assert "anna" in answer.problem["detail"]
    for method, path in (("GET", f"/api/v1/calls/{attempt}"), ("POST", f"/api/v1/calls/{attempt}/hang-up")):
        with pytest.raises(Refused) as hidden:
            await boris.api.call(method, path)
        assert hidden.value.status == 404
    answer = await refused(anna, "+79160005200")
    assert (answer.status, kind(answer)) == (409, "busy-with-call")
    await anna.hangs_up(attempt)
    assert (await anna.over(attempt))["result"] == "not_sent"
    assert await carrier.invites_of("79160005100") == 0


async def test_anothers_phone(anna: Desk, boris: Desk) -> None:
    answer = await refused(boris, "+79160005300", login="anna")
    assert (answer.status, kind(answer)) == (403, "forbidden")
    assert "calls.place_others" in answer.problem["detail"]
    with pytest.raises(Refused) as listed:
        await boris.api.call("GET", "/api/v1/placed-calls?login=anna")
    assert listed.value.status == 403
    assert anna.phone.calls == ()


async def test_who_is_off_shift(anna: Desk) -> None:
    await anna.api.order("leave")
    answer = await refused(anna, "+79160005400")
    assert (answer.status, kind(answer)) == (409, "not-on-shift")


async def test_the_page_tells_what_came_of_it(anna: Desk) -> None:
    anna.phone.refuse(486)
    attempt = await anna.calls("+79160005500")
    await anna.over(attempt)
    async with anna.api.http.get(f"{anna.api.url}/placed-calls") as answer:
        page = await answer.text()
    assert answer.status == 200
    assert "телефон оператора был занят" in page
    async with anna.api.http.get(f"{anna.api.url}/placed-calls?state=unknown") as answer:
        assert "О каждом звонке известно" in await answer.text()

"""A page that stays open hears what others change, from its making on and until its session is over."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest

from callcore.domain import CustomerId
from callcore.rights import Role
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.web import live_news

from .conftest import RecordHouse


@pytest.mark.parametrize("way", ["disabled", "signed out"])
async def test_the_stream_ends_with_the_session(
    house: RecordHouse, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_news, "HEARTBEAT_SECONDS", 0.01)
    customer = await house.add_customer()
    await house.sign_in(Role.operator, "anna")
    his = {cookie.key: cookie.value for cookie in house.http.cookie_jar}
    async with aiohttp.ClientSession(cookies=his, cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        address = f"{house.origin}/customers/{customer}/live"
        async with browser.get(address, cookies=his) as stream, asyncio.timeout(PATIENCE_SECONDS):
            assert stream.status == 200
            await stream.content.readuntil(b": still here\n\n")
            if way == "disabled":
                await house.sign_in(Role.administrator, "root")
                assert (await house.post_form("/admin/users/anna/disable")).status == 303
            else:
                assert (await house.api("DELETE", "/session")).status == 204
            await stream.content.read()  # to its end
        assert stream.content.at_eof()


async def address_of(house: RecordHouse, customer: CustomerId) -> str:
    """Where the card that is made now will hear."""
    page = await house.get(f"/customers/{customer}")
    found = re.search(r'data-live-page="([^"]+)"', page.text)
    assert found
    return house.origin + found[1]


async def first_line(house: RecordHouse, address: str) -> bytes:
    async with house.http.get(address) as stream, asyncio.timeout(PATIENCE_SECONDS):
        await stream.content.readuntil(b"retry: 3000\n\n")
        return await stream.content.readline()


async def test_what_came_between_page_and_line_is_told_at_once(
    house: RecordHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_news, "HEARTBEAT_SECONDS", 0.01)
    one, other = await house.add_customer("К-1"), await house.add_customer("К-2")
    await house.sign_in()
    address = await address_of(house, one)
    news = house.daemon.office.news
    news.changed(other)
    assert await first_line(house, address) == b": still here\n"
    news.changed(one)
    assert await first_line(house, address) == b"data: changed\n"
    assert await first_line(house, await address_of(house, one)) == b": still here\n"


async def test_a_page_of_another_run_is_stale(house: RecordHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_news, "HEARTBEAT_SECONDS", 0.01)
    customer = await house.add_customer()
    await house.sign_in()
    for since in ("0123abcd.0", "nonsense", "\u0663.\u0663", "." * 5000):
        address = f"{house.origin}/customers/{customer}/live"
        async with (
            house.http.get(address, params={"since": since}) as stream,
            asyncio.timeout(PATIENCE_SECONDS),
        ):
            await stream.content.readuntil(b"retry: 3000\n\n")
            assert await stream.content.readline() == b"data: changed\n"

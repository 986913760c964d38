"""Where requests may go, and how much of an answer is read: against a real server on this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer

from callcore.bus.outward import Bounds, GuardedResolver, Outward, Refused, checked_url, post

LOOPBACK = Bounds((ipaddress.ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
        "nonsense",
    ],
)
def test_addresses_that_are_not_asked(address: str) -> None:
    assert not Bounds().allows(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_addresses_that_are(address: str) -> None:
    assert Bounds().allows(address)


def test_a_private_network_may_be_allowed() -> None:
    bounds = Bounds((ipaddress.ip_network("10.0.0.0/8"),))
    assert bounds.allows("10.9.8.7")
    assert bounds.allows("::ffff:10.9.8.7")
    assert not bounds.allows("192.168.0.1")
    assert Bounds(None).allows("192.168.0.1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://host/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://user:pass@host/",
        "http://host\n/",
        "http://ho st/",
        "//host/x",
        "http://host:99999/",
        "http://" + "a" * 2000,
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Refused):
        checked_url(text)


class Changing(AbstractResolver):
    """First an honest address, then this machine: as an attacker's name server answers."""

    def __init__(self) -> None:
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = "93.184.216.34" if self.asked == 1 else "127.0.0.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return


async def test_what_was_resolved_is_what_is_connected_to() -> None:
    resolver = GuardedResolver(Bounds(), Changing())
    assert [each["host"] for each in await resolver.resolve("evil.example", 80)] == ["93.184.216.34"]
    with pytest.raises(Refused):
        await resolver.resolve("evil.example", 80)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    async def taken(request: web.Request) -> web.Response:
        return web.Response(text=(await request.read()).decode())

    async def elsewhere(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://169.254.169.254/"})

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionError:
            return response

    async def silent(request: web.Request) -> web.Response:
        await request.app[HELD].wait()
        return web.Response()

    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "120"})

    app = web.Application()
    app[HELD] = asyncio.Event()
    for path, handler in (
        ("/taken", taken),
        ("/elsewhere", elsewhere),
        ("/endless", endless),
        ("/silent", silent),
        ("/busy", busy),
    ):
        app.router.add_post(path, handler)
    async with TestServer(app) as running:
        yield running
        app[HELD].set()


HELD = web.AppKey("held", asyncio.Event)


async def test_answers_of_every_kind(server: TestServer) -> None:
    async with Outward(LOOPBACK) as outward:

        async def to(path: str, seconds: float = 5.0) -> tuple[int | None, str]:
            answer = await post(outward, str(server.make_url(path)), {}, b"{}", seconds)
            return answer.status, answer.text

        assert await to("/taken") == (200, "{}")
        status, text = await to("/elsewhere")
        assert status == 302
        assert "not followed" in text
        status, text = await to("/endless")
        assert (status, len(text)) == (200, 4096)
        assert await to("/silent", 0.1) == (None, "no answer within 0.1 s")
        busy = await post(outward, str(server.make_url("/busy")), {}, b"", 5.0)
        assert busy.retry_after is not None
        assert busy.retry_after.total_seconds() == 120


async def test_this_machine_is_refused_by_address_and_by_name(server: TestServer) -> None:
    async with Outward(Bounds()) as outward:
        by_address = await post(outward, str(server.make_url("/taken")), {}, b"", 5.0)
        by_name = await post(outward, f"http://localhost:{server.port}/taken", {}, b"", 5.0)
    assert by_address.status is None
    assert by_name.status is None
    assert "not allowed" in by_address.text
    assert "not allowed" in by_name.text


async def test_nobody_there() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    async with Outward(LOOPBACK) as outward:
        answer = await post(outward, f"http://127.0.0.1:{port}/", {}, b"", 5.0)
    assert answer.status is None
    assert answer.text

"""Pages that take nothing more: a laptop put to sleep, a program that hangs. On real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from callcore.screenpop.hub import HubLimits
from callcore.testing.desks import some_view
from callcore.testing.patience import PATIENCE_SECONDS

from .web_house import ANNA, BORIS, Client, House, MakeHouse

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
STALLED = 5
POPS = 300
LONG_NAME = "x" * 300_000
"""So that a few cards fill the buffers of a socket that nobody reads."""


class Stalled:
    """Opens a WebSocket and never reads a byte of it, not even the answer to its handshake."""

    def __init__(self, house: House, path: str) -> None:
        self._socket = socket.create_connection((house.client.host, house.client.port))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        jar = house.client.session.cookie_jar.filter_cookies(house.client.make_url("/"))
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
        host = f"{house.client.host}:{house.client.port}"
        request = HANDSHAKE.format(path=path, host=host, origin=house.origin, cookie=cookie)
        self._socket.sendall(request.encode())

    def close(self) -> None:
        self._socket.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - the other side is a socket
            await asyncio.sleep(0)


async def told(ws: Any) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await ws.receive_json()


@pytest.mark.parametrize("path", ["/desk/live", "/api/v1/events"])
async def test_a_stalled_page_harms_nobody_else(
    make_house: MakeHouse, another_browser: Callable[[House], Awaitable[Client]], path: str
) -> None:
    """Five connections of Anna read nothing while she gets hundreds of cards: Boris sees each of his in
    order, her own page that does read has the newest, and what waits for the dead ones is bounded."""
    house = await make_house(
        HubLimits(ring=50, queue=10), connections_per_login=STALLED + 1, send_seconds=3600.0
    )
    house.renderer.padding = LONG_NAME
    await house.sign_in()
    await house.on_shift()
    stalled = [Stalled(house, path) for _ in range(STALLED)]
    await until(lambda: house.hub.connections(ANNA) == STALLED)
    hers = await house.live()
    other = await another_browser(house)
    await house.sign_in("boris", client=other)
    await house.on_shift(BORIS, "PJSIP/102")
    his = await house.live(other)
    await told(hers)
    await told(his)
    for n in range(POPS):
        house.desks.pop(ANNA, replace(some_view(f"a{n}"), caller_name=LONG_NAME))
        if n % 10 == 0:
            house.desks.pop(BORIS, some_view(f"b{n}"))
            assert (await told(his))["card"] == f"b{n}"
    last = await told(hers)
    while last["seq"] < house.hub.seq(ANNA):
        last = await told(hers)
    assert f"a{POPS - 1}" in last["html"]
    assert house.hub.connections(ANNA) == STALLED + 1
    assert _counted(house, "callcore_websocket_slow_total") >= STALLED, "they did stall"
    for connection in stalled:
        connection.close()
    await hers.close()
    await his.close()
    await until(lambda: house.hub.connections() == 0)


async def test_a_page_that_takes_nothing_is_cut_off(make_house: MakeHouse) -> None:
    house = await make_house(HubLimits(ring=50, queue=10), send_seconds=0.05)
    await house.sign_in()
    await house.on_shift()
    dead = Stalled(house, "/api/v1/events")
    await until(lambda: house.hub.connections(ANNA) == 1)
    for n in range(POPS):
        house.desks.pop(ANNA, replace(some_view(f"a{n}"), caller_name=LONG_NAME))
        await asyncio.sleep(0)
    await until(lambda: house.hub.connections(ANNA) == 0)
    dead.close()


def _counted(house: House, name: str) -> float:
    lines = house.metrics.render().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name))

"""Every route of the running daemon answers each role and a stranger as it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import aiohttp
from aiohttp import web

from callcore.rights import Permission, Role, may
from callcore.web.gates import NEEDED, Gate, Needs

from .conftest import RecordHouse

DO = ("pause", "call", "test", "restore", "disable", "done", "take", "on")
WORDS = [("999",), ("nothing",), ("0" * 32,), *(("999", do) for do in DO)]
"""What stands for the parts of an address."""
SOCKETS = {"/desk/live", "/outages/live", "/api/v1/events"}
NOT_WALKED = {"POST /sign-out", "DELETE /api/v1/session", "POST /sign-in", "POST /api/v1/session"}
"""They end or begin the very session that walks; tried elsewhere."""
OWN_WAY = {"GET /", "POST /language"}
"""Open, and lead a stranger to the sign-in."""


def routes(house: RecordHouse) -> Iterator[tuple[str, str, web.AbstractRoute]]:
    for route in house.daemon.web.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            yield f"{route.method} {route.resource.canonical}", route.method, route


def declared(name: str, route: web.AbstractRoute) -> Needs | None:
    operation = getattr(route.handler, "operation", None)
    if operation is None:
        return NEEDED.get(name)
    if operation.is_open:
        return Gate.open
    return operation.needs or Gate.own


def path_of(route: web.AbstractRoute) -> str:
    """One that the route takes, of something that there is not."""
    assert route.resource is not None
    for words in WORDS:
        path = route.resource.canonical
        for word in (*words, "1", "1", "1"):
            path = re.sub(r"\{\w+\}", word, path, count=1)
        pattern = route.resource.get_info().get("pattern")
        if pattern is None or pattern.fullmatch(path):
            return path
    raise AssertionError(f"no words fit {route.resource.canonical}")


async def status_of(house: RecordHouse, method: str, path: str) -> tuple[int, str]:
    """The answer's status and where it leads; its body may never end, and is nobody's matter here."""
    if path in SOCKETS:
        return await status_of_socket(house, path), ""
    more: dict[str, Any] = {}
    if path.startswith("/api/") and method in ("POST", "PUT", "PATCH"):
        more = {"json": {}}
    elif method == "POST":
        more = {"data": {"csrf": house.csrf}}
    headers = {"Origin": house.origin, "X-CSRF-Token": house.csrf}
    url = house.origin + path
    async with house.http.request(method, url, headers=headers, allow_redirects=False, **more) as answer:
        return answer.status, answer.headers.get("Location", "")


async def status_of_socket(house: RecordHouse, path: str) -> int:
    """A page whose session is over is told so by the socket itself, that it may ask for a sign-in."""
    try:
        async with house.http.ws_connect(house.origin + path, origin=house.origin) as socket:
            first = await socket.receive_json()
            return 401 if first["type"] == "bye" else 101
    except aiohttp.WSServerHandshakeError as refused:
        return refused.status


async def test_every_route_declares_what_it_needs(house: RecordHouse) -> None:
    there = {name for name, _method, _route in routes(house)}
    assert [name for name, _method, route in routes(house) if declared(name, route) is None] == []
    assert sorted(set(NEEDED) - there - {"GET /metrics", "GET /static"}) == []


async def test_every_route_answers_as_declared(house: RecordHouse) -> None:
    """One walk for everybody, in one house. Who is nobody, or may not, learns nothing else: not even whether
    there is such a thing."""
    everybody = {f"role:{role}": True for role in Role}
    await house.database.counterparties.add_group("Партнёры", everybody, house.clock.now())
    wrong = []
    for role in (None, *Role):
        if role is not None:
            await house.sign_in(role)
        for name, method, route in routes(house):
            needs = declared(name, route)
            if name in NOT_WALKED or needs is None or name.startswith("GET /static"):
                continue
            status, to = await status_of(house, method, path_of(route))
            if not is_right(role, name, needs, status, to):
                wrong.append((role and role.value, name, getattr(needs, "value", needs), status, to))
    assert wrong == [], "\n" + "\n".join(map(str, wrong))


def is_right(role: Role | None, name: str, needs: Needs, status: int, to: str) -> bool:
    if status >= 500:
        return name == "GET /readyz"  # no PBX here
    is_unknown = status == 401 or to == "/sign-in"
    if role is None and name in OWN_WAY:
        return True
    if role is None:
        return is_unknown != (needs is Gate.open)
    if isinstance(needs, Permission) and not may(role.value, needs):
        return status == 403
    return not is_unknown and (status != 403 or needs is Gate.owner)

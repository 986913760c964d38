"""The control socket: a real Unix socket, the kernel's word on who connected, and files left behind."""

# ruff: noqa: ASYNC240  # small files of the test itself

from __future__ import annotations

import asyncio
import errno
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from callcore.web import control
from callcore.web.control import serve_control

from .web_house import START, House, MakeHouse


@pytest.fixture
async def house(make_house: MakeHouse) -> House:
    return await make_house(has_outages=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callcore.sock"


def runner(house: House) -> web.AppRunner:
    found = house.client.server.runner
    assert isinstance(found, web.AppRunner)
    return found


async def serve(house: House, path: Path) -> web.BaseSite:
    return await serve_control(runner(house), path)


@asynccontextmanager
async def connected(path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession("http://callcore", connector=connector) as session:
        yield session


async def test_the_command_line_is_the_administrator(house: House, path: Path) -> None:
    await serve(house, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    body = (
        '{"outages": [{"number": "1", "kind": "emergency", "cause": {"ru": "обрыв", "en": "a cut"}, '
        f'"starts_at": "{START.isoformat()}", "nodes": ["F-12"]}}]}}'
    )
    async with connected(path) as session:
        async with session.post("/api/v1/outages", data=body.encode()) as answer:
            assert answer.status == 200, await answer.text()
        async with session.get("/api/v1/outages", headers={"Accept-Language": "en"}) as answer:
            assert [each["number"] for each in (await answer.json())["outages"]] == ["1"]
        async with session.post("/api/v1/outages", data=b"{}", headers={"Accept-Language": "en"}) as answer:
            assert (answer.status, answer.headers["Content-Language"]) == (422, "en")
        async with session.get("/api/v1/desk") as answer:
            assert answer.status == 401  # it is nobody's desk
    assert house.room.outages.sources == ["cli"]


async def test_the_same_application_over_tcp_knows_nobody(house: House, path: Path) -> None:
    await serve(house, path)
    assert (await house.client.get("/api/v1/outages")).status == 401


async def test_somebody_else_is_nobody(house: House, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await serve(house, path)
    monkeypatch.setattr(control, "_trusted", tuple)
    async with connected(path) as session, session.get("/api/v1/outages") as answer:
        assert answer.status == 401


async def test_another_unix_socket_of_the_same_application_is_no_way_in(
    house: House, path: Path, tmp_path: Path
) -> None:
    await serve(house, path)
    other = tmp_path / "proxy.sock"
    await web.UnixSite(runner(house), str(other)).start()
    async with connected(other) as session, session.get("/api/v1/outages") as answer:
        assert answer.status == 401


async def test_what_a_dead_daemon_left_is_replaced(house: House, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()
    await serve(house, path)
    async with connected(path) as session, session.get("/api/v1/outages") as answer:
        assert answer.status == 200


async def test_a_living_daemon_keeps_its_socket(house: House, path: Path) -> None:
    await serve(house, path)
    with pytest.raises(OSError, match="in use") as refused:
        await serve(house, path)
    assert refused.value.errno == errno.EADDRINUSE
    async with connected(path) as session, session.get("/api/v1/outages") as answer:
        assert answer.status == 200


async def test_a_file_that_is_no_socket_stays(house: House, path: Path) -> None:
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(FileExistsError):
        await serve(house, path)
    assert path.read_text(encoding="utf-8") == "precious"


async def test_a_folder_that_is_not_there_and_a_path_that_is_too_long(house: House, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await serve(house, tmp_path / "none" / "callcore.sock")
    with pytest.raises(OSError, match="too long"):
        await serve(house, tmp_path / ("x" * 200))


async def test_the_file_goes_with_the_runner_but_not_its_successors(house: House, path: Path) -> None:
    site = await serve(house, path)
    await site.stop()
    assert not path.exists()
    site = await serve(house, path)
    path.unlink()
    successor = await asyncio.start_unix_server(lambda reader, writer: writer.close(), str(path))
    await site.stop()
    assert path.exists()
    successor.close()
    await successor.wait_closed()

"""Fixtures of the web tests: the house, and browsers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from callcore.domain import Text, TopicCode
from callcore.screenpop.hub import Hub, HubLimits
from callcore.testing.desks import FakeDesks
from callcore.testing.outage_room import FakeRoom
from callcore.web import passwords
from callcore.web.app import build
from callcore.web.metrics import Metrics
from callcore.web.pages import TopicChoice
from callcore.web.ports import WebDeps, WebSettings

from .web_house import (
    PASSWORD,
    PEOPLE,
    Client,
    Clock,
    FakeStore,
    FakeUser,
    House,
    MakeHouse,
    PlainRenderer,
)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def make_house(aiohttp_client: Any, password_hash: str, tmp_path: Path) -> MakeHouse:
    async def make(limits: HubLimits | None = None, *, has_outages: bool = False, **settings: Any) -> House:
        clock, metrics, store = Clock(), Metrics(), FakeStore()
        for login, name, role in PEOPLE:
            store.people[login] = FakeUser(login, name, password_hash, role)
        room = FakeRoom(tmp_path, clock.now)
        hub = Hub("epoch-1", clock.monotonic, limits)
        desks = FakeDesks(hub, now=clock.now)
        reasons: dict[str, list[str]] = {"health": [], "readiness": []}
        renderer = PlainRenderer()
        deps = WebDeps(
            settings=WebSettings(**settings),
            users=store,
            sessions=store,
            contacts=store,
            hub=hub,
            desks=desks,
            renderer=renderer,
            topics=lambda: (
                TopicChoice(
                    TopicCode("finance.recalculation"), Text("Перерасчёт", "Recalculation"), Text("", "")
                ),
            ),
            health=lambda: reasons["health"],
            readiness=lambda: reasons["readiness"],
            now=clock.now,
            monotonic=clock.monotonic,
            metrics=metrics,
            outages=room.room if has_outages else None,
        )
        client = await aiohttp_client(build(deps), server_kwargs={"shutdown_timeout": 0.2})
        return House(client, store, hub, desks, renderer, clock, metrics, reasons, room)

    return make


@pytest.fixture
async def house(make_house: MakeHouse) -> House:
    return await make_house()


@pytest.fixture
def another_browser(aiohttp_client: Any) -> Callable[[House], Awaitable[Client]]:
    """A second cookie jar at the same server."""

    async def open_(house: House) -> Client:
        client: Client = await aiohttp_client(house.client.server)
        return client

    return open_


@pytest.fixture
def static_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "dist").mkdir(parents=True)
    (folder / "dist" / "live.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return folder

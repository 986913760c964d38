"""The web shell over the real store and the real hub: its ports and the repositories fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from callcore.domain import Interface
from callcore.rights import Role
from callcore.screenpop.hub import Hub
from callcore.store.database import Database
from callcore.testing.desks import FakeDesks
from callcore.web.app import build
from callcore.web.metrics import Metrics
from callcore.web.passwords import hash_password
from callcore.web.ports import WebDeps, WebSettings

from .web_house import PASSWORD, START, Clock, PlainRenderer


async def test_signed_in_seen_and_signed_out_on_sqlite(tmp_path: Path, aiohttp_client: Any) -> None:
    async with await Database.open(f"sqlite:///{tmp_path / 'callcore.db'}", create=True) as database:
        await database.users.add(
            "anna",
            "Анна",
            Role.operator,
            hash_password(PASSWORD),
            at=START,
            interfaces=(Interface("PJSIP/101"),),
        )
        clock = Clock()
        hub = Hub("e1", clock.monotonic)
        deps = WebDeps(
            settings=WebSettings(),
            users=database.users,
            sessions=database.sessions,
            contacts=database.contacts,
            hub=hub,
            desks=FakeDesks(hub, now=clock.now),
            renderer=PlainRenderer(),
            topics=lambda: (),
            health=lambda: (),
            readiness=lambda: (),
            now=clock.now,
            monotonic=clock.monotonic,
            metrics=Metrics(),
        )
        client = await aiohttp_client(build(deps), server_kwargs={"shutdown_timeout": 0.2})
        answer = await client.post("/api/v1/session", json={"login": "Anna", "password": PASSWORD})
        assert answer.status == 200
        session = await answer.json()
        assert session["role"] == "operator"
        clock.pass_(minutes=5)
        assert (await client.get("/api/v1/contacts")).status == 200
        csrf = {"X-CSRF-Token": session["csrf"]}
        answer = await client.post("/api/v1/desk/open", json={"interface": "PJSIP/101"}, headers=csrf)
        assert answer.status == 200
        form = {"language": "en", "csrf": session["csrf"]}
        assert "en Анна" in await (await client.post("/language", data=form)).text()
        assert (await client.delete("/api/v1/session", headers=csrf)).status == 204
        assert (await client.get("/api/v1/session")).status == 401
        await client.close()

"""The daemon on one customer base, in a process of its own; beside it a bare SELECT by primary key.

    python -m benchmarks.record_base_house

Reads a line, a JSON array of the database's URL and the token of a session: both are secret, which arguments
of a process are not. Prints its two ports (pages, ours) as another. Ours: ``/card?number=…`` does what a pop
does, from the caller's number to the desk's HTML; ``/floor?id=…`` a row of ``customers`` by the bare driver;
``/cpu`` the seconds of processor used so far. No PBX is linked. Ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import yaml
from aiohttp import web
from sqlalchemy import make_url

from callcore import logs
from callcore.app import Daemon
from callcore.assembly import wiring
from callcore.calls.effects import CallView
from callcore.commands.run import _spare_collector
from callcore.config import load
from callcore.domain import AgentState, CallId, Interface, Login, QueueName, TopicCode
from callcore.rights import Permission, Role
from callcore.screenpop.card import Desk, Stage, Tab
from callcore.screenpop.cardfill import CardFill
from callcore.screenpop.facts import CardFacts, PartName, Progress
from callcore.store.engine import is_sqlite, parse_url
from callcore.store.sessions import hash_token
from callcore.store.sqlite import database_file
from callcore.testing.bulk_history import TOPICS
from callcore.testing.stage import SAMPLE
from callcore.web.pages import Viewer
from callcore.web.render import DeskRenderer

LOGIN = Login("bench")
_QUEUE, _PHONE = QueueName("finance"), Interface("PJSIP/1000")
_BARE = "SELECT * FROM customers WHERE id = "


def _settings(folder: Path, url: str) -> Path:
    """The shipped sample on this database, with ports of the system's choice."""
    config = folder / "config"
    config.mkdir()
    for file in SAMPLE.rglob("*"):
        target = config / file.relative_to(SAMPLE)
        if file.is_dir():
            target.mkdir()
        else:
            target.write_bytes(file.read_bytes())
    top = yaml.safe_load((config / "callcore.yaml").read_text(encoding="utf-8"))
    parsed = make_url(url)
    top["database"] = {"url": parsed._replace(password=None).render_as_string()}
    if parsed.password:
        secret = config / "database.secret"
        secret.touch(mode=0o600)
        secret.write_text(str(parsed.password), encoding="utf-8")
        top["database"]["password_file"] = secret.name
    top["database"]["spool"] = str(folder / "records.spool")
    top["http"] = {**top.get("http", {}), "listen": "127.0.0.1:0"}
    top["fastagi"] = {**top.get("fastagi", {}), "listen": "127.0.0.1:0"}
    top["control"] = {"socket": str(folder / "control.sock")}
    top["speech"] = {**top.get("speech", {}), "folder": str(folder / "speech")}
    (config / "callcore.yaml").write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    return config / "callcore.yaml"


class Cards:
    """Fills cards as the desks do, and renders each when everything is on it."""

    def __init__(self, daemon: Daemon) -> None:
        settings = daemon.settings
        self._daemon = daemon
        self._tabs: dict[CallId, Tab] = {}
        self._fill = CardFill(daemon.office.card_source, self._find, self._show)
        titles = {queue: settings.queue_title(queue) for queue in settings.all_queues}
        self._renderer = DeskRenderer(lambda: titles)
        self._topics = wiring.topic_choices(settings)
        own = wiring.web_settings(settings)
        self._viewer = Viewer(
            login=LOGIN,
            name="Bench",
            language="ru",
            zone=own.zone,
            country=own.country,
            csrf="",
            interfaces=(_PHONE,),
            may=frozenset(Permission),
            places=daemon.office.places,
        )

    async def card(self, number: str, call: CallId) -> str:
        """The desk's HTML with this caller's card, complete. Raises RuntimeError if a part is missing."""
        daemon, now = self._daemon, self._daemon.clock.now()
        found = await daemon.outgoing.look_up(number)
        view = CallView(
            call=call,
            caller_number=number,
            caller_name=None,
            dialed_number=None,
            language=None,
            queue=_QUEUE,
            topic=TopicCode(TOPICS[1]),
            customers=found.customers,
            customers_known=True,
            lookup_failed=False,
            waiting_since=now - timedelta(seconds=9),
            answered_at=now,
            outages=found.outages,
        )
        self._tabs[call] = tab = Tab(view, Stage.talking)
        try:
            self._with(call, facts=self._fill.asked_for(tab))
            customer = tab.matched.id if tab.matched else None
            history, _ = await asyncio.gather(
                daemon.shelf.history(customer, number, call), self._fill.fill(LOGIN, call)
            )
            tab = self._with(call, history=history, history_known=True)
            if customer is None or any(
                getattr(tab.facts, part).progress is not Progress.known for part in PartName
            ):
                raise RuntimeError(f"the card of {number} is not complete: {tab.facts}")
            desk = Desk(LOGIN, "Bench", _PHONE, (_QUEUE,), AgentState.talking, now, tabs=(tab,), active=call)
            return self._renderer.desk_main(self._viewer, desk, self._topics, now)
        finally:
            del self._tabs[call]

    def _find(self, _login: Login, call: CallId) -> Tab | None:
        return self._tabs.get(call)

    def _show(self, _login: Login, call: CallId, facts: CardFacts) -> None:
        self._with(call, facts=facts)

    def _with(self, call: CallId, **changes: Any) -> Tab:
        self._tabs[call] = replace(self._tabs[call], **changes)
        return self._tabs[call]


async def _bare(url: str) -> tuple[Callable[[int], Awaitable[object]], Callable[[], Awaitable[None]]]:
    """One row by its primary key, by the driver alone; and how to close."""
    if is_sqlite(parse_url(url)):
        file = sqlite3.connect(f"file:{database_file(parse_url(url))}?mode=ro", uri=True)

        async def from_file(id: int) -> object:
            return file.execute(_BARE + "?", (id,)).fetchone()

        async def close() -> None:
            file.close()

        return from_file, close
    server = await asyncpg.connect(url)

    async def from_server(id: int) -> object:
        return await server.fetchrow(_BARE + "$1", id)

    return from_server, server.close


async def _sign_in(daemon: Daemon, token: str) -> None:
    database, now = daemon.database, daemon.clock.now()
    if await database.users.get(LOGIN) is None:
        await database.users.add(LOGIN, "Bench", Role.supervisor, "", at=now)
    ends = now + timedelta(hours=8)
    await database.sessions.create(hash_token(token), LOGIN, "bench", at=now, expires_at=ends)


async def serve(url: str, token: str, folder: Path) -> None:
    async with Daemon(load(_settings(folder, url), need_secrets=False)) as daemon:
        await _sign_in(daemon, token)
        _spare_collector()  # as the daemon does
        cards, (bare, close) = Cards(daemon), await _bare(url)
        calls = iter(range(1, 1_000_000_000))

        async def card(request: web.Request) -> web.Response:
            html = await cards.card(request.query["number"], CallId(f"bench{next(calls)}"))
            return web.Response(text=html, content_type="text/html")

        async def floor(request: web.Request) -> web.Response:
            return web.Response(text=str(await bare(int(request.query["id"]))))

        async def cpu(_request: web.Request) -> web.Response:
            return web.json_response(time.process_time())

        app = web.Application()
        app.add_routes([web.get("/card", card), web.get("/floor", floor), web.get("/cpu", cpu)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(json.dumps([daemon.http_port, runner.addresses[0][1]]), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        await runner.cleanup()
        await close()


def main() -> None:
    logs.configure("ERROR", stream=sys.stderr)
    url, token = json.loads(sys.stdin.readline())
    with tempfile.TemporaryDirectory(prefix="callcore-bench-") as folder:
        asyncio.run(serve(url, token, Path(folder)))


if __name__ == "__main__":
    main()

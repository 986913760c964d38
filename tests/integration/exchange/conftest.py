"""Another company's server beside the real Asterisk: told of calls, asked what to open and who calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcore.testing.house import PEOPLE, House
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

TOKEN = "s3cret-of-the-crm"


@dataclass(frozen=True)
class Came:
    """One request to the other company."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Crm:
    """``stalls``: whoever asks by number waits; ``open`` lets everybody go on."""

    came: list[Came] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)
    stalls: bool = False
    url: str = ""
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.came.append(Came(request.path_qs, dict(request.headers), body))
        async with self._news:
            self._news.notify_all()
        if self.stalls and request.path == "/people":
            await self._open.wait()
        answer = self.answers.get(request.path)
        return web.Response(status=204) if answer is None else web.json_response(answer)

    def open(self) -> None:
        self.stalls = False
        self._open.set()

    def of(self, path: str) -> list[Came]:
        return [each for each in self.came if each.path.partition("?")[0] == path]

    async def told(self, path: str, count: int) -> list[Came]:
        """What came there, once it is so much."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: len(self.of(path)) >= count)
        return self.of(path)


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    crm = Crm()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", crm.take)
    async with TestServer(app) as server:
        crm.url = str(server.make_url("")).rstrip("/")
        yield crm
        crm.open()


@pytest.fixture
async def house(tmp_path: Path, crm: Crm) -> AsyncIterator[House]:
    """Asterisk and callcore, which knows the other company in each of the ways."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path, queue_timeout=3))
        secret = tmp_path / "config" / "crm.secret"
        secret.parent.mkdir(exist_ok=True)
        secret.write_text(TOKEN, encoding="utf-8")
        secret.chmod(0o600)
        stage.write_config(
            {
                "desk": {"wrap_up_seconds": 2, "reject_pause_after": 3},
                "webhooks": {
                    "allow": ["127.0.0.0/8"],
                    "push": [{"url": f"{crm.url}/cti", "secret_file": "crm.secret"}],
                    "pull": {"url": f"{crm.url}/pop", "secret_file": "crm.secret"},
                },
                "directory": {
                    "sources": {
                        "crm": {
                            "kind": "http",
                            "by_number": f"{crm.url}/people?phone={{number}}",
                            "headers": {"Authorization": "Bearer {secret}"},
                            "secret_file": "crm.secret",
                            "fields": {"key": "id", "name": "name"},
                            "seconds": 0.3,
                            "pause_seconds": 1,
                        }
                    }
                },
            }
        )
        await stage.add_people(PEOPLE)
        await stage.start()
        yield House(stage, tmp_path, stack)

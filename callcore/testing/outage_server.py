"""The real web application over a room in memory, with one supervisor signed in: for tests and pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from aiohttp.test_utils import TestServer

from callcore.domain import Interface, Language, Login
from callcore.screenpop.hub import Hub
from callcore.store.errors import StoreUnavailable
from callcore.testing.desk_house import QUEUES, TOPICS
from callcore.testing.desks import FakeDesks
from callcore.testing.outage_room import FakeRoom
from callcore.testing.outage_samples import NOW
from callcore.web.app import build
from callcore.web.board_live import BoardSocket
from callcore.web.context import WEB
from callcore.web.metrics import Metrics
from callcore.web.outages import BOARD
from callcore.web.ports import WebDeps, WebSettings
from callcore.web.render import STATIC, DeskRenderer
from callcore.web.signin import digest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

TOKEN = "sample-session-token"
CSRF = "sample-csrf-token"
OLGA = Login("olga")


@dataclass(frozen=True, slots=True)
class Person:
    login: Login = OLGA
    name: str = "Ольга Кузнецова"
    role: str = "supervisor"
    password_hash: str = ""
    language: Language = "ru"
    interfaces: tuple[Interface, ...] = ()
    disabled_at: datetime | None = None
    must_change_password: bool = False


@dataclass(frozen=True, slots=True)
class OneSession:
    token_hash: str
    login: Login
    csrf: str
    last_seen_at: datetime
    expires_at: datetime


@dataclass
class House:
    """Users, sessions and contacts of one person."""

    person: Person = field(default_factory=Person)
    is_signed_in: bool = True
    is_away: bool = False
    """Everything fails, as when the database is gone."""
    ends_at: datetime = NOW + timedelta(days=1)

    async def get(self, login: str) -> Person | None:
        return self.person if login == self.person.login else None

    async def set_language(self, login: str, language: Language) -> None:
        self.person = replace(self.person, language=language)

    async def set_password_hash(self, login: str, password_hash: str) -> None:
        raise NotImplementedError

    async def create(
        self,
        token_hash: str,
        login: Login,
        csrf: str,
        *,
        at: datetime,
        expires_at: datetime,
        ip: str = "",
        user_agent: str = "",
    ) -> OneSession:
        raise NotImplementedError

    async def find(self, token_hash: str, now: datetime) -> OneSession | None:
        if self.is_away:
            raise StoreUnavailable("away")
        if not self.is_signed_in or token_hash != digest(TOKEN):
            return None
        return OneSession(token_hash, self.person.login, CSRF, now, self.ends_at)

    async def touch(self, token_hash: str, at: datetime) -> None:
        pass

    async def delete(self, token_hash: str) -> None:
        self.is_signed_in = False

    async def purge_expired(self, now: datetime) -> int:
        return 0

    async def today(self, login: Login, since: datetime, limit: int = 500) -> Sequence[object]:
        return ()


class OutageServer:
    """``async with OutageServer(folder) as server: … server.url("/outages")``."""

    def __init__(self, folder: Path, language: Language = "ru") -> None:
        self.house = House(Person(language=language))
        self.outages = FakeRoom(folder, self.now)
        self._started = time.monotonic()
        hub = Hub("sample", time.monotonic)
        deps = WebDeps(
            settings=WebSettings(static_dir=STATIC),
            users=self.house,
            sessions=self.house,
            contacts=self.house,  # type: ignore[arg-type]  # nobody has any
            hub=hub,
            desks=FakeDesks(hub, now=self.now),
            renderer=DeskRenderer(lambda: QUEUES),
            topics=lambda: TOPICS,
            health=tuple,
            readiness=tuple,
            now=self.now,
            monotonic=time.monotonic,
            metrics=Metrics(),
            outages=self.outages.room,
        )
        self.app = build(deps)
        self._server = TestServer(self.app, host="127.0.0.1")

    def now(self) -> datetime:
        """Begins at the samples' moment, and goes on."""
        return NOW + timedelta(seconds=time.monotonic() - self._started)

    async def __aenter__(self) -> Self:
        await self._server.start_server(shutdown_timeout=0.2)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    def url(self, path: str) -> str:
        return str(self._server.make_url("/")).rstrip("/") + path

    async def sign_in(self, context: BrowserContext) -> None:
        """Give a browser the supervisor's cookie."""
        await context.add_cookies([{"name": "callcore_session", "value": TOKEN, "url": self.url("/")}])

    async def speak(self, language: Language) -> None:
        """The supervisor's language from now on."""
        shell = self.app[WEB]
        identity = await shell.sign_in.identify(TOKEN)
        if identity is not None:
            await shell.set_language(identity, language)

    async def sign_out(self) -> None:
        """The session ends, wherever that was ordered."""
        await self.app[WEB].sign_in.sign_out(digest(TOKEN))

    @property
    def pages(self) -> frozenset[BoardSocket]:
        """Open pages."""
        return frozenset(self.app[BOARD].watchers)

    async def cut(self) -> None:
        """Cut every page's line; it may come back at once."""
        for socket in self.pages:
            await socket.close(1011)

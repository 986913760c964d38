"""A whole web application on a real socket; only people, sessions, desks and pages are stand-ins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient

from callcore.domain import Interface, Language, Login, Text
from callcore.screenpop.card import Desk, TodayContact
from callcore.screenpop.hub import Hub
from callcore.store.errors import StoreUnavailable
from callcore.testing.desks import FakeDesks
from callcore.testing.outage_room import FakeRoom
from callcore.web.context import WEB, Web
from callcore.web.metrics import Metrics
from callcore.web.pages import TopicChoice, Viewer

PASSWORD = "Correct-Horse-9"
ANNA, BORIS, OLGA, ADMIN = Login("anna"), Login("boris"), Login("olga"), Login("admin")
PEOPLE = (
    (ANNA, "Анна", "operator"),
    (BORIS, "Boris", "operator"),
    (OLGA, "Ольга", "supervisor"),
    (ADMIN, "Admin", "administrator"),
)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Client = TestClient[web.Request, web.Application]


@dataclass(frozen=True)
class FakeUser:
    login: Login
    name: str
    password_hash: str
    role: str = "operator"
    language: Language = "ru"
    interfaces: tuple[Interface, ...] = (Interface("PJSIP/101"), Interface("PJSIP/102"))
    disabled_at: datetime | None = None
    must_change_password: bool = False


@dataclass(frozen=True)
class FakeSession:
    token_hash: str
    login: Login
    csrf: str
    last_seen_at: datetime
    expires_at: datetime
    ip: str = ""
    user_agent: str = ""


@dataclass
class FakeStore:
    """Users, sessions and contacts in dictionaries; ``is_down`` makes everything fail as a store does."""

    people: dict[str, FakeUser] = field(default_factory=dict)
    open: dict[str, FakeSession] = field(default_factory=dict)
    lines: list[TodayContact] = field(default_factory=list)
    is_down: bool = False
    asked: int = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.is_down:
            raise StoreUnavailable("the database is away")

    async def get(self, login: str) -> FakeUser | None:
        self._ask()
        return self.people.get(login.casefold())

    async def set_language(self, login: str, language: Language) -> None:
        self._ask()
        self.people[login] = replace(self.people[login], language=language)

    async def set_password_hash(self, login: str, password_hash: str) -> None:
        self._ask()
        self.people[login] = replace(self.people[login], password_hash=password_hash)

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
    ) -> FakeSession:
        self._ask()
        self.open[token_hash] = FakeSession(token_hash, login, csrf, at, expires_at, ip, user_agent)
        return self.open[token_hash]

    async def find(self, token_hash: str, now: datetime) -> FakeSession | None:
        self._ask()
        session = self.open.get(token_hash)
        return session if session is not None and session.expires_at > now else None

    async def touch(self, token_hash: str, at: datetime) -> None:
        self._ask()
        if token_hash in self.open:
            self.open[token_hash] = replace(self.open[token_hash], last_seen_at=at)

    async def delete(self, token_hash: str) -> None:
        self._ask()
        self.open.pop(token_hash, None)

    async def purge_expired(self, now: datetime) -> int:
        self._ask()
        gone = [key for key, session in self.open.items() if session.expires_at <= now]
        for key in gone:
            del self.open[key]
        return len(gone)

    async def today(self, login: Login, since: datetime, limit: int = 500) -> list[TodayContact]:
        self._ask()
        return [line for line in self.lines if line.at >= since][:limit]


@dataclass
class PlainRenderer:
    """Pages of few words, and of ``padding``; counts what it drew."""

    drawn: int = 0
    fault: Exception | None = None
    padding: str = ""

    def sign_in(
        self, language: Language, *, error: str = "", login: str = "", csrf: str, ticket: str = ""
    ) -> str:
        step = f"<input name=ticket value={ticket}>" if ticket else ""
        return f"<p>sign in {language} [{error}] {escape(login)}</p><input name=csrf value={csrf}>{step}"

    def desk_page(
        self, viewer: Viewer, desk: Desk | None, topics: tuple[TopicChoice, ...], now: datetime
    ) -> str:
        return f"<main>{self.desk_main(viewer, desk, topics, now)}</main>"

    def desk_main(
        self,
        viewer: Viewer,
        desk: Desk | None,
        topics: tuple[TopicChoice, ...],
        now: datetime,
        *,
        error: str = "",
    ) -> str:
        self.drawn += 1
        if self.fault is not None:
            raise self.fault
        calls = " ".join(tab.view.call for tab in desk.tabs) if desk else "offline"
        state = desk.state.value if desk else "-"
        who = f"{viewer.language} {escape(viewer.name)}"
        return f"{who} {state} [{escape(calls)}] error={error}{self.padding}"

    def problem(self, language: Language, status: int, why: Text | None = None) -> str:
        return f"<p>problem {language} {status}</p>"


@dataclass
class Clock:
    """Time that moves only when told to."""

    at: datetime = START
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def pass_(self, **how_long: float) -> None:
        step = timedelta(**how_long)
        self.at += step
        self.seconds += step.total_seconds()


@dataclass
class House:
    """Everything around the application that a test may look at or change."""

    client: Client
    store: FakeStore
    hub: Hub
    desks: FakeDesks
    renderer: PlainRenderer
    clock: Clock
    metrics: Metrics
    reasons: dict[str, list[str]]
    room: FakeRoom

    @property
    def shell(self) -> Web:
        return self.client.app[WEB]

    @property
    def origin(self) -> str:
        return f"http://{self.client.host}:{self.client.port}"

    async def sign_in(self, login: str = ANNA, password: str = PASSWORD, client: Client | None = None) -> str:
        """Signs the client in; gives the CSRF token."""
        answer = await (client or self.client).post(
            "/api/v1/session", json={"login": login, "password": password}
        )
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["csrf"])

    async def on_shift(self, login: Login = ANNA, phone: str = "PJSIP/101") -> None:
        await self.desks.open(login, Interface(phone))

    async def live(self, client: Client | None = None, **query: str) -> Any:
        """The desk's WebSocket of a browser."""
        return await (client or self.client).ws_connect(
            "/desk/live", params=query, headers={"Origin": self.origin}
        )


MakeHouse = Callable[..., Awaitable[House]]

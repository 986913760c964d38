"""The whole daemon on a temporary database, a browser at it, and desks that get cards without a telephone."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from callcore.app import Daemon
from callcore.calls.effects import CallView, PopCard
from callcore.config import load
from callcore.domain import AgentState, CallId, CustomerId, Interface, Login, QueueName, TopicCode
from callcore.rights import Role
from callcore.store.customers import NewCustomer
from callcore.web import passwords

PASSWORD = "Correct-Horse-9"
SAMPLE = Path(__file__).parents[3] / "config"
EXPECTED = ("WebSocket connection", "Failed to load resource")
"""What the browser says of a cut line and of a refused form."""


@dataclass
class Office:
    """The daemon, and the browser windows of its people."""

    daemon: Daemon
    browser: Browser
    stack: AsyncExitStack
    contexts: dict[str, BrowserContext] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.daemon.http_port}{path}"

    async def add_customer(self, contract: str, name: str, **more: Any) -> CustomerId:
        book = self.daemon.database.customers
        await book.add_many([NewCustomer(contract, name, **more)], self.daemon.clock.now())
        found = await book.by_contract(contract)
        assert found is not None
        return found.id

    async def window(self, login: str, role: Role = Role.operator, **more: Any) -> BrowserContext:
        """Make this person and sign a browser of his own in."""
        if login in self.contexts:
            return self.contexts[login]
        phone = Interface(f"PJSIP/{101 + len(self.contexts)}")
        await self.daemon.database.users.add(
            login,
            more.pop("name", login.title()),
            role,
            passwords.hash_password(PASSWORD),
            at=self.daemon.clock.now(),
            interfaces=(phone,),
            language=more.pop("language", "ru"),
        )
        look = {"viewport": {"width": 1280, "height": 720}, "locale": "ru-RU", "timezone_id": "Europe/Moscow"}
        context = await self.browser.new_context(**{**look, **more})
        self.stack.push_async_callback(context.close)
        answer = await context.request.post(
            self.url("/api/v1/session"), data={"login": login, "password": PASSWORD}
        )
        assert answer.ok, await answer.text()
        self.contexts[login] = context
        return context

    async def open(self, path: str, login: str = "olga", **more: Any) -> Page:
        context = await self.window(login, **more)
        page = await context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", self._failed)
        await page.goto(self.url(path))
        return page

    async def desk(self, login: str = "olga", **more: Any) -> Page:
        """His desk, on shift."""
        await self.window(login, **more)
        user = await self.daemon.database.users.get(login)
        assert user is not None
        seat = await self.daemon.people.seat(Login(login), user.interfaces[0])
        assert seat is not None
        if self.daemon.desks.view(Login(login)) is None:
            await self.daemon.desks.resume(Login(login), seat, AgentState.paused, None)
        page = await self.open("/desk", login)
        await page.wait_for_selector("#frame")
        return page

    async def pop(
        self, call: str, customer: CustomerId | None = None, number: str = "+79161234567", login: str = "olga"
    ) -> None:
        """A card on his desk, as if the call had just been picked up."""
        found = await self.daemon.database.customers.get(customer) if customer is not None else None
        now = self.daemon.clock.now()
        view = CallView(
            call=CallId(call),
            caller_number=number,
            caller_name=None,
            dialed_number=None,
            language="ru",
            queue=QueueName("finance"),
            topic=TopicCode("finance.recalculation"),
            customers=(found,) if found else (),
            customers_known=True,
            lookup_failed=False,
            waiting_since=now - timedelta(seconds=20),
            answered_at=now,
        )
        self.daemon.desks.carry(PopCard(f"{call}:pop:{login}", Login(login), view))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self.faults.append(message.text)

    def _failed(self, error: Error) -> None:
        self.faults.append(str(error))


MakeOffice = Callable[[], Awaitable[Office]]


@pytest.fixture
def more_settings() -> dict[str, Any]:
    """For a module to put its own in this place: sections beside the sample's."""
    return {}


@pytest_asyncio.fixture(loop_scope="module")
async def office(browser: Browser, tmp_path: Path, more_settings: dict[str, Any]) -> AsyncIterator[Office]:
    folder = tmp_path / "house"
    shutil.copytree(SAMPLE, folder)
    file = folder / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, values in {
        "database": {"url": f"sqlite:///{tmp_path}/house.db"},
        "http": {"listen": "127.0.0.1:0"},
        "fastagi": {"listen": "127.0.0.1:0"},
        "control": {"socket": str(tmp_path / "control.sock")},
        "speech": {"folder": str(tmp_path / "speech")},
        **more_settings,
    }.items():
        top[name] = {**top.get(name, {}), **values}
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(Daemon(load(file, need_secrets=False)))
        office = Office(daemon, browser, stack)
        yield office
        assert office.faults == []

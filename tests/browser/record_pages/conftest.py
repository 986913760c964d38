"""One daemon with a small office and one browser for all tests of a module; nothing is linked to a PBX.

With ``CALLCORE_PICTURES=FOLDER`` each page that a test looks at is also saved there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from callcore.app import Daemon
from callcore.config import load
from callcore.domain import CustomerId, Interface, Login
from callcore.rights import Role
from callcore.store.customers import NewCustomer
from callcore.store.database import Database
from callcore.web import passwords

PASSWORD = "Correct-Horse-9"
SAMPLE = Path(__file__).parents[3] / "config"
PEOPLE = {
    "vera": ("Вера Ларина", Role.supervisor, "ru"),
    "anna": ("Анна Белова", Role.operator, "ru"),
    "john": ("John Smith", Role.supervisor, "en"),
    "root": ("Роман Рудин", Role.administrator, "ru"),
    "rita": ("Rita Root", Role.administrator, "en"),
}
EXPECTED = ("Failed to load resource", "WebSocket connection")
"""What the browser says of a refused form."""
AXE = Axe()


@dataclass
class Pages:
    """The daemon, and a browser window for each of its people."""

    daemon: Daemon
    windows: dict[str, BrowserContext] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.daemon.database

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.daemon.http_port}{path}"

    async def customer(self, contract: str, name: str, **more: Any) -> CustomerId:
        book = self.database.customers
        await book.add_many([NewCustomer(contract, name, **more)], self.daemon.clock.now())
        found = await book.by_contract(contract)
        assert found is not None
        return found.id

    async def open(self, path: str, login: str = "vera") -> Page:
        page = await self.windows[login].new_page()
        page.on("console", self._heard)
        page.on("pageerror", self._failed)
        await page.goto(self.url(path))
        return page

    async def both(self, path: str, name: str) -> None:
        """The page in Russian and in English is in order."""
        for login in ("vera", "john"):
            page = await self.open(path, login)
            await self.clean(page, f"{name}-{PEOPLE[login][2]}")
            await page.close()

    async def clean(self, page: Page, name: str) -> None:
        """Axe finds nothing, nothing stands out to the side, and no button is broken into lines."""
        if folder := os.environ.get("CALLCORE_PICTURES"):
            await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
        result = await AXE.run(page)
        assert result.violations_count == 0, result.generate_report()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert await page.evaluate(TALL_BUTTONS) == [], name

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self.faults.append(message.text)

    def _failed(self, error: Error) -> None:
        self.faults.append(str(error))


TALL_BUTTONS = """[...document.querySelectorAll('#page :is(button, .button)')]
    .filter(each => each.offsetHeight > 46 || (each.offsetHeight && each.offsetWidth < 18))
    .map(each => each.textContent.trim())"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def pages(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    base = tmp_path_factory.mktemp("pages")
    folder = base / "house"
    shutil.copytree(SAMPLE, folder)
    file = folder / "callcore.yaml"
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, values in {
        "database": {"url": f"sqlite:///{base}/house.db"},
        "http": {"listen": "127.0.0.1:0"},
        "fastagi": {"listen": "127.0.0.1:0"},
        "control": {"socket": str(base / "control.sock")},
        "speech": {"folder": str(base / "speech")},
    }.items():
        top[name] = {**top.get(name, {}), **values}
    file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
    async with AsyncExitStack() as stack:
        daemon = await stack.enter_async_context(Daemon(load(file, need_secrets=False)))
        pages = Pages(daemon)
        hash_ = passwords.hash_password(PASSWORD)
        for login, (name, role, language) in PEOPLE.items():
            phone = Interface(f"PJSIP/{101 + len(pages.windows)}")
            at = daemon.clock.now()
            await pages.database.users.add(
                login, name, role, hash_, at=at, interfaces=(phone,), language=language
            )
            window = await browser.new_context(
                viewport={"width": 1280, "height": 720},
                locale="ru-RU" if language == "ru" else "en-GB",
                timezone_id="Europe/Moscow",
            )
            stack.push_async_callback(window.close)
            await window.grant_permissions(["clipboard-read", "clipboard-write"])
            answer = await window.request.post(
                pages.url("/api/v1/session"), data={"login": login, "password": PASSWORD}
            )
            assert answer.ok, await answer.text()
            pages.windows[Login(login)] = window
        yield pages
    assert pages.faults == []

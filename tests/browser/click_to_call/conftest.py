"""Anna calls from her page: Asterisk, a carrier with subscribers, her phone in the test's hand, Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from callcore.domain import QueueName, TopicCode
from callcore.store.follow_rows import FollowUpKind, NewFollowUp
from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD, PEOPLE
from callcore.testing.lab import Softphone
from callcore.testing.stage import Stage

OUTBOUND = {
    "outbound": {
        "trunks": {
            "main": {
                "calls_per_second": 20,
                "lines": 10,
                "ring_seconds": 5,
                "caller_number": "+74951112233",
            },
        }
    }
}


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(needs: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    async with Carrier(tmp_path_factory.mktemp("carrier")) as carrier:
        yield carrier


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(carrier: Carrier, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("stage")
    async with Stage(folder, carrier_port=carrier.sip_port) as stage:
        stage.write_config({**OUTBOUND, "desk": {"wrap_up_seconds": 60}}, is_terse=True)
        await stage.add_people(PEOPLE)
        await stage.start()
        yield stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(stage: Stage) -> AsyncIterator[Softphone]:
    async with Softphone("101", stage.lab.phone_port("101"), stage.lab.sip_port) as phone:
        yield phone


async def waits(stage: Stage, number: str) -> int:
    """Somebody with this number is to be called."""
    assert stage.daemon is not None
    new = NewFollowUp(
        FollowUpKind.missed, f"+{number}", TopicCode("finance.balance"), QueueName("finance"), "ru"
    )
    id, _ = await stage.daemon.database.follow_ups.ask(new, datetime.now(UTC))
    return id


class Person:
    """At the desk, by keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.band = page.locator("#bands .dials")

    async def presses(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def is_well(self) -> None:
        """No fault of access on the screen, and nothing that has to be scrolled to beside the lists."""
        found = await Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()
        height = await self.page.evaluate("document.documentElement.scrollHeight")
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert (width, height) == (1280, 720)

    async def focuses(self, selector: str) -> None:
        await self.page.locator(selector).first.focus()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def anna(browser: Browser, stage: Stage, phone: Softphone) -> AsyncIterator[Person]:
    """On shift at phone 101; a fault in her console fails the test."""
    faults: list[str] = []
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, locale="ru-RU")
    page = await context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    await page.goto(stage.url)
    await expect(page.locator("input[name=login]")).to_be_focused()
    await page.keyboard.type("anna")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")
    await page.get_by_role("button", name="PJSIP/101").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Готов").wait_for()
    yield Person(page)
    await context.close()
    assert faults == []

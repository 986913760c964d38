"""A real browser at a real desk: SIP caller, Asterisk, callcore, Chromium."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from callcore.testing.house import PASSWORD, PEOPLE, House
from callcore.testing.lab.browser import chromium
from callcore.testing.stage import Stage


@pytest.fixture(scope="session", autouse=True)
def needs(laboratory: None, prompts: None) -> None:
    """Every test here."""


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """With a minute of wrap-up, or as a test says."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path))
        stage.write_config({"desk": {"wrap_up_seconds": getattr(request, "param", 60)}})
        await stage.add_people(PEOPLE)
        await stage.start()
        yield House(stage, tmp_path, stack)


@pytest.fixture
async def page(house: House) -> AsyncIterator[Page]:
    """Anna's browser at the sign-in page; a fault in its console fails the test."""
    faults: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1280, "height": 720}, locale="ru-RU")
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        await page.goto(house.stage.url)
        yield page
    assert faults == []


async def sign_in(page: Page) -> None:
    """Anna, by keyboard alone: the form takes the keys only once it has the focus."""
    await expect(page.locator("input[name=login]")).to_be_focused()
    await page.keyboard.type("anna")
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/desk")


@pytest.fixture
async def anna(page: Page, house: House) -> Page:
    """Signed in by keyboard alone, at phone 101, ready."""
    await sign_in(page)
    phone = page.get_by_role("button", name="PJSIP/101")
    await phone.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Готов").wait_for()  # the chooser's text speaks of it, too
    await page.keyboard.press("F2")
    await house.member("101", "Not in use")
    return page

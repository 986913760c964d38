"""Every state in both languages, light and dark: nothing axe objects to, nothing leaves frame or phone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from callcore.domain import LANGUAGES, Language
from callcore.testing.outage_server import OutageServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
Open = Callable[..., Awaitable[Page]]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOOKS = {
    "list": "/outages",
    "running": "/outages?outage=2026-117",
    "halted": "/outages?outage=2026-098",
    "superseded": "/outages?outage=2026-098&campaign=2&show=replaced",
    "done": "/outages?outage=2026-090",
    "nobody told": "/outages?outage=TP-5",
    "hostile": "/outages?outage=2026-091",
    "nobody fits": "/outages?outage=2026-117&q=nothing-like-this",
    "new": "/outages?step=new&node=F-90",
    "change": "/outages?outage=2026-117&step=change",
    "restored": "/outages?outage=2026-117&step=restored",
}
OVERFLOW = """() => [document.documentElement.scrollWidth - innerWidth,
                     document.documentElement.scrollHeight - innerHeight]"""
SIDEWAYS = """() => [...document.querySelectorAll('#board *')]
    .filter(e => e.checkVisibility() && !e.closest('[popover], .sr, svg'))
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.tagName + '#' + e.id + '.' + e.className)"""
axe = Axe()


async def assert_accessible(page: Page, where: str) -> None:
    result = await axe.run(page)
    assert result.violations_count == 0, where + "\n" + result.generate_report()


@pytest.mark.parametrize(("language", "scheme"), list(zip(LANGUAGES, SCHEMES, strict=True)))
async def test_every_state_is_accessible_and_fits(
    server: OutageServer, visit: Open, language: Language, scheme: Literal["light", "dark"]
) -> None:
    await server.speak(language)
    page = await visit()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for name, path in LOOKS.items():
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.goto(server.url(path))
        await assert_accessible(page, f"{name} {language} {scheme}")
        assert await page.evaluate(OVERFLOW) == [0, 0], name
        assert await page.evaluate(SIDEWAYS) == [], name
        await page.set_viewport_size({"width": 390, "height": 844})
        assert (await page.evaluate(OVERFLOW))[0] == 0, name
        assert await page.evaluate(SIDEWAYS) == [], name


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_what_opens_is_accessible(
    server: OutageServer, visit: Open, scheme: Literal["light", "dark"]
) -> None:
    page = await visit("/outages?outage=2026-117")
    await page.emulate_media(color_scheme=scheme)
    await page.locator("[data-branch=F-12]").click()
    await page.locator("[data-node=H-001]").wait_for()
    await assert_accessible(page, "branch")
    await page.locator("#to-stop").click()
    await page.locator("#do-stop").wait_for()
    await assert_accessible(page, "stop")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await page.locator("#keys").wait_for()
    await assert_accessible(page, "keys")
    await page.keyboard.press("Escape")
    await page.goto(server.url("/outages?step=new&node=F-99"))
    await page.locator("#do-preview").click()
    await page.locator("[aria-invalid]").first.wait_for()
    await assert_accessible(page, "refused")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_empty_pages_explain_themselves(server: OutageServer, visit: Open, language: Language) -> None:
    await server.speak(language)
    server.outages.outages.kept.clear()
    server.outages.outages.known_nodes.clear()
    server.outages.campaigns.reported.clear()
    server.outages.campaigns.changed()
    page = await visit()
    await assert_accessible(page, "empty")
    text = await page.inner_text("#board")
    assert "callcore network import" in text
    assert "callcore outage publish" in text

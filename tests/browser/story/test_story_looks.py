"""The pages of calls in both languages, light and dark: readable at a glance, nothing leaves the frame."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from callcore.domain import LANGUAGES, Language
from callcore.testing.outage_server import OutageServer

from .story_samples import NUMBER, STORIES, Room

pytestmark = pytest.mark.asyncio(loop_scope="module")
Open = Callable[..., Awaitable[Page]]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIDEWAYS = """() => [...document.querySelectorAll('#story *')]
    .filter(e => e.checkVisibility() && !e.closest('[popover], .sr, svg'))
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .map(e => e.tagName + '#' + e.id + '.' + e.className)"""
axe = Axe()


async def assert_accessible(page: Page, where: str) -> None:
    result = await axe.run(page)
    assert result.violations_count == 0, where + "\n" + result.generate_report()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_every_story_is_accessible_and_fits(
    server: OutageServer, visit: Open, language: Language, scheme: Literal["light", "dark"]
) -> None:
    await server.speak(language)
    page = await visit()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    looks = {"list": "/calls", "none": "/calls?number=1&before=2026-03-02", "wrong": "/calls?before=soon"}
    for name, path in {**looks, **{call: f"/calls/{call}" for call in STORIES}}.items():
        await page.set_viewport_size({"width": 1280, "height": 720})
        await page.goto(server.url(path))
        if await page.locator(".traffic summary").count():
            await page.locator(".traffic summary").click()
        await assert_accessible(page, f"{name} {language} {scheme}")
        assert await page.evaluate(SIDEWAYS) == [], name
        await picture(page, f"{name}-{language}-{scheme}")
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await page.evaluate(SIDEWAYS) == [], name
        await picture(page, f"{name}-{language}-{scheme}-phone")


async def picture(page: Page, name: str) -> None:
    """For people who want to see it: CALLCORE_PICTURES names a folder."""
    folder = os.environ.get("CALLCORE_PICTURES")
    if folder:
        await page.screenshot(path=str(Path(folder) / f"story-{name}.png"))


async def test_the_verdict_is_the_first_thing_on_the_page(server: OutageServer, visit: Open) -> None:
    await server.speak("en")
    page = await visit("/calls/hidden")
    first = page.locator(".verdict p").first
    assert "anna: the card was not shown: the page was open but not on the screen" in await first.inner_text()
    box = await first.bounding_box()
    assert box is not None
    assert box["y"] < 200
    assert not await page.locator(".traffic pre").first.is_visible()
    await page.locator(".traffic summary").click()
    assert NUMBER in await page.locator(".traffic pre").first.inner_text()


async def test_from_the_list_to_a_story_and_to_others_of_the_number(visit: Open, room: Room) -> None:
    page = await visit("/calls")
    assert await page.locator(".calls tbody tr").count() == len(room.stories)
    await page.locator(".calls a").first.click()
    await page.wait_for_url("**/calls/painted")
    await page.locator(".small-print a").click()
    await page.locator(".calls").wait_for()
    assert await page.locator("#find-number").input_value() == NUMBER


async def test_an_empty_list_explains_itself(server: OutageServer, visit: Open, room: Room) -> None:
    await server.speak("ru")
    room.stories.clear()
    page = await visit("/calls")
    assert "Здесь появится каждый звонок" in await page.inner_text("main")

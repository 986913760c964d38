"""Every sample in both languages, light and dark: nothing axe objects to, nothing overflows the frame."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from callcore.domain import LANGUAGES, Language
from callcore.testing.desk_samples import samples
from callcore.testing.desk_server import DeskServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLES = samples()
Open = Callable[..., Awaitable[Page]]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
OVERFLOW = """() => [document.documentElement.scrollWidth - innerWidth,
                     document.documentElement.scrollHeight - innerHeight]"""
SQUEEZED = """() => [...document.querySelectorAll('#top *, .panel:not([hidden]) > *, #side > *')]
    .filter(e => e.checkVisibility() && !e.closest('[popover], .sr'))
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1
                 || e.getBoundingClientRect().bottom > innerHeight + 1)
    .map(e => e.tagName + '#' + e.id + '.' + e.className)"""
axe = Axe()


async def assert_accessible(page: Page, where: str) -> None:
    result = await axe.run(page)
    assert result.violations_count == 0, where + "\n" + result.generate_report()


@pytest.mark.parametrize(("language", "scheme"), list(zip(LANGUAGES, SCHEMES, strict=True)))
async def test_every_sample_is_accessible(
    desk: DeskServer, visit: Open, language: Language, scheme: Literal["light", "dark"]
) -> None:
    desk.language = language
    page = await visit()
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for name, sample in SAMPLES.items():
        desk.sample = sample
        seq = await desk.show(sample.desk, error=sample.error)
        await desk.painted(seq)
        await assert_accessible(page, f"{name} {language} {scheme}")


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_what_opens_is_accessible(
    desk: DeskServer, visit: Open, scheme: Literal["light", "dark"]
) -> None:
    desk.sample = SAMPLES["typing"]
    page = await visit()
    await page.emulate_media(color_scheme=scheme)
    await page.locator("#topic-a1").fill("")
    await page.keyboard.type("о")
    await page.locator("#topic-list li").first.wait_for()
    await assert_accessible(page, "topic list")
    await page.keyboard.press("Escape")
    await page.keyboard.press("F2")
    await page.locator("#pauses button").first.wait_for()
    await assert_accessible(page, "pause menu")
    await page.keyboard.press("Escape")
    await page.locator("#today summary").first.click()
    await assert_accessible(page, "contact of the day")
    await page.locator("#show-keys").click()
    await page.locator("#keys").wait_for()
    await assert_accessible(page, "keys")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-in?error=wrong&login=olga", "/problem?status=403"])
async def test_other_pages_are_accessible(
    desk: DeskServer, visit: Open, path: str, scheme: Literal["light", "dark"]
) -> None:
    page = await visit(path)
    await page.emulate_media(color_scheme=scheme)
    await assert_accessible(page, path)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_frame_never_scrolls_on_a_small_screen(
    desk: DeskServer, visit: Open, language: Language
) -> None:
    desk.language = language
    page = await visit()
    for name, sample in SAMPLES.items():
        seq = await desk.show(sample.desk, error=sample.error)
        await desk.painted(seq)
        assert await page.evaluate(OVERFLOW) == [0, 0], name
        assert await page.evaluate(SQUEEZED) == [], name


@pytest.mark.parametrize("language", LANGUAGES)
async def test_on_a_phone_nothing_is_cut_off(desk: DeskServer, visit: Open, language: Language) -> None:
    desk.language = language
    page = await visit()
    await page.set_viewport_size({"width": 390, "height": 844})
    for name, sample in SAMPLES.items():
        seq = await desk.show(sample.desk, error=sample.error)
        await desk.painted(seq)
        assert (await page.evaluate(OVERFLOW))[0] == 0, name


async def test_language_of_the_sign_in_page_switches(desk: DeskServer, visit: Open) -> None:
    page = await visit("/sign-in")
    await page.locator("#language button[lang=en]").click()
    await page.locator("html[lang=en] h1").wait_for()
    assert await page.locator("h1").inner_text() == "Sign in"

"""Anna hands her caller on by keyboard; Boris reads her words while his telephone rings, and does not take
it; the caller comes back, and her page says so."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from callcore.testing.house import PASSWORD, PEOPLE, TO_FINANCE, House
from callcore.testing.lab import Answer, NeverAnswer
from callcore.testing.lab.browser import chromium
from callcore.testing.stage import Stage

COMMENT = "Двойное списание за октябрь."
SETTINGS = {"desk": {"wrap_up_seconds": 60}, "second_line": {"return_after_seconds": 8}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Finance is always there; whom nobody takes comes back soon."""
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(tmp_path))
        stage.write_config(SETTINGS)
        file = stage.config_file.with_name("departments.yaml")
        top = yaml.safe_load(file.read_text(encoding="utf-8"))
        top["departments"]["finance"] |= {"hours": "always", "holidays": {"country": "none"}}
        file.write_text(yaml.safe_dump(top, allow_unicode=True), encoding="utf-8")
        await stage.add_people(PEOPLE)
        await stage.start()
        yield House(stage, tmp_path, stack)


async def picture(page: Page, name: str) -> None:
    """With ``CALLCORE_PICTURES=FOLDER`` what the test looks at is saved there."""
    if folder := os.environ.get("CALLCORE_PICTURES"):
        await page.screenshot(path=Path(folder) / f"second-line-{name}.png")


async def is_sound(page: Page) -> None:
    """No fault of access on the screen."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_the_words_come_before_the_answer_and_the_caller_comes_back(house: House, anna: Page) -> None:
    async with chromium() as browser:
        boris = await browser.new_page(viewport={"width": 1280, "height": 720}, locale="en-US")
        await boris.goto(house.stage.url)
        await boris.locator("input[name=login]").fill("boris")
        await boris.locator("input[name=password]").fill(PASSWORD)
        await boris.keyboard.press("Enter")
        await boris.wait_for_url("**/desk")
        await house.phone("102", NeverAnswer())
        await boris.get_by_role("button", name="PJSIP/102").click()
        await boris.locator("[name=language][value=en]").click()

        await house.phone("101", Answer(after_seconds=0.3))
        await house.call(*TO_FINANCE, number="79000000110")
        await house.talk()
        await anna.locator("form[data-draft] textarea").first.fill(COMMENT)
        await boris.locator("[data-f2], #to-ready").first.click()
        await house.member("102", "Not in use")

        await anna.keyboard.press("F6")
        query = anna.locator("#hand-query")
        await expect(query).to_be_focused()
        await expect(anna.locator("#hand-comment")).to_have_value(COMMENT)
        await expect(anna.locator(".offer.refused").first).to_be_visible()
        await is_sound(anna)
        await query.press_sequentially("89161234567")
        await expect(anna.locator(".offer", has_text="8 (916) 123-45-67")).to_be_visible()
        await is_sound(anna)
        await query.fill("")
        await query.press_sequentially("финанс")
        await expect(anna.locator(".offer").first).to_contain_text("Финансовая группа")
        await is_sound(anna)
        await picture(anna, "panel-ru")
        await anna.keyboard.press("Shift+Enter")
        await expect(anna.locator("#dock")).to_be_hidden()

        words = boris.locator("article.card .handed")
        await expect(words).to_contain_text("Анна Кузнецова")
        await expect(words).to_contain_text(COMMENT)
        await expect(boris.locator(".band.rings")).to_be_visible()
        await expect(boris.locator(".band.rings .handed")).to_contain_text(COMMENT)
        await picture(boris, "card-en")

        notice = anna.locator("article.card .handed[role=status]")
        await expect(notice).to_contain_text("Звонок вернулся")
        await expect(notice).to_contain_text("Финансовая группа")
        await expect(notice).to_contain_text("никто не ответил")
        await expect(words).to_have_count(0)
        await picture(anna, "back-ru")


async def test_without_a_call_the_panel_explains_itself(house: House, anna: Page) -> None:
    await anna.goto(f"{house.stage.url}/transfer")
    await expect(anna.locator("main, #page")).to_contain_text("Сейчас передавать нечего.")
    await expect(anna.locator("main, #page")).to_contain_text("F6")

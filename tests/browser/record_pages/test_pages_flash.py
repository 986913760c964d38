"""Flash notes in a real browser: written, listed, read, withdrawn."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_note_is_written_by_keys_read_and_withdrawn(pages: Pages) -> None:
    id = await pages.customer("40-118", "Анна Воробьёва", numbers=("+79161234567",))
    page = await pages.open(f"/flash/new?customer={id}", "anna")
    await expect(page.locator("#f-target")).to_have_value("40-118")
    await pages.clean(page, "flash-new-operator")
    await page.locator("#f-text").focus()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".errors")).to_contain_text("Напишите, что важно")
    await expect(page.locator("#f-target")).to_have_value("40-118")
    await page.locator("#f-text").focus()
    await page.keyboard.type("Звонит юрист: сразу старшему")
    await page.locator("#f-ends_on").fill("2020-01-01")
    await page.locator("#f-text").press("Control+Enter")
    await expect(page.locator(".errors")).to_contain_text("прошёл")
    await expect(page.locator("#f-text")).to_have_value("Звонит юрист: сразу старшему")
    await pages.clean(page, "flash-new-refused")
    await page.locator("#f-ends_on").fill("2099-01-01")
    await page.locator("#f-text").press("Control+Enter")
    await expect(page.locator(".errors")).to_contain_text("Дольше года")
    day = await page.evaluate("new Date(Date.now() + 864e5 * 3).toISOString().slice(0, 10)")
    await page.locator("#f-ends_on").fill(day)
    await page.locator("[name=must_read]").check()
    await page.locator("#f-text").press("Control+Enter")
    await expect(page.locator(".flash-text")).to_have_text("Звонит юрист: сразу старшему")
    await pages.clean(page, "flash-one-operator")

    other = await pages.open("/flash")
    row = other.locator("tbody tr", has_text="юрист")
    await row.locator("button", has_text="Прочитано").focus()
    await other.keyboard.press("Enter")
    await expect(other.locator("#page h2")).to_have_text("Кто прочёл")
    await expect(other.locator(".lines li").first).to_contain_text("Вера Ларина")
    await pages.clean(other, "flash-one-ru")
    await other.locator("details.act summary").focus()
    await other.keyboard.press("Enter")
    await other.keyboard.press("Tab")
    await other.keyboard.press("Enter")
    await expect(other.locator(".chip", has_text="снята")).to_be_visible()
    await other.goto(pages.url("/flash"))
    await expect(other.locator("#page")).not_to_contain_text("юрист")


async def test_lists_and_forms_in_both_languages(pages: Pages) -> None:
    page = await pages.open("/flash/new?topic=finance.recalculation")
    await page.locator("#f-text").fill("Перерасчёт за март делаем автоматически, " * 3)
    await page.locator("[name=must_read]").check()
    await page.locator("#f-text").press("Control+Enter")
    await expect(page.locator(".flash-text")).to_contain_text("за март")
    await pages.both("/flash", "flash-list")
    await pages.both("/flash?state=all", "flash-all")
    await pages.both("/flash/new", "flash-new")
    await pages.both(page.url.removeprefix(pages.url("")), "flash-one")
    await pages.both("/flash?state=withdrawn&scope=outage", "flash-none")

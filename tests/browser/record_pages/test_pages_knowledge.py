"""The knowledge base in a real browser: read, searched as one types, written, compared."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from callcore.crm.knowledge_import import import_folder
from callcore.domain import Login

from .conftest import SAMPLE, Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module", autouse=True)
async def articles(pages: Pages) -> None:
    """The sample's articles: each test finds them, whichever of them runs, and in which process."""
    at = pages.daemon.clock.now()
    await import_folder(
        pages.database.articles, pages.daemon.settings.tables, SAMPLE / "knowledge", Login("cli"), at
    )


async def test_articles_are_found_as_one_types_and_by_keys(pages: Pages) -> None:
    page = await pages.open("/knowledge", "anna")
    await pages.clean(page, "knowledge-operator")
    await page.locator("#f-q").focus()
    await page.keyboard.type("перерасчета")
    await expect(page.locator("#knowledge-found mark").first).to_have_text("Перерасчёт")
    await expect(page.locator("#announce")).to_contain_text("Найден")
    await pages.clean(page, "knowledge-found")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("[data-choice]").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Перерасчёт")
    await expect(page.locator("#page")).not_to_contain_text("Править")  # an operator reads
    await page.goto(pages.url("/knowledge?q=ъъъ"))
    await expect(page.locator("#knowledge-found .empty")).to_be_visible()


async def test_pages_in_both_languages(pages: Pages) -> None:
    await pages.both("/knowledge", "knowledge-main")
    await pages.both("/knowledge?topic=finance.recalculation", "knowledge-topic")
    await pages.both("/knowledge/recalculation", "knowledge-article")
    await pages.both("/knowledge/recalculation/edit", "knowledge-edit")
    await pages.both("/knowledge/sections", "knowledge-sections")
    await pages.both("/knowledge/archive", "knowledge-archive")


async def test_written_with_a_form_changed_and_compared(pages: Pages) -> None:
    page = await pages.open("/knowledge/new")
    await page.locator("#f-section").select_option(index=1)
    await page.locator("#f-title_ru").fill("Возврат денег")
    await page.locator("#f-topics").fill("нет.такой")
    await page.locator("#f-topics").press("Control+Enter")
    await expect(page.locator(".errors")).to_contain_text("Нужен текст")
    await expect(page.locator(".errors")).to_contain_text("Нет тем: нет.такой")
    await expect(page.locator("#f-title_ru")).to_have_value("Возврат денег")
    await pages.clean(page, "knowledge-refused")
    await page.locator("#f-topics").fill("finance.payment")
    await page.locator("#f-body_ru").fill("## Когда\n\nЧерез **три дня**.\n\n<script>alert(1)</script>")
    await page.locator("button[value=preview]").click()
    await expect(page.locator("#preview strong")).to_have_text("три дня")
    await pages.clean(page, "knowledge-preview")
    await page.locator("#f-topics").press("Control+Enter")
    await expect(page.locator("h1")).to_have_text("Возврат денег")
    await page.locator("a", has_text="Править").click()
    await page.locator("#f-file").set_input_files(
        {"name": "Бланк заявления.txt", "mimeType": "text/plain", "buffer": "Прошу вернуть".encode()}
    )
    await page.locator("button", has_text="Загрузить").click()
    await expect(page.locator("#page .lines")).to_contain_text("Бланк заявления.txt")
    await page.locator("#f-body_ru").fill("## Когда\n\nЧерез **пять дней**.")
    await page.locator("#f-note").fill("срок вырос")
    await page.locator("#f-note").press("Control+Enter")
    await expect(page.locator("article strong")).to_have_text("пять дней")
    await expect(page.locator("aside")).to_contain_text("Бланк заявления.txt")
    await pages.clean(page, "knowledge-with-file")
    async with page.expect_download() as saved:
        await page.locator("a", has_text="Бланк заявления.txt").click()
    assert (await saved.value).suggested_filename == "Бланк заявления.txt"
    await page.locator("a", has_text="Версии").click()
    await expect(page.locator(".compare .removed").first).to_contain_text("три дня")
    await expect(page.locator(".compare .added").first).to_contain_text("пять дней")
    await pages.both(page.url.removeprefix(pages.url("")), "knowledge-history")


async def test_two_who_edit_at_once_lose_nothing(pages: Pages) -> None:
    first = await pages.open("/knowledge/recalculation/edit")
    second = await pages.open("/knowledge/recalculation/edit", "john")
    await first.locator("#f-body_ru").fill("Вера была первой")
    await second.locator("#f-body_ru").fill("Джон был вторым")
    await first.locator("#f-note").press("Control+Enter")
    await expect(first.locator("article")).to_have_text("Вера была первой")
    await second.locator("#f-note").press("Control+Enter")
    await expect(second.locator(".errors")).to_be_visible()
    await expect(second.locator("#f-body_ru")).to_have_value("Джон был вторым")
    await pages.clean(second, "knowledge-conflict-en")

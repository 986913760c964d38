"""The directory and counterparties in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from callcore.store.staff import NewPerson

from .conftest import Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_one_puts_through_by_the_number_that_is_copied(pages: Pages) -> None:
    await pages.database.staff.put(
        NewPerson("Пётр Чернов", None, "sales", "ведущий менеджер", "312", "chernov@example.ru"), None
    )
    page = await pages.open("/directory", "anna")
    await page.locator("#f-q").fill("продаж")
    sales = page.locator("a[href='/directory/departments/sales']")
    rows = page.locator("#directory-found tbody tr", has=sales)
    await expect(page.locator("#announce")).to_contain_text("Найден")
    await rows.first.locator("button.copy").focus()
    await page.keyboard.press("Enter")
    assert await page.evaluate("navigator.clipboard.readText()") == "301"
    await pages.clean(page, "directory-search")
    await page.locator("#f-q").fill("чернов")
    await expect(page.locator("#directory-found")).to_contain_text("ведущий менеджер")
    await page.locator("#f-q").fill("ъъъ")
    await expect(page.locator("#directory-found .empty")).to_be_visible()
    await pages.clean(page, "directory-nothing")


async def test_pages_in_both_languages(pages: Pages) -> None:
    await pages.both("/directory", "directory-main")
    for code in ("sales", "coordinators", "service_centre"):
        await pages.both(f"/directory/departments/{code}", f"directory-{code}")
    await pages.both("/directory/staff/new", "directory-person")
    await pages.both("/directory/counterparties", "counterparties-empty")


async def test_groups_with_rights_entries_and_a_sheet(pages: Pages) -> None:
    page = await pages.open("/directory/groups")
    await page.locator("#f-name").fill("Сетевые компании")
    await page.locator("#f-name").press("Enter")
    await page.wait_for_url("**/directory/groups/*")
    address = page.url.removeprefix(pages.url(""))
    await pages.clean(page, "group-ru")
    await page.locator("#f-role_operator").select_option("see")
    await page.locator("#f-role_supervisor").select_option("change")
    await page.locator("#f-see").fill("nobody.such")
    await page.locator("#page button.main").click()
    await expect(page.locator(".errors")).to_contain_text("Нет пользователя")
    await expect(page.locator("#f-role_operator")).to_have_value("see")
    await page.locator("#f-see").fill("")
    await page.locator("#page button.main").click()
    await page.wait_for_url("**/directory/groups")

    await page.goto(pages.url(address + "/import"))
    sheet = "Название;Телефоны;Контакт;Адрес\nРЭС Северный;8 (495) 123-45-67;Диспетчер;Тверь, Мира 1\n"
    await page.locator("#f-file").set_input_files(
        {"name": "Список.csv", "mimeType": "text/csv", "buffer": sheet.encode("cp1251")}
    )
    await page.locator("form:has(#f-file) button").click()
    await expect(page.locator("tbody")).to_contain_text("РЭС Северный")
    await pages.clean(page, "counterparties-import")
    await page.locator("#page button.main").click()
    await expect(page.locator("#counterparties-found")).to_contain_text("РЭС Северный")
    await pages.both("/directory/counterparties", "counterparties-list")
    await pages.both(address, "group")
    await pages.both("/directory/groups", "groups")
    await pages.both("/directory/counterparties/new", "counterparty-new")

    seen = await pages.open("/directory/counterparties", "anna")
    await seen.locator("#f-q").fill("северн")
    await expect(seen.locator("[data-choice]")).to_have_count(1)
    await seen.locator("[data-choice]").focus()
    await seen.keyboard.press("Enter")
    await expect(seen.locator("h1")).to_have_text("РЭС Северный")
    await expect(seen.locator("#page form")).to_have_count(0)  # sees, may not change
    await pages.clean(seen, "counterparty-seen")
    number = seen.url.rsplit("/", 1)[1]
    await pages.both(f"/directory/counterparties/{number}", "counterparty-one")

    await page.goto(pages.url(address))
    await page.locator("#f-role_operator").select_option("none")
    await page.locator("#page button.main").click()
    await page.wait_for_url("**/directory/groups")
    await seen.goto(pages.url("/directory/counterparties"))
    await expect(seen.locator("#page")).not_to_contain_text("РЭС Северный")

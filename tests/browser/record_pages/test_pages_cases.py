"""Cases in a real browser: level by level to a form, stages, folders, and what another person changed."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from callcore.crm.cases.model import Actor, New
from callcore.domain import NULL_CUSTOMER, Login
from callcore.store.case_rows import Case, number_of

from .conftest import Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent(pages: Pages, queue: str, **form: str) -> Case:
    """Anna's, on its way."""
    anna = Actor(Login("anna"))
    return await pages.daemon.office.cases.create(New(queue, NULL_CUSTOMER, form), anna, send=True)


async def damage(pages: Pages) -> str:
    """The address of a case of a torn wire."""
    case = await sent(pages, "repair.field", address="Ржев, Мира 5", what="Оборван провод", danger="yes")
    return f"/cases/{number_of(case.id, case.created_at)}"


async def test_a_case_is_made_level_by_level_with_the_keyboard(pages: Pages) -> None:
    id = await pages.customer(
        "40-118", "Анна Воробьёва", numbers=("+79161234567",), address="Тверь, Садовая 3"
    )
    page = await pages.open(f"/cases/new?customer={id}&topic=finance.claim", "anna")
    await expect(page.locator(".queue-tiles").first).to_contain_text("Деньги → Перерасчёт")
    await pages.clean(page, "case-new-levels-ru")
    await page.locator(".tile[href*='queue=connect&']").focus()
    await page.keyboard.press("Enter")
    await page.locator(".tile", has_text="по этапам").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Подключение")
    await expect(page.locator("#f-a-person")).to_have_value("Анна Воробьёва")
    await expect(page.locator("#f-a-address")).to_have_value("Тверь, Садовая 3")
    await pages.clean(page, "case-form-ru")
    await page.locator("#f-a-person").fill("")
    await page.locator("#f-a-cost").fill("пять")
    await page.locator("#f-comment").fill("просит до праздников")
    await page.locator("#f-comment").press("Control+Enter")
    await expect(page.locator(".errors a")).to_have_count(2)
    await expect(page.locator("#f-comment")).to_have_value("просит до праздников")
    await expect(page.locator("#f-a-person")).to_have_attribute("aria-invalid", "true")
    await pages.clean(page, "case-form-refused")
    await page.locator("#f-a-person").fill("Анна Воробьёва")
    await page.locator("#f-a-cost").fill("")
    await page.locator("#f-a-technology").select_option("radio")
    await page.locator("#f-file").set_input_files(
        {"name": "Схема проезда.txt", "mimeType": "text/plain", "buffer": "налево".encode()}
    )
    await page.locator("#f-comment").press("Control+Enter")
    await expect(page.locator(".case-rail li[aria-current] strong")).to_have_text("Информация")
    await expect(page.locator(".case-rail li")).to_have_count(5)
    await expect(page.locator("#page")).to_contain_text("Схема проезда.txt")
    await pages.both(page.url.removeprefix(pages.url("")), "case-one")


async def test_a_stage_is_done_and_the_next_one_waits(pages: Pages) -> None:
    await sent(
        pages, "connect.full", person="Анна Воробьёва", phone="+79161234567", address="Тверь, Садовая 3"
    )
    page = await pages.open("/cases?folder=queue&department=account_managers")
    await page.locator("a.number").first.focus()
    await page.keyboard.press("Enter")
    await page.locator("button", has_text="Взять в работу").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".facts")).to_contain_text("Вера Ларина")
    await pages.clean(page, "case-taken-ru")
    await page.locator("button[name=result]", has_text="условия согласованы").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".case-rail .done")).to_have_count(1)
    await expect(page.locator(".case-rail li[aria-current]")).to_contain_text("Техническая экспертиза")
    await page.locator("button", has_text="Взять в работу").click()
    await page.locator("#f-a-cost").fill("12500")
    await page.locator("button[value=fill]").click()
    await expect(page.locator(".case-history")).to_contain_text("Смета")
    await page.locator("button[name=result]", has_text="возможно, смета").click()
    await expect(page.locator(".case-rail li[aria-current]")).to_contain_text("Договор")
    await page.locator("button", has_text="Взять в работу").click()
    await page.locator("button[name=result]", has_text="подписан обеими").click()
    await expect(page.locator(".case-rail .waits")).to_contain_text("нет отметки: оплата получена")
    await pages.both(page.url.removeprefix(pages.url("")), "case-waits")


async def test_a_returned_case_keeps_what_was_typed(pages: Pages) -> None:
    page = await pages.open("/cases/new?queue=repair.field", "anna")
    await page.locator("#f-a-address").fill("Ржев, Мира 5")
    await page.locator("#f-a-what").fill("Оборван провод")
    await page.locator("#f-a-danger").select_option("yes")
    await page.locator("#f-a-what").press("Control+Enter")
    await expect(page.locator(".case-rail")).to_contain_text("Устранение")
    other = await pages.open(page.url.removeprefix(pages.url("")))
    await other.locator("summary", has_text="Вернуть").focus()
    await other.keyboard.press("Enter")
    await other.locator("form:has(input[value=reject]) button").click()
    await expect(other.locator(".errors")).to_be_visible()
    await expect(other.locator("#r-reject")).to_be_visible()
    await other.locator("#r-reject").fill("какой подъезд?")
    await pages.clean(other, "case-reject-ru")
    await other.locator("form:has(input[value=reject]) button").click()
    await expect(other.locator(".case-history")).to_contain_text("какой подъезд?")


async def test_what_another_person_changed_is_shown_at_once(pages: Pages) -> None:
    page = await pages.open(await damage(pages), "anna")
    await page.locator("#f-a-what").fill("Оборван провод у подъезда 2")
    other = await pages.open(page.url.removeprefix(pages.url("")))
    await other.locator("summary", has_text="Приоритет").click()
    await other.locator("[name=priority][value=low]").click()
    await expect(page.locator(".changed-by")).to_contain_text("Вера Ларина · Приоритет изменён")
    await expect(page.locator("#f-a-what")).to_have_value("Оборван провод у подъезда 2")
    await pages.clean(page, "case-changed-ru")
    await page.locator(".changed-by a").click()
    await expect(page.locator(".case-history")).to_contain_text("Приоритет изменён")


async def test_folders_and_the_search(pages: Pages) -> None:
    for folder in ("mine", "waiting", "queue", "overdue", "all", "closed", "tasks"):
        page = await pages.open(f"/cases?folder={folder}", "anna")
        await pages.clean(page, f"cases-{folder}-ru")
        await page.close()


async def test_lists_types_and_forms_in_both_languages(pages: Pages) -> None:
    await sent(pages, "repair.field", address="Ржев, Мира 7", what="Оборван кабель", danger="no")
    await pages.both("/cases?folder=all", "cases-all")
    await pages.both("/cases/types/connection", "case-type")
    await pages.both("/cases/new", "case-new")
    await pages.both("/cases/new?queue=money.finance", "case-money")
    await pages.both("/cases/new-task", "case-task")
    page = await pages.open("/cases?folder=all", "anna")
    await page.locator("#f-q").fill("кабеля")
    await page.locator("#f-q").press("Enter")
    await expect(page.locator("a.number")).to_have_count(1)

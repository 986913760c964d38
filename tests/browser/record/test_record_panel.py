"""The panel beside the work, kept text, search as one types, and the customer's page, in a real browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from callcore.domain import CallId, CustomerId, Login
from callcore.rights import Role

from .conftest import Office

pytestmark = pytest.mark.asyncio(loop_scope="module")
NUMBER = "+79161234567"
axe = Axe()


async def anna(office: Office) -> CustomerId:
    return await office.add_customer(
        "40-118", "Анна Воробьёва", numbers=(NUMBER,), address="Тверь, Садовая 3"
    )


async def clean(page: Page) -> None:
    result = await axe.run(page)
    assert result.violations_count == 0, result.generate_report()


async def fits(page: Page) -> None:
    """Nothing stands out to the side."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_card_opens_beside_the_contact_and_esc_loses_nothing(office: Office) -> None:
    id = await anna(office)
    page = await office.desk()
    await office.pop("c1", id, NUMBER)
    await (
        page.locator("#comment-c1")
        .or_(page.locator("textarea[id^=comment-c1]"))
        .first.fill("обещал перезвонить")
    )
    await page.locator("#more-c1-numbers").click()
    dock = page.locator("#dock")
    await expect(dock.locator(".panel-title")).to_have_text("Анна Воробьёва")
    await expect(dock.locator(".panel-title")).to_be_focused()
    await clean(page)
    await dock.locator(".tabs a", has_text="Лица и адреса").click()
    field = dock.locator("#f-email")
    await field.fill("anna@example.ru")
    await field.press("Escape")
    await expect(dock).to_be_hidden()
    await expect(page.locator("#more-c1-numbers")).to_be_focused()
    await page.locator("#aside button").click()
    await expect(dock.locator("#f-email")).to_have_value("anna@example.ru")
    await field.press("Control+Enter")
    await expect(page.locator("#toast")).to_have_text("Сохранено")
    await expect(dock.locator("#part-title")).to_have_text("Лица")
    record = await office.daemon.database.records.get(id)
    assert record is not None
    assert record.email == "anna@example.ru"
    comment = page.locator("#comment-c1").or_(page.locator("textarea[id^=comment-c1]")).first
    await expect(comment).to_have_value("обещал перезвонить")


async def test_search_by_keys_gives_the_contact_its_customer(office: Office) -> None:
    id = await anna(office)
    page = await office.desk()
    await office.pop("c1", None, "+79031112233")
    await page.locator("#card-name-c1").wait_for()
    await page.keyboard.press("Control+k")
    search = page.locator("#dock #q")
    await expect(search).to_be_focused()
    await page.keyboard.type("воробьева")
    choose = page.locator("#dock [data-choice]")
    await expect(choose).to_have_count(1)
    await expect(page.locator("#announce")).to_have_text("Найден 1 клиент")
    await page.keyboard.press("ArrowDown")
    await expect(choose).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(search).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#card-name-c1")).to_have_text("Анна Воробьёва")
    await expect(page.locator("#dock")).to_be_hidden()
    desk = office.daemon.desks.view(Login("olga"))
    tab = desk.tab(CallId("c1")) if desk else None
    assert tab is not None
    assert tab.matched is not None
    assert tab.matched.id == id


async def test_a_stranger_becomes_a_prospect_on_the_contact(office: Office) -> None:
    page = await office.desk()
    await office.pop("c1", None, "+79031112233")
    await page.locator("#prospect-c1").click()
    dock = page.locator("#dock")
    await expect(dock.locator("#f-number")).to_have_value("8 (903) 111-22-33")
    await clean(page)
    await dock.locator("#f-email").fill("nonsense")
    await dock.locator("button.main").click()
    await expect(dock.locator(".errors")).to_contain_text("В адресе почты ошибка")
    await expect(dock.locator("#f-email")).to_have_value("nonsense")
    await dock.locator("#f-email").fill("")
    await dock.locator("#f-name").fill("ООО «Вектор»")
    await dock.locator("button.main").click()
    await expect(page.locator("#card-name-c1")).to_have_text("ООО «Вектор»")
    await expect(dock).to_be_hidden()


async def test_typed_text_survives_a_reload_and_a_killed_tab(office: Office) -> None:
    page = await office.open("/customers/new")
    await page.locator("#f-name").fill("Степан Разин")
    await page.locator("#f-address").fill("Тверь")
    await page.reload()
    await expect(page.locator("#f-name")).to_have_value("Степан Разин")
    await expect(page.locator(".kept")).to_be_visible()
    await page.locator("#f-email").fill("stepan@example.ru")
    await page.locator("#f-name").focus()  # what is kept was written when the field was left, at the latest
    await page.close(run_before_unload=False)
    page = await office.open("/customers/new")
    await expect(page.locator("#f-email")).to_have_value("stepan@example.ru")
    await page.locator("#page button.main").click()
    await expect(page.locator("h1")).to_have_text("Степан Разин")
    await page.goto(office.url("/customers/new"))
    await expect(page.locator("#f-name")).to_have_value("")


async def test_a_lost_line_is_told_and_costs_nothing(office: Office) -> None:
    page = await office.open("/customers/new")
    await page.locator("#f-name").fill("Степан Разин")
    await page.context.set_offline(True)
    await page.locator("#page button.main").click()
    await expect(page.locator("#toast")).to_contain_text("Сервер не отвечает")
    await expect(page.locator("#f-name")).to_have_value("Степан Разин")
    await page.context.set_offline(False)
    await page.locator("#page button.main").click()
    await expect(page.locator("h1")).to_have_text("Степан Разин")


async def test_the_search_page_by_keys_and_mouse(office: Office) -> None:
    id = await anna(office)
    page = await office.open("/customers")
    await expect(page.locator("#found")).to_contain_text("Кого ищем?")
    await clean(page)
    await page.locator("#q").fill("садовой")
    await expect(page.locator("[data-choice]")).to_have_count(1)
    await clean(page)
    await fits(page)
    assert "q=" in page.url
    await page.locator("button[type=reset]").click()
    await expect(page.locator("#found")).to_contain_text("Кого ищем?")
    await expect(page.locator("#q")).to_be_focused()
    await page.locator("#q").fill("40-118")
    await expect(page.locator("[data-choice]")).to_have_count(1)
    await page.locator("[data-row] td").nth(1).dblclick()
    await page.wait_for_url(f"**/customers/{id}")
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()


async def test_a_later_answer_is_not_overwritten_by_an_earlier_one(office: Office) -> None:
    await anna(office)
    await office.add_customer("50-1", "Борис Орлов")
    page = await office.open("/customers")
    held = []

    async def hold(route):  # type: ignore[no-untyped-def]
        if "q=%D0%90" in route.request.url:
            held.append(route)
        else:
            await route.continue_()

    await page.route("**/customers/found*", hold)
    async with page.expect_request(lambda request: "q=%D0%90" in request.url):
        await page.locator("#q").fill("Анна")
    await page.locator("#q").fill("Борис")
    await expect(page.locator("#found")).to_contain_text("Борис Орлов")
    for route in held:
        await route.abort()
    await expect(page.locator("#found")).to_contain_text("Борис Орлов")
    await expect(page.locator("#found")).not_to_contain_text("Анна")


async def test_two_people_on_one_customer_see_what_either_saved(office: Office) -> None:
    id = await anna(office)
    page = await office.open(f"/customers/{id}?part=people")
    other = await office.open(f"/customers/{id}?part=people", "boris")
    await other.locator("#f-urgent").fill("Звонить вечером")
    await other.locator("#f-urgent").press("Control+Enter")
    await expect(page.locator(".note.bad")).to_contain_text("Звонить вечером")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_part_of_the_card_satisfies_axe(office: Office, scheme: str) -> None:
    id = await anna(office)
    records, now = office.daemon.database.records, office.daemon.clock.now()
    page = await office.open(
        f"/customers/{id}", language="en" if scheme == "dark" else "ru", color_scheme=scheme
    )
    await records.flag_number(id, NUMBER, "somebody else answers", Login("olga"), now)
    await records.grant(id, "Surveys", "call 12", Login("olga"), now)
    for part in (
        "contacts",
        "numbers",
        "people",
        "points",
        "money",
        "offers",
        "consents",
        "documents",
        "cases",
    ):
        await page.goto(office.url(f"/customers/{id}?part={part}"))
        await clean(page)
        await fits(page)


async def test_the_buttons_stay_in_sight_however_many_topics(office: Office) -> None:
    await anna(office)
    page = await office.desk()
    await office.pop("c1")
    for n in (2, 3):
        await page.locator("textarea[id^=comment-c1]").last.fill(f"тема {n - 1}")
        await page.locator("#add-topic-c1").click()
        await expect(page.locator("form[data-draft]")).to_have_count(n)
    close, save = page.locator("#close-c1-3"), page.locator("#save-c1-3")
    for button in (close, save):
        box = await button.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert y + box["height"] / 2 <= 720
        on_top = "([x, y]) => document.elementFromPoint(x, y).closest('button')?.id"
        assert await page.evaluate(on_top, [x, y]) == await button.get_attribute("id")
    body = await page.locator(".contact-body").bounding_box()
    bar = await page.locator(".contact-acts").bounding_box()
    assert body is not None
    assert bar is not None
    assert body["y"] + body["height"] <= bar["y"] + 1  # beside, never above what is typed
    await clean(page)
    await fits(page)
    await page.locator("#topic-c1-3").press_sequentially("перер")
    await page.locator("#topic-list li").first.wait_for()
    await page.keyboard.press("Enter")
    await save.click()
    await expect(page.locator("#form-c1-3 .chip.live")).to_contain_text("№")


async def test_a_note_hung_by_another_comes_to_the_open_card_and_goes(office: Office) -> None:
    id = await anna(office)
    page = await office.desk()
    await office.pop("c1", id, NUMBER)
    await page.locator("#open-c1").click()
    notes = page.locator("#card-c1 .flash"), page.locator("#dock .flash")
    await expect(page.locator("#dock .customer")).to_be_visible()
    other = await office.open("/flash/new", "boris", role=Role.senior)
    await other.locator("#f-scope").select_option("number")
    await other.locator("#f-target").fill(NUMBER)
    await other.locator("#f-text").fill("Телефон потерян")
    await other.locator("[name=must_read]").check()
    await other.locator("#f-text").press("Control+Enter")
    await expect(other.locator(".flash-text")).to_have_text("Телефон потерян")
    for note in notes:
        await expect(note).to_contain_text("Телефон потерян")
        await expect(note).to_have_class("note flash bad")
    await page.evaluate("document.querySelector('#card-c1 .flash button').click()")  # it lies under the panel
    for note in notes:
        await expect(note).to_have_class("note flash warn")
    await other.locator("details.act summary").click()
    await other.locator("details.act button").click()
    for note in notes:
        await expect(note).to_have_count(0)

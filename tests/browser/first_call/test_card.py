"""The issue's own test: a SIP call is placed, and the card is found painted in the browser."""

from datetime import timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from callcore.crm.seeds import SCRIPT_NUMBER, SHARED_NUMBER
from callcore.domain import Login
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.lab import Answer

from .conftest import sign_in


async def without_violations(page: Page) -> None:
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_the_card_is_painted(anna: Page, house: House) -> None:
    phone = await house.phone("101", Answer(after_seconds=1.5))
    caller = await house.call(*TO_FINANCE, name="Миша")
    await phone.happened("ringing")
    await expect(anna.get_by_text("Финансовая группа").first).to_be_visible()
    await without_violations(anna)
    card = anna.get_by_role("article", name="Лебедев Михаил Андреевич")
    await expect(card).to_be_visible()
    box = await card.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 100
    await expect(card).to_contain_text("ЗР-100111")
    await expect(card).to_contain_text("Домашний 300")
    await expect(card).to_contain_text("1 250,00")
    await without_violations(anna)
    daemon = house.stage.daemon
    assert daemon is not None

    async def painted() -> bool:
        assert daemon is not None
        return b"callcore_pops_acked_total 1.0" in daemon.metrics.render()

    await house.until(painted)
    await caller.hang_up()


@pytest.mark.parametrize("house", [1], indirect=True)
async def test_a_card_that_came_while_the_page_was_closed(anna: Page, house: House) -> None:
    """The whole talk passed without a page. Signed in again, she finds the card, and opens it."""
    daemon = house.stage.daemon
    assert daemon is not None
    await house.phone("101")
    await anna.goto("about:blank")
    caller = await house.call(*TO_FINANCE)

    async def missed() -> bool:
        desk = daemon.desks.view("anna")
        return desk is not None and bool(desk.missed)

    await house.until(missed)
    await caller.hang_up()
    await house.contacts()

    async def is_wrapped_up() -> bool:
        desk = daemon.desks.view("anna")
        return desk is not None and not desk.tabs and bool(desk.today)

    await house.until(is_wrapped_up)
    await anna.context.clear_cookies()
    await anna.goto(house.stage.url)
    await sign_in(anna)
    inbox = anna.locator("#missed")
    await expect(inbox.locator(".unseen")).to_contain_text("страница закрыта")
    await without_violations(anna)
    await inbox.get_by_role("button", name="Лебедев Михаил Андреевич", exact=True).click()
    await expect(anna.get_by_role("article", name="Лебедев Михаил Андреевич")).to_be_visible()
    await expect(inbox.locator(".seen")).to_have_count(1)
    await expect(inbox.locator(".count")).to_have_count(0)

    async def is_noted() -> bool:
        day_ago = daemon.clock.now() - timedelta(days=1)
        [row] = await daemon.database.missed_pops.since(Login("anna"), day_ago)
        return row.seen_at is not None

    await house.until(is_noted)


async def test_by_keyboard_alone(anna: Page, house: House) -> None:
    """Topic by three letters, comment, Ctrl+Enter: saved, closed, in today's list; never a mouse."""
    await house.phone("101")
    caller = await house.call(*TO_FINANCE)
    await expect(anna.get_by_role("article", name="Лебедев Михаил Андреевич")).to_be_visible()
    topic = anna.get_by_role("combobox", name="Тема")
    await topic.focus()
    await anna.keyboard.press("Control+A")
    await anna.keyboard.type("ошибоч")
    await anna.keyboard.press("ArrowDown")
    await anna.keyboard.press("Enter")
    await expect(topic).to_have_value("Ошибочный платёж")
    await anna.get_by_role("textbox", name="Комментарий").focus()
    await anna.keyboard.type("Оплатил чужой договор")
    await caller.hang_up()
    await anna.get_by_text("Оформление").first.wait_for()
    await expect(anna.get_by_role("textbox", name="Комментарий")).to_have_value("Оплатил чужой договор")
    await anna.keyboard.press("Control+Enter")
    await expect(anna.get_by_role("article", name="Лебедев Михаил Андреевич")).to_have_count(0)
    [contact] = await house.contacts()
    [interaction] = await house.database.interactions.of_call(contact.call)
    assert (interaction.topic, interaction.comment) == ("finance.payment", "Оплатил чужой договор")
    await expect(anna.get_by_text("Ошибочный платёж").first).to_be_visible()
    assert await anna.locator("#today details[open]").count() == 0, "saved: nothing is offered again"
    await house.member("101", "Not in use")


async def test_english_in_place(anna: Page, house: House) -> None:
    await house.phone("101")
    await anna.get_by_role("button", name="Английский").click()
    await expect(anna.locator("html")).to_have_attribute("lang", "en")
    caller = await house.call(*TO_FINANCE)
    card = anna.get_by_role("article", name="Лебедев Михаил Андреевич")
    await expect(card).to_be_visible()
    await expect(anna.get_by_role("combobox", name="Topic")).to_have_value("Recalculation")
    await without_violations(anna)
    await caller.hang_up()


async def test_two_customers_one_number(anna: Page, house: House) -> None:
    await house.phone("101")
    caller = await house.call(*TO_FINANCE, number=SHARED_NUMBER.lstrip("+"))
    chooser = anna.get_by_role("button", name="Воробьёв Пётр Ильич")
    await expect(chooser).to_be_visible()
    await without_violations(anna)
    await chooser.click()
    await expect(anna.get_by_role("article", name="Воробьёв Пётр Ильич")).to_be_visible()
    await caller.hang_up()


async def test_a_hostile_name_is_only_text(anna: Page, house: House) -> None:
    await house.phone("101")
    name = '"><img src=x onerror=alert(1)>'
    caller = await house.call(*TO_FINANCE, number=SCRIPT_NUMBER.lstrip("+"), name=name)
    card = anna.get_by_role("article", name="Петров <script>alert(1)</script>")
    await expect(card).to_be_visible()
    assert await anna.locator("main img").count() == 0
    await caller.hang_up()


async def test_typing_is_not_disturbed_by_a_new_call(anna: Page, house: House) -> None:
    """Wrap-up of the first call is typed on while the second rings and pops in a tab of its own."""
    await house.phone("101", Answer(after_seconds=0.5))
    first = await house.call(*TO_FINANCE)
    await expect(anna.get_by_role("article", name="Лебедев Михаил Андреевич")).to_be_visible()
    comment = anna.get_by_role("textbox", name="Комментарий")
    await comment.focus()
    await anna.keyboard.type("Начал писать и не")
    await first.hang_up()
    await anna.get_by_role("button", name="Готов").wait_for()
    await anna.keyboard.press("F2")
    await comment.focus()
    second = await house.call(*TO_FINANCE, number="79000000120")
    await expect(anna.get_by_role("tab", name="Emily Carter")).to_be_visible()
    await expect(comment).to_be_focused()
    await anna.keyboard.type(" закончил")
    await expect(comment).to_have_value("Начал писать и не закончил")
    await second.hang_up()


@pytest.mark.parametrize("house", [1], indirect=True)
async def test_who_waits_in_my_queues(anna: Page, house: House) -> None:
    """Nobody is ready: the caller waits, and her desk says where and since when."""
    await house.phone("101")
    shown = anna.locator("#waits-finance")
    await expect(shown).to_contain_text("никто не ждёт")
    await anna.get_by_role("button", name="Пауза").first.click()
    await anna.get_by_role("button", name="обед").click()
    caller = await house.call(*TO_FINANCE)
    await expect(shown).to_contain_text("ждёт 1")
    await expect(shown.locator("time")).to_contain_text(":")
    await without_violations(anna)
    await caller.hang_up()
    await expect(shown).to_contain_text("никто не ждёт")

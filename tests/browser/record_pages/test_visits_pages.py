"""The office in a real browser: the queue that others change too, a letter with its scan, payments."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from callcore.domain import CustomerId, Direction, Login, TopicCode
from callcore.store.attachments import Owner, OwnerKind
from callcore.store.visit_rows import Medium, Method, Money, NewContact, Papers, Written, new_id

from .conftest import Pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOPIC = TopicCode("finance.claim")
HOSTILE = "<b onclick=alert(1)>Иванов\u202e</b>"


async def customer_of(pages: Pages) -> CustomerId:
    found = await pages.database.customers.by_contract("ПС-1")
    return found.id if found else await pages.customer("ПС-1", "Соловьёва Марина Игоревна")


async def register(pages: Pages, medium: Medium, office: str = "centre", **more: object) -> str:
    """By vera."""
    at = pages.daemon.clock.now() - timedelta(seconds=1)
    new = NewContact(new_id(), medium, Direction.inbound, office, **more)  # type: ignore[arg-type]
    await pages.database.visits.register(new, Login("vera"), at)
    return new.call


def turn(page: Page, ticket: str) -> Locator:
    return page.locator(".office-queue tr", has_text=ticket)


async def test_the_office_looks_right(pages: Pages) -> None:
    customer, now = await customer_of(pages), pages.daemon.clock.now()
    await pages.both("/visits?office=north", "visits-nobody")
    for n, (ticket, topic, minutes) in enumerate(
        (("А-014", TOPIC, 17), ("А-015", "", 9), ("Б-003", "corporate.connect", 4))
    ):
        found = await pages.database.visitors.arrive(
            "centre", ticket, topic, now - timedelta(minutes=minutes)
        )
        if not n:
            await pages.database.visitors.call(found.id, Login("vera"), now)
    gone = await pages.database.visitors.arrive("centre", "В-001", "", now - timedelta(minutes=30))
    await pages.database.visitors.leave(gone.id, now)
    papers = Papers("вх-77", date(2026, 3, 2), HOSTILE, "курьер")
    await register(pages, Medium.letter, papers=papers)
    money = Money(65_000, "RUB", Method.cash, "оплата услуг", "чек 118")
    await register(pages, Medium.payment, customer=customer, money=money)
    await pages.both("/visits?office=centre", "visits-queue")


@pytest.mark.parametrize("medium", ["visit", "document_out", "payment"])
async def test_each_form_looks_right(pages: Pages, medium: str) -> None:
    await pages.both(f"/visits/new?medium={medium}&office=centre", f"visits-new-{medium}")


async def test_a_contact_and_the_payments_look_right(pages: Pages) -> None:
    customer = await customer_of(pages)
    written = Written(TOPIC, "Просит пересчитать март.\nЗвонил дважды.")
    papers = Papers("вх-78", date(2026, 3, 2), HOSTILE, "курьер")
    letter = await register(pages, Medium.letter, customer=customer, papers=papers, written=written)
    await pages.both(f"/contacts/{letter}", "visits-contact")
    for receipt in ("чек 201", "чек 202"):
        money = Money(123_450, "RUB", Method.card, "Интернет", receipt)
        await register(pages, Medium.payment, customer=customer, money=money)
    await pages.both("/visits/payments", "visits-payments")


async def test_the_queue_follows_what_others_do(pages: Pages) -> None:
    """Two colleagues before one list: nobody reloads."""
    vera = await pages.open("/visits?office=north", "vera")
    anna = await pages.open("/visits?office=north", "anna")
    window = pages.windows["anna"]
    session = await window.request.get(pages.url("/api/v1/session"))
    told = await window.request.post(
        pages.url("/api/v1/visits"),
        data={"office": "north", "ticket": "С-100", "topic": TOPIC},
        headers={"X-CSRF-Token": (await session.json())["csrf"], "Origin": pages.url("")},
    )
    assert told.status == 201, await told.text()
    for page in (vera, anna):
        await expect(turn(page, "С-100")).to_be_visible()
    await anna.get_by_role("button", name="Вызвать С-100").click()
    await anna.wait_for_url("**/visits/new?**")
    await expect(turn(vera, "С-100")).to_contain_text("Анна Белова")
    await expect(vera.get_by_role("button", name="Вызвать С-100")).to_have_count(0)
    await vera.get_by_role("button", name="Ушёл С-100").click()
    await expect(vera.get_by_role("button", name="Вернуть в очередь С-100")).to_be_visible()
    await vera.get_by_role("button", name="Вернуть в очередь С-100").click()
    await expect(turn(vera, "С-100")).to_be_visible()
    await anna.locator("#f-topic").select_option(TOPIC)
    await anna.get_by_role("button", name="Сохранить").click()
    await anna.wait_for_url("**/contacts/*")
    await expect(vera.locator(".office-queue")).to_have_count(0)
    await expect(vera.locator("#page")).to_contain_text("Никто не ждёт")
    for page in (vera, anna):
        await page.close()


async def test_a_letter_with_its_scan_and_what_was_refused(pages: Pages) -> None:
    """Found by a name, asked for its topic before it goes, refused for a comment too long, then for an empty
    file: the scan stays chosen until it is what is wrong. Sent again with all that was typed, shown."""
    await customer_of(pages)
    page = await pages.open("/visits/new?medium=letter&office=centre", "anna")
    await page.get_by_label("Отправитель").fill(HOSTILE)
    await page.get_by_label("Комментарий").fill("Просит пересчёт")
    await page.get_by_label("Клиент", exact=True).fill("Соловьева")
    scan = {"name": "письмо.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 scan"}
    await page.locator("#f-file").set_input_files(scan)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Найти", exact=True).click()
    await expect(page.get_by_role("radio", name=re.compile("Соловьёва"))).to_be_checked()
    await expect(page.get_by_label("Комментарий")).to_have_value("Просит пересчёт")
    assert await chosen(page) == ["письмо.pdf"]
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("#f-topic")).to_be_focused()
    assert await chosen(page) == ["письмо.pdf"]
    await page.locator("#f-topic").select_option(TOPIC)
    await page.get_by_label("Комментарий").fill("х" * 10_001)
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("alert")).to_contain_text("10000")
    await pages.clean(page, "visits-refused")
    await expect(page.locator(".chosen-customer")).to_contain_text("Соловьёва")
    assert await chosen(page) == ["письмо.pdf"]
    await expect(page.locator("#page")).not_to_contain_text("выбрать снова")
    await page.get_by_label("Комментарий").fill("Просит пересчёт")
    empty = {"name": "пусто.pdf", "mimeType": "application/pdf", "buffer": b""}
    await page.locator("#f-file").set_input_files([scan, empty])  # type: ignore[list-item]
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("#f-file")).to_have_attribute("aria-invalid", "true")
    assert await chosen(page) == []
    await page.locator("#f-file").set_input_files(scan)  # type: ignore[arg-type]
    await page.get_by_label("Комментарий").press("Control+Enter")
    await page.wait_for_url("**/contacts/*")
    await expect(page.locator("#toast")).to_contain_text("зарегистрировано")
    await expect(page.locator("#page")).to_contain_text("<b onclick=alert(1)>Иванов")
    await expect(page.get_by_role("link", name="письмо.pdf")).to_be_visible()
    await pages.clean(page, "visits-letter-done")
    call = page.url.rsplit("/", 1)[1]
    assert len(await pages.database.attachments.of(Owner(OwnerKind.contact, call))) == 1
    await page.close()


async def chosen(page: Page) -> list[str]:
    names: list[str] = await page.locator("#f-file").evaluate(
        "field => [...field.files].map(each => each.name)"
    )
    return names


async def test_what_is_typed_survives_a_killed_tab(pages: Pages) -> None:
    path = "/visits/new?medium=document_in&office=centre"
    page = await pages.open(path, "anna")
    await page.get_by_label("Отправитель").fill("ООО «Ромашка»")
    await page.close()
    page = await pages.open(path, "anna")
    await expect(page.get_by_label("Отправитель")).to_have_value("ООО «Ромашка»")
    await page.get_by_role("button", name="Сохранить").click()
    await page.wait_for_url("**/contacts/*")
    await page.goto(pages.url(path))
    await expect(page.get_by_label("Отправитель")).to_have_value("")
    await page.close()


async def test_a_payment_is_reversed_with_a_reason(pages: Pages) -> None:
    page = await pages.open("/visits/new?medium=payment&office=centre", "anna")
    for label, typed in (("Сумма", "1 234,50"), ("Назначение", "Интернет"), ("Номер чека", "чек 77")):
        await page.get_by_label(label).fill(typed)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/contacts/*")
    await page.goto(pages.url("/visits/payments"))
    line = page.locator("tr", has_text="чек 77")
    await line.locator("summary").click()
    await line.get_by_role("button", name="Сторнировать").click()
    await expect(page.get_by_role("alert")).to_contain_text("Укажите причину")
    await pages.clean(page, "visits-reversal")
    await line.get_by_label("Причина").fill("не та сумма")
    await line.get_by_role("button", name="Сторнировать").click()
    await expect(line).to_contain_text("не та сумма")
    await expect(line.locator("summary")).to_have_count(0)
    await page.close()

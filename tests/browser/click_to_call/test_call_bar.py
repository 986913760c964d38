"""The bar of a living call by keyboard alone, and what the desk shows of colleagues meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from callcore.testing.carrier import Carrier
from callcore.testing.house import PASSWORD
from callcore.testing.lab import Softphone
from callcore.testing.operator import ApiOperator
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import Person, waits

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER = "79160007100"


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - the PBX sets no Event of ours
            await asyncio.sleep(0.05)


async def test_hold_mute_and_hang_up(anna: Person, stage: Stage, phone: Softphone, carrier: Carrier) -> None:
    """On a call that she has placed: its Local channels go with the first hold, the talk goes on."""
    page = anna.page
    await waits(stage, NUMBER)
    await page.goto(f"{stage.url}/desk")
    await anna.presses("Alt+w")
    await page.locator(f"#dock [data-dial='+{NUMBER}']").focus()
    await anna.presses("Enter")
    call = await phone.incoming()
    await call.answer()
    await carrier.answered(NUMBER)
    bar = page.get_by_role("group", name="Звонок")
    await expect(bar.get_by_role("button", name="Удержать")).to_be_visible()
    await expect(bar.get_by_role("button", name="Втроём")).to_have_attribute("aria-disabled", "true")
    await expect(bar.get_by_role("button", name="Втроём")).to_have_attribute(
        "title", "Сначала позовите кого-нибудь: «Перевести»."
    )
    await anna.is_well()
    await anna.presses("F7")
    await expect(page.locator("#bands .talks")).to_contain_text("На удержании")
    await expect(page.locator("#bands .talks")).to_contain_text("Клиент слышит музыку.")
    await anna.is_well()
    await anna.presses("F7")
    await expect(bar.get_by_role("button", name="Удержать")).to_be_visible()
    await anna.presses("F9")
    await expect(bar.get_by_role("button", name="Со звуком")).to_have_attribute("aria-pressed", "true")
    await anna.presses("F9")
    await expect(bar.get_by_role("button", name="Без звука")).to_have_attribute("aria-pressed", "false")
    await anna.presses("F8")
    await call.ended()
    await carrier.gone(NUMBER)
    await expect(page.locator("#bands .wraps")).to_be_visible()


async def test_parked_and_taken(anna: Person, stage: Stage, phone: Softphone, carrier: Carrier) -> None:
    """Every desk shows who waits without anybody; taken, he rings as any call does, with his card."""
    page, number = anna.page, "79160007300"
    await waits(stage, number)
    await page.goto(f"{stage.url}/desk")
    await anna.presses("Alt+w")
    await page.locator(f"#dock [data-dial='+{number}']").focus()
    await anna.presses("Enter")
    call = await phone.incoming()
    await call.answer()
    await carrier.answered(number)
    await anna.presses("Escape")
    await page.get_by_role("button", name="На парковку").focus()
    await anna.presses("Enter")
    await call.ended()
    parked = page.locator("#parked article")
    await expect(parked).to_contain_text("8 (916) 000-73-00")
    await expect(parked).to_contain_text("Анна Кузнецова")
    await anna.is_well()
    await parked.get_by_role("button", name="Взять").focus()
    await anna.presses("Enter")
    call = await phone.incoming()
    await expect(parked).to_have_count(0)
    await call.answer()
    await expect(page.locator("#bands .talks")).to_contain_text("8 (916) 000-73-00")
    await anna.presses("F8")
    await call.ended()
    await carrier.gone(number)
    await expect(page.locator("#bands .wraps")).to_be_visible()


async def test_what_cannot_be_done_says_why(
    anna: Person, stage: Stage, phone: Softphone, carrier: Carrier
) -> None:
    """English: pressed all the same, it is said, and nothing is sent to the PBX."""
    page, number = anna.page, "79160007200"
    await waits(stage, number)
    await page.goto(f"{stage.url}/desk")
    await page.locator("#language button[value=en]").focus()
    await anna.presses("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await anna.presses("Alt+w")
    await page.locator(f"#dock [data-dial='+{number}']").focus()
    await anna.presses("Enter")
    call = await phone.incoming()
    await call.answer()
    await carrier.answered(number)
    three = page.get_by_role("group", name="The call").get_by_role("button", name="Three-way")
    await three.focus()
    await anna.presses("Enter")
    await expect(page.locator("#announce")).to_have_text("Ask somebody first: Transfer.")
    await anna.is_well()
    await page.locator("#language button[value=ru]").focus()
    await anna.presses("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    await anna.presses("F8")
    await call.ended()
    await expect(page.locator("#bands .wraps")).to_be_visible()


async def test_who_else_is_at_work(anna: Person, stage: Stage) -> None:
    page = anna.page
    await page.goto(f"{stage.url}/desk")
    board = page.locator("#colleagues")
    await board.locator("summary").focus()
    await anna.presses("Enter")
    await expect(board.locator("#colleague-boris")).to_contain_text("не на работе")
    await expect(board.locator("#colleague-anna")).to_be_hidden()
    async with ApiOperator(stage.url, "boris", PASSWORD) as boris:
        await boris.open("PJSIP/102")
        await expect(board.locator("#colleague-boris")).to_contain_text("пауза")
        await boris.ready()
        await expect(board.locator("#colleague-boris")).to_contain_text("свободен")
        await expect(board.locator("#colleagues-sum")).to_contain_text("свободны 1")
        await anna.is_well()
        await boris.sign_out()
    await expect(board.locator("#colleague-boris")).to_contain_text("не на работе")

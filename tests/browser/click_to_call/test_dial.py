"""A click: the own phone rings, the card is open before the subscriber answers; the band says how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from callcore.testing.carrier import Carrier
from callcore.testing.lab import Softphone
from callcore.testing.patience import PATIENCE_SECONDS
from callcore.testing.stage import Stage

from .conftest import Person, waits

pytestmark = pytest.mark.asyncio(loop_scope="module")


SLOW = "79160004111"
"""Rings 4 seconds before he answers."""
UNANSWERED = {
    "20": "Занято",
    "21": "Не отвечает",
    "22": "Отклонил вызов",
    "23": "Нет такого номера",
    "24": "Нет связи",
}


IN_THE_LIST = {
    "20": "занято",
    "21": "не ответили",
    "22": "отклонили",
    "23": "нет такого номера",
    "24": "сеть",
}


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - the PBX sets no Event of ours
            await asyncio.sleep(0.05)


async def test_from_the_work_list(anna: Person, stage: Stage, phone: Softphone, carrier: Carrier) -> None:
    """Alt+W, the button beside the number, her phone; the card, and only then he answers."""
    page = anna.page
    id = await waits(stage, SLOW)
    await page.goto(f"{stage.url}/desk")
    await anna.opens_the_list()
    dial = page.locator(f"#dock [data-follow-up='{id}']")
    await expect(dial).to_be_visible()
    await dial.focus()
    await anna.presses("Enter")
    await expect(anna.band).to_contain_text("Звонит ваш телефон")
    await expect(anna.band).to_contain_text("8 (916) 000-41-11")
    await expect(page.locator("#dock .now")).to_contain_text("Анна Кузнецова")
    await anna.is_well()
    call = await phone.incoming()
    assert call.number == SLOW
    assert await carrier.invites_of(SLOW) == 0, "nobody is rung before she is there"
    await call.answer()
    card = page.get_by_role("tabpanel", name="8 (916) 000-41-11")
    await expect(card).to_be_visible()
    await expect(anna.band).to_contain_text("Вызываем")
    assert await carrier.answers_of(SLOW) == 0, "the card is there before he is"
    await anna.is_well()
    await carrier.answered(SLOW)
    await expect(anna.band).to_have_count(0)
    await expect(page.locator("#bands .talks")).to_contain_text("8 (916) 000-41-11")
    await call.hang_up()
    await expect(page.locator("#bands .wraps")).to_be_visible()
    await expect(page.locator("#dock .now")).to_have_count(0)

    async def is_settled() -> bool:
        assert stage.daemon is not None
        one = await stage.daemon.database.follow_ups.get(id)
        return one is not None and one.state.value == "done"

    await until(is_settled)
    assert await carrier.invites_of(SLOW) == 1


@pytest.mark.parametrize("ending", UNANSWERED)
async def test_not_answered(
    anna: Person, stage: Stage, phone: Softphone, carrier: Carrier, ending: str
) -> None:
    """The band says what happened and what to do, until she has read it; her card stays for her words."""
    page, number = anna.page, f"791600052{ending}"
    await waits(stage, number)
    await page.goto(f"{stage.url}/work")
    await page.locator(f"[data-dial='+{number}']").focus()
    await anna.presses("Enter")
    row = page.get_by_role("row").filter(has=page.locator(f"[data-dial='+{number}']"))
    await expect(page.locator("#toast")).to_contain_text("Снимите трубку")
    call = await phone.incoming()
    await page.goto(f"{stage.url}/desk")
    await expect(anna.band).to_contain_text("Звонит ваш телефон")
    await call.answer()
    await call.ended()
    await expect(anna.band.get_by_role("status")).to_have_text(UNANSWERED[ending])
    await expect(page.get_by_role("tabpanel")).to_contain_text(f"8 (916) 000-52-{ending}")
    await anna.is_well()
    assert await carrier.invites_of(number) == 1
    await page.get_by_role("button", name="Понятно").focus()
    await anna.presses("Enter")
    await expect(anna.band).to_have_count(0)
    await page.goto(f"{stage.url}/work")
    await expect(row).to_contain_text(f"Анна Кузнецова: {IN_THE_LIST[ending]}")


async def test_the_number_open_on_the_card(
    anna: Person, stage: Stage, phone: Softphone, carrier: Carrier
) -> None:
    """Ctrl+Shift+D (D-38); F8 gives it up while her phone rings, and nothing has to be read then."""
    page = anna.page
    await waits(stage, "79160006111")
    await page.goto(f"{stage.url}/work")
    await page.locator("[data-dial='+79160006111']").focus()
    await anna.presses("Enter")
    call = await phone.incoming()
    await page.goto(f"{stage.url}/desk")
    await call.answer()
    await expect(page.get_by_role("tabpanel", name="8 (916) 000-61-11")).to_be_visible()
    await carrier.rung("79160006111")  # whom nobody has rung yet leaves no talk to wrap up
    await call.hang_up()
    await expect(page.locator("#bands .wraps")).to_be_visible()
    await anna.presses("Control+Shift+D")
    call = await phone.incoming()
    assert call.number == "79160006111"
    await expect(anna.band).to_contain_text("Звонит ваш телефон")
    await anna.presses("F8")
    await expect(anna.band).to_have_count(0)
    await anna.presses("?")
    await expect(page.locator("#keys")).to_contain_text("Позвонить на номер, открытый в карточке")
    await anna.presses("Escape")


async def test_a_refusal_says_what_to_do(anna: Person, stage: Stage, phone: Softphone) -> None:
    """A premium number: the gate's rule in words, in both languages; nobody is rung."""
    page = anna.page
    await waits(stage, "78091234567")
    await page.goto(f"{stage.url}/desk")
    await anna.opens_the_list()
    dial = page.locator("#dock [data-dial='+78091234567']")
    await expect(dial).to_be_visible()
    await dial.focus()
    await anna.presses("Enter")
    await expect(page.locator("#error")).to_contain_text(
        "Звонка не было: по этому номеру сейчас звонить нельзя."
    )
    await anna.is_well()
    await page.locator("#language button[value=en]").focus()
    await anna.presses("Enter")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.locator("#dock [data-dial='+78091234567']").focus()
    await anna.presses("Enter")
    await expect(page.locator("#error")).to_contain_text(
        "Nobody was called: this number may not be called now."
    )
    await anna.is_well()
    await page.locator("#language button[value=ru]").focus()
    await anna.presses("Enter")

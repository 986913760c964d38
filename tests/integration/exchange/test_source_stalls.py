"""A company's CRM that takes its time while a real caller is on the line: the card names it, and fills in."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.floor import lookups
from callcore.testing.house import TO_FINANCE, House
from callcore.testing.operator import ApiOperator

from .conftest import Crm

KNOWN, STRANGER = "79000000110", "79031112233"


async def view(anna: ApiOperator) -> Any:
    [tab] = (await anna.desk())["tabs"]
    return tab["view"]


async def said(house: House, anna: ApiOperator) -> str:
    async with anna.http.get(f"{house.stage.url}/desk") as page:
        return await page.text()


async def silent(house: House, anna: ApiOperator, names: list[str]) -> None:
    async def is_so() -> bool:
        return bool((await view(anna))["silent"] == names)

    await house.until(is_so)


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "Нет ответа: <bdi>crm</bdi>"), ("en", "No answer from <bdi>crm</bdi>")]
)
async def test_the_card_names_it_stays_usable_and_fills_in(
    house: House, crm: Crm, language: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "AGAIN_SECONDS", (0.5,) * 40)
    await house.stage.speak("anna", language)
    crm.stalls = True
    crm.answers["/people"] = [{"id": 7, "name": "Орлова Вера"}]
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=STRANGER)
    call = (await anna.hears("card"))["data"]["call"]["call"]
    await silent(house, anna, ["crm"])
    assert (await view(anna))["customers"] == []
    assert words in await said(house, anna)
    saved = await anna.order("save", call=call, topic="finance.recalculation", comment="пока без карточки")
    assert saved["record"]
    crm.open()
    await silent(house, anna, [])
    now = await view(anna)
    assert [each["name"] for each in now["customers"]] == ["Орлова Вера"]
    page = await said(house, anna)
    assert words not in page
    assert "Орлова Вера" in page
    await caller.hang_up()


async def test_whom_the_own_base_knows_is_shown_at_once(house: House, crm: Crm) -> None:
    crm.stalls = True
    anna = await house.on_shift("anna", "101")
    caller = await house.call(*TO_FINANCE, number=KNOWN)
    await anna.hears("card")
    await silent(house, anna, ["crm"])
    assert [each["name"] for each in (await view(anna))["customers"]] == ["Лебедев Михаил Андреевич"]
    await caller.hang_up()

"""A shift without a mouse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from callcore.testing.desk_samples import samples
from callcore.testing.desk_server import DeskServer

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAMPLES = samples()
Open = Callable[..., Awaitable[Page]]


async def test_f2_turns_ready_into_a_pause_with_its_reason_and_back(desk: DeskServer, visit: Open) -> None:
    page = await visit()
    await page.keyboard.press("F2")
    await expect(page.locator("#pauses button").first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("pause"))
    assert desk.commands("pause")[-1]["reason"] == "lunch"
    await expect(page.locator("#pauses")).to_be_hidden()
    await desk.show(SAMPLES["paused"].desk)
    await page.locator("#to-ready").wait_for()
    await page.keyboard.press("F2")
    await desk.until(lambda: desk.commands("ready"))


async def test_a_contact_from_topic_to_closed(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").focus()
    await page.keyboard.type("сиг")
    await expect(page.locator("#topic-list li")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("#topic-a1")).to_have_value("Нет сигнала")
    await page.keyboard.press("Enter")
    await expect(page.locator("#comment-a1")).to_be_focused()
    await page.keyboard.type("Перезагрузили.")
    await page.keyboard.press("Control+Enter")
    await desk.until(lambda: desk.commands("save"))
    assert desk.commands("save") == [
        {
            "do": "save",
            "call": "a1",
            "topic": "expert.no_signal",
            "comment": "Перезагрузили.",
            "close": "1",
            "csrf": "sample-csrf-token",
        }
    ]


@pytest.mark.parametrize("typed", ["сиг", "CBU", "signal", "no_sig"])
async def test_a_topic_is_found_in_any_layout_language_and_case(
    desk: DeskServer, visit: Open, typed: str
) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").focus()
    await page.keyboard.type(typed)
    await page.keyboard.press("Tab")
    await expect(page.locator("#topic-a1")).to_have_value("Нет сигнала")
    await expect(page.locator("#comment-a1")).to_be_focused()


async def test_the_list_of_topics_stays_open_through_a_render(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#topic-list li")).to_have_count(11)
    seq = await desk.show(SAMPLES["wrap_up"].desk)
    await desk.until(lambda: {"ack": seq} in desk.said)
    await page.keyboard.press("ArrowDown")
    field = page.locator("#topic-a1")
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(field).to_have_attribute("aria-activedescendant", "topic-1")
    await page.keyboard.press("Escape")
    await expect(page.locator("#topic-list")).to_be_hidden()


async def test_escape_never_loses_text(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").focus()
    await page.keyboard.type("пер")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.locator("#topic-a1")).to_have_value("пер")
    await page.locator("#comment-a1").focus()
    await page.keyboard.type("слово?")
    await page.keyboard.press("Escape")
    await expect(page.locator("#comment-a1")).to_have_value("слово?")
    await expect(page.locator("#keys")).to_be_hidden()


async def test_words_that_are_no_topic_go_as_they_are_and_the_server_refuses(
    desk: DeskServer, visit: Open
) -> None:
    desk.sample = SAMPLES["talking"]
    page = await visit()
    await page.locator("#topic-a1").fill("ничего похожего")
    await page.keyboard.press("Control+Enter")
    await desk.until(lambda: desk.commands("save"))
    assert desk.commands("save")[-1]["topic"] == "ничего похожего"
    await expect(page.locator("#topic-a1")).to_have_value("ничего похожего")


async def test_alt_digit_brings_a_contact_to_the_front(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["unfinished"]
    page = await visit()
    await page.locator("#comment-b1").focus()
    await page.keyboard.press("Alt+Digit1")
    await desk.until(lambda: desk.commands("front"))
    assert desk.commands("front")[-1]["call"] == "a1"


@pytest.mark.parametrize("sample", ["ringing_button", "talking_button"])
async def test_f4_asks_for_the_card(desk: DeskServer, visit: Open, sample: str) -> None:
    desk.sample = SAMPLES[sample]
    page = await visit()
    await page.keyboard.press("F4")
    await desk.until(lambda: desk.commands("take_card"))
    call = "a1" if sample == "ringing_button" else "o1"
    assert [order["call"] for order in desk.commands("take_card")] == [call]
    await desk.show(SAMPLES["ringing_card"].desk, card="a1")
    await expect(page.locator("#card-a1")).to_be_visible()
    await expect(page.locator("[data-f4]")).to_have_count(0)


async def test_f10_pauses_the_recording_under_a_comment(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["recorded"]
    page = await visit()
    await page.locator("#comment-a1").focus()
    await page.keyboard.type("Карта ")
    await page.keyboard.press("F10")
    await desk.until(lambda: desk.commands("record_pause"))
    seq = await desk.show(SAMPLES["recorded_paused"].desk)
    await desk.until(lambda: {"ack": seq} in desk.said)
    await page.keyboard.type("названа")
    await expect(page.locator("#comment-a1")).to_have_value("Карта названа")
    await page.keyboard.press("F10")
    await desk.until(lambda: desk.commands("record_resume"))
    orders = [*desk.commands("record_pause"), *desk.commands("record_resume")]
    assert [order["call"] for order in orders] == ["a1", "a1"]


async def test_nobody_is_recorded_before_he_was_told(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["recorded_not_yet"]
    page = await visit()
    await page.keyboard.press("F10")
    await page.locator("#record-a1").click()
    assert desk.commands("record") == [], "the tick is missing"
    await page.locator("#announced-a1").check()
    seq = await desk.show(desk.sample.desk)
    await desk.until(lambda: {"ack": seq} in desk.said)
    await page.locator("#record-a1").click()
    await desk.until(lambda: desk.commands("record"))
    assert desk.commands("record") == [
        {"do": "record", "call": "a1", "announced": "1", "csrf": "sample-csrf-token"}
    ]


async def test_missed_cards_are_opened_and_dismissed(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["missed"]
    page = await visit()
    await expect(page.locator("#missed .count")).to_contain_text("3")
    await page.locator("#open-missed-today10482").focus()
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("front"))
    assert desk.commands("front")[-1]["call"] == "today10482"
    await page.locator("#dismiss-today10479").focus()
    await page.keyboard.press("Enter")
    await page.locator("#dismiss-all").focus()
    await page.keyboard.press("Enter")
    await desk.until(lambda: len(desk.commands("dismiss")) == 2)
    assert [order.get("call") for order in desk.commands("dismiss")] == ["today10479", None]
    await desk.show(SAMPLES["missed_seen"].desk)
    await expect(page.locator("#missed .count")).to_have_count(0)
    await expect(page.locator("#missed-today10466 .name")).to_be_visible()


async def test_question_mark_lists_the_keys(desk: DeskServer, visit: Open) -> None:
    page = await visit()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await desk.show(SAMPLES["paused"].desk)
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#keys")).to_be_hidden()


async def test_tab_reaches_everything_that_can_be_pressed(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["several"]
    page = await visit()
    reached = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id"))
    wanted = await page.evaluate(
        "() => [...document.querySelectorAll('button[id], input[id], textarea[id]')]"
        ".filter(e => e.checkVisibility()).map(e => e.id)"
    )
    assert set(wanted) <= set(reached)
    assert reached.index("choose-b1-101") < reached.index("topic-b1") < reached.index("close-b1")


async def test_a_customer_is_chosen_among_several(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["several"]
    page = await visit()
    await page.locator("#choose-b1-102").focus()
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("choose"))
    assert desk.commands("choose")[-1]["customer"] == "102"
    await desk.show(SAMPLES["chosen"].desk)
    await page.locator("#rechoose-b1").focus()
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("choose")[-1]["customer"] == "")


async def test_a_shift_begins_with_a_phone_and_ends_from_the_menu(desk: DeskServer, visit: Open) -> None:
    desk.sample = SAMPLES["offline"]
    page = await visit()
    await page.locator(".pick").nth(1).focus()
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("open"))
    assert desk.commands("open")[-1]["interface"] == "PJSIP/102"
    await desk.show(SAMPLES["ready"].desk)
    await page.locator("#me").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#my-menu button").first).to_be_focused()
    await page.keyboard.press("Enter")
    await desk.until(lambda: desk.commands("leave"))


@pytest.mark.parametrize("button", ["#to-pause", "[popovertarget=my-menu]"])
async def test_a_menu_opens_below_its_button(desk: DeskServer, visit: Open, button: str) -> None:
    """Anchors are placed differently by different releases of Chromium."""
    page = await visit()
    opener = page.locator(button).first
    await opener.click()
    menu = page.locator(".menu:popover-open")
    await expect(menu).to_be_visible()
    above, below = await opener.bounding_box(), await menu.bounding_box()
    assert above is not None
    assert below is not None
    assert 0 <= below["y"] - (above["y"] + above["height"]) < 12
    left, right = below["x"], below["x"] + below["width"]
    assert left < above["x"] + above["width"] and above["x"] < right  # noqa: PT018 - one statement: they overlap
